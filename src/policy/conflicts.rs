//! Rules that want different values for one field.

use std::fmt;
use std::sync::Arc;

use super::compile::CompiledPolicy;
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
    found
}
