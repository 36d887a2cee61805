//! An Airflow task, as the KubernetesExecutor submits it.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::cluster::skipped;
use crate::webhook::Guarded;

fn task() -> Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/workloads/airflow");
    let text = fs::read_to_string(root.join("kubernetes-executor-task.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn a_task_is_stored_with_everything_the_mission_promises() {
    if skipped("a_task_is_stored_with_everything_the_mission_promises") {
        return;
    }
    let guarded = Guarded::by_default("airflow");
    let mut task = task();
    task["spec"]["containers"][0]["imagePullPolicy"] = json!("Always");
    let output = guarded.create(&task);
    assert!(output.success(), "{}", output.stderr);
    let stored: Value = serde_json::from_str(&output.stdout).unwrap();
    let spec = &stored["spec"];
    let container = &spec["containers"][0];
    assert_eq!(container["resources"]["requests"], json!({"cpu": "100m", "memory": "128Mi"}));
    assert_eq!(container["resources"]["limits"], json!({"memory": "256Mi"}));
    assert_eq!(container["imagePullPolicy"], "IfNotPresent");
    assert_eq!(spec["dnsPolicy"], "Default");
    assert_eq!(spec["dnsConfig"]["options"], json!([{"name": "ndots", "value": "2"}]));

    let constraints = spec["topologySpreadConstraints"].as_array().unwrap();
    let keys: Vec<_> =
        constraints.iter().map(|constraint| constraint["topologyKey"].as_str().unwrap()).collect();
    assert_eq!(keys, ["kubernetes.io/hostname", "topology.kubernetes.io/zone"]);

    // The selector has to match this pod and its siblings, which share no label of their own.
    let mut sibling = task.clone();
    sibling["metadata"]["name"] = json!("etl-load-1");
    sibling["metadata"]["labels"]["task_id"] = json!("load");
    sibling["metadata"]["labels"]["dag_id"] = json!("other");
    guarded.stored(&sibling);
    for constraint in constraints {
        let selector = constraint["labelSelector"]["matchLabels"].as_object().unwrap();
        let selector: Vec<_> = selector
            .iter()
            .map(|(key, value)| format!("{key}={}", value.as_str().unwrap()))
            .collect();
        let matched =
            guarded.kubectl(&["get", "pods", "-l", &selector.join(","), "-o", "name"]).stdout;
        assert_eq!(matched.lines().count(), 2, "{selector:?} matches {matched}");
    }

    // The user is told what was changed, and the pod says by whom.
    for policy in ["resources", "batch-dns", "batch-spread", "image-pull-policy"] {
        assert!(
            output.stderr.contains(policy),
            "{policy} is not in the warnings: {}",
            output.stderr
        );
    }
    assert_eq!(
        stored["metadata"]["annotations"]["plimsoll.dev/patched-by"],
        "batch-dns,batch-spread,image-pull-policy,resources"
    );
}

#[test]
fn a_second_run_changes_nothing() {
    if skipped("a_second_run_changes_nothing") {
        return;
    }
    let guarded = Guarded::by_default("again");
    let first = guarded.stored(&task());
    let mut again = first.clone();
    again["metadata"] = json!({"name": "again", "labels": first["metadata"]["labels"],
        "annotations": first["metadata"]["annotations"]});
    again.as_object_mut().unwrap().remove("status");
    let output = guarded.create(&again);
    assert!(output.success(), "{}", output.stderr);
    assert!(!output.stderr.contains("patched by"), "{}", output.stderr);
    let second: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(second["spec"], first["spec"]);
}
