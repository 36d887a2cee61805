//! `plimsoll doctor` on a real API server: a healthy installation, broken one thing at a time.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plimsoll::cluster::webhooks::{Configuration, FailurePolicy};
use plimsoll::policy_source;
use serde_json::{Value, json};

use crate::cluster::certs::Authority;
use crate::cluster::process::{Progress, poll};
use crate::cluster::skipped;
use crate::emergency::plimsoll;
use crate::managed::{Managed, NAME, NAMESPACE};

/// What is not as it should be, and the exit code.
fn wrong(managed: &Managed, args: &[&str]) -> (Vec<Value>, Option<i32>) {
    let args = [&["doctor", "--format=json"], args].concat();
    let (output, said) = plimsoll(&managed.cluster, &args);
    assert!(output.stderr.is_empty(), "{output:?}");
    let report: Value = serde_json::from_str(&said).unwrap();
    let checks = report["checks"].as_array().unwrap().iter();
    (checks.filter(|one| one["level"] != "ok").cloned().collect(), output.status.code())
}

/// Waits for a finding: API servers take a moment to serve a new resource.
fn finds(managed: &Managed, level: &str, check: &str, words: &str) {
    let is_it = |one: &Value| {
        one["level"] == level
            && one["check"] == check
            && one["message"].as_str().unwrap().contains(words)
    };
    poll(words, Duration::from_secs(20), || {
        let (found, code) = wrong(managed, &[]);
        let told = found.iter().any(is_it) && code == Some(1);
        let mended = found.iter().all(|one| one["fix"].is_string());
        Ok(if told && mended {
            Progress::Done(())
        } else {
            Progress::NotYet(json!(found).to_string())
        })
    })
    .unwrap();
}

/// What the chart, the controllers and the server would have made.
fn rest_of_the_installation(managed: &Managed) {
    let cluster = &managed.cluster;
    let crds = concat!(env!("CARGO_MANIFEST_DIR"), "/charts/plimsoll/crds");
    cluster.kubectl_ok(&["apply", "--server-side", "-f", crds]).unwrap();
    for crd in ["podpolicies.plimsoll.dev", "podpolicyexemptions.plimsoll.dev"] {
        let wait = ["wait", "--for=condition=Established", "--timeout=30s", "crd", crd];
        cluster.kubectl_ok(&wait).unwrap();
    }
    let labels = json!({"app.kubernetes.io/name": "plimsoll"});
    let meta = |name: &str| json!({"name": name, "namespace": NAMESPACE, "labels": labels});
    let selector = json!({"matchLabels": labels});
    let image = format!("plimsoll:{}", env!("CARGO_PKG_VERSION"));
    // As `Managed` keeps the configurations.
    let args = [
        "serve",
        "--kubernetes",
        "--tls-managed",
        "--failure-policy=Fail",
        "--webhook-timeout=5",
        "--exclude-namespaces=left-out",
    ];
    let containers = json!([{"name": "plimsoll", "image": image, "args": args}]);
    let now = jiff::Timestamp::now().as_second() + 3600;
    let later = format!("{:.6}", jiff::Timestamp::from_second(now).unwrap());
    let items = [
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta(NAME), "spec": {"replicas": 2,
            "selector": selector, "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}}}}),
        json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": meta(NAME),
            "spec": {"maxUnavailable": 1, "selector": selector}}),
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": NAMESPACE}}),
        json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": meta(NAME),
            "spec": {"holderIdentity": "plimsoll-0", "leaseDurationSeconds": 15, "renewTime": later}}),
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": meta("plimsoll-0"), "spec": {"containers": containers}}),
        secret(&managed.authority, &managed.served_pem()),
    ];
    for item in items {
        cluster.apply(&item.to_string()).unwrap();
    }
    status(managed, "deployment", NAME, json!({"readyReplicas": 2, "replicas": 2}));
    status(
        managed,
        "pod",
        "plimsoll-0",
        json!({"conditions": [{"type": "Ready", "status": "True"}]}),
    );
    let policies = concat!(env!("CARGO_MANIFEST_DIR"), "/policies/default");
    cluster.kubectl_ok(&["apply", "-f", policies]).unwrap();
    let all = cluster.get_json(&["podpolicies"]).unwrap();
    for policy in all["items"].as_array().unwrap() {
        let name = policy["metadata"]["name"].as_str().unwrap();
        let generation = &policy["metadata"]["generation"];
        status(managed, "podpolicy", name, ready("True", "", generation));
    }
}

