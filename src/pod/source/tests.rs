use serde_json::json;

use super::*;
use crate::pointer::Pointer;

fn kind(group: &str, kind: &str) -> &'static PodKind {
    PodKind::find(group, kind).unwrap()
}

#[test]
fn a_template_is_the_pod_that_comes_of_it() {
    let job = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"}, "spec": {"template": {
        "metadata": {"labels": {"a": "b"}}, "status": {}, "spec": {"containers": [{"name": "c", "image": "x:1"}]}}}});
    let text = job.to_string();
    for object in [Object::Value(&job), Object::Json(&text)] {
        let source = Source::new(object, kind("batch", "Job"));
        let pod = source.tree("etl").view().to_json();
        assert_eq!(pod["kind"], "Pod");
        assert_eq!(pod["apiVersion"], "v1");
        assert_eq!(pod["metadata"], json!({"labels": {"a": "b"}, "namespace": "etl"}));
        assert_eq!(pod["spec"]["containers"][0]["imagePullPolicy"], "IfNotPresent");
        assert!(pod.get("status").is_none(), "{pod}");
    }
}

#[test]
fn a_pod_as_the_api_server_shows_it_is_taken_as_it_is() {
    let mut shown = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "a"},
        "spec": {"containers": [{"name": "c", "image": "x:1"}]}});
    default_pod(&mut shown);
    // Nothing is looked for in it any more.
    shown["spec"]["odd"] = json!(null);
    let text = shown.to_string();
    let source = Source::new(Object::Json(&text), kind("", "Pod"));
    assert_eq!(source.tree("a").view().to_json(), shown);
    shown["spec"]["nodeName"] = json!("n");
    let text = shown.to_string();
    let unbound = Source::new(Object::Json(&text), kind("", "Pod")).unbound();
    assert!(unbound.tree("a").get("spec").unwrap().get("nodeName").is_none());
}

#[test]
fn changes_are_seen_and_defaulted() {
    let pod = json!({"spec": {"containers": [{"name": "c", "image": "x:1"}]}});
    let mut source = Source::new(Object::Value(&pod), kind("", "Pod")).watched();
    assert_eq!(source.tree("").view().to_json()["spec"]["dnsPolicy"], "ClusterFirst");
    let copy = source.clone();
    source.record(&Edit::set(Pointer::new("/spec/dnsPolicy"), "Default"));
    assert_eq!(source.depth(&["spec", "volumes", "0"]), Some(1));
    let volume = json!({"name": "v", "configMap": {"name": "m"}});
    source.record(&Edit::append(Pointer::new("/spec/volumes"), volume));
    assert_eq!(source.depth(&["spec", "volumes", "0", "configMap", "defaultMode"]), Some(4));
    let found = source.tree("").view().to_json();
    assert_eq!(found["spec"]["dnsPolicy"], "Default");
    assert_eq!(found["spec"]["volumes"][0]["configMap"]["defaultMode"], 420);
    source.forget_after(1);
    assert!(source.tree("").get("spec").unwrap().get("volumes").is_none());
    assert_eq!(copy.tree("").view().to_json()["spec"]["dnsPolicy"], "ClusterFirst");
}

#[test]
fn what_is_no_pod_is_null_or_empty() {
    assert_eq!(Source::default().value("a"), Value::Null);
    let malformed = Source::new(Object::Json("{\"spec\": {]}"), kind("", "Pod"));
    assert_eq!(malformed.tree("a").view().to_json(), Value::Null);
    let other = Source::new(Object::Json("{\"spec\": 7}"), kind("", "Pod"));
    assert_eq!(other.tree("").view().to_json()["spec"], 7);
}
