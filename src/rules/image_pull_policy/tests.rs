use std::sync::Arc;

use rstest::rstest;
use serde_json::{Value, json};

use crate::engine::{Attributes, Decision, Engine, NamespaceFacts, Operation, Stage};
use crate::finding::Violation;
use crate::pod::kinds::Object;
use crate::policy::{PolicyError, PolicySet};

fn policy(name: &str, settings: &Value) -> Value {
    json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": name},
           "spec": {"rules": [{"name": "r", "action": "Patch", "imagePullPolicy": settings}]}})
}

fn engine(settings: &[Value]) -> Engine {
    let policies: Vec<Value> = settings
        .iter()
        .enumerate()
        .map(|(at, settings)| policy(&format!("p{at}"), settings))
        .collect();
    Engine::new(Arc::new(PolicySet::compile(&policies.iter().collect::<Vec<_>>()).unwrap()))
}

fn attributes(pod: &Value) -> Attributes<'_> {
    Attributes {
        operation: Operation::Create,
        group: "",
        kind: "Pod",
        subresource: "",
        namespace: "default",
        user: None,
        object: Some(Object::Value(pod)),
        old_object: None,
        facts: NamespaceFacts::default(),
        now: None,
        ..Attributes::default()
    }
}

fn decide(settings: &[Value], pod: &Value, stage: Stage) -> Decision {
    engine(settings).decide(&attributes(pod), stage)
}

/// The pod after `/mutate`.
fn mutated(settings: &[Value], pod: &Value) -> Value {
    let decision = decide(settings, pod, Stage::Mutate);
    let patch: json_patch::Patch = serde_json::from_value(json!(decision.patch)).unwrap();
    let mut pod = pod.clone();
    json_patch::patch(&mut pod, &patch).unwrap();
    pod
}

/// What AlwaysPullImages makes of a pod, each time it is run.
fn always_pull_images(mut pod: Value) -> Value {
    for list in ["initContainers", "containers"] {
        for container in pod["spec"][list].as_array_mut().into_iter().flatten() {
            container["imagePullPolicy"] = json!("Always");
        }
    }
    for volume in pod["spec"]["volumes"].as_array_mut().into_iter().flatten() {
        if let Some(image) = volume.get_mut("image") {
            image["pullPolicy"] = json!("Always");
        }
    }
    pod
}

fn pods() -> [Value; 3] {
    let one = json!([{"name": "base", "image": "apache/airflow:3.3.2"}]);
    let two =
        json!([{"name": "base", "image": "app:1"}, {"name": "proxy", "image": "proxy:latest"}]);
    let init = json!([{"name": "fetch", "image": "fetch:1"}]);
    let volumes = json!([{"name": "models", "image": {"reference": "models:1"}}]);
    [
        json!({"spec": {"containers": one}}),
        json!({"spec": {"containers": two, "initContainers": init}}),
        json!({"spec": {"containers": one, "volumes": volumes}}),
    ]
}

#[rstest]
#[case(&[json!({})])]
#[case(&[json!({}), json!({})])]
#[case(&[json!({"containers": {"include": ["base"]}}), json!({"onlyWhere": "Any"})])]
#[case(&[json!({"alwaysPullImages": "Present"})])]
fn a_cluster_with_always_pull_images_takes_every_pod(#[case] settings: &[Value]) {
    for pod in pods() {
        let first = mutated(settings, &always_pull_images(pod));
        let again = always_pull_images(first);
        let last = mutated(settings, &again);
        // The plugin's own Validate takes nothing that it would change.
        assert_eq!(last, always_pull_images(last.clone()));
    }
}

#[test]
fn what_came_back_is_said_and_not_fixed() {
    let settings = [json!({})];
    let [pod, ..] = pods();
    let pod = always_pull_images(mutated(&settings, &always_pull_images(pod)));
    let decision = decide(&settings, &pod, Stage::Validate);
    let [finding] = decision.findings.as_slice() else { panic!("{decision:?}") };
    assert!(decision.allowed && finding.violation.fix.is_none());
    assert!(finding.violation.message.contains("AlwaysPullImages"), "{finding:?}");
    assert!(finding.violation.help.contains("alwaysPullImages: Present"), "{finding:?}");
    let present = decide(&[json!({"alwaysPullImages": "Present"})], &pod, Stage::Whole);
    assert!(present.findings.is_empty());
}

#[test]
fn without_the_plugin_every_pod_is_patched() {
    for pod in pods() {
        let pod = mutated(&[json!({})], &always_pull_images(pod));
        for list in ["initContainers", "containers"] {
            for container in pod["spec"][list].as_array().into_iter().flatten() {
                let latest = container["image"] == "proxy:latest";
                let wanted = if latest { "Always" } else { "IfNotPresent" };
                assert_eq!(container["imagePullPolicy"], wanted);
            }
        }
    }
}

