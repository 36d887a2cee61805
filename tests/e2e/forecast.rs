//! `plimsoll audit --forecast` says beforehand what the API server refuses afterwards.

use std::process::Command;

use serde_json::{Value, json};

use crate::cluster::{Cluster, skipped};

fn pod(namespace: &str, name: &str, cpu: Option<&str>) -> Value {
    let mut pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace},
        "spec": {"containers": [{"name": "main", "image": "nginx:1.29"}]}});
    if let Some(cpu) = cpu {
        pod["spec"]["containers"][0]["resources"] = json!({"requests": {"cpu": cpu}});
    }
    pod
}

#[test]
fn a_quota_that_injected_requests_exceed_is_named_before_it_refuses_pods() {
    if skipped("a_quota_that_injected_requests_exceed_is_named_before_it_refuses_pods") {
        return;
    }
    let cluster = Cluster::shared().unwrap();
    let namespace = cluster.create_namespace("forecast", &[]).unwrap();
    for name in ["a", "b", "c"] {
        cluster.create(&pod(&namespace, name, None)).unwrap();
    }
    let hard = json!({"requests.cpu": "1"});
    let quota = json!({"apiVersion": "v1", "kind": "ResourceQuota", "spec": {"hard": hard},
        "metadata": {"name": "team", "namespace": namespace}});
    cluster.create(&quota).unwrap();
    // What the quota controller does, which does not run here.
    let status = json!({"status": {"hard": hard, "used": {"requests.cpu": "0"}}}).to_string();
    let patch = [
        "patch",
        "resourcequota",
        "team",
        "-n",
        &namespace,
        "--subresource=status",
        "--type=merge",
        "-p",
    ];
    cluster.kubectl_ok(&[&patch[..], &[&status]].concat()).unwrap();

    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.yaml");
    let text = "apiVersion: plimsoll.dev/v1alpha1\nkind: PodPolicy\nmetadata: {name: requests}\nspec:\n  rules:\n  \
                - name: cpu\n    action: Patch\n    resources: {requests: {cpu: {required: true, default: 400m}}}\n";
    std::fs::write(&policy, text).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(["audit", "--no-config", "--forecast", "--format=json", "--namespace", &namespace])
        .arg("--kubeconfig")
        .arg(cluster.kubeconfig())
        .arg("--policies")
        .arg(&policy)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{said}"));
    let sections = report["forecast"]["sections"].as_array().unwrap();
    let figures = sections.iter().flat_map(|section| section["figures"].as_array().unwrap());
    let alarms: Vec<&str> = figures.filter_map(|figure| figure["alarm"].as_str()).collect();
    // 3 pods with 400m each.
    let expected = format!(
        "quota team in {namespace} would be exceeded: requests.cpu by 0.2 cores; pods there would no longer be created \
         (403, exceeded quota)"
    );
    assert_eq!(alarms, [expected], "{report:#}");
    assert_eq!(report["errors"], json!([]), "nodes and quotas could be read");

    cluster.create(&pod(&namespace, "d", Some("400m"))).unwrap();
    cluster.create(&pod(&namespace, "e", Some("400m"))).unwrap();
    let refused = cluster.create(&pod(&namespace, "f", Some("400m"))).unwrap_err();
    assert!(refused.contains("exceeded quota: team"), "{refused}");
}
