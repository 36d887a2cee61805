//! A review as logs, metrics and the ledger need it.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::Verdict;
use crate::engine::{Decision, Exempted, Finding, Operation, Unreadable};
use crate::pod::kinds::{Object, PodKind, metadata_of};
use crate::pod::scalars::Str;
use crate::pod::top_owner::{Attribution, TopOwner};
use crate::pod::view::Pod;
use crate::pod::workload::controller_reference;
use crate::policy::Action;

/// A finding as logs and metrics need it.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Name of the policy.
    pub policy: Arc<str>,
    /// Name of the rule in it.
    pub rule: Arc<str>,
    /// Which rule it is: `imageTag`.
    pub kind: &'static str,
    /// What happened.
    pub action: Action,
    /// What is wrong. It quotes fields that rules read, and no text of `env`, `args`, `command` or annotations.
    pub message: String,
}

/// The object that manages a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Controller<'a> {
    /// `group/version`, or `v1`.
    pub api_version: Cow<'a, str>,
    /// Kind.
    pub kind: Cow<'a, str>,
    /// Name.
    pub name: Cow<'a, str>,
    /// The very object of that name.
    pub uid: Cow<'a, str>,
}

impl<'a> Controller<'a> {
    pub(super) fn of(pod: &Pod<'a>) -> Option<Self> {
        let owner = controller_reference(pod)?;
        let text = |text: &Option<Str<'a>>| text.as_ref().map(|text| text.0.clone());
        Some(Self {
            api_version: text(&owner.api_version)?,
            kind: text(&owner.kind)?,
            name: text(&owner.name)?,
            uid: text(&owner.uid)?,
        })
    }
}

/// An exempted finding as metrics need it.
#[derive(Clone, Debug)]
pub struct RecordedExemption {
    /// Name of the exemption.
    pub exemption: Arc<str>,
    /// Name of the policy.
    pub policy: Arc<str>,
    /// Name of the rule in it.
    pub rule: Arc<str>,
}

/// A review as logs and metrics need it; nothing of the object itself.
#[derive(Clone, Debug)]
pub struct Record<'a> {
    /// The request's uid.
    pub uid: Cow<'a, str>,
    /// What happens to the object.
    pub operation: Operation,
    /// Kind of the object.
    pub kind: Cow<'a, str>,
    /// Namespace of the request.
    pub namespace: Cow<'a, str>,
    /// Name, or the prefix of the name to be generated.
    pub name: Cow<'a, str>,
    /// Who asked.
    pub user: Cow<'a, str>,
    /// Who manages the pod, where the object is one and it has a controller.
    pub controller: Option<Controller<'a>>,
    /// The object as JSON text, where it is a pod that can be read; for [`Self::with_owner`].
    pub(super) pod: Option<Unshown<'a>>,
    /// Nothing will be stored.
    pub dry_run: bool,
    /// What was answered.
    pub verdict: Verdict,
    /// What was found.
    pub findings: Vec<Recorded>,
    /// What would have been found but for an exemption. Pods are judged at [`Endpoint::Validate`](super::Endpoint::Validate), and it is
    /// found there only.
    pub exempted: Vec<RecordedExemption>,
}

/// Text of an object, which must not get into a log by way of a record.
#[derive(Clone, Copy)]
pub(super) struct Unshown<'a>(pub(super) &'a str);

impl fmt::Debug for Unshown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl Record<'_> {
    /// Whether the object is a pod that can be read.
    pub fn is_of_pod(&self) -> bool {
        self.pod.is_some()
    }

    /// Hands over the top owner of the pod, and answers with what `told` makes of it; none where the object is no
    /// pod that can be read. The text is read again for this: few who take records ask for it.
    pub fn with_owner<T>(&self, told: impl FnOnce(&TopOwner<'_>) -> T) -> Option<T> {
        let Unshown(text) = self.pod?;
        // Most pods are known by their metadata, which is a small part of them.
        let mut pod = Pod::default();
        pod.metadata = metadata_of(text);
        let owner = TopOwner::of(&pod);
        if !matches!(owner.attribution, Attribution::Pod | Attribution::GenerateName) {
            return Some(told(&owner));
        }
        let pod = PodKind::find("", "Pod")?.read(Object::Json(text)).ok()?;
        Some(told(&TopOwner::of(&pod)))
    }
}

pub(super) fn recorded(findings: Vec<Finding>, unreadable: Option<Unreadable>) -> Vec<Recorded> {
    let unreadable = unreadable.into_iter().map(|found| Recorded {
        policy: found.policy,
        rule: found.rule,
        kind: found.kind,
        action: found.action,
        // What is of the wrong type might be anything.
        message: format!("the pod cannot be read: {}", found.error.pointer.field_path()),
    });
    let findings = findings.into_iter().map(|finding| Recorded {
        policy: finding.policy,
        rule: finding.rule,
        kind: finding.kind,
        action: finding.action,
        message: finding.violation.message,
    });
    findings.chain(unreadable).collect()
}

impl From<Exempted> for RecordedExemption {
    fn from(Exempted { exemption, finding }: Exempted) -> Self {
        Self { exemption, policy: finding.policy, rule: finding.rule }
    }
}

pub(super) fn verdict(decision: &Decision) -> Verdict {
    if !decision.allowed {
        Verdict::Denied
    } else if !decision.patch.is_empty() {
        Verdict::Patched
    } else if decision.by_action(Action::Warn).next().is_some() {
        Verdict::Warned
    } else {
        Verdict::Allowed
    }
}
