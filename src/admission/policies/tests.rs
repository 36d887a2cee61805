use std::sync::Arc;

use serde_json::{Value, json};

use super::super::{Endpoint, Review, Verdict, review};
use crate::engine::{Engine, NamespaceFacts};
use crate::policy::PolicySet;

fn policy(name: &str, spec: Value) -> Value {
    json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": name}, "spec": spec})
}

fn dns(name: &str, wanted: &str) -> Value {
    policy(name, json!({"rules": [{"name": "dns", "action": "Patch", "dns": {"policy": wanted}}]}))
}

fn bad() -> Value {
    policy(
        "p",
        json!({"match": {"workload": []}, "rules": [{"name": "a", "action": "Deni", "imageTag": {"deni": []}}]}),
    )
}

fn engine(policies: &[Value]) -> Engine {
    let objects: Vec<&Value> = policies.iter().collect();
    Engine::new(Arc::new(PolicySet::compile(&objects).unwrap()))
}

fn request(operation: &str, object: &Value, old: &Value) -> Value {
    json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "u-1", "kind": {"group": "plimsoll.dev", "version": "v1alpha1", "kind": "PodPolicy"},
        "operation": operation, "name": "p", "userInfo": {"username": "jane"}, "object": object,
        "oldObject": old}})
}

fn answered(engine: &Engine, request: &Value) -> (Value, Verdict) {
    let body = serde_json::to_vec(request).unwrap();
    let answer = review(engine, Endpoint::Policies, &body).unwrap();
    let response = serde_json::from_slice::<Value>(&answer.body).unwrap()["response"].clone();
    assert_eq!(response["uid"], "u-1");
    assert_eq!(response["allowed"] == true, answer.record.verdict != Verdict::Denied);
    assert!(response.get("patch").is_none());
    (response, answer.record.verdict)
}

fn created(engine: &Engine, object: &Value) -> (Value, Verdict) {
    answered(engine, &request("CREATE", object, &Value::Null))
}

#[test]
fn every_error_is_a_cause_with_its_field_and_what_to_do() {
    let (response, verdict) = created(&engine(&[]), &bad());
    assert_eq!(verdict, Verdict::Denied);
    let status = &response["status"];
    assert_eq!((&status["code"], &status["reason"]), (&json!(422), &json!("Invalid")));
    assert_eq!(
        status["message"],
        "3 errors:\n\
         - spec.match.workload: unknown field `workload`; did you mean `workloads`?\n\
         - spec.rules[0].action: unknown variant `Deni`; did you mean `Deny`?\n\
         - spec.rules[0].imageTag.deni: unknown field `deni`; did you mean `deny`?"
    );
    let details = &status["details"];
    assert_eq!((&details["kind"], &details["name"]), (&json!("PodPolicy"), &json!("p")));
    assert_eq!(details["causes"].as_array().unwrap().len(), 3);
    assert_eq!(
        details["causes"][0],
        json!({"reason": "FieldValueInvalid", "field": "spec.match.workload",
               "message": "unknown field `workload`; did you mean `workloads`?"})
    );
}

#[test]
fn no_more_errors_are_listed_than_anybody_reads() {
    let rules: Vec<Value> =
        (0..1000).map(|at| json!({"name": format!("r{at}"), "imageTag": {"deni": []}})).collect();
    let (response, _) = created(&engine(&[]), &policy("p", json!({"rules": rules})));
    let message = response["status"]["message"].as_str().unwrap();
    assert!(
        message.starts_with("1000 errors:") && message.ends_with("\n- and 744 more"),
        "{message}"
    );
    let causes = response["status"]["details"]["causes"].as_array().unwrap();
    assert_eq!((causes.len(), &causes[256]["message"]), (257, &json!("744 more errors")));
}

#[test]
fn one_error_stands_alone() {
    let (response, _) = created(&engine(&[]), &policy("p", json!({"rules": []})));
    assert_eq!(response["status"]["message"], "spec.rules: a policy needs at least one rule");
}

#[test]
fn what_leaves_the_spec_alone_passes() {
    let engine = engine(&[]);
    let mut labelled = bad();
    labelled["metadata"]["labels"] = json!({"a": "b"});
    labelled["status"] = json!({"conditions": []});
    let mut other = bad();
    other["spec"]["rules"][0]["name"] = json!("b");
    let mut leaving = other.clone();
    leaving["metadata"]["deletionTimestamp"] = json!("2026-11-21T15:13:58Z");
    let allowed = |new: &Value, old: &Value| {
        answered(&engine, &request("UPDATE", new, old)).0["allowed"] == true
    };
    assert!(allowed(&labelled, &bad()));
    assert!(!allowed(&other, &bad()));
    assert!(allowed(&leaving, &bad()));
    assert!(!allowed(&bad(), &Value::Null), "nothing to compare with");
    assert!(allowed(&dns("p", "Default"), &bad()));
    assert_eq!(answered(&engine, &request("DELETE", &Value::Null, &bad())).0["allowed"], true);
    let mut status = request("UPDATE", &other, &bad());
    status["request"]["subResource"] = json!("status");
    assert_eq!(answered(&engine, &status).0["allowed"], true);
}

