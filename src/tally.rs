//! What was found in many pods, added up by their top owners.
//!
//! Adding up is commutative and associative, whatever is dropped: the pods of a cluster, or of a month of traffic, can
//! be tallied in parts and in any order, and come to the same.

mod bounded;
mod owner;
mod take;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use bounded::Bounded;
pub use owner::Owner;
pub use take::Judged;

use crate::finding::Safety;
use crate::pod::workload::Class;
use crate::policy::Action;

/// Owners that are told apart. Of more, those whose names have the lowest hashes are: the pods of the others are counted
/// in [`Tally::others`].
pub const MAX_OWNERS: usize = 10_000;
/// Findings of one owner that are told apart; of more, those of the other containers are counted together.
pub const MAX_FINDINGS: usize = 64;

/// What was found in many pods.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Tally {
    /// What becomes of all pods.
    pub outcomes: Outcomes,
    /// What becomes of the pods of each namespace.
    pub namespaces: BTreeMap<Arc<str>, Outcomes>,
    /// By policy and namespace, what each policy does there.
    pub policies: BTreeMap<Arc<str>, BTreeMap<Arc<str>, Outcomes>>,
    /// The pods of each owner.
    pub owners: Bounded<Owner, Owned>,
    /// The pods of owners that are not told apart, by namespace.
    pub others: BTreeMap<Arc<str>, Owned>,
    /// How many findings each exemption kept from having consequences.
    pub exempted: BTreeMap<Arc<str>, u64>,
    /// Policies that could not be applied in some namespaces, because the labels of those are not known.
    pub undecided: BTreeMap<Arc<str>, BTreeSet<Arc<str>>>,
}

/// What becomes of pods. One that is patched and warned of is counted in both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Outcomes {
    /// Pods that were judged.
    pub pods: u64,
    /// Those that would be refused.
    pub denied: u64,
    /// Those that would be taken with a warning.
    pub warned: u64,
    /// Those that would be patched.
    pub patched: u64,
    /// Those about which something is only recorded.
    pub audited: u64,
    /// Those that could not be read.
    pub unreadable: u64,
    /// Those in which nothing was found, or nothing that is not exempted.
    pub clean: u64,
}

/// The pods of one owner.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Owned {
    /// Their class; where they differ, the one that stands last among [`Class::ALL`].
    pub class: Option<Class>,
    /// What becomes of them.
    pub outcomes: Outcomes,
    /// When the first and the last of them were created, in seconds since 1970.
    pub seen: Seen,
    /// What was found in them.
    pub findings: Bounded<FindingKey, Found>,
    /// What was found in containers that are not told apart; the keys name none.
    pub others: Bounded<FindingKey, Found>,
}

/// When something was seen for the first and for the last time, in seconds since 1970; none where that is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The first time.
    pub first: Option<i64>,
    /// The last time.
    pub last: Option<i64>,
}

/// What tells the findings of one owner apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindingKey {
    /// Name of the policy.
    pub policy: Arc<str>,
    /// Name of the rule in it.
    pub rule: Arc<str>,
    /// The container, where it is about one.
    pub container: Option<Arc<str>>,
}

/// What one rule found in one container of an owner's pods.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Found {
    /// Which rule it is: `imageTag`.
    pub kind: Arc<str>,
    /// What admission would do; the gravest of what it would do with the pods.
    pub action: Action,
    /// In how many pods.
    pub count: u64,
    /// When the first and the last of those were created.
    pub seen: Seen,
    /// One of those pods: the last.
    pub example: Example,
}

/// One pod of many, and what was found in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Example {
    /// When it was created, in seconds since 1970.
    pub at: Option<i64>,
    /// Its name, or the prefix of the name it was given.
    pub name: Arc<str>,
    /// Where, from the root of the pod: a JSON pointer.
    pub path: Arc<str>,
    /// What is wrong.
    pub message: Arc<str>,
    /// What to do.
    pub help: Arc<str>,
    /// What the fix does, where there is one.
    pub fix: Option<Arc<str>>,
    /// Whether a person should look at the fix.
    pub fix_safety: Option<Safety>,
}

