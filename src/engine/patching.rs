//! Patching: fixes are applied rule by rule, so that each sees what the last one changed, until all are quiet.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use super::blame::{Blame, newly_broken};
use super::decision::{Decision, Finding};
use super::snapshot::Snapshot;
use super::{Matched, Scope};
use crate::edit::{Edit, Patch};
use crate::finding::{Fix, Safety, Violation};
use crate::pod::editing::View;
use crate::pod::view::{Annotations, Pod, Spec};
use crate::pointer::Pointer;
use crate::policy::conflicts::{Conflict, RuleId};
use crate::policy::{Action, CompiledRule};

/// Rounds after which rules that keep undoing each other are stopped. Two are the rule: one that changes, one
/// that finds nothing to change.
const MAX_ROUNDS: usize = 4;

impl Scope<'_, '_> {
    /// Whether the fixes of a rule are applied.
    pub(super) fn patches(&self, rule: &CompiledRule) -> bool {
        self.fixes.is_some() || rule.action.capped(self.mode) == Action::Patch
    }

    /// Applies the fixes of the rules that patch to `pod`, and notes them in the decision.
    pub(super) fn patch(&self, pod: &mut Pod<'_>, decision: &mut Decision) {
        let mut patch = Patch::default();
        let asks_registries = self.engine.policies.asks_registries();
        // What is pinned can be a finding of others again, which are mended once more.
        let rounds = if asks_registries { 2 * MAX_ROUNDS } else { MAX_ROUNDS };
        for round in 0..rounds {
            let applied = decision.findings.len();
            self.mend_all(false, pod, &mut patch, decision);
            // The digest is that of the image that runs: where one is rewritten, that comes first.
            if asks_registries && decision.findings.len() == applied {
                self.mend_all(true, pod, &mut patch, decision);
            }
            if decision.findings.len() == applied {
                break;
            }
            if round + 1 == rounds {
                decision.note(format!("the fixes did not settle after {rounds} rounds"));
                decision.settled = false;
            }
        }
        // In a file there is no webhook to remember.
        if self.kind.is_pod() && self.fixes.is_none() && !decision.findings.is_empty() {
            self.sign(pod, &mut patch, decision);
        }
        if self.kind.is_pod() {
            decision.patch = patch.into_operations();
        }
    }

    /// Applies the fixes of the rules that need what registries say, or of all others.
    fn mend_all(
        &self,
        ask_registries: bool,
        pod: &mut Pod<'_>,
        patch: &mut Patch,
        decision: &mut Decision,
    ) {
        for matched in &self.matched {
            self.setting.next_policy();
            for (at, rule) in matched.policy.rules.iter().enumerate() {
                let id = RuleId { policy: matched.at, rule: at };
                if rule.rule.asks_registries() == ask_registries
                    && self.patches(rule)
                    && self.exemption_of(id).is_none()
                {
                    self.mend(id, matched, rule, pod, patch, decision);
                }
            }
        }
    }

    /// Applies the fixes of one rule.
    fn mend(
        &self,
        id: RuleId,
        matched: &Matched<'_>,
        rule: &CompiledRule,
        pod: &mut Pod<'_>,
        patch: &mut Patch,
        decision: &mut Decision,
    ) {
        let mut violations = self.violations(rule, pod);
        self.note_unknown(matched, decision);
        if self.fixes == Some(Safety::Safe) {
            let is_safe = |fix: &Fix| fix.safety == Safety::Safe;
            violations.retain(|violation| violation.fix.as_ref().is_some_and(is_safe));
        }
        if self.fixes.is_none() {
            // A webhook patches pods, so what is wrong beside one is never mended on the way.
            violations.retain(|violation| !violation.pointer.leads_out());
        }
        if let Some(leaves_out) = self.leaves_out {
            let base = self.kind.base();
            violations.retain(|violation| {
                let found =
                    Finding::new(matched.policy, rule, Action::Patch, &base, violation.clone());
                violation.fix.is_some() && !leaves_out(&found)
            });
        }
        let policies = &self.engine.policies;
        let conflicts = match self.fixes {
            Some(_) => policies.conflicts_of_fixes(),
            None => policies.conflicts(),
        };
        let lost = self.lost_conflicts(conflicts, id, &violations, pod);
        for (at, violation) in violations.into_iter().enumerate() {
            let Some(fix) = &violation.fix else { continue };
            if let Some(conflict) = lost.get(&at) {
                decision.note(conflict.message.clone());
                continue;
            }
            if !apply(fix, pod, patch) {
                decision.note(format!(
                    "{}/{}: the fix does not fit the pod",
                    matched.policy.name, rule.name
                ));
                continue;
            }
            let finding =
                Finding::new(matched.policy, rule, Action::Patch, &self.kind.base(), violation);
            decision.findings.push(finding);
        }
    }

