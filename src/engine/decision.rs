//! The answer of the engine.

use std::sync::Arc;

use super::about::Positions;
use crate::edit::{Edit, Operation};
use crate::finding::Violation;
use crate::pod::kinds::ViewError;
use crate::pointer::Pointer;
use crate::policy::{Action, CompiledPolicy, CompiledRule};

/// An unmet requirement and what follows from it.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Name of the policy.
    pub policy: Arc<str>,
    /// Name of the rule in it.
    pub rule: Arc<str>,
    /// Which rule it is: `imageTag`.
    pub kind: &'static str,
    /// What happens: `Patch` means that the fix is applied.
    pub action: Action,
    /// What is wrong and where. The pointer starts at the root of the object.
    pub violation: Violation,
}

/// An unmet requirement that an exemption keeps from having consequences.
#[derive(Clone, Debug)]
pub struct Exempted {
    /// Name of the exemption; of several, the first by name.
    pub exemption: Arc<str>,
    /// What was found. Its action is the one that the rule asks for in this namespace.
    pub finding: Finding,
}

/// A rule that gave way to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConflictNote {
    /// What is wrong, for people.
    pub message: String,
}

/// A pod that cannot be read.
#[derive(Clone, Debug)]
pub struct Unreadable {
    /// What follows.
    pub action: Action,
    /// The policy that asks for it.
    pub policy: Arc<str>,
    /// The rule that could not be judged.
    pub rule: Arc<str>,
    /// Which rule it is: `imageTag`.
    pub kind: &'static str,
    /// Where and why.
    pub error: ViewError,
}

/// What is to be done with a request.
#[derive(Clone, Debug)]
pub struct Decision {
    /// Whether the request may go on.
    pub allowed: bool,
    /// What was found, in the order of policies and rules.
    pub findings: Vec<Finding>,
    /// What would have been found but for an exemption, in the same order. It is found where pods are judged, and
    /// so not at [`Stage::Mutate`](super::Stage::Mutate).
    pub exempted: Vec<Exempted>,
    /// Set where the pod could not be read; then nothing else was found.
    pub unreadable: Option<Unreadable>,
    /// The changes that meet what was found and patched, as a minimal RFC 6902 patch of a pod.
    pub patch: Vec<Operation>,
    /// Whether the fixes came to rest. If not, rules undo each other's, and the object is left between them.
    pub settled: bool,
    /// The change that names on the pod who changed it.
    pub(super) signature: Option<Edit>,
    /// Rules that gave way to others on this very pod.
    pub conflicts: Vec<ConflictNote>,
    /// Policies that could not be applied, or not in full, because too little is known here of the namespace or of
    /// the request.
    pub undecided: Vec<Arc<str>>,
    /// Policies of which some expressions were left out, and what those ask for and the door does not know.
    pub lacking: Vec<(Arc<str>, &'static str)>,
    /// Images whose digests fixes need and the request did not hold, by normalised reference. A door that asks
    /// registries decides again with the answers; at others nothing is found of these images by the rules that ask.
    pub unresolved: Vec<String>,
    /// The policies that are about the pod, whether they found anything or not, by their positions in the set.
    pub about: Positions,
}

impl Decision {
    /// Nothing to say.
    pub const fn allowed() -> Self {
        Self {
            allowed: true,
            findings: Vec::new(),
            exempted: Vec::new(),
            unreadable: None,
            patch: Vec::new(),
            settled: true,
            signature: None,
            conflicts: Vec::new(),
            undecided: Vec::new(),
            lacking: Vec::new(),
            unresolved: Vec::new(),
            about: Positions::NONE,
        }
    }

    /// The changes that were made, in their order, from the root of the object.
    pub fn edits(&self) -> impl Iterator<Item = &Edit> {
        let fixes =
            self.by_action(Action::Patch).filter_map(|finding| finding.violation.fix.as_ref());
        fixes.flat_map(|fix| &fix.edits).chain(&self.signature)
    }

    /// Findings that lead to an action.
    pub fn by_action(&self, action: Action) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.action == action)
    }

    pub(super) fn settle(&mut self) {
        self.allowed = self.by_action(Action::Deny).next().is_none()
            && self.unreadable.as_ref().is_none_or(|found| found.action != Action::Deny);
    }

    /// Takes note of a policy that hangs on what this door does not know.
    pub(super) fn leave_undecided(&mut self, policy: &Arc<str>) {
        if !self.undecided.contains(policy) {
            self.undecided.push(Arc::clone(policy));
        }
    }

    pub(super) fn note(&mut self, message: String) {
        let note = ConflictNote { message };
        if !self.conflicts.contains(&note) {
            self.conflicts.push(note);
        }
    }
}

impl Finding {
    /// A violation in the pod at `base`, seen from the root of its object.
    pub(super) fn new(
        policy: &CompiledPolicy,
        rule: &CompiledRule,
        action: Action,
        base: &Pointer,
        mut violation: Violation,
    ) -> Self {
        if !base.as_str().is_empty() {
            violation.pointer = violation.pointer.seen_from_root(base);
            for edit in violation.fix.iter_mut().flat_map(|fix| &mut fix.edits) {
                edit.pointer = edit.pointer.seen_from_root(base);
            }
        }
        Self {
            policy: Arc::clone(&policy.name),
            rule: Arc::clone(&rule.name),
            kind: rule.kind.meta.name,
            action,
            violation,
        }
    }
}
