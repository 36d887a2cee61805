//! Every answer, verified as the API server verifies it: a port of `VerifyAdmissionResponse` in
//! apiserver/pkg/admission/plugin/webhook/request/admissionreview.go, and of what its callers do with the rest.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plimsoll::admission::{Endpoint, review};
use plimsoll::engine::Engine;
use plimsoll::label::validate_key;
use plimsoll::policy::{ExemptionSet, PolicySet};
use proptest::prelude::*;
use serde_json::{Value, json};

#[path = "support/pods.rs"]
mod pods;

/// The body of a review of a pod that is created.
fn body(uid: &str, pod: &Value) -> Vec<u8> {
    serde_json::to_vec(&json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": uid, "kind": {"group": "", "version": "v1", "kind": "Pod"}, "operation": "CREATE",
        "namespace": "etl", "userInfo": {"username": "jane", "groups": ["system:authenticated"]}, "object": pod}}))
    .unwrap()
}

fn engine(name: &str, action: &str) -> Engine {
    let patch_or =
        |other: &str| if action == "Patch" { "Patch".to_owned() } else { other.to_owned() };
    let policy = json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": name},
        "spec": {"rules": [
            {"name": "tag", "action": if action == "Patch" { "Deny" } else { action },
             "imageTag": {"deny": ["latest", "1*", "2*"]}},
            {"name": "pull", "action": patch_or(action), "imagePullPolicy": {"deny": ["Always"], "onlyWhere": "Any"}},
            {"name": "resources", "action": patch_or(action), "resources": {
                "requests": {"cpu": {"required": true, "default": "1m"}, "memory": {"required": true, "default": "1Mi"}}}},
            {"name": "dns", "action": patch_or(action), "dns": {"policy": "Default"}},
            {"name": "spread", "action": patch_or(action), "topologySpread": {}}]}});
    Engine::new(Arc::new(PolicySet::compile(&[&policy]).unwrap()))
}

/// What the API server does with an answer; the error is what it would log.
fn verify(uid: &str, mutating: bool, answer: &Value, pod: &Value) -> Result<(), String> {
    let fail = |what: &str| Err(format!("{what} in {answer}"));
    if answer["apiVersion"] != "admission.k8s.io/v1" || answer["kind"] != "AdmissionReview" {
        return fail("another kind or version");
    }
    let response = &answer["response"];
    if response["uid"] != uid {
        return fail("another uid");
    }
    let allowed = response["allowed"].as_bool().ok_or("no verdict")?;
    match (response["patch"].as_str(), response["patchType"].as_str()) {
        (None, None) => {}
        (Some(_), _) if !mutating => return fail("a patch from a validating webhook"),
        (Some(patch), Some("JSONPatch")) => {
            let patch = STANDARD.decode(patch).map_err(|error| error.to_string())?;
            let patch: json_patch::Patch =
                serde_json::from_slice(&patch).map_err(|error| error.to_string())?;
            if patch.0.is_empty() {
                return fail("an empty patch");
            }
            json_patch::patch(&mut pod.clone(), &patch).map_err(|error| error.to_string())?;
        }
        _ => return fail("patch and patchType do not fit"),
    }
    let warnings: Vec<&str> = response["warnings"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|warning| warning.as_str().unwrap())
        .collect();
    if warnings
        .iter()
        .any(|warning| warning.chars().count() > 256 || warning.chars().any(char::is_control))
    {
        return fail("a warning that is too long or has control characters");
    }
    if warnings.iter().map(|warning| warning.chars().count()).sum::<usize>() > 4096 {
        return fail("warnings that the API server cuts off");
    }
    for (key, value) in response["auditAnnotations"].as_object().into_iter().flatten() {
        validate_key(&format!("validate.plimsoll.dev/{key}")).map_err(|error| error.to_string())?;
        if value.as_str().is_none_or(|value| value.len() > 16 * 1024) {
            return fail("an audit annotation that is no text, or too long");
        }
    }
    let status = &response["status"];
    if allowed != status.is_null() {
        return fail("a status without a denial, or a denial without one");
    }
    if !allowed {
        let message = status["message"].as_str().ok_or("no message")?;
        if status["code"] != 403 || message.is_empty() || message.contains("exceeded quota") {
            return fail("a denial as it must not be");
        }
    }
    Ok(())
}

