//! Judging: every rule of every matching policy, and on updates only what the update changed.

use std::collections::HashSet;
use std::sync::Arc;

use super::decision::{Decision, Exempted, Finding, Unreadable};

use super::{Attributes, Scope, Stage};
use crate::finding::{Identity, Unmended, Violation};
use crate::pod::kinds::ViewError;
use crate::pod::view::{Pod, Spec};
use crate::policy::conflicts::RuleId;
use crate::policy::{Action, CompiledRule};

/// What makes two findings of two versions of an object the same one.
type Known<'f> = (&'f str, &'f str, Action, Identity<'f>);

/// What follows from a violation of a rule that could mend it; nothing where only the webhook can tell.
fn follows_unmended(rule: &CompiledRule, stage: Stage, violation: &Violation) -> Option<Action> {
    match violation.unmended {
        Unmended::AsThePolicySays => Some(rule.otherwise),
        Unmended::Recorded => Some(Action::Audit),
        Unmended::Warned => Some(Action::Warn),
        Unmended::Refused => Some(Action::Deny),
        Unmended::UnknownDigest => None,
        // The webhook has to answer, and nobody comes after it.
        Unmended::UnknownLabels if stage == Stage::Validate => Some(rule.otherwise),
        Unmended::UnknownLabels => None,
    }
}

impl Scope<'_, '_> {
    /// Adds what is unmet, with what follows from it.
    pub(super) fn judge(&self, pod: &Pod<'_>, stage: Stage, decision: &mut Decision) {
        let empty = Spec::default();
        let subject = self.subject(pod, &empty);
        let base = self.kind.base();
        let mut violations = Vec::new();
        for matched in &self.matched {
            self.setting.next_policy();
            for (at, rule) in matched.policy.rules.iter().enumerate() {
                rule.rule.evaluate(&subject, &mut violations);
                self.note_unknown(matched, decision);
                if stage == Stage::Whole {
                    let id = RuleId { policy: matched.at, rule: at };
                    self.forget_lost_fixes(id, &mut violations, pod);
                }
                let action = rule.action.capped(self.mode);
                let finding = |action, violation| {
                    Finding::new(matched.policy, rule, action, &base, violation)
                };
                let found = violations.drain(..);
                if let Some(exemption) = self.exemption(matched, at) {
                    decision.exempted.extend(found.map(|violation| Exempted {
                        exemption: Arc::clone(exemption),
                        finding: finding(action, violation),
                    }));
                } else {
                    let id = RuleId { policy: matched.at, rule: at };
                    let could_mend = action == Action::Patch && self.could_mend(id, rule);
                    let mut lacks_labels = false;
                    let found = found.filter_map(|violation| {
                        let follows = match action {
                            Action::Patch if could_mend => {
                                follows_unmended(rule, stage, &violation)
                            }
                            Action::Patch => Some(rule.otherwise),
                            _ => Some(action),
                        };
                        lacks_labels |=
                            follows.is_none() && violation.unmended == Unmended::UnknownLabels;
                        Some(finding(follows?, violation))
                    });
                    decision.findings.extend(found);
                    if lacks_labels {
                        decision.leave_undecided(&matched.policy.name);
                    }
                }
            }
        }
        self.tell_failed(decision);
    }

    /// A pod that cannot be read is never a pass: it is refused where a policy could have refused it. Exemptions
    /// do not count, since nobody can tell whether one is about the pod.
    pub(super) fn unreadable(&self, error: ViewError) -> Decision {
        let gravest = self
            .matched
            .iter()
            .flat_map(|matched| matched.policy.rules.iter().map(move |rule| (matched.policy, rule)))
            .map(|(policy, rule)| (rule.action_unpatched().capped(self.mode), policy, rule))
            .rev()
            .max_by_key(|(action, ..)| *action);
        // Its labels and its owner are not known, so any of them may be.
        let mut decision = Decision { about: self.about(), ..Decision::allowed() };
        decision.unreadable = gravest.map(|(action, policy, rule)| Unreadable {
            action,
            policy: Arc::clone(&policy.name),
            rule: Arc::clone(&rule.name),
            kind: rule.kind.meta.name,
            error,
        });
        decision.settle();
        decision
    }

    /// Drops the findings that the object had before the update: an object that was admitted before a policy
    /// existed must still be able to change its labels and lose its finalizers.
    pub(super) fn forget_what_was_there<'a>(
        &self,
        attributes: &Attributes<'a>,
        pod: &Pod<'a>,
        decision: &mut Decision,
    ) {
        let Some(Ok(mut before)) = attributes.old_object.map(|object| self.kind.read(object))
        else {
            return;
        };
        if self.kind.is_pod() {
            // Only the spec counts: labels and owners may make another workload of a pod, and what its spec lacks
            // for that was there before. The API server holds such updates back (`cluster::webhooks`).
            before.metadata.clone_from(&pod.metadata);
            if let Some(object) = attributes.object.filter(|_| self.reads_object) {
                before.source = std::mem::take(&mut before.source).with_metadata_of(object);
            }
        }
        let mut old = Decision::allowed();
        let then = self.for_another(&before);
        if !then.kind.is_pod() {
            then.patch(&mut before, &mut old);
        }
        then.judge(&before, Stage::Validate, &mut old);
        // A pod can have a hundred thousand findings: no pair of them may be compared.
        let known: HashSet<Known<'_>> = old.findings.iter().map(|old| then.known(old)).collect();
        decision.findings.retain(|finding| !known.contains(&self.known(finding)));
        let exempted = old.exempted.iter().map(|old| then.known(&old.finding));
        let known: HashSet<Known<'_>> = exempted.collect();
        decision.exempted.retain(|exempted| !known.contains(&self.known(&exempted.finding)));
    }

    fn known<'f>(&self, finding: &'f Finding) -> Known<'f> {
        let Finding { policy, rule, action, violation, .. } = finding;
        (policy, rule, *action, violation.identity(&self.kind.base()))
    }
}