#[test]
fn other_kinds_pass() {
    let mut other = request("CREATE", &bad(), &Value::Null);
    other["request"]["kind"] = json!({"group": "", "version": "v1", "kind": "Pod"});
    assert_eq!(answered(&engine(&[]), &other).0["allowed"], true);
    other["request"]["kind"] =
        json!({"group": "example.com", "version": "v1", "kind": "PodPolicy"});
    assert_eq!(answered(&engine(&[]), &other).0["allowed"], true);
}

#[test]
fn nothing_and_what_is_nested_too_deeply_is_refused() {
    let nested = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    let deep =
        request("CREATE", &json!("DEEP"), &Value::Null).to_string().replace("\"DEEP\"", &nested);
    let answer = review(&engine(&[]), Endpoint::Policies, deep.as_bytes()).unwrap();
    assert_eq!(answer.record.verdict, Verdict::Denied);
    let (response, _) = created(&engine(&[]), &Value::Null);
    assert_eq!(response["status"]["message"], "a policy is a mapping, and this is empty");
}

#[test]
fn what_it_contradicts_is_a_warning() {
    let engine = engine(&[dns("a", "Default"), dns("z", "Default")]);
    let (response, verdict) = created(&engine, &dns("p", "ClusterFirst"));
    assert_eq!(verdict, Verdict::Warned);
    let warnings = response["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].as_str().unwrap().starts_with(
        "conflict: spec.dnsPolicy should be Default by a/dns and ClusterFirst by p/dns"
    ));
    assert_eq!(created(&engine, &dns("p", "Default")).1, Verdict::Allowed);
}

#[test]
fn conflicts_of_others_and_with_its_own_past_are_no_warnings() {
    let engine = engine(&[dns("a", "Default"), dns("z", "ClusterFirst"), dns("p", "ClusterFirst")]);
    let (response, _) =
        created(&engine, &policy("p", json!({"rules": [{"name": "r", "imageTag": {}}]})));
    assert_eq!(response.get("warnings"), None);
}

fn exempting(spec: Value) -> Value {
    let object = json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicyExemption",
                        "metadata": {"name": "p"}, "spec": spec});
    let mut request = request("CREATE", &object, &Value::Null);
    request["request"]["kind"]["kind"] = json!("PodPolicyExemption");
    request
}

#[test]
fn exemptions_are_judged_as_exemptions() {
    let (response, _) =
        answered(&engine(&[]), &exempting(json!({"policies": ["a"], "ownr": "o", "reason": " "})));
    let message = response["status"]["message"].as_str().unwrap();
    for part in [
        "3 errors:",
        "spec.ownr: unknown field `ownr`",
        "spec.owner: ",
        "spec.reason: `reason` is empty",
    ] {
        assert!(message.contains(part), "{part} in {message}");
    }
    assert_eq!(response["status"]["details"]["kind"], "PodPolicyExemption");
}

#[test]
fn an_exemption_that_exempts_nothing_is_taken_with_warnings() {
    let engine = engine(&[dns("node-dns", "Default")]);
    let warnings = |spec: Value, now: Option<i64>| -> Vec<String> {
        let body = serde_json::to_vec(&exempting(spec)).unwrap();
        let review = Review::parse(&body).unwrap();
        let answer = review.answer(&engine, Endpoint::Policies, NamespaceFacts::default(), now);
        let mut answer: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(answer["response"]["allowed"], true);
        serde_json::from_value(answer["response"]["warnings"].take()).unwrap_or_default()
    };
    let spec = |policy: &str| json!({"policies": [policy], "owner": "o", "reason": "r", "expires": "1970-01-01"});
    assert_eq!(warnings(spec("node-*"), Some(0)), Vec::<String>::new());
    assert_eq!(warnings(spec("node-*"), None), Vec::<String>::new());
    assert_eq!(
        warnings(spec("nod-dns"), Some(86_400)),
        [
            "spec.expires: that is over, so nothing is exempted; set another end, or delete the exemption",
            "spec.policies[0]: no policy is called `nod-dns`; did you mean `node-dns`?",
        ]
    );
}
