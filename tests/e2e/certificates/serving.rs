//! `plimsoll serve --kubernetes --tls-managed` itself, behind a Service, while its CA is replaced.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::cluster::process::free_port;
use crate::cluster::{Cluster, Options, skipped};
use crate::managed::{NAME, NAMESPACE, installation, token_kubeconfig};

const NETWORK: &str = "127.117";
const PATIENCE: Duration = Duration::from_secs(90);

fn until(what: &str, mut holds: impl FnMut() -> Option<bool>) {
    let end = Instant::now() + PATIENCE;
    while holds() != Some(true) {
        assert!(Instant::now() < end, "{what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn pods_are_judged_without_a_gap_while_the_ca_is_replaced() {
    if skipped("pods_are_judged_without_a_gap_while_the_ca_is_replaced") {
        return;
    }
    let options = Options { service_range: format!("{NETWORK}.0.0/16"), ..Options::default() };
    let cluster = Cluster::start(&options).unwrap();
    let address = format!("{NETWORK}.7.7");
    cluster.apply(&installation(&address).to_string()).unwrap();
    cluster.apply(&rights().to_string()).unwrap();
    let crds = Path::new(env!("CARGO_MANIFEST_DIR")).join("charts/plimsoll/crds");
    cluster.kubectl_ok(&["apply", "--server-side", "-f", crds.to_str().unwrap()]).unwrap();
    let folder = cluster.folder().join("managed");
    fs::create_dir_all(&folder).unwrap();
    let kubeconfig = token_kubeconfig(&cluster, &folder).display().to_string();
    let args = [
        "serve".to_owned(),
        "--kubernetes".to_owned(),
        "--tls-managed".to_owned(),
        "--ca-settle-time=3s".to_owned(),
        "--failure-policy=Fail".to_owned(),
        format!("--listen={address}:443"),
        format!("--admin-listen=127.0.0.1:{}", free_port().unwrap()),
    ];
    let program = Path::new(env!("CARGO_BIN_EXE_plimsoll"));
    cluster.run("managed", program, &args, &[("KUBECONFIG", &kubeconfig)]).unwrap();
    let policy = json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy",
        "metadata": {"name": "tags"},
        "spec": {"rules": [{"name": "no-latest", "action": "Deny", "imageTag": {}}]}});
    let applied = cluster.kubectl_with(&["apply", "-f", "-"], &policy.to_string()).unwrap();
    assert!(applied.success(), "{}", applied.stderr);
    let home = cluster.create_namespace("judged", &[]).unwrap();
    let ask = |image: &str| {
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "x-", "namespace": home},
            "spec": {"containers": [{"name": "c", "image": image}]}});
        cluster.kubectl_with(&["create", "--dry-run=server", "-f", "-"], &pod.to_string()).unwrap()
    };
    let judged = || ask("nginx:latest").stderr.contains("policy tags, rule no-latest");
    until("a pod is refused", || Some(judged()));

    let secret = || cluster.get_json(&["secret", "plimsoll-tls", "-n", NAMESPACE]).ok();
    let key = |secret: &Value| secret["data"]["ca.key"].as_str().map(str::to_owned);
    let before = key(&secret().unwrap()).unwrap();
    let rotate = ["annotate", "secret", "plimsoll-tls", "-n", NAMESPACE, "plimsoll.dev/rotate=ca"];
    cluster.kubectl_ok(&rotate).unwrap();
    let mut asked = 0;
    until("another CA signs", || {
        assert!(judged(), "after {asked} pods: {}", ask("nginx:latest").stderr);
        let taken = ask("nginx:1.27");
        assert!(taken.success(), "after {asked} pods: {}", taken.stderr);
        asked += 2;
        Some(key(&secret()?)? != before)
    });
    for _ in 0..20 {
        assert!(judged(), "{}", ask("nginx:latest").stderr);
        asked += 1;
    }
    println!("{asked} pods through the rotation of the CA, none failed, none slipped through");
    // A caBundle that somebody spoils is put right.
    let spoil = r#"[{"op": "remove", "path": "/webhooks/0/clientConfig/caBundle"}]"#;
    let hook = ["validatingwebhookconfiguration", NAME];
    cluster.kubectl_ok(&[&["patch"], &hook[..], &["--type=json", "-p", spoil]].concat()).unwrap();
    until("the caBundle is back", || {
        let found = cluster.get_json(&hook).ok()?;
        Some(
            found["webhooks"][0]["clientConfig"]["caBundle"].as_str()?
                == secret()?["data"]["ca.crt"].as_str()?,
        )
    });
    until("a pod is refused again", || Some(judged()));
}

/// What a server in a cluster needs beside its webhook configurations.
fn rights() -> Value {
    let subjects = json!([{"kind": "ServiceAccount", "name": NAME, "namespace": NAMESPACE}]);
    let group = "rbac.authorization.k8s.io";
    let bound = |kind: &str| json!({"apiGroup": group, "kind": kind, "name": "plimsoll-rest"});
    let of = |kind: &str, more: Value| {
        let mut object = json!({"apiVersion": format!("{group}/v1"), "kind": kind,
            "metadata": {"name": "plimsoll-rest", "namespace": NAMESPACE}});
        object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        object
    };
    json!({"apiVersion": "v1", "kind": "List", "items": [
        of("ClusterRole", json!({"rules": [
            {"apiGroups": ["plimsoll.dev"], "resources": ["podpolicies", "podpolicyexemptions"], "verbs": ["list", "watch"]},
            {"apiGroups": ["plimsoll.dev"], "resources": ["podpolicies/status", "podpolicyexemptions/status"], "verbs": ["patch"]},
            {"apiGroups": [""], "resources": ["namespaces"], "verbs": ["get", "list", "watch"]},
            {"apiGroups": [""], "resources": ["limitranges"], "verbs": ["list", "watch"]},
            {"apiGroups": ["events.k8s.io"], "resources": ["events"], "verbs": ["get", "create", "patch"]},
        ]})),
        of("ClusterRoleBinding", json!({"roleRef": bound("ClusterRole"), "subjects": subjects})),
        of("Role", json!({"rules": [
            {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "resourceNames": [NAME], "verbs": ["get", "update"]},
            {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["create"]},
            {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["plimsoll-tls"], "verbs": ["get", "list", "watch", "update"]},
            {"apiGroups": [""], "resources": ["secrets"], "verbs": ["create"]},
        ]})),
        of("RoleBinding", json!({"roleRef": bound("Role"), "subjects": subjects})),
    ]})
}
