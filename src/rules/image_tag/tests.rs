use std::sync::Arc;

use rstest::rstest;
use serde_json::{Value, json};

use crate::engine::{Attributes, Engine, NamespaceFacts, Operation, Stage};
use crate::pod::kinds::Object;
use crate::policy::{PolicyError, PolicySet};

fn policy(settings: &Value) -> Value {
    json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": "p"},
           "spec": {"rules": [{"name": "r", "action": "Deny", "imageTag": settings}]}})
}

/// (field, message, help) of every finding.
fn findings(settings: &Value, spec: &Value) -> Vec<(String, String, String)> {
    let policy = policy(settings);
    let engine = Engine::new(Arc::new(PolicySet::compile(&[&policy]).unwrap()));
    let pod = json!({"spec": spec});
    let attributes = Attributes {
        operation: Operation::Create,
        group: "",
        kind: "Pod",
        subresource: "",
        namespace: "default",
        user: None,
        object: Some(Object::Value(&pod)),
        old_object: None,
        facts: NamespaceFacts::default(),
        now: None,
        ..Attributes::default()
    };
    let found = engine.decide(&attributes, Stage::Whole).findings.into_iter();
    found
        .map(|finding| finding.violation)
        .map(|found| (found.pointer.field_path(), found.message, found.help))
        .collect()
}

fn message(settings: &Value, image: &str) -> String {
    let spec = json!({"containers": [{"name": "base", "image": image}]});
    let mut found = findings(settings, &spec);
    assert_eq!(found.len(), 1, "{found:?}");
    let (field, message, _) = found.remove(0);
    assert_eq!(field, "spec.containers[0].image");
    message
}

fn refusal(settings: &Value) -> PolicyError {
    let mut errors = PolicySet::compile(&[&policy(settings)]).unwrap_err();
    assert_eq!(errors.len(), 1);
    errors.remove(0)
}

#[rstest]
#[case(json!({}), "nginx", "`nginx` has no tag and so means `latest`, which is denied")]
#[case(json!({}), "nginx:latest", "`nginx:latest`: the tag `latest` is denied")]
#[case(
    json!({}),
    "host:5000/app",
    "`host:5000/app` has no tag (5000 is the registry's port) and so means `latest`, which is denied"
)]
#[case(json!({}), "[::1]/app", "`[::1]/app` has no tag and so means `latest`, which is denied")]
#[case(json!({"allow": ["v*"]}), "app:1", "`app:1`: the tag `1` is not among the tags allowed")]
#[case(
    json!({"allow": ["v*"]}),
    "app",
    "`app` has no tag and so means `latest`, which is not among the tags allowed"
)]
#[case(
    json!({"requireDigest": true}),
    "app:1",
    "`app:1` names no digest, so what it means can change"
)]
#[case(
    json!({}),
    "ghcr.io/App:1",
    "`ghcr.io/App:1` is no image reference: a repository name must be lower case: 'A' at character 9"
)]
#[case(json!({}), "", "`` is no image reference: an image reference must not be empty")]
fn messages(#[case] settings: Value, #[case] image: &str, #[case] wanted: &str) {
    assert_eq!(message(&settings, image), wanted);
}

#[test]
fn an_image_volume_is_named_in_its_message() {
    let spec = json!({"volumes": [{"name": "models", "image": {"reference": "models"}}]});
    let found = findings(&json!({}), &spec);
    let [(field, message, _)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(field, "spec.volumes[0].image.reference");
    assert!(message.starts_with("image volume `models`: `models` has no tag"), "{message}");
}

#[test]
fn the_help_names_what_is_allowed() {
    let spec = json!({"containers": [{"name": "base", "image": "app"}]});
    let settings = json!({"allow": ["v[0-9]*", "1.*"]});
    let (_, _, help) = findings(&settings, &spec).remove(0);
    assert_eq!(help, "name a tag that matches one of `v[0-9]*`, `1.*`, or a digest");
}

#[rstest]
#[case(json!({"allow": []}), "/allow", "allows no tag at all")]
#[case(json!({"allow": ["v*", "x"], "deny": ["x"]}), "/allow/1", "denied as well")]
#[case(json!({"deny": ["a", ""]}), "/deny/1", "malformed")]
#[case(json!({"allow": ["[a"]}), "/allow/0", "malformed")]
#[case(json!({"images": {"include": ["[a"]}}), "/images/include/0", "malformed")]
#[case(json!({"tags": ["a"]}), "/tags", "unknown field")]
fn contradictions_are_refused_with_their_place(
    #[case] settings: Value,
    #[case] place: &str,
    #[case] message: &str,
) {
    let error = refusal(&settings);
    assert_eq!(error.pointer.as_str(), format!("/spec/rules/0/imageTag{place}"));
    assert!(error.message.contains(message), "{error:?}");
}