fn answered(engine: &Engine, uid: &str, pod: &Value) {
    for (endpoint, mutating) in [(Endpoint::Mutate, true), (Endpoint::Validate, false)] {
        let body = body(uid, pod);
        let answer = review(engine, endpoint, &body).unwrap();
        let answer: Value = serde_json::from_slice(&answer.body).unwrap();
        verify(uid, mutating, &answer, pod).unwrap_or_else(|error| panic!("{error}"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_answer_is_one_the_api_server_takes(
        pod in pods::pod(),
        action in proptest::sample::select(vec!["Patch", "Deny", "Warn", "Audit"]),
        uid in "[a-z0-9\"\\\\é-]{1,40}",
    ) {
        let engine = engine("p", action);
        answered(&engine, &uid, &pod);
        let exemption = json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicyExemption",
            "metadata": {"name": "x".repeat(253)},
            "spec": {"policies": ["p"], "rules": ["tag", "resources"], "reason": "r", "owner": "o"}});
        let exemptions = ExemptionSet::compile(&[&exemption]).unwrap();
        answered(&engine.with_exemptions(Arc::new(exemptions)), &uid, &pod);
    }

    /// Bytes that are no review, and reviews that were damaged on their way.
    #[test]
    fn no_body_can_hurt(pod in pods::pod(), at in any::<proptest::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let engine = engine("p", "Patch");
        let mut damaged = body("u", &pod);
        let at = at.index(damaged.len());
        if cut { damaged.truncate(at) } else { damaged[at] = byte }
        for endpoint in [Endpoint::Mutate, Endpoint::Validate] {
            if let Ok(answer) = review(&engine, endpoint, &damaged) {
                serde_json::from_slice::<Value>(&answer.body).unwrap();
            }
        }
    }

    /// Reviews of policies that were damaged on their way, or whose parts stand where others belong.
    #[test]
    fn no_policy_can_hurt(at in any::<proptest::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let rules = json!([{"name": "a", "action": "Patch", "otherwise": "Deny", "dns": {"policy": "Default"}},
                           {"name": "b", "resources": {"limits": {"memory": {"default": "1Gi", "max": 7}}}}]);
        let policy = json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": "p"},
            "spec": {"match": {"namespaces": {"include": ["a-*"]}, "workloads": ["Batch"]}, "rules": rules}});
        let review_of = |kind: &str, object: &Value| json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
            "request": {"uid": "u", "operation": "UPDATE", "object": object, "oldObject": policy["spec"],
                        "kind": {"group": "plimsoll.dev", "version": "v1alpha1", "kind": kind}}});
        let engine = engine("p", "Patch");
        for (kind, object) in [("PodPolicy", &policy), ("PodPolicyExemption", &policy), ("PodPolicy", &policy["spec"])] {
            let mut damaged = serde_json::to_vec(&review_of(kind, object)).unwrap();
            let at = at.index(damaged.len());
            if cut { damaged.truncate(at) } else { damaged[at] = byte }
            if let Ok(answer) = review(&engine, Endpoint::Policies, &damaged) {
                let answer: Value = serde_json::from_slice(&answer.body).unwrap();
                prop_assert!(answer["response"]["allowed"] == true || answer["response"]["status"]["code"] == 422);
            }
        }
    }

    #[test]
    fn no_bytes_can_hurt(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(review(&engine("p", "Deny"), Endpoint::Validate, &bytes).is_err());
    }
}

