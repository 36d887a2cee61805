//! What the engine says of pods that it sees through a projection.

use std::sync::Arc;

use plimsoll::engine::{Attributes, Decision, Engine, NamespaceFacts, Operation};
use plimsoll::pod::kinds::Object;
use plimsoll::pod::shapes::find;
use plimsoll::policy::PolicySet;
use serde_json::{Value, json};

pub(crate) fn engine(spec: Value) -> Engine {
    let policy = json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy",
        "metadata": {"name": "only"}, "spec": spec});
    Engine::new(Arc::new(PolicySet::compile(&[&policy]).unwrap()))
}

pub(crate) fn decide(engine: &Engine, object: &Value) -> Vec<Decision> {
    let within = Attributes {
        operation: Operation::Create,
        group: "",
        kind: "",
        subresource: "",
        namespace: "default",
        user: None,
        object: Some(Object::Value(object)),
        old_object: None,
        facts: NamespaceFacts::default(),
        now: None,
        ..Attributes::default()
    };
    find(object).iter().map(|embedded| engine.decide_embedded(embedded, &within)).collect()
}

fn paths(decisions: &[Decision]) -> Vec<&str> {
    let all = decisions.iter().flat_map(|decision| &decision.findings);
    all.map(|finding| finding.violation.pointer.as_str()).collect()
}

fn workflow(template: Value) -> Value {
    json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": {"name": "w"},
        "spec": {"templates": [template]}})
}

#[test]
fn workload_classes_are_those_of_the_pods_that_come_of_it() {
    let batch = engine(json!({"match": {"workloads": ["Batch"]},
        "rules": [{"name": "tag", "action": "Deny", "imageTag": {}}]}));
    let containers = json!([{"name": "main", "image": "nginx"}]);
    let thing = |policy: &str| {
        json!({"apiVersion": "example.com/v1", "kind": "Thing",
            "spec": {"template": {"spec": {"restartPolicy": policy, "containers": containers}}}})
    };
    let matched = |object: &Value| paths(&decide(&batch, object)).len();
    assert_eq!(matched(&thing("Never")), 1);
    assert_eq!(matched(&thing("OnFailure")), 1);
    assert_eq!(matched(&thing("Always")), 0);
    assert_eq!(matched(&workflow(json!({"name": "a", "container": {"image": "nginx"}}))), 1);
    let rollout = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
        "spec": {"template": {"spec": {"containers": containers}}}});
    assert_eq!(matched(&rollout), 0);
}

#[test]
fn what_is_filled_in_later_is_not_judged() {
    let all = engine(json!({"rules": [
        {"name": "tag", "action": "Deny", "imageTag": {}},
        {"name": "pull", "action": "Deny", "imagePullPolicy": {"deny": ["Always", "IfNotPresent"], "replaceWith": "Never", "onlyWhere": "Any"}},
        {"name": "sizes", "action": "Deny", "resources": {"requests": {"cpu": {"required": true}}}},
    ]}));
    let container = json!({"image": "app:{{inputs.parameters.tag}}", "resources": {"requests": {"cpu": "{{inputs.parameters.cpu}}"}}});
    let object = workflow(json!({"name": "a", "container": container}));
    assert_eq!(paths(&decide(&all, &object)), [""; 0]);
    let written = json!({"image": "app:1.0", "resources": {"requests": {"cpu": "1"}}});
    let object = workflow(json!({"name": "a", "container": written}));
    assert_eq!(paths(&decide(&all, &object)), ["/spec/templates/0/container/imagePullPolicy"]);
}

#[test]
fn what_an_operator_merges_is_judged_by_what_is_written() {
    let all = engine(json!({"rules": [
        {"name": "tag", "action": "Deny", "imageTag": {}},
        {"name": "pull", "action": "Deny", "imagePullPolicy": {"onlyWhere": "Any"}},
        {"name": "sizes", "action": "Deny", "resources": {"requests": {"cpu": {"required": true}}}},
    ]}));
    let object = |containers: Value| {
        json!({"apiVersion": "monitoring.coreos.com/v1", "kind": "Prometheus",
            "spec": {"containers": containers}})
    };
    let merged = object(json!([{"name": "prometheus", "args": ["--x"]}]));
    assert_eq!(paths(&decide(&all, &merged)), [""; 0]);
    let written = object(json!([{"name": "prometheus", "imagePullPolicy": "Always"},
        {"name": "auth", "image": "auth:latest"}]));
    let found = ["/spec/containers/1/image", "/spec/containers/0/imagePullPolicy"];
    assert_eq!(paths(&decide(&all, &written)), found);
}

#[test]
fn a_field_of_the_wrong_type_is_pointed_at() {
    let tag = engine(json!({"rules": [{"name": "tag", "action": "Deny", "imageTag": {}}]}));
    let object = workflow(
        json!({"name": "a", "container": {"image": "a:1", "env": [], "imagePullPolicy": 7}}),
    );
    let decisions = decide(&tag, &object);
    let unreadable = decisions[0].unreadable.as_ref().unwrap();
    let place = unreadable.error.pointer.as_str();
    assert_eq!(place, "/spec/templates/0/container/imagePullPolicy");
    assert!(!decisions[0].allowed);
    let later = workflow(json!({"name": "a", "container": {"image": "a:1"}, "volumes": "{{=x}}"}));
    assert!(decide(&tag, &later)[0].unreadable.is_none());
}

#[test]
fn spark_asks_for_cores_and_memory_with_its_overhead() {
    let bounds = |memory: &str| {
        engine(json!({"rules": [{"name": "sizes", "action": "Deny",
            "resources": {"limits": {"memory": {"max": memory}}}}]}))
    };
    let object = json!({"apiVersion": "sparkoperator.k8s.io/v1beta2", "kind": "SparkApplication",
        "spec": {"type": "Python", "image": "spark:4.0.0",
            "driver": {"memory": "1g"}, "executor": {"memory": "2g", "memoryOverhead": "1g"}}});
    // 0.4 of 1 GiB is 409.6 MiB; 2 GiB and 1 GiB are 3 GiB.
    assert_eq!(paths(&decide(&bounds("3Gi"), &object)), [""; 0]);
    assert_eq!(paths(&decide(&bounds("3071Mi"), &object)), ["/spec/executor/memory"]);
    let both = ["/spec/driver/memory", "/spec/executor/memory"];
    assert_eq!(paths(&decide(&bounds("1432Mi"), &object)), both);
    assert_eq!(paths(&decide(&bounds("1433Mi"), &object)), ["/spec/executor/memory"]);
}

#[test]
fn exemptions_and_namespaces_are_those_of_the_object() {
    let own = engine(json!({"match": {"namespaces": {"include": ["front"]}},
        "rules": [{"name": "tag", "action": "Deny", "imageTag": {}}]}));
    let object = json!({"apiVersion": "example.com/v1", "kind": "Bundle",
        "metadata": {"namespace": "front"}, "spec": {"objects": [
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "back"},
                "spec": {"containers": [{"name": "a", "image": "nginx"}]}}]}});
    let found = find(&object);
    assert_eq!(found[0].namespace(), Some("back"));
    assert_eq!(paths(&decide(&own, &object)), [""; 0], "the caller says which namespace counts");
}
