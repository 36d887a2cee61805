//! The laws of the engine, on generated pods and policies.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::sync::{Arc, LazyLock};

use plimsoll::digests::{Digests, Resolution};
use plimsoll::engine::{Attributes, Decision, Engine, NamespaceFacts, Operation, Stage};
use plimsoll::pod::kinds::Object;
use plimsoll::policy::{Action, PolicySet};
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};
use serde_json::{Value, json};

#[path = "laws/exemptions.rs"]
mod exemptions;
#[path = "laws/expressions.rs"]
mod expressions;
#[path = "laws/fixing.rs"]
mod fixing;
#[path = "laws/placement.rs"]
mod placement;
#[path = "support/pods.rs"]
mod pods;
#[cfg(feature = "serve")]
#[path = "laws/recording.rs"]
mod recording;
#[path = "laws/surveys.rs"]
mod surveys;

/// Policies that touch every field a fix writes, some of them at odds with each other.
fn policies() -> Vec<Value> {
    let policy = |name: &str, matching: Value, rules: Value| {
        json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": name},
               "spec": {"match": matching, "rules": rules}})
    };
    let spread = |key: &str| json!({"topologyKey": key, "maxSkew": 1, "whenUnsatisfiable": "ScheduleAnyway"});
    vec![
        policy(
            "tag",
            json!({}),
            json!([{"name": "no-latest", "action": "Deny", "imageTag": {"deny": ["latest"]}}]),
        ),
        policy(
            "pull",
            json!({}),
            json!([
            {"name": "once", "action": "Patch", "imagePullPolicy": {"deny": ["Always"]}}]),
        ),
        policy(
            "pull-any",
            json!({}),
            json!([
            {"name": "never", "action": "Patch",
             "imagePullPolicy": {"deny": ["Always", "IfNotPresent"], "onlyWhere": "Any", "replaceWith": "Never"}}]),
        ),
        policy(
            "pin",
            json!({}),
            json!([
            {"name": "pin", "action": "Patch", "imageDigest": {}},
            {"name": "pin-or-refuse", "action": "Patch",
             "imageDigest": {"onFailure": "Deny", "images": {"exclude": ["docker.io/*"]}}}]),
        ),
        policy(
            "resources",
            json!({}),
            json!([
            {"name": "all", "action": "Patch", "resources": {
                "requests": {"cpu": {"required": true, "default": "100m"}, "memory": {"required": true, "default": "128Mi"}},
                "limits": {"memory": {"required": true, "default": "256Mi"}}}}]),
        ),
        policy(
            "small",
            json!({"workloads": ["Batch"]}),
            json!([
            {"name": "all", "action": "Patch", "resources": {
                "requests": {"memory": {"required": true, "default": "32Mi"}},
                "limits": {"memory": {"required": true, "default": "64Mi"}, "cpu": {"required": true, "default": "2"}}}}]),
        ),
        policy(
            "dns",
            json!({}),
            json!([
            {"name": "node", "action": "Patch", "dns": {"policy": "Default", "options": [{"name": "ndots", "value": "2"}]}}]),
        ),
        policy(
            "dns-other",
            json!({"workloads": ["Batch"]}),
            json!([
            {"name": "own", "action": "Patch", "dns": {"policy": "None", "nameservers": ["10.0.0.53"],
                "options": [{"name": "ndots", "value": "1"}, {"name": "rotate"}]}}]),
        ),
        policy(
            "ending",
            json!({}),
            json!([
            {"name": "endings", "action": "Patch", "termination": {"terminationGracePeriodSeconds": {"min": 20, "max": 100},
                "preStop": {"sleepSeconds": 15}, "activeDeadlineSeconds": {"required": true, "default": 600, "max": 3600}}}]),
        ),
        policy(
            "ending-other",
            json!({"workloads": ["Batch"]}),
            json!([
            {"name": "sooner", "action": "Patch", "termination": {"terminationGracePeriodSeconds": {"max": 30},
                "preStop": {"sleepSeconds": 25}, "activeDeadlineSeconds": {"max": 300}}}]),
        ),
        policy(
            "spread",
            json!({}),
            json!([
            {"name": "hosts", "action": "Patch", "topologySpread": {"constraints":
                [spread("kubernetes.io/hostname"), spread("topology.kubernetes.io/zone")]}}]),
        ),
        policy(
            "spread-more",
            json!({}),
            json!([
            {"name": "racks", "action": "Patch", "topologySpread": {"constraints":
                [spread("example.com/rack"), spread("kubernetes.io/hostname")]}}]),
        ),
        policy(
            "nodes",
            json!({}),
            json!([
            {"name": "steady", "action": "Patch", "placement": {
                "nodeSelector": {"node-pool": "steady"}, "priorityClassName": "system-cluster-critical",
                "tolerations": [{"key": "dedicated", "value": "steady", "effect": "NoSchedule"},
                    {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 30}],
                "disruption": "Avoid"}}]),
        ),
        policy(
            "nodes-other",
            json!({"workloads": ["Batch"]}),
            json!([
            {"name": "elastic", "action": "Patch", "placement": {
                "nodeAffinity": {
                    "required": [{"key": "node-pool", "operator": "In", "values": ["elastic"]},
                        {"key": "cores", "operator": "Gt", "values": ["7"]}],
                    "preferred": [{"weight": 9, "matchExpressions": [{"key": "zone", "operator": "In", "values": ["8"]}]}]},
                "schedulerName": "volcano",
                "forbid": {"tolerations": [{"key": "dedicated", "value": "steady"}], "nodeSelector": {"node-pool": ["steady"]}}}}]),
        ),
        policy(
            "registry",
            json!({}),
            json!([
            {"name": "mirror", "action": "Patch", "imageRegistry": {
                "rewrite": [{"from": "docker.io", "to": "mirror.example.com/hub"}, {"from": "quay.io/jupyter/", "to": "mirror.example.com/jupyter"}],
                "deny": ["mirror.example.com/hub/repo/**"], "imagePullSecrets": ["mirror"]}}]),
        ),
        policy(
            "registry-other",
            json!({"workloads": ["Batch"]}),
            json!([
            {"name": "mirror", "action": "Patch", "imageRegistry": {
                "rewrite": [{"from": "docker.io/library", "to": "other.example.com"}, {"from": "mirror.example.com", "to": "docker.io/mirrored"},
                    {"from": "host:5000/app", "to": "apps.example.com/app"}],
                "imagePullSecrets": ["other", "mirror"]}}]),
        ),
        policy(
            "expressions",
            json!({}),
            json!([
            {"name": "tokens", "action": "Patch", "expression": {
                "variables": [{"name": "images", "expression": "object.spec.containers.map(c, c.image)"}],
                "validations": [
                    {"expression": "variables.images.all(i, i.contains('@'))", "messageExpression": "variables.images[0]"},
                    {"expression": "object.metadata.labels['app'] == 'web'", "fieldPath": "metadata.labels"}],
                "patches": [{"expression": "has(object.spec.automountServiceAccountToken) ? [] :
                    [JSONPatch{op: 'add', path: '/spec/automountServiceAccountToken', value: false}]"},
                    {"expression": "has(object.spec.hostAliases) || object.spec.containers.all(c, c.imagePullPolicy != 'Never') ? [] :
                    [JSONPatch{op: 'add', path: '/spec/hostAliases', value: [Object.spec.hostAliases{ip: '10.0.0.1', hostnames: ['cache']}]}]"}]}}]),
        ),
        policy(
            "labels",
            json!({}),
            json!([
            {"name": "team", "action": "Patch", "labels": {
                "labels": [{"key": "example.com/team", "oneOf": ["data", "web"], "default": {"fromNamespaceLabel": "team", "value": "web"}},
                    {"key": "app", "default": {"value": "none"}}],
                "annotations": [{"key": "note", "glob": "?*", "default": {"value": "none"}}],
                "forbidden": {"labels": ["dag_id"], "annotations": ["plimsoll.dev/*"]}}}]),
        ),
        policy(
            "labels-other",
            json!({"workloads": ["Batch"]}),
            json!([
            {"name": "team", "action": "Patch", "labels": {
                "labels": [{"key": "example.com/team", "default": {"value": "data"}}, {"key": "plimsoll.dev/crowd", "default": {"value": "all"}}],
                "annotations": [{"key": "note", "regex": "[a-z]+", "default": {"fromNamespaceLabel": "team"}}]}}]),
        ),
    ]
}

/// What registries say of the images of generated pods: of most the digest.
static DIGESTS: LazyLock<Digests> = LazyLock::new(|| {
    let mut digests = Digests::default();
    digests.close("the registry does not answer");
    for (image, digit) in [
        ("docker.io/library/nginx:latest", "1"),
        ("docker.io/library/nginx:1.27", "2"),
        ("host:5000/app:latest", "3"),
        ("[::1]:5000/x:2", "4"),
    ] {
        digests.insert(image, Resolution::Digest(format!("sha256:{}", digit.repeat(64))));
    }
    digests
});

fn engine(policies: &[Value]) -> Engine {
    let objects: Vec<&Value> = policies.iter().collect();
    Engine::new(Arc::new(PolicySet::compile(&objects).unwrap()))
}

fn decide(engine: &Engine, object: &Value, stage: Stage) -> Decision {
    decide_on(engine, Object::Value(object), stage)
}

fn decide_on(engine: &Engine, object: Object<'_>, stage: Stage) -> Decision {
    engine.decide(
        &Attributes {
            operation: Operation::Create,
            group: "",
            kind: "Pod",
            subresource: "",
            namespace: "etl",
            user: None,
            object: Some(object),
            old_object: None,
            facts: NamespaceFacts {
                labels: Some(&json!({"team": "data"})),
                ..NamespaceFacts::default()
            },
            digests: Some(&DIGESTS),
            now: None,
            ..Attributes::default()
        },
        stage,
    )
}

fn patched(object: &Value, decision: &Decision) -> Value {
    let patch: json_patch::Patch = serde_json::from_value(json!(decision.patch)).unwrap();
    let mut object = object.clone();
    json_patch::patch(&mut object, &patch).unwrap();
    object
}

fn seen(decision: &Decision) -> Vec<(String, String, String)> {
    let mut seen: Vec<_> = decision
        .findings
        .iter()
        .map(|found| {
            (
                format!("{}/{}", found.policy, found.rule),
                found.violation.pointer.to_string(),
                found.action.to_string(),
            )
        })
        .collect();
    seen.sort();
    seen
}

/// The part of RFC 6902 that minimal patches need; everything else in one is a fault.
fn assert_minimal(object: &Value, decision: &Decision) {
    for operation in json!(decision.patch).as_array().unwrap() {
        let path = operation["path"].as_str().unwrap();
        let there = object.pointer(path);
        if operation["op"] == "replace" {
            let value = there.unwrap_or_else(|| panic!("{path} is replaced and was not there"));
            assert!(!value.is_array() && !value.is_object(), "{path} is replaced as a whole");
            assert_ne!(value, &operation["value"], "{path} is replaced with what it was");
        } else {
            assert!(
                operation["op"] == "remove" || there.is_none_or(Value::is_null),
                "{path} is added and was there"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Law 2: applying again changes nothing, and what was fixed is silent, whichever policies are in force.
    #[test]
    fn fixes_settle(pod in pods::pod(), chosen in subsequence(policies(), 1..=policies().len())) {
        let engine = engine(&chosen);
        let first = decide(&engine, &pod, Stage::Mutate);
        assert_minimal(&pod, &first);
        let after = patched(&pod, &first);
        let second = decide(&engine, &after, Stage::Mutate);
        prop_assert!(second.patch.is_empty(), "{:?}\nafter {:?}\non {after}", second.patch, first.patch);
        if engine.policies().conflicts().is_empty() {
            let judged = decide(&engine, &after, Stage::Validate);
            let left: Vec<_> = judged.findings.iter().filter(|found| found.violation.fix.is_some()).collect();
            prop_assert!(left.is_empty(), "{left:?}");
        }
    }

    /// Law 2: the order of policies does not matter.
    #[test]
    fn order_does_not_matter(pod in pods::pod(), chosen in subsequence(policies(), 2..=policies().len()), swaps in proptest::collection::vec(any::<(Index, Index)>(), 6)) {
        let mut shuffled = chosen.clone();
        for (a, b) in swaps {
            let (a, b) = (a.index(chosen.len()), b.index(chosen.len()));
            shuffled.swap(a, b);
        }
        for stage in [Stage::Mutate, Stage::Validate, Stage::Whole] {
            let (one, other) = (decide(&engine(&chosen), &pod, stage), decide(&engine(&shuffled), &pod, stage));
            prop_assert_eq!(&one.patch, &other.patch);
            prop_assert_eq!(&one.conflicts, &other.conflicts);
            prop_assert_eq!(seen(&one), seen(&other));
        }
    }

    /// Law 1: a manifest gets the verdict that a review would get, in two halves.
    #[test]
    fn the_doors_agree(pod in pods::pod(), chosen in subsequence(policies(), 1..=policies().len())) {
        let engine = engine(&chosen);
        let whole = decide(&engine, &pod, Stage::Whole);
        // A review carries text, in which strings may hold escapes.
        let text = pod.to_string();
        let read = decide_on(&engine, Object::Json(&text), Stage::Whole);
        prop_assert_eq!(seen(&whole), seen(&read));
        prop_assert_eq!(&whole.patch, &read.patch);
        prop_assert_eq!(whole.allowed, read.allowed);
        let mutated = decide(&engine, &pod, Stage::Mutate);
        let judged = decide(&engine, &patched(&pod, &mutated), Stage::Validate);
        let mut halves = [seen(&mutated), seen(&judged)].concat();
        halves.sort();
        prop_assert_eq!(seen(&whole), halves);
        prop_assert_eq!(whole.allowed, judged.allowed);
    }

    /// Law 4: nothing is sent when nothing changes; the view and the object agree after every patch.
    #[test]
    fn nothing_is_sent_when_nothing_changes(pod in pods::pod()) {
        let engine = engine(&policies());
        let decision = decide(&engine, &pod, Stage::Mutate);
        prop_assert_eq!(decision.patch.is_empty(), decision.by_action(Action::Patch).next().is_none());
        prop_assert_eq!(decision.edits().next().is_none(), decision.patch.is_empty());
        let after = patched(&pod, &decision);
        prop_assert_eq!(after == pod, decision.patch.is_empty());
    }
}

/// The pull policy that an absent one stands for is denied too, and its fix settles.
#[test]
fn an_absent_pull_policy_is_mended_once() {
    let pod =
        json!({"metadata": {}, "spec": {"containers": [{"name": "main-0", "image": "nginx"}]}});
    let pull_any: Vec<_> =
        policies().into_iter().filter(|policy| policy["metadata"]["name"] == "pull-any").collect();
    let engine = engine(&pull_any);
    let first = decide(&engine, &pod, Stage::Mutate);
    assert_minimal(&pod, &first);
    let after = patched(&pod, &first);
    assert_eq!(after["spec"]["containers"][0]["imagePullPolicy"], "Never");
    let second = decide(&engine, &after, Stage::Mutate);
    assert!(second.patch.is_empty() && second.findings.is_empty(), "{second:?}");
}

/// Law 5: a pod is patched when it is created and at no other time.
#[test]
fn updates_are_never_patched() {
    let engine = engine(&policies());
    let pod = json!({"metadata": {"name": "x"}, "spec": {"containers": [{"name": "a", "image": "nginx"}]}});
    let attributes = Attributes {
        operation: Operation::Update,
        group: "",
        kind: "Pod",
        subresource: "",
        namespace: "etl",
        user: None,
        object: Some(Object::Value(&pod)),
        old_object: Some(Object::Value(&pod)),
        facts: NamespaceFacts::default(),
        now: None,
        ..Attributes::default()
    };
    for stage in [Stage::Mutate, Stage::Validate, Stage::Whole] {
        let decision = engine.decide(&attributes, stage);
        assert!(
            decision.patch.is_empty() && decision.findings.is_empty() && decision.allowed,
            "{decision:?}"
        );
    }
}
