//! `fix` on texts of all styles: then `check` is silent, comments are kept, only the engine's patch is in the text, and a
//! second time nothing changes. `PROPTEST_CASES=20000 cargo test --test fix` looks longer.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "support/pods.rs"]
mod pods;
#[allow(dead_code, unreachable_pub, reason = "the tests of surgery use all of it")]
#[path = "surgery/style.rs"]
mod style;
#[allow(dead_code, unreachable_pub, reason = "the tests of surgery use all of it")]
#[path = "surgery/values.rs"]
mod values;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use plimsoll::check::{self, Context};
use plimsoll::engine::{Attributes, Decision, Engine, NamespaceFacts, Operation, Stage};
use plimsoll::finding::Safety;
use plimsoll::fix::{self, Done, Options};
use plimsoll::manifest::parse;
use plimsoll::pod::kinds::{Object, POD_KINDS, PodKind};
use plimsoll::policy::PolicySet;
use proptest::prelude::*;
use serde_json::{Value, json};
use values::Dice;

/// Rules with fixes of all kinds, with every action.
fn engine() -> Engine {
    let policy = |name: &str, rules: Value| {
        json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": name},
               "spec": {"rules": rules}})
    };
    let constraint = |key: &str, when: &str| json!({"topologyKey": key, "maxSkew": 1, "whenUnsatisfiable": when});
    let policies = [
        policy("pull", json!([{"name": "once", "action": "Audit", "imagePullPolicy": {}}])),
        policy(
            "amounts",
            json!([{"name": "all", "action": "Deny", "resources": {
            "requests": {"cpu": {"default": "100m"}, "memory": {"default": "128Mi"}},
            "limits": {"memory": {"default": "256Mi"}, "cpu": {"forbidden": true}}}}]),
        ),
        policy(
            "names",
            json!([{"name": "node", "action": "Patch", "dns": {"policy": "Default", "searches": ["example.com"],
            "options": [{"name": "ndots", "value": "2", "override": true}, {"name": "rotate"}]}}]),
        ),
        policy(
            "spread",
            json!([{"name": "hosts", "action": "Warn", "topologySpread": {"constraints":
            [constraint("kubernetes.io/hostname", "ScheduleAnyway"), constraint("example.com/rack", "DoNotSchedule")]}}]),
        ),
    ];
    let objects: Vec<&Value> = policies.iter().collect();
    Engine::new(Arc::new(PolicySet::compile(&objects).unwrap()))
}

/// The pod as an object of a kind.
fn object(mut pod: Value, kind: &PodKind, at: usize) -> Value {
    let version =
        if kind.group.is_empty() { "v1".to_owned() } else { format!("{}/v1", kind.group) };
    let mut object = json!({"apiVersion": version, "kind": kind.kind});
    if kind.is_pod() {
        object.as_object_mut().unwrap().extend(pod.as_object().unwrap().clone());
        return object;
    }
    for step in kind.path.iter().rev() {
        pod = json!({*step: pod});
    }
    object["metadata"] = json!({"name": format!("object-{at}"), "namespace": "etl"});
    object.as_object_mut().unwrap().extend(pod.as_object().unwrap().clone());
    object
}

fn decide(engine: &Engine, object: &Value, safety: Safety) -> Decision {
    let version = object["apiVersion"].as_str().unwrap();
    let attributes = Attributes {
        operation: Operation::Create,
        group: version.split_once('/').map_or("", |(group, _)| group),
        kind: object["kind"].as_str().unwrap(),
        subresource: "",
        namespace: object["metadata"]["namespace"].as_str().unwrap_or("default"),
        user: None,
        object: Some(Object::Value(object)),
        old_object: None,
        facts: NamespaceFacts::default(),
        now: None,
        ..Attributes::default()
    };
    engine.decide(&attributes, Stage::Fix(safety))
}

fn fixed(object: &Value, decision: &Decision) -> Value {
    let mut object = object.clone();
    assert!(decision.edits().all(|edit| edit.apply(&mut object)));
    object
}

fn values_in(text: &str) -> Vec<Value> {
    let manifest = parse(None, text.as_bytes().to_vec());
    assert_eq!(manifest.errors, [], "{text}");
    manifest.documents.into_iter().map(|document| document.value).collect()
}

/// The comments of a text that [`style`] made: they are numbered.
fn comments(text: &str) -> Vec<&str> {
    text.match_indices("# c").map(|(at, _)| text[at..].lines().next().unwrap()).collect()
}

/// A file, fixed as far as a fix is `safety`.
fn run(engine: &Engine, file: &PathBuf, safety: Safety) -> Done {
    let options = Options { safety, write: true, diff: false };
    fix::run(Context::new(engine), options, std::slice::from_ref(file), 1)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_text_is_fixed_once_and_silent_then(pods in prop::collection::vec((pods::pod(), 0..POD_KINDS.len()), 1..4), seed in any::<u64>(), safe in any::<bool>()) {
        let engine = engine();
        let safety = if safe { Safety::Safe } else { Safety::Unsafe };
        let objects = pods.into_iter().enumerate();
        let objects: Vec<Value> = objects.map(|(at, (pod, kind))| object(pod, &POD_KINDS[kind], at)).collect();
        let text = style::render(&objects, &mut Dice::new(seed));
        prop_assert_eq!(&values_in(&text), &objects, "{}", text);
        let decisions: Vec<Decision> = objects.iter().map(|object| decide(&engine, object, safety)).collect();
        let wanted: Vec<Value> = objects.iter().zip(&decisions).map(|(object, made)| fixed(object, made)).collect();
        let count: usize = decisions.iter().map(|decision| decision.findings.len()).sum();

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("manifest.yaml");
        fs::write(&file, &text).unwrap();
        let done = run(&engine, &file, safety);
        let after = fs::read_to_string(&file).unwrap();
        prop_assert!(done.report.errors.is_empty(), "{:?}\n{text}", done.report.errors);
        let fixes = done.report.fixes.unwrap();
        prop_assert!(fixes.refused.is_empty(), "{:?}\n{text}", fixes.refused);
        prop_assert_eq!(fixes.made(), count);
        prop_assert_eq!(after == text, count == 0);

        // What is in the text is what the engine makes of the objects, and nothing else.
        prop_assert_eq!(values_in(&after), wanted, "{}\n=>\n{}", text, after);
        // A limit that is forbidden goes with the comments on its lines.
        let removes = decisions.iter().flat_map(Decision::edits).any(|edit| edit.change == plimsoll::edit::Change::Remove);
        if !removes {
            prop_assert_eq!(comments(&text), comments(&after), "{}\n=>\n{}", text, after);
        }
        let lines_end_alike = text.contains("\r\n") && after.replace("\r\n", "").contains('\n');
        prop_assert!(!lines_end_alike, "{text}\n=>\n{after}");

        // Nothing is left to fix, by what fix itself says and by what check says.
        let check = check::run(Context::new(&engine), std::slice::from_ref(&file), 1);
        for left in done.report.findings.iter().chain(&check.findings) {
            prop_assert!(left.fix_safety.is_none_or(|left| left > safety), "{left:?}\n{after}");
        }
        prop_assert_eq!(done.report.findings.len(), check.findings.len());

        let again = run(&engine, &file, safety);
        prop_assert_eq!(again.report.fixes.unwrap().made(), 0);
        prop_assert_eq!(fs::read_to_string(&file).unwrap(), after);
    }
}