fn ready(status: &str, message: &str, generation: &Value) -> Value {
    json!({"conditions": [{"type": "Ready", "status": status, "reason": "Test", "message": message,
        "observedGeneration": generation, "lastTransitionTime": "2026-11-21T17:00:00Z"}]})
}

fn status(managed: &Managed, kind: &str, name: &str, status: Value) {
    let patch = json!({"status": status}).to_string();
    let args = [
        "patch",
        kind,
        name,
        "-n",
        NAMESPACE,
        "--subresource=status",
        "--type=merge",
        "-p",
        &patch,
    ];
    managed.cluster.kubectl_ok(&args).unwrap();
}

fn secret(authority: &Authority, leaf_pem: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "plimsoll-tls", "namespace": NAMESPACE},
        "data": {"tls.crt": STANDARD.encode(leaf_pem), "ca.crt": STANDARD.encode(authority.ca_pem())}})
}

#[test]
fn the_doctor_finds_what_is_broken() {
    if skipped("the_doctor_finds_what_is_broken") {
        return;
    }
    let policies = policy_source::load_profile(policy_source::DEFAULT_PROFILE).unwrap();
    let managed = Managed::start("127.103", FailurePolicy::Fail, policies);
    let cluster = &managed.cluster;
    rest_of_the_installation(&managed);
    finds(&managed, "fail", "webhooks", "is empty, and policies need it");
    managed.ready.open();
    managed.known.open();
    managed.serve(&[]);
    for one in Configuration::ALL {
        managed.wait_for_webhook("webhooks to appear", one, |webhook| webhook.is_some());
    }
    assert_eq!(wrong(&managed, &[]), (Vec::new(), Some(0)));
    let (output, said) = plimsoll(cluster, &["doctor"]);
    assert!(
        output.status.success() && said.contains(" ok, 0 to look after, 0 wrong, 0 unknown"),
        "{said}"
    );

    status(&managed, "deployment", NAME, json!({"readyReplicas": 1}));
    finds(&managed, "fail", "replicas", "failurePolicy is Fail and 1 replica");
    status(&managed, "deployment", NAME, json!({"readyReplicas": 2}));
    let all = json!({"spec": {"maxUnavailable": "100%"}}).to_string();
    cluster
        .kubectl_ok(&["patch", "pdb", NAME, "-n", NAMESPACE, "--type=merge", "-p", &all])
        .unwrap();
    finds(&managed, "fail", "replicas", "lets all of 2 replicas go at once");
    cluster.kubectl_ok(&["delete", "pdb", NAME, "-n", NAMESPACE]).unwrap();
    finds(&managed, "fail", "replicas", "no PodDisruptionBudget covers the pods");
    let other = Authority::new("another").unwrap();
    let leaf = other.serving_cert(&["plimsoll.plimsoll-system.svc"]).unwrap();
    cluster.apply(&secret(&other, &leaf.cert_pem).to_string()).unwrap();
    finds(&managed, "fail", "certificate", "API servers refuse what is served");
    cluster.apply(&secret(&managed.authority, &managed.served_pem()).to_string()).unwrap();
    hollow_webhooks_are_found(&managed);
    status(&managed, "podpolicy", "image-tag", ready("False", "spec.rules: unheard of", &json!(1)));
    finds(&managed, "fail", "policies", "policy image-tag is not in force: spec.rules: unheard of");
    let old = json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicyExemption", "metadata": {"name": "old"},
        "spec": {"policies": ["image-tag"], "reason": "r", "owner": "o", "expires": "2020-01-01T00:00:00Z"}});
    cluster.apply(&old.to_string()).unwrap();
    finds(&managed, "warn", "exemptions", "exemption old has expired");
    let holder = json!({"spec": {"holderIdentity": "nobody"}}).to_string();
    cluster
        .kubectl_ok(&["patch", "lease", NAME, "-n", NAMESPACE, "--type=merge", "-p", &holder])
        .unwrap();
    finds(&managed, "warn", "leader", "nobody leads and is no pod");
    assert!(plimsoll(cluster, &["emergency-off", "--yes", "--reason", "test"]).0.status.success());
    finds(&managed, "fail", "webhooks", "switched off");
    assert!(plimsoll(cluster, &["emergency-on", "--yes"]).0.status.success());
    managed.leading.send_replace(false);
    cluster.kubectl_ok(&["delete", "mutatingwebhookconfiguration", NAME]).unwrap();
    finds(&managed, "fail", "webhooks", "mutatingwebhookconfiguration/plimsoll is not there");

    what_may_not_be_read_is_named(&managed);
    let (found, _) = wrong(&managed, &["--name", "other", "--namespace", "default"]);
    assert!(
        found.iter().any(|one| one["message"].as_str().unwrap().contains("no Deployment other"))
    );
}

