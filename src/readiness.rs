//! Why a server is not ready: named gates, each opened by the part it stands for.
//!
//! `/readyz` says yes once every gate is open, and no for good once the server drains.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Why a gate is closed that nobody has spoken for yet.
const STARTING: &str = "starting";

/// The gates of a server. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Readiness(Arc<Shared>);

/// By name: why a gate is closed, none where it is open.
type Gates = BTreeMap<&'static str, Option<String>>;

#[derive(Debug, Default)]
struct Shared {
    gates: Mutex<Gates>,
    draining: AtomicBool,
}

/// One condition of readiness. Closed until its owner opens it.
#[derive(Clone, Debug)]
pub struct Gate {
    name: &'static str,
    readiness: Readiness,
}

impl Readiness {
    /// The gate of that name, closed where it is new. All gates are made before the server runs, or it is ready
    /// for a moment and then no longer.
    pub fn gate(&self, name: &'static str) -> Gate {
        self.lock().entry(name).or_insert_with(|| Some(STARTING.to_owned()));
        Gate { name, readiness: self.clone() }
    }

    /// Not ready any more, whatever the gates say.
    pub fn drain(&self) {
        self.0.draining.store(true, Ordering::Relaxed);
    }

    /// Whether the end has begun. Costs no lock, so that each request may ask.
    pub fn is_draining(&self) -> bool {
        self.0.draining.load(Ordering::Relaxed)
    }

    /// What is missing, each as `gate: reason`; nothing where the server is ready.
    pub fn missing(&self) -> Vec<String> {
        let gates = self.lock();
        let closed =
            gates.iter().filter_map(|(name, reason)| Some(format!("{name}: {}", reason.as_ref()?)));
        closed.chain(self.is_draining().then(|| "draining".to_owned())).collect()
    }

    /// Whether nothing is missing.
    pub fn is_ready(&self) -> bool {
        !self.is_draining() && self.lock().values().all(Option::is_none)
    }

    fn lock(&self) -> MutexGuard<'_, Gates> {
        // A map of text is whole after every step, also where its holder panicked.
        self.0.gates.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Gate {
    /// What the gate stands for is there.
    pub fn open(&self) {
        self.set(None);
    }

    /// What the gate stands for is missing; `reason` is what `/readyz` shows.
    pub fn close(&self, reason: impl Into<String>) {
        self.set(Some(reason.into()));
    }

    /// Whether it is open.
    pub fn is_open(&self) -> bool {
        self.readiness.lock().get(self.name).is_some_and(Option::is_none)
    }

    fn set(&self, reason: Option<String>) {
        self.readiness.lock().insert(self.name, reason);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_gate_has_to_be_open() {
        let readiness = Readiness::default();
        let (policies, namespaces) = (readiness.gate("policies"), readiness.gate("namespaces"));
        assert_eq!(readiness.missing(), ["namespaces: starting", "policies: starting"]);
        policies.open();
        namespaces.close("no right to list them");
        assert!(!readiness.is_ready());
        assert_eq!(readiness.missing(), ["namespaces: no right to list them"]);
        namespaces.open();
        assert!(readiness.is_ready());
        assert!(readiness.missing().is_empty());
    }

    #[test]
    fn a_gate_that_is_asked_for_again_stays_as_it_is() {
        let readiness = Readiness::default();
        readiness.gate("certificate").open();
        readiness.gate("certificate");
        assert!(readiness.is_ready());
    }

    #[test]
    fn draining_overrides_open_gates() {
        let readiness = Readiness::default();
        let gate = readiness.gate("listener");
        gate.open();
        readiness.drain();
        gate.open();
        assert!(!readiness.is_ready());
        assert_eq!(readiness.missing(), ["draining"]);
    }
}
