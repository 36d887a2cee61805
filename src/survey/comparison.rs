//! What other policies would make of the same pods, by owner: which would be refused that are taken now, and the other
//! way round. It adds up exactly, in parts and in any order, as a [`Tally`](crate::tally::Tally) does.

mod verdict;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use verdict::Verdict;

use crate::engine::Decision;
use crate::pod::top_owner::TopOwner;
use crate::policy::Action;
use crate::tally::{Bounded, MAX_FINDINGS, MAX_OWNERS, Owner};

/// What became of pods by two sets of policies.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Comparison {
    /// Pods that were judged by both.
    pub pods: u64,
    /// All pods that something changes for.
    pub total: Changed,
    /// Those of each owner.
    pub owners: Bounded<Owner, Changed>,
    /// Those of owners that are not told apart, by namespace.
    pub others: BTreeMap<Arc<str>, Changed>,
}

/// Pods that something changes for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Changed {
    /// How many there are.
    pub pods: u64,
    /// Those whose verdict changes, by the old and the new one.
    pub verdicts: Bounded<Change, Cases>,
    /// Those that get another patch, though the verdict stays.
    pub patches: Option<Cases>,
    /// The rules that make the difference, in how many pods.
    pub rules: Bounded<RuleChange, u64>,
    /// How often others make one, which are not told apart.
    pub other_rules: u64,
}

/// From one verdict to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// By the old policies.
    pub from: Verdict,
    /// By the new ones.
    pub to: Verdict,
}

/// Pods with one change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cases {
    /// How many there are.
    pub count: u64,
    /// The last of them.
    pub example: Case,
}

/// One pod, and why something changes for it. The last by time counts, then by name and message.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// When it was created, in seconds since 1970.
    pub at: Option<i64>,
    /// Its name, or the prefix of the name it was given.
    pub name: Arc<str>,
    /// What the gravest rule says that makes the difference; empty where no rule does.
    pub message: Arc<str>,
}

/// What a rule did and does with a pod; none where it finds nothing there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleChange {
    /// Name of the policy.
    pub policy: Arc<str>,
    /// Name of the rule in it.
    pub rule: Arc<str>,
    /// By the old policies.
    pub from: Option<Action>,
    /// By the new ones.
    pub to: Option<Action>,
}

/// A pod that was judged twice.
#[derive(Clone, Copy, Debug)]
pub(super) struct Twice<'a> {
    pub(super) namespace: &'a str,
    pub(super) owner: &'a TopOwner<'a>,
    pub(super) name: &'a str,
    pub(super) at: Option<i64>,
    pub(super) before: &'a Decision,
    pub(super) after: &'a Decision,
}

impl Comparison {
    /// Adds a pod.
    pub(super) fn take(&mut self, twice: Twice<'_>) {
        self.pods += 1;
        let change = Change { from: Verdict::of(twice.before), to: Verdict::of(twice.after) };
        let is_taken = change.to.action != Some(Action::Deny);
        let patched = is_taken && twice.before.patch != twice.after.patch;
        if change.from == change.to && !patched {
            return;
        }
        let changed = Changed::by(twice, change);
        self.total.merge(changed.clone());
        self.add(Owner::new(twice.namespace, twice.owner), changed);
    }

    /// Adds what another comparison came to.
    pub fn merge(&mut self, other: Self) {
        self.pods = self.pods.saturating_add(other.pods);
        self.total.merge(other.total);
        for (owner, changed) in other.owners.into_entries() {
            self.add(owner, changed.bounded());
        }
        for (namespace, changed) in other.others {
            self.others.entry(namespace).or_default().merge(changed);
        }
    }

    fn add(&mut self, owner: Owner, changed: Changed) {
        let dropped = self.owners.add(MAX_OWNERS, owner, changed, Changed::merge);
        if let Some((owner, changed)) = dropped {
            self.others.entry(owner.namespace).or_default().merge(changed);
        }
    }

    /// How many pods get a verdict that reaches this line, and did not get one before.
    pub fn newly(&self, line: Action) -> u64 {
        let counts = self
            .total
            .verdicts
            .iter()
            .filter(|(change, _)| change.to.reaches(line) && !change.from.reaches(line));
        counts.fold(0, |sum, (_, cases)| sum.saturating_add(cases.count))
    }