/// Nobody puts back what makes a webhook judge nothing, or fails at every request.
fn hollow_webhooks_are_found(managed: &Managed) {
    let cluster = &managed.cluster;
    managed.leading.send_replace(false);
    let whole = managed.get(Configuration::Validate)["webhooks"].clone();
    let put = |webhooks: &Value| {
        managed.edit(Configuration::Validate, &json!({"webhooks": webhooks}));
    };
    let mut hollow = whole.clone();
    hollow[0]["rules"] = json!([{"apiGroups": ["x"], "apiVersions": ["v1"], "resources": ["foos"],
        "operations": ["CREATE"], "scope": "*"}]);
    hollow[0]["objectSelector"] = json!({"matchLabels": {"never": "never"}});
    hollow[0]["failurePolicy"] = json!("Ignore");
    put(&hollow);
    let words = "flags ask for: rules, failurePolicy is Ignore and should be Fail, objectSelector";
    finds(managed, "fail", "webhooks", words);

    let mut broken = whole.clone();
    broken[0]["failurePolicy"] = json!("Ignore");
    broken[0]["rules"] = json!([{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"],
        "operations": ["CREATE"], "scope": "Namespaced"}]);
    broken[0]["matchConditions"] =
        json!([{"name": "no", "expression": "object.metadata.labels['no'] == 'no'"}]);
    put(&broken);
    poll("the API server to trip over the condition", Duration::from_secs(30), || {
        let args = ["create", "configmap", "probe", "-n", "default", "--dry-run=server"];
        cluster.kubectl_ok(&args)?;
        let (found, _) = wrong(managed, &[]);
        let is_it = |one: &Value| {
            one["check"] == "traffic"
                && one["message"]
                    .as_str()
                    .unwrap()
                    .contains("match conditions could not be evaluated")
        };
        let told = found.iter().any(is_it);
        Ok(if told { Progress::Done(()) } else { Progress::NotYet(json!(found).to_string()) })
    })
    .unwrap();
    put(&whole);
    managed.leading.send_replace(true);
}

/// With the rights of Plimsoll's own ServiceAccount, which may read little.
fn what_may_not_be_read_is_named(managed: &Managed) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(["doctor", "--format=json"])
        .env("KUBECONFIG", managed.cluster.folder().join("plimsoll/kubeconfig"))
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    for right in [
        "get deployments in namespace",
        "get secrets in namespace",
        "list podpolicies",
        "get the path /metrics",
    ] {
        assert!(said.contains(&format!("needs the right to {right}")), "{right}: {said}");
    }
}
