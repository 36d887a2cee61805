//! What admission did to pods, by their top owners: the pods that lived five seconds too.
//!
//! The ledger is bounded and lives in memory alone. When there are too many owners, the least interesting are
//! dropped and counted, a sixteenth at a time. Most interesting is what is gravest (Deny, Warn, Patch, Audit); of what is
//! equally grave, what was found most often; of that, what was seen last. An owner that has just come stays until room
//! is needed again, so that a new one can prove interesting.
//!
//! Each thing is counted at one endpoint: patches at `/mutate`, everything else at `/validate`. Dry runs are not counted.

mod gathered;
mod page;
mod shard;
#[cfg(test)]
mod tests;

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

pub use gathered::{Gathered, Replica};
pub use page::{Counted, Example, Finding, Owner, Page, PageError};

use crate::admission::{Endpoint, Record};
use crate::pod::top_owner::TopOwner;
use crate::policy::Action;
use shard::{Shard, Told};

/// Owners that are kept unless told otherwise.
pub const DEFAULT_OWNERS: usize = 1_000;
/// Owners that can be kept at most: a page of so many is some megabytes.
pub const MAX_OWNERS: usize = 10_000;
/// Findings of one owner that are told apart.
pub const MAX_FINDINGS: usize = 32;
/// Bytes of a text that are kept. Names in Kubernetes have 253 at most
/// (apimachinery/pkg/util/validation `DNS1123SubdomainMaxLength`), but nobody keeps a client from sending more.
pub const MAX_TEXT: usize = 256;

/// Parts with a lock each: as many as there are threads that answer reviews.
const SHARDS: usize = 4;
/// Owners below which parts would be too small to choose well whom to drop.
const MIN_SHARED: usize = 64;

/// What admission did to pods, by their top owners.
#[derive(Debug)]
pub struct Ledger {
    shards: Vec<Mutex<Shard>>,
    /// Nobody who names owners can choose where they go.
    hasher: RandomState,
    since: i64,
    replica: String,
    dropped_owners: AtomicU64,
    dropped_findings: AtomicU64,
}

impl Ledger {
    /// An empty ledger of at most so many owners ([`MAX_OWNERS`] at most). `since` is the time, in seconds since 1970;
    /// `replica` is what this process is called.
    pub fn new(owners: usize, since: i64, replica: String) -> Self {
        let owners = owners.clamp(1, MAX_OWNERS);
        let parts = if owners < MIN_SHARED { 1 } else { SHARDS };
        // The parts add up to the bound exactly.
        let shards = (0..parts).map(|at| Mutex::new(Shard::new((owners + at) / parts)));
        Self {
            shards: shards.collect(),
            hasher: RandomState::new(),
            since,
            replica,
            dropped_owners: AtomicU64::new(0),
            dropped_findings: AtomicU64::new(0),
        }
    }

    /// Counts what a review found. `at` is the time, in seconds since 1970. Answers with how many owners were dropped
    /// for it.
    pub fn take(&self, endpoint: Endpoint, record: &Record<'_>, at: i64) -> u64 {
        let counts = |action| match endpoint {
            Endpoint::Mutate => Counted::of(action) == Counted::Mutate,
            Endpoint::Validate => Counted::of(action) == Counted::Validate,
            Endpoint::Policies => false,
        };
        if record.dry_run || !record.findings.iter().any(|finding| counts(finding.action)) {
            return 0;
        }
        let take = |owner: &TopOwner<'_>| {
            let told = Told::new(record, owner, at);
            let hash = self.hasher.hash_one(told.key());
            // The high bits choose the part, the low ones the place in it.
            let part = (hash >> 32) as usize % self.shards.len();
            let Some(shard) = self.shards.get(part) else { return 0 };
            let dropped = {
                let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
                shard.take(hash, &told, counts)
            };
            if dropped.findings > 0 {
                self.dropped_owners.fetch_add(dropped.owners, Ordering::Relaxed);
                self.dropped_findings.fetch_add(dropped.findings, Ordering::Relaxed);
            }
            dropped.owners
        };
        if record.is_of_pod() {
            record.with_owner(take).unwrap_or_default()
        } else if &*record.kind == "Pod" {
            take(&TopOwner::unknown(&record.name))
        } else {
            // What makes pods stays where it is: an audit finds it.
            0
        }
    }

    /// Everything that is kept, the most interesting first.
    pub fn page(&self) -> Page {
        let mut owners = Vec::new();
        for shard in &self.shards {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            owners.extend(shard.owners().map(shard::Entry::told));
        }
        let mut page = Page {
            version: page::VERSION,
            note: page::NOTE.to_owned(),
            since: self.since,
            replica: self.replica.clone(),
            dropped: self.dropped_owners.load(Ordering::Relaxed),
            dropped_findings: self.dropped_findings.load(Ordering::Relaxed),
            owners,
        };
        page.sort();
        page
    }
}

/// How grave an action is for those who look through the ledger: a patched pod is as it should be.
const fn gravity(action: Action) -> u8 {
    match action {
        Action::Audit => 0,
        Action::Patch => 1,
        Action::Warn => 2,
        Action::Deny => 3,
    }
}

/// How interesting something is: how grave, how often, and when it was last seen.
type Interest = (u8, u64, i64);

/// The beginning of a text, as much as is kept.
fn short(text: &str) -> &str {
    let mut end = text.len().min(MAX_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
