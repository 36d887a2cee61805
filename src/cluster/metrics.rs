//! What is counted of the work with the API server.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::webhooks::Configuration;

/// What is watched, as metrics and readiness call it.
pub(super) const RESOURCES: [&str; 4] = [POLICIES, EXEMPTIONS, NAMESPACES, LIMIT_RANGES];
pub(super) const POLICIES: &str = "policies";
pub(super) const EXEMPTIONS: &str = "exemptions";
pub(super) const NAMESPACES: &str = "namespaces";
pub(super) const LIMIT_RANGES: &str = "limitranges";

/// What is counted of the work with the API server. Clones count into the same.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    policy_ready: Family<PolicyLabels, Gauge>,
    /// Those with a series.
    policies: Arc<Mutex<BTreeSet<String>>>,
    leader: Gauge,
    watch_restarts: Family<ResourceLabels, Counter>,
    status_writes: Family<ResultLabels, Counter>,
    events: Family<ResultLabels, Counter>,
    namespaces: Gauge,
    webhook_configurations: Family<ConfigurationLabels, Gauge>,
    namespace_lookups: Family<ResultLabels, Counter>,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct PolicyLabels {
    policy: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ResourceLabels {
    resource: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ResultLabels {
    result: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ConfigurationLabels {
    configuration: &'static str,
}

/// What became of an Event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EventResult {
    /// A new one stands.
    Written,
    /// One that stood was counted on.
    Merged,
    /// There was no room for it.
    Dropped,
    /// The API server did not take it.
    Failed,
}

impl EventResult {
    const ALL: [EventResult; 4] = [Self::Written, Self::Merged, Self::Dropped, Self::Failed];

    fn label(self) -> &'static str {
        match self {
            EventResult::Written => "written",
            EventResult::Merged => "merged",
            EventResult::Dropped => "dropped",
            EventResult::Failed => "failed",
        }
    }
}

impl Metrics {
    /// Has a registry show them.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "policy_ready",
            "Whether the latest version of a policy is in force",
            self.policy_ready.clone(),
        );
        registry.register(
            "leader",
            "Whether this replica writes for all of them",
            self.leader.clone(),
        );
        registry.register(
            "watch_restarts",
            "Watches of the API server that broke and were begun again",
            self.watch_restarts.clone(),
        );
        registry.register(
            "status_writes",
            "Writes of the status of policies and exemptions",
            self.status_writes.clone(),
        );
        registry.register("events", "Kubernetes Events about refusals", self.events.clone());
        // Series that stand from the start: a rate over one that appears with its first event misses it.
        for resource in RESOURCES {
            drop(self.watch_restarts.get_or_create(&ResourceLabels { resource }));
        }
        for result in ["written", "failed"] {
            drop(self.status_writes.get_or_create(&ResultLabels { result }));
        }
        for result in EventResult::ALL {
            drop(self.events.get_or_create(&ResultLabels { result: result.label() }));
        }
        for result in ["found", "absent", "failed"] {
            drop(self.namespace_lookups.get_or_create(&ResultLabels { result }));
        }
        for configuration in Configuration::ALL {
            self.set_webhook_configuration(configuration, false);
        }
        registry.register("namespaces", "Namespaces that are known", self.namespaces.clone());
        registry.register(
            "webhook_configuration_in_place",
            "Whether a webhook configuration holds what it should",
            self.webhook_configurations.clone(),
        );
        registry.register(
            "namespace_lookups",
            "Namespaces asked for because a review came before the watch knew them",
            self.namespace_lookups.clone(),
        );
    }

    /// These are the policies there are, and whether each is in force as it is written.
    pub(crate) fn set_policies<'p>(&self, policies: impl Iterator<Item = (&'p str, bool)>) {
        let mut known = self.policies.lock().unwrap_or_else(PoisonError::into_inner);
        let mut gone = std::mem::take(&mut *known);
        for (policy, ready) in policies {
            let labels = PolicyLabels { policy: policy.to_owned() };
            self.policy_ready.get_or_create(&labels).set(ready.into());
            gone.remove(policy);
            known.insert(policy.to_owned());
        }
        for policy in gone {
            self.policy_ready.remove(&PolicyLabels { policy });
        }
    }

    /// Whether this replica leads.
    pub fn set_leader(&self, leader: bool) {
        self.leader.set(leader.into());
    }

    pub(super) fn count_watch_restart(&self, resource: &'static str) {
        self.watch_restarts.get_or_create(&ResourceLabels { resource }).inc();
    }

    pub(super) fn count_status_write(&self, succeeded: bool) {
        let result = if succeeded { "written" } else { "failed" };
        self.status_writes.get_or_create(&ResultLabels { result }).inc();
    }

    pub(super) fn count_events(&self, result: EventResult, count: u64) {
        self.events.get_or_create(&ResultLabels { result: result.label() }).inc_by(count);
    }

    pub(super) fn set_namespaces(&self, count: usize) {
        self.namespaces.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// Whether a webhook configuration holds what it should.
    pub fn set_webhook_configuration(&self, configuration: Configuration, in_place: bool) {
        let labels = ConfigurationLabels { configuration: configuration.label() };
        self.webhook_configurations.get_or_create(&labels).set(in_place.into());
    }

    pub(super) fn count_namespace_lookup(&self, result: &'static str) {
        self.namespace_lookups.get_or_create(&ResultLabels { result }).inc();
    }
}
