//! Rules that want different values for one field.

use std::fmt;
use std::sync::Arc;

use super::compile::CompiledPolicy;
use super::renaming;
use super::rule::CompiledRule;

/// A rule of the set, by the positions of its policy and of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleId {
    /// Position of the policy.
    pub policy: usize,
    /// Position of the rule in it.
    pub rule: usize,
}

/// Two rules that want different values for one field of the same pods.
#[derive(Clone, Debug)]
pub struct Conflict {
    /// The rule that has its way: the first by policy name, then by place in the policy.
    pub winner: RuleId,
    /// The rule that gives way.
    pub loser: RuleId,
    /// What is wrong, for people.
    pub message: String,
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Every conflict among the rules that `mends` takes, in the order of the losers.
pub(super) fn conflicts(
    policies: &[Arc<CompiledPolicy>],
    mends: impl Fn(&CompiledRule) -> bool,
) -> Vec<Conflict> {
    let mends = &mends;
    let claims: Vec<_> = policies
        .iter()
        .enumerate()
        .flat_map(|(policy, compiled)| {
            compiled.rules.iter().enumerate().filter(move |(_, rule)| mends(rule)).flat_map(
                move |(rule, compiled)| {
                    compiled
                        .rule
                        .claims()
                        .into_iter()
                        .map(move |claim| (RuleId { policy, rule }, claim))
                },
            )
        })
        .collect();
    let mut found = Vec::new();
    for (at, (loser, wanted)) in claims.iter().enumerate() {
        for (winner, settled) in &claims[..at] {
            let contested =
                winner != loser && settled.field == wanted.field && settled.value != wanted.value;
            let [first, second] = [winner, loser].map(|id| &policies[id.policy]);
            if contested && !first.matcher.is_disjoint(&second.matcher) {
                found.push(Conflict {
                    winner: *winner,
                    loser: *loser,
                    message: format!(
                        "{} should be {} by {}/{} and {} by {}/{}; where both match, {}/{} has its way",
                        wanted.field,
                        settled.value,
                        first.name,
                        first.rules[winner.rule].name,
                        wanted.value,
                        second.name,
                        second.rules[loser.rule].name,
                        first.name,
                        first.rules[winner.rule].name,
                    ),
                });
            }
        }
    }
    found.extend(crossed(policies, mends));
    found.sort_by_key(|conflict| conflict.loser);
    found
}

/// Pairs of rules of which one wants images renamed to what the other wants renamed in turn. What both want matters, and
/// not only what both mend: in a loop, one that denies refuses for ever what the other makes.
fn crossed(
    policies: &[Arc<CompiledPolicy>],
    mends: impl Fn(&CompiledRule) -> bool,
) -> Vec<Conflict> {
    let mut renaming = Vec::new();
    for (policy, compiled) in policies.iter().enumerate() {
        for (rule, compiled) in compiled.rules.iter().enumerate() {
            let renamings = compiled.rule.renamings();
            if !renamings.is_empty() {
                renaming.push((RuleId { policy, rule }, compiled, renamings));
            }
        }
    }
    let mut found = Vec::new();
    for (at, later) in renaming.iter().enumerate() {
        for earlier in &renaming[..at] {
            // One that mends nothing gives way to one that does.
            let turned = mends(later.1) && !mends(earlier.1);
            let (winner, loser) = if turned { (later, earlier) } else { (earlier, later) };
            let [first, second] = [winner.0, loser.0].map(|id| &policies[id.policy]);
            if first.matcher.is_disjoint(&second.matcher) {
                continue;
            }
            let [first, second] = [(first, winner), (second, loser)]
                .map(|(of, one)| format!("{}/{}", of.name, one.1.name));
            let message = renaming::crossing((&first, &winner.2), (&second, &loser.2));
            let conflict = |message| Conflict { winner: winner.0, loser: loser.0, message };
            found.extend(message.map(conflict));
        }
    }
    found
}
