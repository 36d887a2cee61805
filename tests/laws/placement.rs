//! The rule `placement` with settings of every sort, on pods that ask for nodes in every way.

use plimsoll::engine::Stage;
use plimsoll::policy::PolicySet;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use crate::{assert_minimal, decide, engine, patched, pods};

fn requirement() -> impl Strategy<Value = Value> {
    let key = || select(vec!["node-pool", "zone", "cores"]);
    prop_oneof![
        (key(), select(vec!["In", "NotIn"]), vec(select(vec!["steady", "elastic", "8"]), 1..3)).prop_map(
            |(key, operator, values)| json!({"key": key, "operator": operator, "values": values})
        ),
        (key(), select(vec!["Exists", "DoesNotExist"]))
            .prop_map(|(key, operator)| json!({"key": key, "operator": operator})),
        select(vec!["Gt", "Lt"])
            .prop_map(|operator| json!({"key": "cores", "operator": operator, "values": ["7"]})),
    ]
}

fn settings() -> impl Strategy<Value = Value> {
    let tolerations = vec(
        select(vec![
            json!({"key": "dedicated", "operator": "Exists"}),
            json!({"key": "dedicated", "value": "batch", "effect": "NoSchedule"}),
            json!({"key": "dedicated", "value": "steady"}),
            json!({"operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 60}),
            json!({"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 600}),
            json!({"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"}),
        ]),
        1..3,
    );
    let selector =
        btree_map(select(vec!["node-pool", "zone"]), select(vec!["steady", "elastic"]), 1..3);
    let preferred = vec((1..=100, vec(requirement(), 1..3)), 1..3).prop_map(|all| {
        all.into_iter()
            .map(|(weight, all)| json!({"weight": weight, "matchExpressions": all}))
            .collect::<Value>()
    });
    let affinity = (option::of(vec(requirement(), 1..4)), option::of(preferred));
    let affinity = affinity.prop_map(|(required, preferred)| {
        fields([("required", required.map(|all| json!(all))), ("preferred", preferred)])
    });
    let forbid = select(vec![
        json!({"tolerations": [{"key": "dedicated", "value": "steady"}]}),
        json!({"nodeSelector": {"node-pool": ["e*"], "cores": ["*"]}}),
        json!({"nodeName": true, "schedulerName": ["volcano"], "priorityClassName": ["system-*"]}),
    ]);
    let names = (
        option::of(select(vec!["system-cluster-critical", "low"])),
        option::of(select(vec!["default-scheduler", "volcano"])),
        option::of(Just("gvisor")),
    );
    let rest = (option::of(select(vec!["Avoid", "Allow"])), option::of(forbid), any::<bool>());
    let parts = (option::of(selector), option::of(tolerations), option::of(affinity));
    (parts, names, rest).prop_map(|((selector, tolerations, affinity), names, rest)| {
        fields([
            ("nodeSelector", selector.map(|labels| json!(labels))),
            ("tolerations", tolerations.map(|all| json!(all))),
            ("nodeAffinity", affinity),
            ("priorityClassName", names.0.map(|name| json!(name))),
            ("schedulerName", names.1.map(|name| json!(name))),
            ("runtimeClassName", names.2.map(|name| json!(name))),
            ("disruption", rest.0.map(|what| json!(what))),
            ("forbid", rest.1),
            ("boundPods", rest.2.then(|| json!("Forbid"))),
        ])
    })
}

fn fields<const N: usize>(all: [(&str, Option<Value>); N]) -> Value {
    let there = all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(there.collect::<Map<_, _>>())
}

fn policy(name: &str, settings: &Value) -> Value {
    json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": name},
           "spec": {"rules": [{"name": "r", "action": "Patch", "placement": settings}]}})
}

/// Whether everything that the pod's author wrote is there still.
fn keeps(before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => before.iter().all(|(key, value)| {
            let of_the_server =
                matches!(key.as_str(), "priority" | "preemptionPolicy" | "tolerationSeconds");
            let is_none = matches!(key.as_str(), "schedulerName" | "priorityClassName");
            of_the_server
                || (is_none && (value == "default-scheduler" || value == ""))
                || after.get(key).is_some_and(|after| keeps(value, after))
        }),
        (Value::Array(before), Value::Array(after)) => {
            before.len() <= after.len()
                && before.iter().zip(after).all(|(before, after)| keeps(before, after))
        }
        (before, after) => before == after,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, max_global_rejects: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn placing_settles_and_keeps_what_was_written(pod in pods::pod(), settings in settings()) {
        let policy = policy("nodes", &settings);
        // Settings that contradict themselves are refused, which is not what is tried here.
        prop_assume!(PolicySet::compile(&[&policy]).is_ok());
        let engine = engine(&[policy]);
        let first = decide(&engine, &pod, Stage::Mutate);
        assert_minimal(&pod, &first);
        let after = patched(&pod, &first);
        prop_assert!(keeps(&pod, &after), "{pod}\n{after}");
        let second = decide(&engine, &after, Stage::Mutate);
        prop_assert!(second.patch.is_empty(), "{:?}\nafter {:?}\non {after}", second.patch, first.patch);
        let left = decide(&engine, &after, Stage::Validate);
        prop_assert!(left.findings.iter().all(|found| found.violation.fix.is_none()), "{:?}", left.findings);
    }

    #[test]
    fn two_placements_settle_in_whatever_order(pod in pods::pod(), one in settings(), other in settings()) {
        let (one, other) = (policy("one", &one), policy("two", &other));
        prop_assume!(PolicySet::compile(&[&one, &other]).is_ok());
        let first = decide(&engine(&[one.clone(), other.clone()]), &pod, Stage::Mutate);
        prop_assert!(first.settled, "{:?}", first);
        let reverse = decide(&engine(&[other.clone(), one.clone()]), &pod, Stage::Mutate);
        prop_assert_eq!(&first.patch, &reverse.patch);
        let after = patched(&pod, &first);
        let again = decide(&engine(&[one, other]), &after, Stage::Mutate);
        prop_assert!(again.patch.is_empty(), "{:?}\nafter {:?}\non {after}", again.patch, first.patch);
    }
}
