//! A tag is a promise, a digest is a fact: `nginx:1.27` is what the registry says today, and tomorrow it may be
//! something else, so that two pods of one workload run different code and nobody can tell afterwards which. This rule
//! asks the registry once what a tag stands for and writes the answer beside it. Every node then runs the same content,
//! and one that holds the content already asks nobody.
//!
//! ```yaml
//! imageDigest:
//!   onFailure: KeepTag
//! ```
//!
//! `KeepTag` is the default.
//!
//! ## What is read
//!
//! `image` of every container (`initContainers` with sidecars, `containers`, `ephemeralContainers`) and
//! `spec.volumes[*].image.reference`. An image that has a digest is silent, whatever its tag. `images` matches references
//! in full (`docker.io/library/nginx:1.27`), as they are when the rule is judged; image volumes belong to no container,
//! so a rule with `containers` leaves them alone.
//!
//! The digest is that of the image that will run: where imageRegistry rewrites an image, the registry that it leads to is
//! asked, whatever the order of policies. Of an image for several platforms it is the digest of the list, so that it fits
//! every node.
//!
//! ## What the fix does
//!
//! - `nginx:1.27` becomes `nginx:1.27@sha256:…`: the author's spelling stays, the tag stays for people to read. A missing
//!   tag is written out (`nginx` becomes `nginx:latest@sha256:…`), because that is the tag that was asked for, and because
//!   the API server defaults the pull policy by it.
//! - With `action: Patch` the webhook asks the registry, keeps the answer for a while, and never waits longer than its
//!   deadline (`serve --registries`, and docs/registries.md). `check` and `fix` ask it with `--resolve-digests`; without that
//!   they say nothing of images that the webhook would pin, and name them in a note. `audit` and `replay` ask no registry.
//! - With `action: Deny`, `Warn` or `Audit` nobody is asked: the finding is that an image is named by tag.
//!
//! ## Where the digest cannot be had
//!
//! A registry that is down, slow or does not know the image must not always keep pods from starting, so `onFailure` says what
//! follows. It counts wherever the rule would have pinned an image of a new pod and the image has no digest in the end, in
//! place of `otherwise`: also where the registry answers after the pod has gone on without it, and where a later webhook
//! takes the digest away.
//!
//! - `KeepTag` (default): the pod keeps its tag, and its author is warned.
//! - `Allow`: the pod keeps its tag, and nobody is told; the finding is counted and recorded as with `Audit`.
//! - `Deny`: the pod is refused, and so is a template of it that is applied.
//!
//! `otherwise` is left for what no registry can help: ephemeral containers, and pods that run and get another image (pods
//! are patched when they are created only).
//!
//! ```yaml
//! imageDigest:
//!   onFailure: Deny
//!   images: {exclude: ["registry.example.com/sandbox/*"]}
//! ```
//!
//! ## What it leaves alone
//!
//! - Images with pull policy `Never`: they are what somebody has put on the node, and a registry knows nothing of that.
//! - Ephemeral containers are judged, and not patched: they come to pods that run, and these cannot be changed.
//! - A malformed reference: imageTag finds it.
//!
//! ## Limits
//!
//! - A pinned image with `imagePullPolicy: Always` still asks the registry at every start, for nothing; the rule
//!   imagePullPolicy mends that, and counts a pinned image as fixed. For imageTag a pinned image always passes, `latest` too:
//!   it is judged after the fix.
//! - A pinned pod stays with its content: only a new pod sees a tag that moved. Pods of one Deployment that were created
//!   before and after a tag moved still differ, unless the template is pinned (`plimsoll fix --resolve-digests`).
//! - An image that was loaded onto nodes by hand may be there without its digest; kubelet then pulls it.
//! - A registry that deletes untagged content also deletes what a digest names.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::images::{Place, images};
use super::narrowing::Narrowing;
use super::{FixMeta, Meta, Origin, Rule, SettingsError, Subject};
use crate::digests::Resolution;
use crate::edit::Edit;
use crate::finding::{Safety, Unmended, Violation, quoted};
use crate::glob::GlobList;
use crate::image::{DEFAULT_TAG, Reference};

#[cfg(test)]
mod tests;

/// Images are named by digest.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct Settings {
    /// What follows where the rule would pin an image and it has no digest in the end: `KeepTag` (default), `Allow` or
    /// `Deny`.
    on_failure: OnFailure,
    /// Only containers with these names (globs); image volumes are left alone then.
    containers: Option<GlobList>,
    /// Only these images (globs on the full reference, `docker.io/library/nginx:1.27`).
    images: Option<GlobList>,
}

/// What follows where a digest is not had in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub(crate) enum OnFailure {
    /// The pod keeps its tag; who creates it is warned.
    #[default]
    KeepTag,
    /// The pod keeps its tag, and nobody is told.
    Allow,
    /// The pod is refused.
    Deny,
}

/// Images are named by digest.
#[derive(Debug)]
pub(super) struct ImageDigest {
    on_failure: OnFailure,
    narrowing: Narrowing,
}

