//! What is known of an installation.

use kube::api::DynamicObject;
use serde_json::Value;

use crate::cluster::webhooks::Configuration;

/// Something that is known, or why it is not.
pub type Fact<T> = Result<T, String>;

/// What is known of an installation. An object that is not there is a fact too.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Name of the installation.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// Seconds since 1970.
    pub now: i64,
    /// What the API server says it is, such as `v1.36.3`.
    pub server_version: Fact<String>,
    /// The CustomResourceDefinitions, in the order of [`crate::crd::definitions`].
    pub crds: Vec<Fact<Option<Value>>>,
    /// The webhook configurations, in the order of [`Configuration::ALL`].
    pub configurations: Vec<Fact<Option<DynamicObject>>>,
    /// The Deployment.
    pub deployment: Fact<Option<Value>>,
    /// The pods of the installation.
    pub pods: Fact<Vec<Value>>,
    /// The PodDisruptionBudgets in the namespace.
    pub disruption_budgets: Fact<Vec<Value>>,
    /// The Lease of the leader.
    pub lease: Fact<Option<Value>>,
    /// The Secret with the serving certificate.
    pub secret: Fact<Option<Value>>,
    /// The policies.
    pub policies: Fact<Vec<Value>>,
    /// The exemptions.
    pub exemptions: Fact<Vec<Value>>,
    /// What the API server counts (`/metrics`).
    pub metrics: Fact<String>,
}

impl Facts {
    /// A configuration.
    pub(super) fn configuration(
        &self,
        configuration: Configuration,
    ) -> Option<&Fact<Option<DynamicObject>>> {
        self.configurations.get(configuration.index())
    }

    /// The webhooks of Plimsoll's that are there.
    pub(super) fn webhooks(&self) -> impl Iterator<Item = (Configuration, &Value)> {
        Configuration::ALL.into_iter().flat_map(|one| {
            let object = self.configuration(one).and_then(|fact| fact.as_ref().ok()?.as_ref());
            let entries = object.and_then(|object| object.data.get("webhooks")?.as_array());
            let own = move |entry: &&Value| entry["name"] == one.webhook();
            entries.into_iter().flatten().filter(own).map(move |entry| (one, entry))
        })
    }

    /// Whether pods are refused when nobody answers.
    pub(super) fn fails_closed(&self) -> bool {
        self.webhooks().any(|(_, webhook)| webhook["failurePolicy"] == "Fail")
    }

    /// `-n plimsoll-system`
    pub(super) fn place(&self) -> String {
        format!("-n {}", self.namespace)
    }
}

/// A field of an object by its path, as text.
pub(super) fn text<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer)?.as_str()
}

/// The condition of that type in a status.
pub(super) fn condition<'v>(object: &'v Value, kind: &str) -> Option<&'v Value> {
    let conditions = object.pointer("/status/conditions")?.as_array()?;
    conditions.iter().find(|condition| condition["type"] == kind)
}
