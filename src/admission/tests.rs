//! Whole reviews through the engine.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::policy::{ExemptionSet, Mode, PolicySet};

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
fn what_is_said_of_the_whole_pod_has_no_empty_place() {
    let rule = json!({"name": "r", "action": "Deny",
        "expression": {"validations": [{"expression": "false", "message": "no", "help": "h"}]}});
    let policy = json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": "p"},
        "spec": {"rules": [rule]}});
    let pod =
        json!({"metadata": {"name": "a"}, "spec": {"containers": [{"name": "x", "image": "x:1"}]}});
    let body = body("CREATE", ("", "Pod"), &pod, &Value::Null);
    let found = response(&engine(&[policy]), Endpoint::Validate, &body);
    assert_eq!(found["status"]["message"], "policy p, rule r: no; h");
    assert_eq!(found["auditAnnotations"]["denied"], "p/r");
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

#[test]
fn exempted_findings_are_annotated_and_recorded_where_pods_are_judged() {
    let exemption = json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicyExemption",
        "metadata": {"name": "vendor"}, "spec": {"policies": ["image-tag"], "reason": "r", "owner": "o",
        "expires": "1970-01-01T00:01:40Z", "match": {"namespaceSelector": {"matchLabels": {"team": "data"}}}}});
    let exemptions = ExemptionSet::compile(&[&exemption]).unwrap();
    let engine = engine(&[no_latest()]).with_exemptions(Arc::new(exemptions));
    let body = body("CREATE", ("", "Pod"), &pod("nginx"), &Value::Null);
    let labels = json!({"team": "data"});
    let facts = NamespaceFacts { labels: Some(&labels), limit_ranges: &[] };
    let answer = |endpoint, facts, now| {
        let review = Review::parse(&body).unwrap();
        assert_eq!(review.namespace(), "etl");
        let answer = review.answer(&engine, endpoint, facts, now);
        let response: Value = serde_json::from_slice(&answer.body).unwrap();
        (response["response"].clone(), answer.record)
    };
    let (response, record) = answer(Endpoint::Validate, facts, Some(99));
    assert_eq!((&response["allowed"], &response["warnings"]), (&json!(true), &Value::Null));
    assert_eq!(
        response["auditAnnotations"],
        json!({"exempted": "image-tag/no-latest spec.containers[0].image by vendor"})
    );
    assert_eq!((record.findings.len(), record.exempted.len()), (0, 1));
    assert_eq!((&*record.exempted[0].exemption, record.verdict), ("vendor", Verdict::Allowed));
    let (_, record) = answer(Endpoint::Mutate, facts, Some(99));
    assert!(record.exempted.is_empty(), "a pod that is judged at both is counted at one");
    for (facts, now) in [(facts, Some(100)), (NamespaceFacts::default(), Some(99))] {
        let (response, record) = answer(Endpoint::Validate, facts, now);
        assert_eq!((&response["allowed"], record.exempted.len()), (&json!(false), 0));
    }
}

#[test]
fn what_is_known_of_a_namespace_counts_in_reviews() {
    let engine = engine(&[no_latest()]).with_default_mode(Mode::Audit);
    let body = body("CREATE", ("", "Pod"), &pod("nginx"), &Value::Null);
    let allowed = |labels: Option<&Value>| {
        let facts = NamespaceFacts { labels, limit_ranges: &[] };
        let review = Review::parse(&body).unwrap();
        let answer = review.answer(&engine, Endpoint::Validate, facts, None);
        answer.record.verdict != Verdict::Denied
    };
    assert!(allowed(None) && allowed(Some(&json!({}))));
    assert!(allowed(Some(&json!({"plimsoll.dev/mode": "audit"}))));
    assert!(!allowed(Some(&json!({"plimsoll.dev/mode": "enforce"}))));
    assert!(!allowed(Some(&json!({"plimsoll.dev/mode": "Audit"}))), "a typing error enforces");
}
