//! What every request shares.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::{ArcSwap, Guard};

use super::budget::Budget;
use super::metrics::{FindingCounters, Metrics};
use super::options::Limits;
use crate::engine::Engine;

/// What every request shares.
#[derive(Debug)]
pub struct State {
    loaded: ArcSwap<Loaded>,
    metrics: Metrics,
    pub(super) limits: Limits,
    pub(super) budget: Budget,
    ready: AtomicBool,
    draining: AtomicBool,
}

/// An engine with the counters of its rules: swapped together, so that a request never sees half.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) engine: Arc<Engine>,
    pub(super) findings: FindingCounters,
}

impl State {
    /// A state that is not ready yet.
    pub fn new(engine: Arc<Engine>, limits: Limits) -> State {
        let metrics = Metrics::new();
        let findings = metrics.resolve_findings(&engine, None);
        State {
            loaded: ArcSwap::from_pointee(Loaded { engine, findings }),
            metrics,
            budget: Budget::new(limits.max_buffered, limits.max_body),
            limits,
            ready: AtomicBool::new(false),
            draining: AtomicBool::new(false),
        }
    }

    /// Puts other policies in force; requests in flight keep those they began with.
    pub fn replace_engine(&self, engine: Arc<Engine>) {
        let before = self.loaded.load();
        let findings = self.metrics.resolve_findings(&engine, Some(&before.findings));
        self.loaded.store(Arc::new(Loaded { engine, findings }));
    }

    /// Everything that is counted.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Whether `/readyz` says so.
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed)
    }

    /// Sets what `/readyz` says.
    pub fn set_ready(&self, ready: bool) {
        self.ready.store(ready, Ordering::Relaxed);
    }

    /// Whether the end has begun: clients are asked to take their requests elsewhere.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Begins the end: not ready from here on, and every answer is the last of its connection.
    pub fn begin_draining(&self) {
        self.set_ready(false);
        self.draining.store(true, Ordering::Relaxed);
    }

    pub(super) fn loaded(&self) -> Guard<Arc<Loaded>> {
        self.loaded.load()
    }
}
