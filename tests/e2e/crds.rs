//! Policies as objects of a real API server: what its schemas and the webhook take and refuse, and what kubectl shows.

use std::sync::OnceLock;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::cluster::process::{Progress, poll};
use crate::cluster::{Cluster, skipped};
use crate::webhook::Served;

#[path = "crds/accepted.rs"]
mod accepted;
#[path = "crds/refused.rs"]
mod refused;
#[path = "crds/shown.rs"]
mod shown;
#[path = "crds/table.rs"]
mod table;

/// The name under which the webhook for policies is registered.
const WEBHOOK: &str = "policies.plimsoll.dev";
/// The webhook is not asked about policies with this label.
const UNGUARDED: &str = "unguarded";
/// The policy in force.
const NODE_DNS: &str = "apiVersion: plimsoll.dev/v1alpha1
kind: PodPolicy
metadata: {name: a-node-dns}
spec:
  rules:
  - {name: dns, action: Patch, dns: {policy: Default}}
";

/// The shared cluster, with the resource definitions of the chart applied as they stand there.
fn cluster() -> &'static Cluster {
    static APPLIED: OnceLock<()> = OnceLock::new();
    let cluster = Cluster::shared().unwrap();
    APPLIED.get_or_init(|| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/charts/plimsoll/crds");
        cluster.kubectl_ok(&["apply", "--server-side", "-f", folder]).unwrap();
        for definition in plimsoll::crd::definitions() {
            let name = definition["metadata"]["name"].as_str().unwrap();
            poll(&format!("{name} to be established"), Duration::from_secs(30), || {
                let found = cluster.get_json(&["crd", name])?;
                let served = condition(&found, "Established") == Some("True");
                Ok(if served { Progress::Done(()) } else { Progress::NotYet(found.to_string()) })
            })
            .unwrap();
        }
    });
    cluster
}

/// The same cluster, where `plimsoll serve` is asked about policies.
fn guarded() -> &'static Cluster {
    static REGISTERED: OnceLock<()> = OnceLock::new();
    let cluster = cluster();
    REGISTERED.get_or_init(|| {
        let served = Served::start(cluster, "serve-policies", &[NODE_DNS]);
        let configuration = json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": "plimsoll-policies"},
            "webhooks": [{
                "name": WEBHOOK,
                "clientConfig": {
                    "url": format!("{}/validate-policies", served.url),
                    "caBundle": STANDARD.encode(&served.ca_pem),
                },
                "rules": [{"apiGroups": ["plimsoll.dev"], "apiVersions": ["v1alpha1"],
                           "resources": ["podpolicies", "podpolicyexemptions"],
                           "operations": ["CREATE", "UPDATE"], "scope": "Cluster"}],
                "objectSelector": {"matchExpressions": [{"key": UNGUARDED, "operator": "DoesNotExist"}]},
                "admissionReviewVersions": ["v1"], "sideEffects": "None", "matchPolicy": "Equivalent",
                "failurePolicy": "Fail", "timeoutSeconds": 5,
            }],
        });
        cluster.apply(&configuration.to_string()).unwrap();
        let probe = policy("probe", json!({"rules": [{"name": "a", "imageTag": {"deny": ["["]}}]}));
        poll("the webhook for policies to be asked", Duration::from_secs(60), || {
            let args = ["create", "--dry-run=server", "-f", "-"];
            let answer = cluster.kubectl_with(&args, &probe.to_string())?;
            let asked = answer.stderr.contains("spec.rules[0].imageTag.deny[0]: the glob");
            Ok(if asked { Progress::Done(()) } else { Progress::NotYet(answer.stderr) })
        })
        .unwrap();
    });
    cluster
}

fn policy(name: &str, spec: Value) -> Value {
    json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": name}, "spec": spec})
}

fn exemption(name: &str, spec: Value) -> Value {
    json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicyExemption", "metadata": {"name": name}, "spec": spec})
}

fn condition<'o>(object: &'o Value, name: &str) -> Option<&'o str> {
    let conditions = object["status"]["conditions"].as_array()?;
    conditions.iter().find(|found| found["type"] == name)?["status"].as_str()
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
