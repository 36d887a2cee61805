//! Events and reviews as the API server writes them.

use serde_json::{Value, json};

/// An event about pods in namespace etl, with other members set.
pub(super) fn event(verb: &str, changes: Value) -> Value {
    let mut event = json!({"kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "RequestResponse",
        "auditID": "8a7c0b9e-2c9e-4c12-9f2e-6c9d0ed4f0a1", "stage": "ResponseComplete",
        "requestURI": "/api/v1/namespaces/etl/pods", "verb": verb,
        "user": {"username": "jane", "groups": ["data", "system:authenticated"]}, "sourceIPs": ["127.0.0.1"],
        "userAgent": "kubectl/v1.36.3", "objectRef": {"resource": "pods", "namespace": "etl", "apiVersion": "v1"},
        "responseStatus": {"metadata": {}, "code": 201}, "requestReceivedTimestamp": "2026-11-21T10:00:00.000000Z",
        "stageTimestamp": "2026-11-21T10:00:00.012345Z", "annotations": {"authorization.k8s.io/decision": "allow"}});
    for (key, value) in changes.as_object().unwrap() {
        event[key] = value.clone();
    }
    event
}

/// A pod that was created.
pub(super) fn created(name: &str, image: &str) -> Value {
    let pod = json!({"kind": "Pod", "apiVersion": "v1", "metadata": {"name": name},
        "spec": {"containers": [{"name": "app", "image": image}]}, "status": {}});
    event("create", json!({"requestObject": pod, "responseObject": pod}))
}

/// Another request for pods.
pub(super) fn other(verb: &str) -> Value {
    event(verb, json!({"responseStatus": {"metadata": {}, "code": 200}}))
}

/// A review of a pod that is created.
pub(super) fn review(uid: &str, image: &str) -> Value {
    json!({"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": {
        "uid": uid, "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"}, "name": uid, "namespace": "etl",
        "operation": "CREATE", "userInfo": {"username": "jane", "groups": ["data"]},
        "object": {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": uid},
            "spec": {"containers": [{"name": "app", "image": image}]}},
        "oldObject": null, "dryRun": false, "options": null}})
}

/// Each on a line of its own.
pub(super) fn log(events: &[Value]) -> String {
    events.iter().map(|event| format!("{event}\n")).collect()
}
