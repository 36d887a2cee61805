//! Whole reviews through the engine.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::policy::PolicySet;

fn engine(policies: &[Value]) -> Engine {
    let objects: Vec<&Value> = policies.iter().collect();
    Engine::new(Arc::new(PolicySet::compile(&objects).unwrap()))
}

fn no_latest() -> Value {
    json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": "image-tag"},
           "spec": {"rules": [{"name": "no-latest", "action": "Deny", "imageTag": {"deny": ["latest"]}}]}})
}

fn body(operation: &str, kind: (&str, &str), object: &Value, old: &Value) -> Vec<u8> {
    let review = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "u-1", "kind": {"group": kind.0, "version": "v1", "kind": kind.1}, "operation": operation,
        "namespace": "etl", "userInfo": {"username": "jane"}, "object": object, "oldObject": old}});
    serde_json::to_vec(&review).unwrap()
}

fn response(engine: &Engine, endpoint: Endpoint, body: &[u8]) -> Value {
    let answer = review(engine, endpoint, body).unwrap();
    serde_json::from_slice::<Value>(&answer.body).unwrap()["response"].clone()
}

fn pod(image: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "x-"},
           "spec": {"containers": [{"name": "x", "image": image}]}})
}

#[test]
fn a_denial_says_what_where_and_what_to_do() {
    let engine = engine(&[no_latest()]);
    let body = body("CREATE", ("", "Pod"), &pod("nginx"), &Value::Null);
    let found = response(&engine, Endpoint::Validate, &body);
    assert_eq!(found["uid"], "u-1");
    assert_eq!(found["allowed"], false);
    assert_eq!(found["status"]["code"], 403);
    let message = found["status"]["message"].as_str().unwrap();
    for part in ["image-tag", "no-latest", "container x", "spec.containers[0].image", "latest"] {
        assert!(message.contains(part), "{part} in {message}");
    }
    assert_eq!(found["status"]["details"]["causes"][0]["field"], "spec.containers[0].image");
    let record = review(&engine, Endpoint::Validate, &body).unwrap().record;
    assert_eq!((record.verdict, &*record.name, &*record.user), (Verdict::Denied, "x-", "jane"));
    assert_eq!(response(&engine, Endpoint::Mutate, &body)["allowed"], true);
}

#[test]
fn only_what_an_update_changed_is_judged() {
    let engine = engine(&[no_latest()]);
    let allowed = |new: &Value, old: &Value| {
        response(&engine, Endpoint::Validate, &body("UPDATE", ("", "Pod"), new, old))["allowed"]
            == true
    };
    let mut relabelled = pod("nginx");
    relabelled["metadata"]["labels"] = json!({"a": "b"});
    assert!(allowed(&relabelled, &pod("nginx")));
    assert!(!allowed(&pod("nginx:latest"), &pod("nginx:1.27")));
    assert!(allowed(&pod("nginx:1.28"), &pod("nginx")));
}

#[test]
fn templates_are_judged_where_they_stand() {
    let engine = engine(&[no_latest()]);
    let deployment = json!({"spec": {"template": pod("nginx")}});
    let found = response(
        &engine,
        Endpoint::Validate,
        &body("CREATE", ("apps", "Deployment"), &deployment, &Value::Null),
    );
    assert_eq!(
        found["status"]["details"]["causes"][0]["field"],
        "spec.template.spec.containers[0].image"
    );
}

#[test]
fn mirror_pods_pass_only_from_kubelets() {
    let engine = engine(&[no_latest()]);
    let mut mirror = pod("nginx");
    mirror["metadata"]["annotations"] = json!({"kubernetes.io/config.mirror": "x"});
    let mut review: Value =
        serde_json::from_slice(&body("CREATE", ("", "Pod"), &mirror, &Value::Null)).unwrap();
    let allowed = |review: &Value| {
        response(&engine, Endpoint::Validate, &serde_json::to_vec(review).unwrap())["allowed"]
            == true
    };
    assert!(!allowed(&review));
    review["request"]["userInfo"] =
        json!({"username": "system:node:a", "groups": ["system:nodes"]});
    assert!(allowed(&review));
}

#[test]
fn a_pod_that_cannot_be_read_is_no_pass() {
    let engine = engine(&[no_latest()]);
    let broken = json!({"spec": {"containers": [{"name": "x", "image": 7}]}});
    let found =
        response(&engine, Endpoint::Validate, &body("CREATE", ("", "Pod"), &broken, &Value::Null));
    assert_eq!(found["allowed"], false);
    let message = found["status"]["message"].as_str().unwrap();
    for part in ["image-tag", "no-latest", "spec.containers[0].image", "correct the field"] {
        assert!(message.contains(part), "{part} in {message}");
    }
    assert_eq!(found["status"]["details"]["causes"][0]["field"], "spec.containers[0].image");
    assert_eq!(
        found["auditAnnotations"]["unreadable"],
        "image-tag/no-latest spec.containers[0].image"
    );
    let broken = json!({"metadata": {"generateName": "gen-"}, "spec": {"containers": 3}});
    let body = body("CREATE", ("", "Pod"), &broken, &Value::Null);
    let record = review(&engine, Endpoint::Validate, &body).unwrap().record;
    assert_eq!(
        (&*record.name, record.findings.len(), record.verdict),
        ("gen-", 1, Verdict::Denied)
    );
}

#[test]
fn bodies_that_are_no_reviews_are_refused() {
    let engine = engine(&[no_latest()]);
    for body in [
        "",
        "{}",
        "[]",
        "null",
        "{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/v1beta1\"}",
        "{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/v1\"}",
        "\u{1}",
        "{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/v1\",\"request\":{\"kind\":{\"kind\":\"Pod\"},\"operation\":\"CREATE\"}}",
    ] {
        assert!(review(&engine, Endpoint::Validate, body.as_bytes()).is_err(), "{body}");
    }
    let deep = "[".repeat(100_000);
    assert!(review(&engine, Endpoint::Validate, deep.as_bytes()).is_err());
}

#[test]
fn a_policy_that_needs_unknown_labels_is_undecided_and_not_applied() {
    let mut by_label = no_latest();
    by_label["spec"]["match"] = json!({"namespaceSelector": {"matchExpressions": [{"key": "team", "operator": "DoesNotExist"}]}});
    let body = body("CREATE", ("", "Pod"), &pod("nginx"), &Value::Null);
    assert_eq!(response(&engine(&[by_label.clone()]), Endpoint::Validate, &body)["allowed"], true);
    // Every namespace is known to carry its own name.
    by_label["spec"]["match"] =
        json!({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "etl"}}});
    assert_eq!(response(&engine(&[by_label]), Endpoint::Validate, &body)["allowed"], false);
}