/// What a container that has to find its image on the node says (core/v1 `PullNever`).
const NEVER: &str = "Never";
/// How much of a digest a summary shows, with `sha256:`; as `docker images` and crictl do.
const SHOWN: usize = 19;

impl Rule for ImageDigest {
    const META: Meta = Meta {
        name: "imageDigest",
        summary: "Images are named by digest, so that every node runs the same content.",
        fix: Some(FixMeta {
            summary: "writes the digest that the registry names for the tag beside it",
            safety: "safe: what runs is what the tag names when the registry is asked",
        }),
        page: include_str!("../../docs/rules/imageDigest.md"),
    };
    const ASKS_REGISTRIES: bool = true;
    type Settings = Settings;

    // No claims: what a rule that rewrites images wants is the name, which a digest leaves as it is.

    fn compile(settings: Settings, _origin: &Origin<'_>) -> Result<Self, SettingsError> {
        let Settings { on_failure, containers, images } = settings;
        let narrowing = Narrowing::compile(containers.as_ref(), images.as_ref())?;
        Ok(Self { on_failure, narrowing })
    }

    fn evaluate(&self, subject: &Subject<'_, '_>, violations: &mut Vec<Violation>) {
        for (place, reference) in self.unpinned(subject) {
            violations.push(self.violation(subject, &place, &reference));
        }
    }

    fn images_to_resolve(&self, subject: &Subject<'_, '_>, images: &mut BTreeSet<String>) {
        let unpinned = self.unpinned(subject).filter(|(place, _)| !place.is_ephemeral());
        images.extend(
            unpinned
                .map(|(_, reference)| reference.normalised().to_string())
                .filter(|image| subject.request.digests.is_none_or(|all| all.get(image).is_none())),
        );
    }
}

impl ImageDigest {
    /// The images that are named by tag, where the rule is about them.
    fn unpinned<'p, 'a>(
        &self,
        subject: &Subject<'p, 'a>,
    ) -> impl Iterator<Item = (Place<'p, 'a>, Reference<'p>)> {
        images(subject.spec).filter_map(|place| {
            let reference = Reference::parse(place.image()).ok()?;
            let about = !reference.is_pinned()
                && place.pull_policy().value != NEVER
                && place.is_included(&self.narrowing);
            about.then_some((place, reference))
        })
    }

    fn violation(
        &self,
        subject: &Subject<'_, '_>,
        place: &Place<'_, '_>,
        reference: &Reference<'_>,
    ) -> Violation {
        let image = quoted(place.image());
        let unfixed = |message, help: &str| place.violation(place.image_pointer(), message, help);
        let by_tag = format!("{image} names no digest, so what it means can change");
        if place.is_ephemeral() {
            return unfixed(by_tag, "add the debug container with an image by digest");
        }
        let known = subject.request.digests;
        let resolution = known.and_then(|all| all.get(&reference.normalised().to_string()));
        let failed = |why: &str| {
            let message = format!("{image} keeps its tag, its digest is not known: {why}");
            let help = "name the image as name:tag@sha256:…, or see that its registry answers";
            unfixed(message, help).where_unmended(self.on_failure.into())
        };
        let digest = match resolution {
            None => {
                let help = "name the image as name:tag@sha256:… (`plimsoll fix --resolve-digests` \
                            writes it)";
                return unfixed(by_tag, help).where_unmended(Unmended::UnknownDigest);
            }
            Some(Resolution::Failed(why)) => return failed(why),
            Some(Resolution::Digest(digest)) => digest,
        };
        let pinned = pinned(reference, digest);
        if !Reference::parse(&pinned).is_ok_and(|pinned| pinned.is_pinned()) {
            return failed("the registry's answer is no digest");
        }
        let short = digest.get(..SHOWN).unwrap_or(digest);
        let summary = format!("{}: {} is pinned to {short}", place.title(), place.image());
        let help = format!("name the image as {pinned}");
        let edits = vec![Edit::set(place.image_pointer(), pinned)];
        // Whoever still sees the tag where pods are judged sees that nobody wrote the digest when the pod was created: the
        // answer came too late for that, and coming later it must not count for more than none.
        let unpinned = unfixed(by_tag, &help).where_unmended(self.on_failure.into());
        unpinned.with_fix(summary, Safety::Safe, edits)
    }
}

/// The reference as its author wrote it, with the tag that was asked for and the digest.
fn pinned(reference: &Reference<'_>, digest: &str) -> String {
    match reference.tag {
        Some(_) => format!("{reference}@{digest}"),
        None => format!("{reference}:{DEFAULT_TAG}@{digest}"),
    }
}

impl From<OnFailure> for Unmended {
    fn from(on_failure: OnFailure) -> Self {
        match on_failure {
            OnFailure::KeepTag => Self::Warned,
            OnFailure::Allow => Self::Recorded,
            OnFailure::Deny => Self::Refused,
        }
    }
}