#[test]
fn limits_hold_for_pods_that_are_all_findings() {
    let long = "x".repeat(250);
    let containers: Vec<Value> = (0..400)
        .map(|at| json!({"name": format!("{long}-{at}"), "image": format!("registry.example.com/{long}/{at}:latest")}))
        .collect();
    let pod = json!({"metadata": {"name": "x"}, "spec": {"containers": containers}});
    for action in ["Patch", "Deny", "Warn", "Audit"] {
        answered(&engine(&"p".repeat(200), action), "u", &pod);
    }
}

#[test]
fn the_words_that_airflow_retries_on_never_appear() {
    let pod = json!({"metadata": {"name": "x"},
        "spec": {"containers": [{"name": "exceeded quota", "image": "exceeded quota:latest"}]}});
    answered(&engine("p", "Deny"), "u", &pod);
}

/// Hostile shapes of the object: each is answered, and none passes where a policy would refuse.
#[test]
fn hostile_objects_are_answered() {
    let engine = engine("p", "Deny");
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let objects = [
        "null".to_owned(),
        "[]".to_owned(),
        "3".to_owned(),
        r#"{"spec":null,"metadata":null}"#.to_owned(),
        r#"{"spec":{"containers":null,"initContainers":null,"volumes":null,"dnsConfig":null}}"#
            .to_owned(),
        r#"{"spec":{"containers":[null]}}"#.to_owned(),
        r#"{"spec":{"containers":[{"name":"a","image":"nginx","image":"nginx:1"}]}}"#.to_owned(),
        r#"{"spec":{"containers":{"name":"a"}}}"#.to_owned(),
        format!(r#"{{"spec":{{"containers":[{{"name":"a","image":"nginx:1","extra":{deep}}}]}}}}"#),
        format!(r#"{{"spec":{{"containers":[{{"name":"a","image":"nginx:1","env":{deep}}}]}}}}"#),
    ];
    for object in objects {
        let body = format!(
            r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{{"uid":"u","operation":"CREATE",
            "kind":{{"group":"","version":"v1","kind":"Pod"}},"namespace":"etl","object":{object}}}}}"#
        );
        for endpoint in [Endpoint::Mutate, Endpoint::Validate] {
            if let Ok(answer) = review(&engine, endpoint, body.as_bytes()) {
                serde_json::from_slice::<Value>(&answer.body).unwrap();
            }
        }
    }
}

/// Objects carry secrets where nobody expects them: in args, env values and annotations. None may come out.
#[test]
fn no_secret_of_the_object_is_ever_quoted() {
    let secret = "hunter2-eyJhbGciOi";
    let container = |list: &str| {
        json!({"name": format!("c-{list}"), "image": "nginx", "imagePullPolicy": "Always",
            "args": [secret, format!("http://{secret}.svc/x")], "command": [format!("{secret}.etl.svc")],
            "env": [{"name": "TOKEN", "value": secret}, {"name": "URL", "value": format!("https://u:{secret}@db.svc")}]})
    };
    let mut pod = json!({"metadata": {"name": "x", "annotations": {"token": secret, "plimsoll.dev/patched-by": ""}},
        "spec": {"containers": [container("main")], "initContainers": [container("init")]}});
    for action in ["Patch", "Deny", "Warn", "Audit"] {
        let engine = engine("p", action);
        for broken in [false, true] {
            if broken {
                pod["spec"]["containers"][0]["image"] = json!(7);
            }
            for endpoint in [Endpoint::Mutate, Endpoint::Validate] {
                let body = body("u", &pod);
                let answer = review(&engine, endpoint, &body).unwrap();
                let text = String::from_utf8(answer.body).unwrap();
                let patch: Value = serde_json::from_str(&text).unwrap();
                let patch = patch["response"]["patch"].as_str().unwrap_or_default();
                let patch = String::from_utf8(STANDARD.decode(patch).unwrap()).unwrap();
                let record = format!("{:?}", answer.record);
                for part in [&text, &patch, &record] {
                    assert!(!part.contains(secret), "{part}");
                }
            }
        }
    }
}
