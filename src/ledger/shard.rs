//! A part of the ledger, under one lock.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::page::{Counted, Example, Finding, Owner};
use super::{Interest, MAX_FINDINGS, gravity, short};
use crate::admission::{Record, Recorded};
use crate::pod::top_owner::TopOwner;
use crate::policy::Action;

/// The share of owners that make room when there is none: one in so many.
const ROOM: usize = 16;

/// A review, as the ledger takes it: texts are as long as they are kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told<'r> {
    record: &'r Record<'r>,
    namespace: &'r str,
    api_version: &'r str,
    kind: &'r str,
    name: &'r str,
    at: i64,
}

impl<'r> Told<'r> {
    pub(super) fn new(record: &'r Record<'r>, owner: &'r TopOwner<'r>, at: i64) -> Self {
        Self {
            record,
            namespace: short(&record.namespace),
            api_version: short(&owner.api_version),
            kind: short(&owner.kind),
            name: short(&owner.name),
            at,
        }
    }

    /// What tells owners apart.
    pub(super) fn key(&self) -> (&str, &str, &str, &str) {
        (self.namespace, self.api_version, self.kind, self.name)
    }
}

/// What there was no room for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Dropped {
    /// Owners.
    pub(super) owners: u64,
    /// What had been found in their pods.
    pub(super) findings: u64,
}

/// A part of the ledger.
#[derive(Debug)]
pub(super) struct Shard {
    /// By hashes of keys. They are of 64 bits with a secret, so that two owners never share one.
    owners: BTreeMap<u64, Entry>,
    bound: usize,
}

/// An owner.
#[derive(Debug)]
pub(super) struct Entry {
    namespace: Arc<str>,
    api_version: Arc<str>,
    kind: Arc<str>,
    name: Arc<str>,
    found: Vec<Found>,
}

/// What one rule did to an owner's pods.
#[derive(Debug)]
struct Found {
    policy: Arc<str>,
    rule: Arc<str>,
    kind: &'static str,
    action: Action,
    count: u64,
    first: i64,
    last: i64,
    example: (Arc<str>, Arc<str>),
}

impl Shard {
    pub(super) fn new(bound: usize) -> Self {
        Self { owners: BTreeMap::new(), bound }
    }

    /// Counts what a review found in a pod.
    pub(super) fn take(
        &mut self,
        hash: u64,
        told: &Told<'_>,
        counts: impl Fn(Action) -> bool,
    ) -> Dropped {
        let mut dropped = Dropped::default();
        if !self.owners.contains_key(&hash) && self.owners.len() >= self.bound {
            dropped = self.make_room();
        }
        let entry = self.owners.entry(hash).or_insert_with(|| Entry::new(told));
        let findings = &told.record.findings;
        for (at, finding) in findings.iter().enumerate() {
            // A rule that finds fault with each container did one thing to the pod.
            let same = |other: &Recorded| is(other, finding);
            if counts(finding.action) && !findings.iter().take(at).any(same) {
                dropped.findings += entry.take(finding, told);
            }
        }
        dropped
    }

    /// Drops the least interesting owners.
    fn make_room(&mut self) -> Dropped {
        let mut by_interest: Vec<(Interest, u64)> =
            self.owners.iter().map(|(hash, entry)| (entry.interest(), *hash)).collect();
        let share = (self.bound / ROOM).clamp(1, by_interest.len().max(1));
        if share < by_interest.len() {
            by_interest.select_nth_unstable(share);
        }
        let mut dropped = Dropped::default();
        for (_, hash) in by_interest.iter().take(share) {
            if let Some(entry) = self.owners.remove(hash) {
                dropped.owners += 1;
                dropped.findings += entry.found.iter().map(|found| found.count).sum::<u64>();
            }
        }
        dropped
    }

    pub(super) fn owners(&self) -> impl Iterator<Item = &Entry> {
        self.owners.values()
    }
}

impl Entry {
    fn new(told: &Told<'_>) -> Self {
        Self {
            namespace: told.namespace.into(),
            api_version: told.api_version.into(),
            kind: told.kind.into(),
            name: told.name.into(),
            found: Vec::new(),
        }
    }

    /// Counts a finding; answers with how many were dropped for it.
    fn take(&mut self, finding: &Recorded, told: &Told<'_>) -> u64 {
        let known = self.found.iter_mut().find(|found| {
            (&*found.policy, &*found.rule, found.action)
                == (&*finding.policy, &*finding.rule, finding.action)
        });
        if let Some(found) = known {
            found.count += 1;
            found.first = found.first.min(told.at);
            found.last = found.last.max(told.at);
            return 0;
        }
        let mut dropped = 0;
        if self.found.len() >= MAX_FINDINGS {
            let least = self.found.iter().enumerate().min_by_key(|(_, found)| found.interest());
            if let Some(at) = least.map(|(at, _)| at) {
                dropped = self.found.swap_remove(at).count;
            }
        }
        self.found.push(Found {
            policy: Arc::clone(&finding.policy),
            rule: Arc::clone(&finding.rule),
            kind: finding.kind,
            action: finding.action,
            count: 1,
            first: told.at,
            last: told.at,
            example: (short(&told.record.name).into(), short(&finding.message).into()),
        });
        dropped
    }

    /// The gravest of what was found, how much there was, and when the last of it was seen.
    fn interest(&self) -> Interest {
        self.found
            .iter()
            .map(Found::interest)
            .fold((0, 0, i64::MIN), |all, one| (all.0.max(one.0), all.1 + one.1, all.2.max(one.2)))
    }

    pub(super) fn told(&self) -> Owner {
        Owner {
            namespace: Arc::clone(&self.namespace),
            api_version: Arc::clone(&self.api_version),
            kind: Arc::clone(&self.kind),
            name: Arc::clone(&self.name),
            findings: self.found.iter().map(Found::told).collect(),
        }
    }
}

impl Found {
    fn interest(&self) -> Interest {
        (gravity(self.action), self.count, self.last)
    }

    fn told(&self) -> Finding {
        let (name, message) = &self.example;
        Finding {
            policy: Arc::clone(&self.policy),
            rule: Arc::clone(&self.rule),
            kind: self.kind.into(),
            action: self.action,
            endpoint: Counted::of(self.action),
            count: self.count,
            first_seen: self.first,
            last_seen: self.last,
            example: Example { name: Arc::clone(name), message: Arc::clone(message) },
        }
    }
}

/// Whether both are of one rule with one outcome.
fn is(one: &Recorded, other: &Recorded) -> bool {
    (&one.policy, &one.rule, one.action) == (&other.policy, &other.rule, other.action)
}