    /// Takes the fixes from those violations that are not mended in manifests either, since another rule has its way.
    pub(super) fn forget_lost_fixes(
        &self,
        id: RuleId,
        violations: &mut [Violation],
        pod: &Pod<'_>,
    ) {
        let conflicts = self.engine.policies.conflicts_of_fixes();
        for at in self.lost_conflicts(conflicts, id, violations, pod).into_keys() {
            if let Some(violation) = violations.get_mut(at) {
                violation.fix = None;
            }
        }
    }

    fn violations(&self, rule: &CompiledRule, pod: &Pod<'_>) -> Vec<Violation> {
        let empty = Spec::default();
        let mut violations = Vec::new();
        rule.rule.evaluate(&self.subject(pod, &empty), &mut violations);
        violations
    }

    /// The fixes, by position, that are not applied, each with the conflict that keeps it: they would break what
    /// a rule that goes first wants.
    ///
    /// All fixes are tried at once, and blame is then laid more widely each time, so that the winner is asked a
    /// fixed number of times however many containers there are.
    fn lost_conflicts<'c>(
        &self,
        conflicts: &'c [Conflict],
        loser: RuleId,
        violations: &[Violation],
        pod: &Pod<'_>,
    ) -> HashMap<usize, &'c Conflict> {
        let mut lost = HashMap::new();
        if violations.iter().all(|violation| violation.fix.is_none()) {
            return lost;
        }
        let lost_here = conflicts.iter().filter(|conflict| conflict.loser == loser);
        // Where the winner is exempted, nobody wants what it wants.
        for conflict in lost_here.filter(|one| self.exemption_of(one.winner).is_none()) {
            let policy = self.matched.iter().find(|matched| matched.at == conflict.winner.policy);
            let winner = policy.and_then(|matched| matched.policy.rules.get(conflict.winner.rule));
            let Some(winner) = winner else { continue };
            let before = self.violations(winner, pod);
            for blame in [Blame::Place, Blame::Container, Blame::All] {
                let mut after = pod.clone();
                let kept = violations.iter().enumerate().filter(|(at, _)| !lost.contains_key(at));
                for fix in kept.filter_map(|(_, violation)| violation.fix.as_ref()) {
                    apply(fix, &mut after, &mut Patch::default());
                }
                let after = self.violations(winner, &after);
                let broken = newly_broken(&before, &after, blame);
                if broken.is_empty() {
                    break;
                }
                for (at, violation) in violations.iter().enumerate() {
                    if violation.fix.as_ref().is_some_and(|fix| broken.is_touched_by(fix)) {
                        lost.entry(at).or_insert(conflict);
                    }
                }
            }
        }
        lost
    }

    /// Names on the pod the policies that changed it.
    fn sign(&self, pod: &mut Pod<'_>, patch: &mut Patch, decision: &mut Decision) {
        let before = pod.annotation(Annotations::PATCHED_BY).unwrap_or_default().to_owned();
        let mut names: BTreeSet<&str> = before.split(',').filter(|name| !name.is_empty()).collect();
        names.extend(decision.by_action(Action::Patch).map(|finding| &*finding.policy));
        let names = names.into_iter().collect::<Vec<_>>().join(",");
        if names != before {
            let place = Pointer::new("/metadata/annotations").join(Annotations::PATCHED_BY);
            let edits = vec![Edit::set(place, names)];
            let fix = Fix { summary: String::new(), safety: Safety::Safe, edits };
            if apply(&fix, pod, patch) {
                decision.signature = fix.edits.into_iter().next();
            }
        }
    }
}

/// Makes all changes of a fix, or none where one does not fit; answers whether it did.
fn apply(fix: &Fix, pod: &mut Pod<'_>, patch: &mut Patch) -> bool {
    let whole = (fix.edits.len() > 1).then(|| Snapshot::before(fix, pod));
    let mut depths = Vec::with_capacity(fix.edits.len());
    let recorded = pod.source.recorded();
    for edit in &fix.edits {
        let tokens: Vec<Cow<'_, str>> = edit.pointer.tokens().collect();
        let path: Vec<&str> = tokens.iter().map(AsRef::as_ref).collect();
        let depth = pod.depth(&path);
        depths.push(pod.source.depth(&path).map_or(depth, |real| real.max(depth)));
        pod.source.record(edit);
        if pod.apply(&path, &edit.change).is_err() {
            pod.source.forget_after(recorded);
            if let Some(whole) = whole {
                whole.restore(pod);
            }
            return false;
        }
    }
    for (edit, depth) in fix.edits.iter().zip(depths) {
        patch.push(edit, |_| depth);
    }
    true
}
