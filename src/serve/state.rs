//! What every request shares.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arc_swap::{ArcSwap, Guard};

use tokio::sync::Semaphore;

use super::budget::Budget;
use super::metrics::{ExemptionCounters, FindingCounters, Metrics};
use super::options::Limits;
use super::registries::{self, Asker};
use crate::cluster::{Lookup, Reporter};
use crate::engine::{Engine, Namespaces};
use crate::ledger::Ledger;
use crate::readiness::{Gate, Readiness};
use crate::recording::{self, Recorder};
use crate::registry::Resolver;

/// What every request shares.
#[derive(Debug)]
pub struct State {
    loaded: ArcSwap<Loaded>,
    replacing: Mutex<()>,
    metrics: Metrics,
    pub(super) limits: Limits,
    pub(super) budget: Budget,
    /// Whose turn it is to compile a policy that is under review.
    pub(super) compiling: Arc<Semaphore>,
    readiness: Readiness,
    in_cluster: OnceLock<InCluster>,
    /// What asks registries, where they may be asked.
    pub(super) resolver: Option<Asker>,
    /// What was done to pods, where that is kept.
    pub(super) ledger: Option<Ledger>,
    /// Where reviews are kept, where they are.
    pub(super) recorder: Option<Recorder>,
}

/// What a request has of the cluster beside the snapshots.
#[derive(Debug)]
pub(super) struct InCluster {
    pub(super) lookup: Lookup,
    pub(super) reporter: Option<Reporter>,
}

/// An engine with the counters of its rules, and the namespaces it is asked about: swapped together, so that a
/// request never sees half.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) engine: Arc<Engine>,
    pub(super) findings: FindingCounters,
    pub(super) exempted: ExemptionCounters,
    /// What is known of namespaces.
    pub(super) namespaces: Arc<Namespaces>,
}

impl State {
    /// A state that is ready once every gate is open that has been asked for.
    pub fn new(engine: Arc<Engine>, limits: Limits) -> State {
        let metrics = Metrics::new();
        // Policies of files are as they should be, or nothing would have started.
        let policies = engine.policies().policies().iter();
        metrics.cluster().set_policies(policies.map(|policy| (&*policy.name, true)));
        let loaded = Loaded {
            findings: metrics.resolve_findings(&engine, None),
            exempted: metrics.resolve_exempted(&engine, None),
            engine,
            namespaces: Arc::default(),
        };
        State {
            loaded: ArcSwap::from_pointee(loaded),
            replacing: Mutex::new(()),
            metrics,
            budget: Budget::new(limits.max_buffered, limits.max_body),
            limits,
            compiling: Arc::new(Semaphore::new(1)),
            readiness: Readiness::default(),
            in_cluster: OnceLock::new(),
            resolver: None,
            ledger: None,
            recorder: None,
        }
    }

    /// The same state, which asks registries for digests where rules need them.
    #[must_use]
    pub fn with_resolver(mut self, resolver: Resolver) -> State {
        self.metrics.tell_of(resolver.clone());
        self.resolver = Some(Asker(resolver));
        registries::warn_of_pins(self.resolver.as_ref(), None, &self.loaded.load().engine);
        self
    }

    /// The same state, which keeps what is done to pods.
    #[must_use]
    pub fn with_ledger(mut self, ledger: Ledger) -> State {
        self.ledger = Some(ledger);
        self
    }

    /// The same state, which keeps reviews.
    ///
    /// # Errors
    /// When the system gives no thread to write them.
    pub fn with_recording(mut self, settings: recording::Settings) -> std::io::Result<State> {
        self.recorder = Some(Recorder::start(settings, self.metrics.recording().clone())?);
        Ok(self)
    }

    /// Puts other policies and exemptions in force; requests in flight keep those they began with.
    pub fn replace(&self, engine: Arc<Engine>) {
        let before = Arc::clone(&self.loaded.load().engine);
        registries::warn_of_pins(self.resolver.as_ref(), Some(&before), &engine);
        self.change(|before| Loaded {
            findings: self.metrics.resolve_findings(&engine, Some(&before.findings)),
            exempted: self.metrics.resolve_exempted(&engine, Some(&before.exempted)),
            engine,
            namespaces: Arc::clone(&before.namespaces),
        });
    }

    /// Replaces what is known of namespaces; requests in flight keep what they began with.
    pub fn replace_namespaces(&self, namespaces: Arc<Namespaces>) {
        self.change(|before| Loaded {
            findings: before.findings.clone(),
            exempted: before.exempted.clone(),
            engine: Arc::clone(&before.engine),
            namespaces,
        });
    }

    /// What is known of namespaces now.
    pub fn namespaces(&self) -> Arc<Namespaces> {
        Arc::clone(&self.loaded.load().namespaces)
    }

    /// The exemptions that kept a finding from having consequences since the process began. Dry runs do not count.
    pub fn used_exemptions(&self) -> BTreeSet<Arc<str>> {
        self.loaded.load().exempted.used()
    }

    /// One change at a time: two at once would each keep what the other replaces.
    fn change(&self, change: impl FnOnce(&Loaded) -> Loaded) {
        let _one = self.replacing.lock().unwrap_or_else(PoisonError::into_inner);
        let after = change(&self.loaded.load());
        self.loaded.store(Arc::new(after));
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

    /// Has requests ask and tell the cluster from now on.
    pub(super) fn join(&self, in_cluster: InCluster) {
        // Nobody joins twice.
        let _ = self.in_cluster.set(in_cluster);
    }

    pub(super) fn in_cluster(&self) -> Option<&InCluster> {
        self.in_cluster.get()
    }

    /// Whether the end has begun: clients are asked to take their requests elsewhere.
    pub fn is_draining(&self) -> bool {
        self.readiness.is_draining()
    }

    /// Begins the end: not ready from here on, and every answer is the last of its connection.
    pub fn begin_draining(&self) {
        self.readiness.drain();
    }

    pub(super) fn loaded(&self) -> Guard<Arc<Loaded>> {
        self.loaded.load()
    }
}
