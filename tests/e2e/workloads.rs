//! Workloads are answered at apply, and never patched.

use serde_json::{Value, json};

use crate::cluster::skipped;
use crate::webhook::Guarded;

/// Every built-in kind that holds a pod template.
fn workloads(image: &str) -> Vec<Value> {
    let template = |restart: &str| {
        json!({"metadata": {"labels": {"app": "x"}}, "spec": {"restartPolicy": restart,
            "containers": [{"name": "main", "image": image}]}})
    };
    let object = |version: &str, kind: &str, spec: Value| json!({"apiVersion": version, "kind": kind, "metadata": {"name": "x"}, "spec": spec});
    let selector = json!({"matchLabels": {"app": "x"}});
    let running = json!({"selector": selector, "template": template("Always")});
    let mut stateful = running.clone();
    stateful["serviceName"] = json!("x");
    let job = json!({"template": template("Never")});
    vec![
        object("apps/v1", "Deployment", running.clone()),
        object("apps/v1", "ReplicaSet", running.clone()),
        object("apps/v1", "DaemonSet", running),
        object("apps/v1", "StatefulSet", stateful),
        object(
            "v1",
            "ReplicationController",
            json!({"selector": {"app": "x"}, "template": template("Always")}),
        ),
        object("batch/v1", "Job", job.clone()),
        object(
            "batch/v1",
            "CronJob",
            json!({"schedule": "0 0 * * *", "jobTemplate": {"spec": job}}),
        ),
        json!({"apiVersion": "v1", "kind": "PodTemplate", "metadata": {"name": "x"}, "template": template("Always")}),
    ]
}

#[test]
fn every_workload_kind_is_answered_at_apply() {
    if skipped("every_workload_kind_is_answered_at_apply") {
        return;
    }
    let guarded = Guarded::by_default("workloads");
    for workload in workloads("nginx:latest") {
        let refused = guarded.create(&workload);
        assert!(!refused.success(), "{} was taken", workload["kind"]);
        assert!(refused.stderr.contains("no-latest"), "{}", refused.stderr);
        assert!(refused.stderr.contains("template.spec.containers[0].image"), "{}", refused.stderr);
    }
}

#[test]
fn workloads_are_stored_as_they_were_sent() {
    if skipped("workloads_are_stored_as_they_were_sent") {
        return;
    }
    let guarded = Guarded::by_default("unpatched");
    for workload in workloads("nginx:1.27") {
        let output = guarded.create(&workload);
        assert!(output.success(), "{}", output.stderr);
        for trace in ["plimsoll.dev", "topologySpreadConstraints", "\"requests\"", "dnsConfig"] {
            assert!(!output.stdout.contains(trace), "{trace} in {}", output.stdout);
        }
        assert!(!output.stderr.contains("patched by"), "{}", output.stderr);
    }
}

#[test]
fn a_workload_that_was_there_before_can_still_be_scaled_and_labelled() {
    if skipped("a_workload_that_was_there_before_can_still_be_scaled_and_labelled") {
        return;
    }
    let guarded = Guarded::by_default("before");
    let [deployment, ..] =
        workloads("nginx:latest").try_into().unwrap_or_else(|all: Vec<Value>| [all[0].clone()]);
    guarded.unguarded(|| guarded.stored(&deployment));
    let scaled = guarded.kubectl(&["scale", "deployment", "x", "--replicas=3"]);
    assert!(scaled.success(), "{}", scaled.stderr);
    let labelled = guarded.kubectl(&["label", "deployment", "x", "team=data"]);
    assert!(labelled.success(), "{}", labelled.stderr);
    let worse = guarded.kubectl(&["set", "image", "deployment/x", "main=redis:latest"]);
    assert!(!worse.success() && worse.stderr.contains("no-latest"), "{worse:?}");
    let better = guarded.kubectl(&["set", "image", "deployment/x", "main=redis:7.4"]);
    assert!(better.success(), "{}", better.stderr);
}
