//! Policies as objects of a cluster, judged by a `plimsoll serve`.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::cluster::process::{Progress, poll};
use crate::webhook::Served;

/// The webhook is not asked about policies with this label.
pub(crate) const UNGUARDED: &str = "unguarded";
/// How long an API server may take to see something.
const PATIENCE: Duration = Duration::from_secs(60);

/// Applies the resource definitions of the chart as they stand there, and waits until they are served.
pub(crate) fn define_policies(cluster: &Cluster) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/charts/plimsoll/crds");
    cluster.kubectl_ok(&["apply", "--server-side", "-f", folder]).unwrap();
    for definition in plimsoll::crd::definitions() {
        let name = definition["metadata"]["name"].as_str().unwrap();
        poll(&format!("{name} to be established"), PATIENCE, || {
            let found = cluster.get_json(&["crd", name])?;
            let served = condition(&found, "Established") == Some("True");
            Ok(if served { Progress::Done(()) } else { Progress::NotYet(found.to_string()) })
        })
        .unwrap();
    }
}

/// The status of a condition of an object.
pub(crate) fn condition<'o>(object: &'o Value, name: &str) -> Option<&'o str> {
    let conditions = object["status"]["conditions"].as_array()?;
    conditions.iter().find(|found| found["type"] == name)?["status"].as_str()
}

impl Served {
    /// Has the API server ask about policies, and waits until it does.
    pub(crate) fn judge_policies(&self, cluster: &Cluster) {
        let configuration = json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": "plimsoll-policies"},
            "webhooks": [{
                "name": "policies.plimsoll.dev",
                "clientConfig": {
                    "url": format!("{}/validate-policies", self.url),
                    "caBundle": STANDARD.encode(&self.ca_pem),
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
        let probe = json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": "probe"},
                           "spec": {"rules": [{"name": "a", "imageTag": {"deny": ["["]}}]}});
        poll("the webhook for policies to be asked", PATIENCE, || {
            let args = ["create", "--dry-run=server", "-f", "-"];
            let answer = cluster.kubectl_with(&args, &probe.to_string())?;
            let asked = answer.stderr.contains("spec.rules[0].imageTag.deny[0]: the glob");
            Ok(if asked { Progress::Done(()) } else { Progress::NotYet(answer.stderr) })
        })
        .unwrap();
    }
}
