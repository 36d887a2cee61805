//! `audit --with-ledger`: what replicas did to pods that are gone, asked of them where a real API server says they are.

use std::process::Command;

use serde_json::{Value, json};

use crate::cluster::process::free_port;
use crate::cluster::{Cluster, skipped};
use crate::webhook::{Guarded, pod};

/// What `plimsoll audit` ends with, and its report.
fn audit(cluster: &Cluster, arguments: &[&str]) -> (Option<i32>, Value, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PLIMSOLL_")) {
        command.env_remove(name);
    }
    let output = command
        .args(["audit", "--quiet", "--format", "json"])
        .args(arguments)
        .env("KUBECONFIG", cluster.kubeconfig())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let report =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"));
    (output.status.code(), report, said)
}

/// An object as the chart makes the pods of replicas, running at this port of the loopback address.
fn replica(cluster: &Cluster, namespace: &str, name: &str, port: u16) {
    let mut replica = pod(name, "registry.example.com/plimsoll:1.0.0");
    replica["metadata"]["namespace"] = json!(namespace);
    replica["metadata"]["labels"] =
        json!({"app.kubernetes.io/name": "plimsoll", "app.kubernetes.io/instance": "plimsoll"});
    replica["spec"]["containers"][0]["ports"] = json!([{"name": "admin", "containerPort": port}]);
    cluster.apply(&replica.to_string()).unwrap();
    let status = json!({"status": {"phase": "Running", "podIP": "127.0.0.1", "podIPs": [{"ip": "127.0.0.1"}]}});
    let patch =
        ["patch", "pod", name, "-n", namespace, "--subresource=status", "--type=merge", "-p"];
    let patched = cluster.kubectl(&[&patch[..], &[&status.to_string()]].concat()).unwrap();
    assert!(patched.success(), "{}", patched.stderr);
}

#[test]
fn an_audit_adds_up_what_replicas_did_to_pods_that_are_gone() {
    if skipped("an_audit_adds_up_what_replicas_did_to_pods_that_are_gone") {
        return;
    }
    let guarded = Guarded::by_default("ledgers");
    let (cluster, namespace) = (guarded.cluster, guarded.namespace.as_str());
    let mut short_lived = pod("", "registry.example.com/app:1");
    short_lived["metadata"] = json!({"generateName": "load-"});
    for _ in 0..3 {
        let name = guarded.stored(&short_lived)["metadata"]["name"].as_str().unwrap().to_owned();
        assert!(guarded.kubectl(&["delete", "pod", &name, "--now"]).success());
    }
    assert!(!guarded.create(&pod("refused", "nginx")).success());
    let own = cluster.create_namespace("ledgers-own", &[]).unwrap();
    replica(cluster, &own, "one", guarded.served.admin);
    let arguments = ["-n", namespace, "--with-ledger", "--own-namespace", &own];
    let (code, report, said) = audit(cluster, &arguments);
    assert_eq!(code, Some(0), "{said} {report:#}");
    let ledger = &report["ledger"];
    assert_eq!(ledger["replicas"].as_array().unwrap().len(), 1, "{ledger:#}");
    let owners = ledger["owners"].as_array().unwrap();
    let of = |name: &str| owners.iter().find(|owner| owner["name"] == name).unwrap();
    let refused = &of("refused")["findings"][0];
    assert_eq!((&refused["action"], &refused["count"]), (&json!("Deny"), &json!(1)), "{refused}");
    let patched = of("load-")["findings"].as_array().unwrap().iter();
    let resources = patched.clone().find(|found| found["policy"] == "resources").unwrap();
    assert_eq!((&resources["action"], &resources["count"]), (&json!("Patch"), &json!(3)));
    // A second one that does not answer is named, and the rest is told.
    replica(cluster, &own, "two", free_port().unwrap());
    let (code, with_two, _) = audit(cluster, &arguments);
    assert_eq!(code, Some(2), "{with_two:#}");
    assert_eq!(with_two["ledger"]["owners"], report["ledger"]["owners"]);
    let error = &with_two["errors"][0];
    assert_eq!(error["file"], json!(format!("ledger of pod {own}/two")), "{with_two:#}");
    // Addresses that are given are asked alone; one that is given twice counts once.
    let url = format!("http://127.0.0.1:{}", guarded.served.admin);
    let (code, by_url, _) = audit(cluster, &["-n", namespace, "--ledger", &url, "--ledger", &url]);
    assert_eq!((code, &by_url["ledger"]["owners"]), (Some(0), &report["ledger"]["owners"]));
    let (code, nobody, _) =
        audit(cluster, &["-n", namespace, "--with-ledger", "--own-namespace", namespace]);
    assert_eq!(code, Some(2));
    assert!(nobody["errors"][0]["message"].as_str().unwrap().contains("no replica"), "{nobody:#}");
}