/// The one finding about an image with a pull policy.
fn violation(settings: Value, image: &str, policy: Option<&str>) -> Violation {
    let mut container = json!({"name": "base", "image": image});
    if let Some(policy) = policy {
        container["imagePullPolicy"] = json!(policy);
    }
    let pod = json!({"spec": {"containers": [container]}});
    let mut found = decide(&[settings], &pod, Stage::Mutate).findings;
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0).violation
}

#[test]
fn messages_tell_what_was_defaulted() {
    let any = || json!({"onlyWhere": "Any"});
    let reverse = || json!({"deny": ["IfNotPresent"], "onlyWhere": "Any", "replaceWith": "Never"});
    let digest = format!("sha256:{}", "0".repeat(64));
    let pinned = format!("app:latest@{digest}");
    let bare = format!("app@{digest}");
    let start = "asks the registry at every start";
    let because = "(defaulted, because";
    for (settings, image, policy, wanted) in [
        (
            json!({}),
            "app:1",
            Some("Always"),
            format!("`Always` {start}, though the image's tag is fixed"),
        ),
        (
            json!({}),
            &pinned,
            None,
            format!(
                "`Always` {because} the tag is latest) {start}, though a digest fixes the image"
            ),
        ),
        (any(), "app:latest", None, format!("`Always` {because} the tag is latest) {start}")),
        (
            any(),
            "app",
            None,
            format!("`Always` {because} there is no tag, which means latest) {start}"),
        ),
        (any(), "app", Some("Always"), format!("`Always` {start}")),
        (
            reverse(),
            "app:1",
            None,
            format!("`IfNotPresent` {because} the tag is not latest) is denied"),
        ),
        (
            reverse(),
            &bare,
            None,
            format!("`IfNotPresent` {because} there is a digest and no tag) is denied"),
        ),
    ] {
        assert_eq!(violation(settings, image, policy).message, wanted, "{image}");
    }
}

#[test]
fn summaries_are_short() {
    let fix = violation(json!({}), "app:1", Some("Always")).fix.unwrap();
    assert_eq!(fix.summary, "container base: imagePullPolicy Always -> IfNotPresent");
    let volumes =
        json!([{"name": "models", "image": {"reference": "models:1", "pullPolicy": "Always"}}]);
    let mut found =
        decide(&[json!({})], &json!({"spec": {"volumes": volumes}}), Stage::Mutate).findings;
    let fix = found.remove(0).violation.fix.unwrap();
    assert_eq!(fix.summary, "image volume models: pullPolicy Always -> IfNotPresent");
}

#[test]
fn another_image_does_not_make_an_old_finding_new() {
    let pod = |image| {
        json!({"spec": {"containers": [
            {"name": "base", "image": image, "imagePullPolicy": "Always"}]}})
    };
    let (before, after) = (pod("app:1"), pod("app:2"));
    let update = Attributes {
        operation: Operation::Update,
        old_object: Some(Object::Value(&before)),
        ..attributes(&after)
    };
    assert!(engine(&[json!({})]).decide(&update, Stage::Validate).findings.is_empty());
}

#[test]
fn two_policies_that_contradict_each_other_are_noticed() {
    let reverse = json!({"deny": ["IfNotPresent"], "replaceWith": "Always"});
    let same = engine(&[json!({}), json!({"onlyWhere": "Any"})]);
    assert!(same.policies().conflicts().is_empty());
    let engine = engine(&[json!({}), reverse]);
    let fields: Vec<String> =
        engine.policies().conflicts().iter().map(ToString::to_string).collect();
    assert_eq!(fields.len(), 2, "{fields:?}");
    let pod = always_pull_images(pods()[0].clone());
    let decision = engine.decide(&attributes(&pod), Stage::Mutate);
    assert_eq!(decision.conflicts.len(), 1, "{decision:?}");
}

fn refusal(settings: &Value) -> PolicyError {
    let mut errors = PolicySet::compile(&[&policy("p", settings)]).unwrap_err();
    assert_eq!(errors.len(), 1);
    errors.remove(0)
}

#[rstest]
#[case(json!({"deny": []}), "/deny", "denies no pull policy")]
#[case(json!({"deny": ["IfNotPresent"]}), "/replaceWith", "`IfNotPresent` is denied")]
#[case(json!({"replaceWith": "Always"}), "/replaceWith", "`Always` is denied")]
#[case(json!({"deny": ["always"]}), "/deny/0", "unknown variant")]
#[case(json!({"mutableTags": ["a", "[x"]}), "/mutableTags/1", "malformed")]
#[case(json!({"onlyWhere": "Fixed"}), "/onlyWhere", "unknown variant")]
fn contradictions_are_refused_with_their_place(
    #[case] settings: Value,
    #[case] place: &str,
    #[case] message: &str,
) {
    let error = refusal(&settings);
    assert_eq!(error.pointer.as_str(), format!("/spec/rules/0/imagePullPolicy{place}"));
    assert!(error.message.contains(message), "{error:?}");
}
