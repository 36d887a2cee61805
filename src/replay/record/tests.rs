//! What records come to.

use serde_json::{Value, json};

use super::*;

fn event() -> Value {
    json!({"kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "RequestResponse", "auditID": "a-1",
        "stage": "ResponseComplete", "requestURI": "/api/v1/namespaces/etl/pods?fieldManager=kubectl-create",
        "verb": "create", "user": {"username": "jane", "groups": ["data", "system:authenticated"]},
        "objectRef": {"resource": "pods", "namespace": "etl", "apiVersion": "v1"},
        "responseStatus": {"metadata": {}, "code": 201},
        "requestObject": {"kind": "Pod", "apiVersion": "v1", "metadata": {"generateName": "run-"}, "spec": {}},
        "responseObject": {"kind": "Pod", "apiVersion": "v1",
            "metadata": {"name": "run-abcde", "generateName": "run-"}, "spec": {"stored": true}},
        "requestReceivedTimestamp": "2026-11-21T23:33:12.123456Z",
        "stageTimestamp": "2026-11-21T23:33:12.223456Z"})
}

fn changed(changes: Value) -> String {
    let mut event = event();
    for (key, value) in changes.as_object().unwrap() {
        event[key] = value.clone();
    }
    event.to_string()
}

/// What a text comes to, in words.
fn said(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    read(text, |found| {
        all.push(match found {
            Ok(Record::Pod(pod)) => {
                let user = pod.user.as_ref().map(|user| user.as_user()).unwrap_or_default();
                let stored = if pod.object.contains("stored") { " stored" } else { "" };
                let name = pod.name.as_deref().unwrap_or("-");
                let (at, namespace) = (pod.at.unwrap_or_default(), &pod.namespace);
                format!(
                    "{namespace}/{name} by {} of {} at {at}{stored}",
                    user.name,
                    user.groups.join("+")
                )
            }
            Ok(other) => format!("{other:?}"),
            Err(unusable) => unusable.message,
        });
    });
    all
}

