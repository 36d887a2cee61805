//! Judging: every rule of every matching policy, and on updates only what the update changed.

use super::decision::{Decision, Finding};
use super::{Attributes, Scope};
use crate::finding::Violation;
use crate::pod::view::{Pod, Spec};
use crate::policy::Action;

impl Scope<'_, '_> {
    /// Adds what is unmet, with what follows from it.
    pub(super) fn judge(&self, pod: &Pod<'_>, decision: &mut Decision) {
        let empty = Spec::default();
        let subject = self.subject(pod, &empty);
        let base = self.kind.base();
        let mut violations = Vec::new();
        for matched in &self.matched {
            for rule in &matched.policy.rules {
                rule.rule.evaluate(&subject, &mut violations);
                let action = match rule.action.capped(self.mode) {
                    Action::Patch => rule.otherwise,
                    action => action,
                };
                let found = violations.drain(..);
                decision.findings.extend(
                    found.map(|violation| {
                        Finding::new(matched.policy, rule, action, &base, violation)
                    }),
                );
            }
        }
    }

    /// Drops the findings that the object had before the update: an object that was admitted before a policy
    /// existed must still be able to change its labels and lose its finalizers.
    pub(super) fn forget_what_was_there(
        &self,
        attributes: &Attributes<'_>,
        decision: &mut Decision,
    ) {
        let Some(Ok(mut before)) = attributes.old_object.map(|object| self.kind.read(object))
        else {
            return;
        };
        let mut old = Decision::allowed();
        let then = self.for_another(&before);
        if !then.kind.is_pod() {
            then.patch(&mut before, &mut old);
        }
        then.judge(&before, &mut old);
        decision
            .findings
            .retain(|finding| !old.findings.iter().any(|known| finding.is_same(known)));
    }
}

impl Finding {
    fn is_same(&self, other: &Self) -> bool {
        let parts = |finding: &Self| (finding.policy.clone(), finding.rule.clone(), finding.action);
        parts(self) == parts(other) && Violation::is_same(&self.violation, &other.violation)
    }
}
