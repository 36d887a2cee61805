//! Policies as objects of a real API server: what its schemas and the webhook take and refuse, and what kubectl shows.

use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::cluster::{Cluster, skipped};
use crate::policy_webhook::{condition, define_policies};
use crate::webhook::Served;

#[path = "crds/accepted.rs"]
mod accepted;
#[path = "crds/refused.rs"]
mod refused;
#[path = "crds/shown.rs"]
mod shown;
#[path = "crds/table.rs"]
mod table;

/// The policy in force.
const NODE_DNS: &str = "apiVersion: plimsoll.dev/v1alpha1
kind: PodPolicy
metadata: {name: a-node-dns}
spec:
  rules:
  - {name: dns, action: Patch, dns: {policy: Default}}
";

/// The shared cluster, with the resource definitions of the chart.
fn cluster() -> &'static Cluster {
    static DEFINED: OnceLock<()> = OnceLock::new();
    let cluster = Cluster::shared().unwrap();
    DEFINED.get_or_init(|| define_policies(cluster));
    cluster
}

/// The same cluster, where `plimsoll serve` is asked about policies.
fn guarded() -> &'static Cluster {
    static REGISTERED: OnceLock<()> = OnceLock::new();
    let cluster = cluster();
    REGISTERED.get_or_init(|| {
        Served::start(cluster, "serve-policies", &[NODE_DNS]).judge_policies(cluster);
    });
    cluster
}

fn policy(name: &str, spec: Value) -> Value {
    json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": name}, "spec": spec})
}

fn exemption(name: &str, spec: Value) -> Value {
    json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicyExemption", "metadata": {"name": name}, "spec": spec})
}

#[test]
fn the_definitions_are_established_and_structural() {
    if skipped("the_definitions_are_established_and_structural") {
        return;
    }
    for definition in plimsoll::crd::definitions() {
        let name = definition["metadata"]["name"].as_str().unwrap();
        let found = cluster().get_json(&["crd", name]).unwrap();
        assert_eq!(condition(&found, "NamesAccepted"), Some("True"), "{found}");
        for wrong in ["NonStructuralSchema", "Terminating"] {
            assert_ne!(condition(&found, wrong), Some("True"), "{wrong}: {found}");
        }
        let wanted = &definition["spec"]["versions"][0]["schema"];
        assert_eq!(&found["spec"]["versions"][0]["schema"], wanted, "nothing of it was dropped");
    }
}
