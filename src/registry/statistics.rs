//! What is counted, as plain numbers.

use std::sync::atomic::{AtomicU64, Ordering};

/// What is counted of all registries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Images whose answer was known.
    pub cache_hits: u64,
    /// Images that began a question, or would have but for what `skipped` and `not_allowed` count.
    pub cache_misses: u64,
    /// Images that waited for a question that was under way.
    pub joined: u64,
    /// Images whose answer did not come in time.
    pub late: u64,
    /// Images of registries that may not be asked.
    pub not_allowed: u64,
    /// Answers that are kept.
    pub cache_entries: u64,
    /// Questions that are under way.
    pub under_way: u64,
    /// Of each registry that is listed, in the order of the configuration, and last `other` for all that globs allow.
    pub registries: Vec<RegistryStatistics>,
}

/// What is counted of one registry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegistryStatistics {
    /// Its host as it is known, or `other`: fit for a label.
    pub registry: String,
    /// Questions by outcome, named as [`Outcome::label`] does.
    pub outcomes: Vec<(&'static str, u64)>,
    /// Where its breaker stands; of `other`, the one that is furthest open.
    pub breaker: BreakerState,
}

/// Where a breaker stands. As a number: 0, 1, 2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum BreakerState {
    /// The registry is asked.
    #[default]
    Closed = 0,
    /// One question tries it again.
    HalfOpen = 1,
    /// The registry is left alone.
    Open = 2,
}

/// What came of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A digest.
    Found,
    /// There is no such image.
    NotFound,
    /// The registry wants other credentials, or leads where nothing may be asked.
    Denied,
    /// The registry asked for a pause.
    Limited,
    /// Everything else that goes wrong.
    Failed,
    /// It was not asked: the breaker is open, the registry asked for a pause, or too many questions wait.
    Skipped,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Outcome; 6] = [
        Outcome::Found,
        Outcome::NotFound,
        Outcome::Denied,
        Outcome::Limited,
        Outcome::Failed,
        Outcome::Skipped,
    ];

    /// As the label of a series.
    pub fn label(self) -> &'static str {
        match self {
            Outcome::Found => "found",
            Outcome::NotFound => "not_found",
            Outcome::Denied => "denied",
            Outcome::Limited => "limited",
            Outcome::Failed => "failed",
            Outcome::Skipped => "skipped",
        }
    }
}

/// A number that only grows.
#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub(super) fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The counters of one label.
#[derive(Debug, Default)]
pub(super) struct Outcomes([Counter; Outcome::ALL.len()]);

impl Outcomes {
    pub(super) fn count(&self, outcome: Outcome) {
        // Both arrays have the length of the list.
        if let Some(counter) = self.0.get(outcome as usize) {
            counter.count();
        }
    }

    pub(super) fn numbers(&self) -> Vec<(&'static str, u64)> {
        Outcome::ALL.iter().zip(&self.0).map(|(of, counter)| (of.label(), counter.get())).collect()
    }
}
