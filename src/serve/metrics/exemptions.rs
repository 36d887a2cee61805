//! What is counted and told of exemptions, resolved once per set of them.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::admission::RecordedExemption;
use crate::engine::Engine;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ExemptedLabels {
    exemption: String,
    policy: String,
    rule: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ExemptionLabels {
    exemption: String,
}

/// The series of exemptions.
pub(super) struct ExemptionMetrics {
    exempted: Family<ExemptedLabels, Counter>,
    expiry: Family<ExemptionLabels, Gauge<f64, AtomicU64>>,
}

/// Exemption, policy and rule.
type Key = (Arc<str>, Arc<str>, Arc<str>);

/// One counter per exemption and rule that it is about.
#[derive(Clone, Debug, Default)]
pub(in crate::serve) struct ExemptionCounters(Arc<Resolved>);

#[derive(Debug, Default)]
struct Resolved {
    counters: HashMap<Key, Counter>,
    /// Whether the exemption let anything pass that was stored.
    used: HashMap<Arc<str>, Arc<AtomicBool>>,
    /// Exemptions that expire.
    expiring: HashSet<Arc<str>>,
}

impl ExemptionMetrics {
    pub(super) fn register(registry: &mut Registry) -> ExemptionMetrics {
        let exempted = Family::default();
        registry.register(
            "exempted_findings",
            "Unmet rules that had no consequences because of an exemption",
            exempted.clone(),
        );
        let expiry = Family::default();
        registry.register(
            "exemption_expiry_timestamp_seconds",
            "When the exemption ends, in seconds since 1970; past ones have no effect",
            expiry.clone(),
        );
        ExemptionMetrics { exempted, expiry }
    }

    /// Counters for every rule of every exemption. Those that stay count on, those that are gone disappear.
    pub(super) fn resolve(
        &self,
        engine: &Engine,
        before: Option<&ExemptionCounters>,
    ) -> ExemptionCounters {
        let mut resolved = Resolved::default();
        for (exemption, policy, rule) in engine.exempted_rules() {
            let [exemption, policy, rule] =
                [&exemption.name, &policy.name, &rule.name].map(Arc::clone);
            if !resolved.used.contains_key(&exemption) {
                let used = before.and_then(|before| before.0.used.get(&exemption));
                resolved.used.insert(Arc::clone(&exemption), used.cloned().unwrap_or_default());
            }
            let key = (exemption, policy, rule);
            let counter = self.exempted.get_or_create_owned(&labels(&key));
            resolved.counters.insert(key, counter);
        }
        for exemption in engine.exemptions().exemptions() {
            if let Some(expiry) = &exemption.expires {
                self.expiry.get_or_create_owned(&label(&exemption.name)).set(expiry.at as f64);
                resolved.expiring.insert(Arc::clone(&exemption.name));
            }
        }
        if let Some(ExemptionCounters(before)) = before {
            for key in before.counters.keys().filter(|key| !resolved.counters.contains_key(*key)) {
                self.exempted.remove(&labels(key));
            }
            for name in before.expiring.difference(&resolved.expiring) {
                self.expiry.remove(&label(name));
            }
        }
        ExemptionCounters(Arc::new(resolved))
    }
}

impl ExemptionCounters {
    /// The exemptions that let something pass since the process began. What was never to be stored is no use.
    pub(in crate::serve) fn used(&self) -> BTreeSet<Arc<str>> {
        let used = self.0.used.iter().filter(|(_, used)| used.load(Ordering::Relaxed));
        used.map(|(exemption, _)| Arc::clone(exemption)).collect()
    }

    pub(in crate::serve) fn count(&self, found: &RecordedExemption, dry_run: bool) {
        if let Some(used) = self.0.used.get(&found.exemption).filter(|_| !dry_run) {
            used.store(true, Ordering::Relaxed);
        }
        let key = [&found.exemption, &found.policy, &found.rule].map(Arc::clone);
        if let Some(counter) = self.0.counters.get(&key.into()) {
            counter.inc();
        }
    }
}

fn labels((exemption, policy, rule): &Key) -> ExemptedLabels {
    ExemptedLabels {
        exemption: exemption.to_string(),
        policy: policy.to_string(),
        rule: rule.to_string(),
    }
}

fn label(exemption: &str) -> ExemptionLabels {
    ExemptionLabels { exemption: exemption.to_owned() }
}
