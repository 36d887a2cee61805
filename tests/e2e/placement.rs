//! What the API server makes of pods that were placed: it resolves the classes again after the webhook.

use std::sync::Once;

use serde_json::{Value, json};

use crate::cluster::{Cluster, skipped};
use crate::webhook::{Guarded, pod};

/// The classes that this test and the fixtures name. A class that is there already is left as it is.
pub(crate) fn make_classes(cluster: &Cluster) {
    let priority = |name: &str, value: i32, preemption: &str| {
        json!({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": name},
               "value": value, "preemptionPolicy": preemption})
    };
    let runtime = |name: &str| {
        json!({"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": name},
               "handler": name, "overhead": {"podFixed": {"cpu": "50m"}},
               "scheduling": {"nodeSelector": {"sandbox": name}, "tolerations": [{"key": "sandbox", "operator": "Exists"}]}})
    };
    let classes = [
        priority("batch-low", -10, "Never"),
        priority("standard", 7, "PreemptLowerPriority"),
        runtime("gvisor"),
        runtime("kata"),
    ];
    let list = json!({"apiVersion": "v1", "kind": "List", "items": classes}).to_string();
    // Two tests that ask for them at once would both create them.
    static MADE: Once = Once::new();
    MADE.call_once(|| {
        let made = cluster.kubectl_with(&["apply", "-f", "-"], &list).unwrap();
        assert!(made.success(), "{}", made.stderr);
    });
}

const POLICY: &str = r#"
apiVersion: plimsoll.dev/v1alpha1
kind: PodPolicy
metadata: {name: nodes}
spec:
  rules:
  - name: elastic
    action: Patch
    otherwise: Deny
    placement:
      nodeSelector: {node-pool: elastic}
      tolerations:
      - {key: dedicated, operator: Equal, value: batch, effect: NoSchedule}
      - {key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 30}
      nodeAffinity:
        required: [{key: gpu, operator: DoesNotExist}]
        preferred: [{weight: 10, matchExpressions: [{key: spot, operator: Exists}]}]
      priorityClassName: batch-low
      schedulerName: volcano
      runtimeClassName: gvisor
      disruption: Avoid
  - name: not-steady
    action: Deny
    placement:
      forbid: {tolerations: [{key: dedicated, value: steady}], nodeName: true}
"#;

#[test]
fn placed_pods_are_taken_and_stored_as_meant() {
    if skipped("placed_pods_are_taken_and_stored_as_meant") {
        return;
    }
    make_classes(Cluster::shared().unwrap());
    let guarded = Guarded::by("placement", &[POLICY]);
    let mut task = pod("task", "busybox:1.37");
    task["spec"]["affinity"] = json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
        "nodeSelectorTerms": [{"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]},
            {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node-1"]}]}]}}});
    let spec = guarded.stored(&task)["spec"].clone();

    // The plugin Priority had given it the number of no class before the webhook; it is the class's now.
    assert_eq!((&spec["priorityClassName"], &spec["priority"]), (&json!("batch-low"), &json!(-10)));
    assert_eq!(spec["preemptionPolicy"], "Never");
    // So does the plugin RuntimeClass.
    assert_eq!(
        (&spec["runtimeClassName"], &spec["overhead"]),
        (&json!("gvisor"), &json!({"cpu": "50m"}))
    );
    assert_eq!(spec["nodeSelector"], json!({"node-pool": "elastic", "sandbox": "gvisor"}));
    assert_eq!(spec["schedulerName"], "volcano");
    let tolerations = spec["tolerations"].as_array().unwrap();
    let of = |key: &str| tolerations.iter().filter(|one| one["key"] == key).collect::<Vec<_>>();
    assert_eq!(
        of("dedicated"),
        [
            &json!({"key": "dedicated", "operator": "Equal", "value": "batch", "effect": "NoSchedule"})
        ]
    );
    let seconds =
        |key: &str| of(key).iter().map(|one| one["tolerationSeconds"].clone()).collect::<Vec<_>>();
    assert_eq!(seconds("node.kubernetes.io/not-ready"), [json!(30)]);
    assert_eq!(seconds("node.kubernetes.io/unreachable"), [json!(300)]);
    assert_eq!(of("sandbox").len(), 1);
    let affinity = &spec["affinity"]["nodeAffinity"];
    let no_gpu = json!({"key": "gpu", "operator": "DoesNotExist"});
    assert_eq!(
        affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"],
        json!([{"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}, no_gpu]},
            {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node-1"]}], "matchExpressions": [no_gpu]}])
    );
    assert_eq!(
        affinity["preferredDuringSchedulingIgnoredDuringExecution"],
        json!([{"weight": 10, "preference": {"matchExpressions": [{"key": "spot", "operator": "Exists"}]}}])
    );

    // What has been placed can be changed as before, and is patched no more.
    let labelled = guarded.kubectl(&["label", "pod", "task", "a=b"]);
    assert!(labelled.success(), "{}", labelled.stderr);
    assert!(!labelled.stderr.contains("Warning"), "{}", labelled.stderr);
    let wide = r#"[{"op": "add", "path": "/spec/tolerations/-", "value": {"operator": "Exists"}}]"#;
    let widened = guarded.kubectl(&["patch", "pod", "task", "--type=json", "-p", wide]);
    assert!(
        !widened.success() && widened.stderr.contains("dedicated=steady"),
        "{}",
        widened.stderr
    );
    let gpu = r#"[{"op": "add", "path": "/spec/tolerations/-", "value": {"key": "gpu", "operator": "Exists"}}]"#;
    let other = guarded.kubectl(&["patch", "pod", "task", "--type=json", "-p", gpu]);
    assert!(other.success(), "{}", other.stderr);
}

#[test]
fn what_is_at_odds_is_refused_and_says_both() {
    if skipped("what_is_at_odds_is_refused_and_says_both") {
        return;
    }
    make_classes(Cluster::shared().unwrap());
    let guarded = Guarded::by("placement-odds", &[POLICY]);
    let refused = |name: &str, spec: Value, words: &[&str]| {
        let mut one = pod(name, "busybox:1.37");
        for (field, value) in spec.as_object().unwrap() {
            one["spec"][field] = value.clone();
        }
        let output = guarded.create(&one);
        assert!(!output.success(), "{name} was taken");
        for word in words {
            assert!(output.stderr.contains(word), "{word} is missing: {}", output.stderr);
        }
    };
    refused(
        "selector",
        json!({"nodeSelector": {"node-pool": "steady"}}),
        &["node-pool: steady", "node-pool In elastic"],
    );
    refused("class", json!({"priorityClassName": "standard"}), &["`standard`", "`batch-low`"]);
    refused(
        "wide",
        json!({"tolerations": [{"operator": "Exists"}]}),
        &["every taint", "dedicated=steady"],
    );
    refused("placed", json!({"nodeName": "node-1"}), &["names its node"]);
}
