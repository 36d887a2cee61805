//! What is counted, as plain numbers.

/// What is counted of all registries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Images whose answer was known.
    pub cache_hits: u64,
    /// Images that began a question.
    pub cache_misses: u64,
    /// Images that waited for a question that was under way.
    pub joined: u64,
    /// Images whose answer did not come in time.
    pub late: u64,
    /// Images of registries that may not be asked.
    pub not_allowed: u64,
    /// Answers that are kept.
    pub cache_entries: u64,
    /// Of each registry that is listed, in the order of the configuration, and last `other` for all that globs allow.
    pub registries: Vec<RegistryStatistics>,
}

/// What is counted of one registry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegistryStatistics {
    /// Its host as listed, or `other`: fit for a label.
    pub registry: String,
    /// Questions by outcome: `found`, `not_found`, `denied`, `limited`, `failed`, `skipped` (the breaker is open, or
    /// the registry asked for a pause).
    pub outcomes: Vec<(&'static str, u64)>,
    /// Where its breaker stands.
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
