//! Which of the policies that a request may be about are about its pod.

use std::sync::Arc;

use super::decision::{Decision, Finding};
use super::{Matched, Scope};
use crate::finding::Violation;
use crate::pod::kinds::Object;
use crate::pod::source::Source;
use crate::pod::view::Pod;
use crate::pod::workload::Workload;
use crate::pointer::Pointer;
use crate::policy::conditions::Outcome;

/// A policy whose conditions came to no value, and why.
#[derive(Clone)]
pub(super) struct Failed<'e> {
    pub(super) matched: Matched<'e>,
    why: String,
}

impl Scope<'_, '_> {
    /// Recognises the pod and keeps the policies that are about it.
    pub(super) fn settle_on(&mut self, pod: &Pod<'_>) {
        self.workload = Workload::of(pod, self.kind.pods_owned_by);
        let Self { matched, workload, .. } = self;
        matched
            .retain(|matched| matched.policy.matcher.matches_pod(|key| pod.label(key), workload));
        if self.reads_object {
            self.check_conditions(pod);
        }
    }

    /// The same policies, with the same exemptions, over the object as it was.
    pub(super) fn for_another(&self, pod: &Pod<'_>) -> Self {
        let workload = Workload::of(pod, self.kind.pods_owned_by);
        let mut other = Self { workload, ..self.clone() };
        for failed in &mut other.failed {
            // What could be evaluated then failed by the update.
            match failed.matched.policy.conditions.evaluate(pod, &self.setting) {
                Outcome::Failed(why) => failed.why = why,
                _ => failed.why.clear(),
            }
        }
        other.failed.retain(|failed| !failed.why.is_empty());
        other
    }

    /// Gives the object behind the pod to those who look at it.
    pub(super) fn show<'a>(&self, pod: &mut Pod<'a>, object: Option<Object<'a>>) {
        let Some(object) = object.filter(|_| self.reads_object) else { return };
        pod.source = Source::new(object, self.kind).watched();
        if pod.spec.as_ref().is_none_or(|spec| spec.node_name.is_none()) {
            // Whoever reads pods that run takes the node from the view alone.
            pod.source = std::mem::take(&mut pod.source).unbound();
        }
    }

    fn check_conditions(&mut self, pod: &Pod<'_>) {
        let Self { matched, failed, undecided, setting, .. } = self;
        matched.retain(|matched| {
            let conditions = &matched.policy.conditions;
            if conditions.is_empty() {
                return true;
            }
            setting.next_policy();
            match conditions.evaluate(pod, setting) {
                Outcome::Hold => return true,
                Outcome::Fail => {}
                Outcome::Undecided => undecided.push(Arc::clone(&matched.policy.name)),
                Outcome::Failed(why) => failed.push(Failed { matched: *matched, why }),
            }
            false
        });
    }

    /// A policy of which nobody can say whether it is about the pod is never a pass: it speaks with its gravest action,
    /// as the API server fails closed by default (`failurePolicy: Fail`).
    pub(super) fn tell_failed(&self, decision: &mut Decision) {
        for Failed { matched, why } in &self.failed {
            let rules = matched.policy.rules.iter().enumerate();
            let gravest = rules
                .filter(|(at, _)| self.exemption(matched, *at).is_none())
                .map(|(_, rule)| (rule.action_unpatched().capped(self.mode), rule))
                .rev()
                .max_by_key(|(action, _)| *action);
            let Some((action, rule)) = gravest else { continue };
            let help = "write the condition so that it holds for every pod, for example with has(…) or `.?`";
            let violation = Violation::pod(Pointer::default(), why.clone(), help);
            let base = self.kind.base();
            let finding = Finding::new(matched.policy, rule, action, &base, violation);
            decision.findings.push(finding);
        }
        if !self.failed.is_empty() {
            decision.findings.sort_by(|a, b| a.policy.cmp(&b.policy));
        }
    }

    /// Takes note where an expression of a policy hangs on what this door does not know.
    pub(super) fn note_unknown(&self, matched: &Matched<'_>, decision: &mut Decision) {
        let name = &matched.policy.name;
        let Some(what) = self.setting.take_unknown() else { return };
        decision.leave_undecided(name);
        let lacking = (Arc::clone(name), what);
        if !decision.lacking.contains(&lacking) {
            decision.lacking.push(lacking);
        }
    }
}

#[cfg(test)]
mod tests;