    /// The owners with what changes for their pods, by namespace, kind and name; those that are not told apart come
    /// last, with none.
    pub fn by_owner(&self) -> Vec<(&str, Option<&Owner>, &Changed)> {
        let told =
            self.owners.iter().map(|(owner, changed)| (&*owner.namespace, Some(owner), changed));
        let others = self.others.iter().map(|(namespace, changed)| (&**namespace, None, changed));
        let mut all: Vec<_> = told.chain(others).collect();
        all.sort_by(|a, b| (a.1.is_none(), a.0, a.1).cmp(&(b.1.is_none(), b.0, b.1)));
        all
    }
}

impl Changed {
    /// What changes for one pod.
    fn by(twice: Twice<'_>, change: Change) -> Self {
        let (before, after) = (rules(twice.before), rules(twice.after));
        let mut changed = Self { pods: 1, ..Self::default() };
        let mut gravest = None;
        let keys: BTreeSet<_> = before.keys().chain(after.keys()).collect();
        for (policy, rule) in keys {
            let (from, to) = (before.get(&(*policy, *rule)), after.get(&(*policy, *rule)));
            let actions = (from.map(|(action, _)| *action), to.map(|(action, _)| *action));
            if actions.0 == actions.1 {
                continue;
            }
            // Where it gets worse, the new rule says why; where it gets better, the old one said.
            let why = if change.to >= change.from { to.or(from) } else { from.or(to) };
            if let Some((action, message)) = why
                && gravest.is_none_or(|(there, _)| *action > there)
            {
                gravest = Some((*action, *message));
            }
            let (policy, rule) = (Arc::from(*policy), Arc::from(*rule));
            changed.add_rule(RuleChange { policy, rule, from: actions.0, to: actions.1 }, 1);
        }
        let message = gravest.map_or("", |(_, message)| message);
        let example = Case { at: twice.at, name: twice.name.into(), message: message.into() };
        let cases = Cases { count: 1, example };
        if change.from == change.to {
            changed.patches = Some(cases);
        } else {
            changed.verdicts.add(usize::MAX, change, cases, Cases::merge);
        }
        changed
    }

    fn merge(&mut self, other: Self) {
        self.pods = self.pods.saturating_add(other.pods);
        for (change, cases) in other.verdicts.into_entries() {
            // There are as many as there are pairs of verdicts.
            self.verdicts.add(usize::MAX, change, cases, Cases::merge);
        }
        match (&mut self.patches, other.patches) {
            (Some(one), Some(more)) => one.merge(more),
            (one, more) => *one = one.take().or(more),
        }
        for (rule, count) in other.rules.into_entries() {
            self.add_rule(rule, count);
        }
        self.other_rules = self.other_rules.saturating_add(other.other_rules);
    }

    fn add_rule(&mut self, rule: RuleChange, count: u64) {
        let add = |there: &mut u64, more: u64| *there = there.saturating_add(more);
        if let Some((_, count)) = self.rules.add(MAX_FINDINGS, rule, count, add) {
            add(&mut self.other_rules, count);
        }
    }

    /// The same within the bounds, whoever made it.
    fn bounded(self) -> Self {
        if self.rules.len() <= MAX_FINDINGS {
            return self;
        }
        let mut bounded = Self::default();
        bounded.merge(self);
        bounded
    }

    /// The changes of verdicts, the gravest first.
    pub fn verdicts(&self) -> Vec<(Change, &Cases)> {
        let mut all: Vec<_> =
            self.verdicts.iter().map(|(change, cases)| (*change, cases)).collect();
        all.sort_by_key(|(change, _)| std::cmp::Reverse((change.to, change.from)));
        all
    }

    /// The rules that make the difference, in their order.
    pub fn rules(&self) -> Vec<(&RuleChange, u64)> {
        let mut all: Vec<_> = self.rules.iter().map(|(rule, count)| (rule, *count)).collect();
        all.sort();
        all
    }
}

impl Cases {
    fn merge(&mut self, other: Self) {
        self.count = self.count.saturating_add(other.count);
        if other.example > self.example {
            self.example = other.example;
        }
    }
}

/// By policy and rule, the gravest of what a rule does with a pod, and what it says there first.
fn rules(decision: &Decision) -> BTreeMap<(&str, &str), (Action, &str)> {
    let mut rules = BTreeMap::new();
    let mut add = |policy, rule, action, message| {
        let there = rules.entry((policy, rule)).or_insert((action, message));
        if action > there.0 {
            *there = (action, message);
        }
    };
    for finding in &decision.findings {
        add(&*finding.policy, &*finding.rule, finding.action, &*finding.violation.message);
    }
    if let Some(found) = &decision.unreadable {
        add(&found.policy, &found.rule, found.action, &*found.error.message);
    }
    rules
}

#[cfg(test)]
mod tests;