fn one(changes: Value) -> String {
    let text = changed(changes);
    let mut all = said(&text);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

#[test]
fn a_created_pod_is_the_one_that_was_sent() {
    assert_eq!(one(json!({})), "etl/run-abcde by jane of data+system:authenticated at 1795303992");
    let named = json!({"objectRef": {"resource": "pods", "namespace": "etl", "name": "x"}});
    assert!(one(named).starts_with("etl/x by jane"));
    let impersonated = json!({"impersonatedUser": {"username": "bot", "groups": null}});
    assert!(one(impersonated).starts_with("etl/run-abcde by bot of  at"));
    let stored = one(json!({"requestObject": null}));
    assert!(stored.ends_with(" stored"), "{stored}");
    assert_eq!(one(json!({"requestReceivedTimestamp": "never"})).split(" at ").nth(1), Some("0"));
}

#[test]
fn what_is_no_created_pod_is_told_apart() {
    let other = |changes: Value| assert_eq!(one(changes.clone()), "Other", "{changes}");
    other(json!({"stage": "RequestReceived"}));
    other(json!({"stage": "Panic"}));
    other(json!({"verb": "list"}));
    other(json!({"verb": "delete"}));
    other(json!({"objectRef": null}));
    other(json!({"objectRef": {"resource": "configmaps", "namespace": "etl"}}));
    other(json!({"objectRef": {"resource": "pods", "apiGroup": "metrics.k8s.io"}}));
    for subresource in ["eviction", "binding", "exec"] {
        other(json!({"objectRef": {"resource": "pods", "name": "x", "subresource": subresource}}));
    }
    other(json!({"requestURI": "/api/v1/namespaces/etl/pods?dryRun=All&fieldManager=x"}));
    other(json!({"requestURI": "/api/v1/namespaces/etl/pods?fieldManager=x&dryRun=All"}));
    assert!(
        one(json!({"requestURI": "/api/v1/namespaces/etl/pods?fieldManager=dryRun"}))
            .contains("run-abcde")
    );
    for code in [400, 403, 409, 422, 500] {
        let refused =
            json!({"responseStatus": {"code": code}, "responseObject": {"kind": "Status"}});
        assert_eq!(one(refused), "Refused");
    }
}

#[test]
fn what_the_server_applies_is_created_where_there_was_none() {
    let apply = |code: u64, sent: Value| {
        one(json!({"verb": "patch", "responseStatus": {"code": code}, "requestObject": sent}))
    };
    let pod = json!({"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "run-abcde"}});
    assert!(apply(201, pod.clone()).starts_with("etl/run-abcde by jane"));
    assert!(!apply(201, pod.clone()).ends_with("stored"));
    assert!(apply(201, json!([{"op": "add"}])).ends_with("stored"));
    assert_eq!(apply(200, pod.clone()), "Other");
    assert_eq!(apply(403, pod), "Other");
}

#[test]
fn content_that_is_not_recorded_is_told() {
    for answer in [Value::Null, json!({"kind": "Table"}), json!({"kind": "Status"})] {
        let without = json!({"requestObject": null, "responseObject": answer});
        assert_eq!(one(without), "WithoutContent");
    }
}

#[test]
fn lists_of_events_are_many_records() {
    let mut bare = event();
    bare.as_object_mut().unwrap().retain(|key, _| key != "kind" && key != "apiVersion");
    let list = json!({"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "metadata": {},
        "items": [event(), {"stage": "Panic", "verb": "get"}, bare, {"kind": "Pod"}, 3]});
    let all = said(&list.to_string());
    assert_eq!(all.len(), 5);
    assert!(all[0].contains("run-abcde") && all[2].contains("run-abcde"), "{all:?}");
    assert_eq!(all[1], "Other");
    assert!(all[3].contains("`Pod`"), "{all:?}");
    assert_eq!(all[4], "this is no JSON object");
    let empty = json!({"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "items": null});
    assert!(said(&empty.to_string()).is_empty());
}

fn review(changes: Value) -> String {
    let mut review = json!({"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": {
        "uid": "u-1", "kind": {"group": "", "version": "v1", "kind": "Pod"}, "namespace": "etl", "operation": "CREATE",
        "userInfo": {"username": "jane", "groups": ["data"]},
        "object": {"metadata": {"generateName": "run-"}, "spec": {}}, "dryRun": false}});
    for (key, value) in changes.as_object().unwrap() {
        review["request"][key] = value.clone();
    }
    review.to_string()
}

#[test]
fn reviews_are_judged_where_a_pod_is_created() {
    assert_eq!(said(&review(json!({}))), ["etl/run- by jane of data at 0"]);
    for changes in [
        json!({"dryRun": true}),
        json!({"operation": "UPDATE"}),
        json!({"operation": "DELETE", "object": null}),
        json!({"subResource": "eviction"}),
        json!({"kind": {"group": "apps", "version": "v1", "kind": "Deployment"}}),
    ] {
        assert_eq!(said(&review(changes.clone())), ["Other"], "{changes}");
    }
    let answer = json!({"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1",
        "response": {"uid": "u-1", "allowed": true}});
    assert_eq!(said(&answer.to_string()), ["Other"]);
    let nothing = json!({"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1"});
    assert_eq!(said(&nothing.to_string()), ["the AdmissionReview holds no request"]);
}

#[test]
fn what_cannot_be_judged_says_why() {
    let cut = event().to_string();
    let cases = [
        ("hello", "this is no JSON object"),
        ("[1]", "this is no JSON object"),
        (&cut[..cut.len() / 2], "the record is cut: its JSON does not end"),
        ("{\"a\": 1 \"b\"}", "the record is damaged: expected"),
        ("{} {}", "the record is damaged: trailing characters"),
        ("{\"kind\": 3}", "the record is damaged: "),
        ("{}", "this is neither an audit event nor an AdmissionReview: it has no kind"),
        (
            r#"{"kind": "Event", "apiVersion": "audit.k8s.io/v1beta1"}"#,
            "an audit event of `audit.k8s.io/v1beta1`",
        ),
        (r#"{"kind": "Event", "apiVersion": "v1"}"#, "a `Event` of `v1`"),
        (r#"{"kind": "Pod", "apiVersion": "v1"}"#, "a `Pod` of `v1`"),
        (
            r#"{"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1beta1"}"#,
            "AdmissionReview of `admission.k8s.io/v1beta1`",
        ),
        (
            r#"{"kind": "Event", "apiVersion": "audit.k8s.io/v1"}"#,
            "the event is damaged: it has no stage, or no verb",
        ),
    ];
    for (text, part) in cases {
        let all = said(text);
        assert_eq!(all.len(), 1, "{text}: {all:?}");
        assert!(all[0].contains(part), "{text}: {all:?}");
    }
    let wrong = one(json!({"objectRef": 3}));
    assert!(wrong.contains("objectRef cannot be read"), "{wrong}");
}

#[test]
fn times_are_whole_seconds_rounded_down_and_those_that_are_none_are_known_as_lost() {
    for (text, at, is_lost) in [
        ("1970-01-01T00:00:00.5Z", Some(0), false),
        ("1969-12-31T23:59:59.5Z", Some(-1), false),
        ("1969-12-31T23:59:59Z", Some(-1), false),
        ("9999-12-31T23:59:59Z", None, true),
        ("yesterday", None, true),
    ] {
        read(&changed(json!({"requestReceivedTimestamp": text})), |found| match found {
            Ok(Record::Pod(pod)) => assert_eq!((pod.at, pod.is_time_lost), (at, is_lost), "{text}"),
            other => panic!("{text}: {other:?}"),
        });
    }
}