impl Tally {
    /// Adds what another tally came to.
    pub fn merge(&mut self, other: Self) {
        self.outcomes.merge(other.outcomes);
        merge_maps(&mut self.namespaces, other.namespaces, |one, more| one.merge(more));
        merge_maps(&mut self.policies, other.policies, |one, more| {
            merge_maps(one, more, |one, more| one.merge(more));
        });
        merge_maps(&mut self.others, other.others, Owned::merge);
        for (owner, owned) in other.owners.into_entries() {
            self.add(owner, owned.bounded());
        }
        merge_maps(&mut self.exempted, other.exempted, |one, more| {
            *one = one.saturating_add(more);
        });
        merge_maps(&mut self.undecided, other.undecided, |one, more| one.extend(more));
    }

    fn add(&mut self, owner: Owner, owned: Owned) {
        if let Some((owner, owned)) = self.owners.add(MAX_OWNERS, owner, owned, Owned::merge) {
            self.others.entry(owner.namespace).or_default().merge(owned);
        }
    }

    /// The owners with their pods, by namespace, kind and name; those that are not told apart come last, with none.
    pub fn by_owner(&self) -> Vec<(&str, Option<&Owner>, &Owned)> {
        let told = self.owners.iter().map(|(owner, owned)| (&*owner.namespace, Some(owner), owned));
        let others = self.others.iter().map(|(namespace, owned)| (&**namespace, None, owned));
        let mut all: Vec<_> = told.chain(others).collect();
        all.sort_by(|a, b| (a.1.is_none(), a.0, a.1).cmp(&(b.1.is_none(), b.0, b.1)));
        all
    }
}

fn merge_maps<K: Ord, V: Default>(
    into: &mut BTreeMap<K, V>,
    from: BTreeMap<K, V>,
    merge: impl Fn(&mut V, V),
) {
    for (key, value) in from {
        merge(into.entry(key).or_default(), value);
    }
}

impl Outcomes {
    /// Adds others.
    pub const fn merge(&mut self, other: Self) {
        self.pods = self.pods.saturating_add(other.pods);
        self.denied = self.denied.saturating_add(other.denied);
        self.warned = self.warned.saturating_add(other.warned);
        self.patched = self.patched.saturating_add(other.patched);
        self.audited = self.audited.saturating_add(other.audited);
        self.unreadable = self.unreadable.saturating_add(other.unreadable);
        self.clean = self.clean.saturating_add(other.clean);
    }
}

impl Owned {
    /// Adds the pods of another.
    pub fn merge(&mut self, other: Self) {
        self.class = self.class.max(other.class);
        self.outcomes.merge(other.outcomes);
        self.seen.merge(other.seen);
        for (key, found) in other.findings.into_entries() {
            self.add(key, found);
        }
        for (key, found) in other.others.into_entries() {
            self.add_other(key, found);
        }
    }

    /// Adds a finding; where there are too many, one goes to those that are not told apart.
    fn add(&mut self, key: FindingKey, found: Found) {
        if let Some((key, found)) = self.findings.add(MAX_FINDINGS, key, found, Found::merge) {
            self.add_other(key, found);
        }
    }

    fn add_other(&mut self, key: FindingKey, found: Found) {
        // There are as many as there are rules.
        let key = FindingKey { container: None, ..key };
        self.others.add(usize::MAX, key, found, Found::merge);
    }

    /// The same within the bounds, whoever made it.
    fn bounded(self) -> Self {
        let kept = self.findings.len() <= MAX_FINDINGS
            && self.others.iter().all(|(key, _)| key.container.is_none());
        if kept {
            return self;
        }
        let mut bounded = Self::default();
        bounded.merge(self);
        bounded
    }
}

impl Seen {
    /// Once.
    pub const fn once(at: Option<i64>) -> Self {
        Self { first: at, last: at }
    }

    /// Adds other times.
    pub fn merge(&mut self, other: Self) {
        self.first = match (self.first, other.first) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        self.last = self.last.max(other.last);
    }
}

impl Found {
    fn merge(&mut self, other: Self) {
        self.action = self.action.max(other.action);
        self.count = self.count.saturating_add(other.count);
        self.seen.merge(other.seen);
        if other.example.rank() > self.example.rank() {
            self.example = other.example;
            self.kind = other.kind;
        }
    }
}

impl Example {
    /// The last by time, then by name; every field counts, so that no order of adding up makes a difference.
    fn rank(&self) -> impl Ord + '_ {
        (self.at, &self.name, &self.path, &self.message, &self.help, &self.fix, self.fix_safety)
    }
}

#[cfg(test)]
mod tests;
