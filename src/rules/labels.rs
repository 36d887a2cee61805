//! Labels and annotations say whose a pod is, who pays for it and whom to call. Crowds of task pods come without them, and
//! nobody can tell afterwards which team filled the cluster. This rule asks for them, takes values from the label of the
//! namespace where the pod has none, and keeps keys away that must not be used.
//!
//! ```yaml
//! labels:
//!   labels:
//!   - {key: example.com/team, default: {fromNamespaceLabel: example.com/team}}
//!   - {key: example.com/stage, oneOf: [prod, test], default: {value: test}}
//!   annotations:
//!   - {key: example.com/on-call, glob: "*@example.com"}
//!   forbidden:
//!     labels: ["legacy.example.com/*"]
//! ```
//!
//! [Whose pods are these?](../ownership.md) shows a policy with its suite.
//!
//! ## What is read
//!
//! `metadata.labels` and `metadata.annotations` of the pod or pod template, and the labels of its namespace.
//!
//! - An entry asks that its `key` is there, with any value, the empty one too. `required: false` asks nothing of pods
//!   without it.
//! - One of `oneOf` (values), `glob` (`?*` is anything but nothing) and `regex` says which values count. A glob or regular
//!   expression has to match the whole value; of the latter the [syntax](https://docs.rs/regex/latest/regex/#syntax) is
//!   that of a linear-time engine, without look-around and back-references.
//! - `default` is what the fix gives to pods without the key: `value`, or what the namespace has under the label
//!   `fromNamespaceLabel`. With both, `value` is for namespaces without that label.
//! - `forbidden` are globs on keys. Keys that Kubernetes itself or Plimsoll sets on pods (`pod-template-hash`,
//!   `controller-revision-hash`, `batch.kubernetes.io/job-name`, `kubernetes.io/config.mirror`, `plimsoll.dev/patched-by` …)
//!   are never meant, whatever a glob matches.
//!
//! No message shows the value of an annotation: it may be a secret. Values of labels are shown.
//!
//! ## What the fix does
//!
//! It adds the keys that are missing and have a default. What an author wrote stays: a value that does not count is a
//! finding without a fix, and so is a key that is forbidden, because a selector may depend on it.
//!
//! There is no fix either where the namespace has no such label, or has a value that does not count for the entry, or
//! where all annotations would have more than 256 KiB together; the finding says which. Where the labels of the namespace
//! are not known, as for a manifest without its Namespace, it says where the value would come from. With `action: Patch`
//! `check`, `audit` and `replay` then find nothing, because the cluster may well add the key, and name the policy in a
//! warning: give them the Namespaces along with the manifests, or a snapshot of the cluster.
//!
//! It is unsafe: Services, NetworkPolicies and controllers select by labels, and other software acts on annotations, so a
//! person should look at what is added once.
//!
//! ## Limits
//!
//! - A ReplicaSet takes over pods without a controller that its selector matches. Do not make a key a default that
//!   selectors use, such as `app`.
//! - On updates of a pod its metadata is not judged, since a running pod must still be able to change and lose it. In
//!   templates it is.
//! - The labels of a namespace count as they are when the pod is created; pods do not follow later changes.
//! - Settings that contradict themselves are refused when the policy loads: a default that its own entry does not take, or
//!   that the API server does not take as a label's value, a key that is asked for and forbidden, a key twice, a default
//!   for a key that Kubernetes sets.

use super::{FixMeta, Meta, Origin, Rule, SettingsError, Subject};
use crate::finding::{Claim, Violation, quoted};
use crate::glob::Globs;
use crate::pointer::Pointer;

mod compile;
mod entry;
mod judge;
mod settings;
#[cfg(test)]
mod tests;

use entry::Entry;
pub(super) use settings::Settings;

/// The most that keys and values of all annotations may have together, in bytes (`TotalAnnotationSizeLimitB` in
/// apimachinery/pkg/api/validation/objectmeta.go).
const MAX_ANNOTATIONS: usize = 256 << 10;

/// Which labels and annotations pods must and must not have.
#[derive(Debug)]
pub(super) struct Labels {
    labels: Vec<Entry>,
    annotations: Vec<Entry>,
    forbidden_labels: Option<Globs>,
    forbidden_annotations: Option<Globs>,
}

/// One of the two maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Label,
    Annotation,
}

impl Sort {
    const fn noun(self) -> &'static str {
        match self {
            Self::Label => "label",
            Self::Annotation => "annotation",
        }
    }

    const fn field(self) -> &'static str {
        match self {
            Self::Label => "labels",
            Self::Annotation => "annotations",
        }
    }

    fn pointer(self, key: &str) -> Pointer {
        Pointer::new("/metadata").join(self.field()).join(key)
    }
}

impl Rule for Labels {
    const META: Meta = Meta {
        name: "labels",
        summary: "Pods have the labels and annotations that they must have, and none that they must not.",
        fix: Some(FixMeta {
            summary: "adds what is missing, from its default or from the namespace's label; overwrites and removes nothing",
            safety: "unsafe: selectors and other software may act on what is added",
        }),
        page: include_str!("../../docs/rules/labels.md"),
    };
    type Settings = Settings;

    fn compile(settings: Settings, _origin: &Origin<'_>) -> Result<Self, SettingsError> {
        compile::compile(settings)
    }

    fn evaluate(&self, subject: &Subject<'_, '_>, violations: &mut Vec<Violation>) {
        for entry in &self.labels {
            violations.extend(judge::label(entry, subject));
        }
        // What earlier entries add counts as well.
        let mut added = 0;
        for entry in &self.annotations {
            violations.extend(judge::annotation(entry, subject, &mut added));
        }
        let metadata = subject.pod.metadata.as_ref();
        if let (Some(globs), Some(labels)) =
            (&self.forbidden_labels, metadata.and_then(|metadata| metadata.labels.as_ref()))
        {
            let keys = labels.iter().map(|(key, _)| key);
            forbidden(Sort::Label, globs, keys, violations);
        }
        if let (Some(globs), Some(annotations)) = (
            &self.forbidden_annotations,
            metadata.and_then(|metadata| metadata.annotations.as_ref()),
        ) {
            forbidden(Sort::Annotation, globs, annotations.keys(), violations);
        }
    }

    fn claims(&self) -> Vec<Claim> {
        let of = |sort: Sort, entries: &[Entry]| -> Vec<Claim> {
            let claim = |entry: &Entry| {
                Some(Claim {
                    field: format!("metadata.{}[\"{}\"]", sort.field(), entry.key),
                    value: entry.default.as_ref()?.to_string(),
                })
            };
            entries.iter().filter_map(claim).collect()
        };
        [of(Sort::Label, &self.labels), of(Sort::Annotation, &self.annotations)].concat()
    }
}

fn forbidden<'k>(
    sort: Sort,
    globs: &Globs,
    keys: impl Iterator<Item = &'k str>,
    violations: &mut Vec<Violation>,
) {
    let noun = sort.noun();
    for key in keys.filter(|key| globs.matches(key) && !compile::is_set_by_the_system(key)) {
        violations.push(Violation::pod(
            sort.pointer(key),
            format!("the {noun} {} is forbidden", quoted(key)),
            format!("remove it from metadata.{}, and from what selects by it", sort.field()),
        ));
    }
}
