//! The registries that have been asked: a bounded number, whatever hosts pods name.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::config::Registries;
use super::health::Health;
use super::hosts::{Place, canonical};
use super::statistics::{BreakerState, Outcomes, RegistryStatistics};

/// The most registries that globs allow of which something is remembered.
const MAX_OTHERS: usize = 256;
/// The most questions to one registry that are under way or wait for their turn.
const MAX_WAITING: usize = 256;

/// One registry.
pub(super) struct Registry {
    pub(super) turns: Semaphore,
    waiting: Semaphore,
    health: Mutex<Health>,
    pub(super) outcomes: Arc<Outcomes>,
}

impl Registry {
    fn new(config: &Registries, outcomes: &Arc<Outcomes>) -> Arc<Registry> {
        Arc::new(Registry {
            turns: Semaphore::new(config.concurrency.max(1)),
            waiting: Semaphore::new(MAX_WAITING),
            health: Mutex::new(Health::new(config.breaker.clone())),
            outcomes: Arc::clone(outcomes),
        })
    }

    /// Room among those that wait, as long as it is held.
    pub(super) fn room(&self) -> Option<tokio::sync::SemaphorePermit<'_>> {
        self.waiting.try_acquire().ok()
    }

    pub(super) fn has_room(&self) -> bool {
        self.waiting.available_permits() > 0
    }

    pub(super) fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All of them.
pub(super) struct Fleet {
    listed: Vec<(String, Arc<Registry>)>,
    others: Mutex<HashMap<String, Other>>,
    others_outcomes: Arc<Outcomes>,
    config: Registries,
}

struct Other {
    registry: Arc<Registry>,
    used: Instant,
}

impl Fleet {
    pub(super) fn new(config: &Registries) -> Fleet {
        let listed = config.registries.iter().map(|listed| {
            (canonical(&listed.host), Registry::new(config, &Arc::new(Outcomes::default())))
        });
        Fleet {
            listed: listed.collect(),
            others: Mutex::default(),
            others_outcomes: Arc::default(),
            config: config.clone(),
        }
    }

    /// The registry of a host that may be asked. Where there are too many, the one is forgotten that was not asked for
    /// the longest time.
    pub(super) fn get(&self, place: Place, host: &str) -> Arc<Registry> {
        if let Place::Listed(index) = place
            && let Some((_, registry)) = self.listed.get(index)
        {
            return Arc::clone(registry);
        }
        let used = Instant::now();
        let mut others = self.others();
        if let Some(other) = others.get_mut(host) {
            other.used = used;
            return Arc::clone(&other.registry);
        }
        if others.len() >= MAX_OTHERS {
            let oldest = others.iter().min_by_key(|(_, other)| other.used);
            if let Some(oldest) = oldest.map(|(host, _)| host.clone()) {
                others.remove(&oldest);
            }
        }
        let registry = Registry::new(&self.config, &self.others_outcomes);
        others.insert(host.to_owned(), Other { registry: Arc::clone(&registry), used });
        registry
    }

    pub(super) fn statistics(&self, now: Instant) -> Vec<RegistryStatistics> {
        let listed = self.listed.iter().map(|(host, registry)| RegistryStatistics {
            registry: host.clone(),
            outcomes: registry.outcomes.numbers(),
            breaker: registry.health().state(now),
        });
        let states = self.others().values().map(|o| o.registry.health().state(now)).max();
        let others = RegistryStatistics {
            registry: "other".to_owned(),
            outcomes: self.others_outcomes.numbers(),
            breaker: states.unwrap_or(BreakerState::Closed),
        };
        listed.chain([others]).collect()
    }

    fn others(&self) -> MutexGuard<'_, HashMap<String, Other>> {
        self.others.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_pods_do_not_grow_it() {
        let fleet = Fleet::new(&Registries { allow: vec!["*".into()], ..Registries::default() });
        let kept = fleet.get(Place::Globbed, "kept.example.com");
        for number in 0..10_000 {
            fleet.get(Place::Globbed, &format!("r{number}.example.com"));
            assert!(Arc::ptr_eq(&kept, &fleet.get(Place::Globbed, "kept.example.com")));
        }
        assert_eq!(fleet.others().len(), MAX_OTHERS);
        assert_eq!(fleet.statistics(Instant::now()).len(), 1, "one label for all");
    }
}
