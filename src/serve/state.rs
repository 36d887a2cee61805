//! What every request shares.

use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};

use super::budget::Budget;
use super::metrics::{FindingCounters, Metrics};
use super::options::Limits;
use crate::engine::Engine;
use crate::readiness::{Gate, Readiness};

/// What every request shares.
#[derive(Debug)]
pub struct State {
    loaded: ArcSwap<Loaded>,
    metrics: Metrics,
    pub(super) limits: Limits,
    pub(super) budget: Budget,
    readiness: Readiness,
}

/// An engine with the counters of its rules: swapped together, so that a request never sees half.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) engine: Arc<Engine>,
    pub(super) findings: FindingCounters,
}

impl State {
    /// A state that is ready once every gate is open that has been asked for.
    pub fn new(engine: Arc<Engine>, limits: Limits) -> State {
        let metrics = Metrics::new();
        let findings = metrics.resolve_findings(&engine, None);
        State {
            loaded: ArcSwap::from_pointee(Loaded { engine, findings }),
            metrics,
            budget: Budget::new(limits.max_buffered, limits.max_body),
            limits,
            readiness: Readiness::default(),
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

    /// What `/readyz` says.
    pub fn readiness(&self) -> &Readiness {
        &self.readiness
    }

    /// A condition of readiness, closed until it is opened. See [`Readiness::gate`].
    pub fn gate(&self, name: &'static str) -> Gate {
        self.readiness.gate(name)
    }

    pub(super) fn loaded(&self) -> Guard<Arc<Loaded>> {
        self.loaded.load()
    }
}
