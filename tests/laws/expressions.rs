//! The rule `expression` and `matchConditions` with settings of every sort.

use plimsoll::engine::Stage;
use plimsoll::finding::Safety;
use plimsoll::pod::kinds::{Object, POD};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

use crate::{decide, decide_on, engine, patched, pods, seen};

const CONDITIONS: [&str; 6] = [
    "object.spec.containers.size() < 3",
    "!object.spec.?hostNetwork.orValue(false)",
    "object.metadata.labels['app'] != 'none'",
    "request.operation == 'CREATE' && request.kind.kind == 'Pod'",
    "request.userInfo.username != 'jane' || request.namespace == 'etl'",
    "object.metadata.?annotations.note.orValue('a').matches('^[a-z]+$')",
];

/// Some come to true, some to false, some to no value, depending on the pod.
const VALIDATIONS: [&str; 18] = [
    "object.spec.containers.all(c, c.image.contains('@') || c.image.contains(':'))",
    "object.spec.containers.all(c, c.resources.limits['memory'] != '')",
    "object.spec.containers.all(c, quantity(c.resources.?limits.memory.orValue('1')).compareTo(quantity('1Gi')) <= 0)",
    "100 / (object.spec.containers.size() - 1) > 0",
    "object.metadata.labels['app'] == params.app",
    "object.metadata.?labels.app.orValue(params.app) == params.app",
    "variables.images.exists(i, i.startsWith('nginx'))",
    "size(variables.images) == params.count || variables.wide",
    "variables.first == 'main-0'",
    "oldObject == null && namespaceObject.metadata.name == 'etl'",
    "namespaceObject.metadata.labels.team == 'data'",
    "request.userInfo.username == 'jane' || true",
    "request.userInfo.groups.exists(g, g == 'x')",
    "object.spec.?terminationGracePeriodSeconds.orValue(0) >= 30",
    "has(object.spec.volumes) ? object.spec.volumes.all(v, !has(v.hostPath)) : true",
    "object.spec.containers.map(c, c.name).isSorted()",
    "object.spec.containers.all(a, object.spec.containers.all(b, a.name == b.name || a.image != b.image))",
    "lists.range(1000).all(a, lists.range(1000).all(b, lists.range(1000).all(c, a + b + c >= 0)))",
];

/// Some settle at once, some never, some cannot be made to every pod, and some undo what others do.
const PATCHES: [&str; 12] = [
    "[JSONPatch{op: 'add', path: '/spec/enableServiceLinks', value: false}]",
    "[JSONPatch{op: 'add', path: '/spec/enableServiceLinks', value: true}]",
    "has(object.spec.automountServiceAccountToken) ? [] :
        [JSONPatch{op: 'add', path: '/spec/automountServiceAccountToken', value: false}]",
    "(has(object.metadata.labels) ? [] : [JSONPatch{op: 'add', path: '/metadata/labels', value: {}}]) +
     [JSONPatch{op: 'add', path: '/metadata/labels/' + jsonpatch.escapeKey('example.com/by'), value: 'expression'}]",
    "has(object.metadata.annotations) && 'note' in object.metadata.annotations
        ? [JSONPatch{op: 'remove', path: '/metadata/annotations/note'}] : []",
    "[JSONPatch{op: 'replace', path: '/spec/containers/0/imagePullPolicy', value: variables.wide ? 'Always' : 'Never'}]",
    "object.spec.containers.exists(c, c.name == 'proxy') ? [] :
        [JSONPatch{op: 'add', path: '/spec/containers/-', value: {'name': 'proxy', 'image': 'proxy:' + string(params.count)}}]",
    "[JSONPatch{op: 'test', path: '/spec/restartPolicy', value: 'Never'},
      JSONPatch{op: 'replace', path: '/spec/terminationGracePeriodSeconds', value: 5}]",
    "[JSONPatch{op: 'add', path: '/spec/containers/0/env', value: [{'name': 'A', 'value': variables.first}]}]
        .filter(p, !has(object.spec.containers[0].env))",
    "[JSONPatch{op: 'replace', path: '/spec/terminationGracePeriodSeconds',
        value: object.spec.terminationGracePeriodSeconds + 1}]",
    "[JSONPatch{op: 'add', path: '/spec/nodeSelector/pool', value: 'a'}]",
    "[JSONPatch{op: 'replace', path: '/spec/containers/1/image', value: 'changed:1'}]",
];

fn settings() -> impl Strategy<Value = Value> {
    let chosen = (
        subsequence(VALIDATIONS.to_vec(), 0..5),
        subsequence(PATCHES.to_vec(), 0..4),
        option::of(select(vec!["Fail", "Ignore"])),
    );
    let chosen = chosen.prop_filter("something", |(validations, patches, _)| {
        !validations.is_empty() || !patches.is_empty()
    });
    (chosen, 0..4_usize).prop_map(|((validations, patches, failure), more)| {
        let validations: Vec<_> = validations
            .iter()
            .enumerate()
            .map(|(at, one)| {
                let mut validation = json!({"expression": one});
                match (at + more) % 4 {
                    0 => validation["message"] = json!("it does not hold"),
                    1 => validation["messageExpression"] = json!("'of ' + object.spec.containers[0].name"),
                    2 => validation["fieldPath"] = json!("spec.containers[0].image"),
                    _ => validation["messageExpression"] = json!("variables.images[7]"),
                }
                validation
            })
            .collect();
        let patches: Vec<_> = patches.iter().map(|one| json!({"expression": one})).collect();
        let mut settings = json!({
            "params": {"app": "web", "count": 2},
            "variables": [{"name": "images", "expression": "object.spec.containers.map(c, c.image)"},
                {"name": "wide", "expression": "size(variables.images) > params.count"},
                {"name": "first", "expression": "object.spec.containers[0].name"}],
            "validations": validations, "patches": patches,
        });
        if let Some(failure) = failure {
            settings["failurePolicy"] = json!(failure);
        }
        settings
    })
}

fn policy(name: &'static str) -> impl Strategy<Value = Value> {
    let action = select(vec!["Patch", "Deny", "Warn"]);
    (settings(), subsequence(CONDITIONS.to_vec(), 0..3), action).prop_map(
        move |(settings, conditions, action)| {
            let named = |(at, one): (usize, &&str)| json!({"name": format!("c{at}"), "expression": one});
            let conditions: Vec<_> = conditions.iter().enumerate().map(named).collect();
            json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": name},
                "spec": {"matchConditions": conditions,
                    "rules": [{"name": "r", "action": action, "expression": settings}]}})
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    /// One rule settles whatever its expressions are, and leaves a pod.
    #[test]
    fn one_rule_of_expressions_settles(pod in pods::pod(), policy in policy("one")) {
        let engine = engine(std::slice::from_ref(&policy));
        let first = decide(&engine, &pod, Stage::Mutate);
        prop_assert!(first.settled && first.conflicts.is_empty(), "{:?} by {policy}", first.conflicts);
        let after = patched(&pod, &first);
        prop_assert!(POD.read(Object::Value(&after)).is_ok());
        let second = decide(&engine, &after, Stage::Mutate);
        prop_assert!(second.patch.is_empty(), "{:?}\nafter {:?}\non {after}\nby {policy}", second.patch, first.patch);
        let left = decide(&engine, &after, Stage::Validate);
        if first.by_action(plimsoll::policy::Action::Patch).next().is_some() {
            prop_assert!(left.findings.iter().all(|found| found.violation.fix.is_none()), "{:?}", left.findings);
        }
    }

    /// What is read from text is what is read from values, and each verdict is the same each time.
    #[test]
    fn verdicts_do_not_depend_on_how_a_pod_is_written(pod in pods::pod(), policies in (policy("one"), policy("two"))) {
        let (one, two) = policies;
        let (there, back) = (engine(&[one.clone(), two.clone()]), engine(&[two, one]));
        let text = pod.to_string();
        for stage in [Stage::Mutate, Stage::Validate, Stage::Whole, Stage::Fix(Safety::Unsafe)] {
            let value = decide(&there, &pod, stage);
            for other in [decide(&there, &pod, stage), decide_on(&there, Object::Json(&text), stage), decide(&back, &pod, stage)] {
                prop_assert_eq!(seen(&value), seen(&other));
                prop_assert_eq!(&value.patch, &other.patch);
                prop_assert_eq!(value.allowed, other.allowed);
                prop_assert_eq!(&value.undecided, &other.undecided);
            }
        }
    }

    /// Rules that undo each other's patches are stopped and told of, and what is left is a pod.
    #[test]
    fn patches_that_fight_are_told(pod in pods::pod(), policies in (policy("one"), policy("two"))) {
        let engine = engine(&[policies.0, policies.1]);
        let first = decide(&engine, &pod, Stage::Mutate);
        let after = patched(&pod, &first);
        prop_assert!(POD.read(Object::Value(&after)).is_ok(), "{after}");
        prop_assert_eq!(first.settled, first.conflicts.is_empty(), "{:?}", first.conflicts);
    }
}

fn patching(name: &str, expression: &str) -> Value {
    json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": name},
        "spec": {"rules": [{"name": "r", "action": "Patch", "expression": {"patches": [{"expression": expression}]}}]}})
}

/// The last one has its way, the fight is told, and the pod is denied by none: nobody asked for that.
#[test]
fn two_policies_that_patch_one_field_are_told_of() {
    let set = |value: &str| {
        format!("[JSONPatch{{op: 'add', path: '/spec/dnsPolicy', value: '{value}'}}]")
    };
    let engine = engine(&[patching("a", &set("Default")), patching("b", &set("None"))]);
    let pod = json!({"metadata": {}, "spec": {"containers": [{"name": "a", "image": "x:1"}]}});
    let decision = decide(&engine, &pod, Stage::Mutate);
    assert!(!decision.settled && decision.allowed, "{decision:?}");
    let told: Vec<_> = decision.conflicts.iter().map(|note| note.message.as_str()).collect();
    assert_eq!(told, ["the fixes did not settle after 4 rounds"]);
    let after = patched(&pod, &decision);
    assert_eq!(after["spec"]["dnsPolicy"], "None");
    // The loser says so where the pod is judged.
    let judged = decide(&engine, &after, Stage::Validate);
    let left: Vec<_> = judged.findings.iter().map(|found| &*found.policy).collect();
    assert_eq!(left, ["a"], "{:?}", judged.findings);
}

/// One adds an element for ever, one takes it away.
#[test]
fn a_fight_over_a_list_does_not_make_it_grow() {
    let add = "[JSONPatch{op: 'add', path: '/spec/containers/-', value: {'name': 'proxy', 'image': 'p:1'}}]
        .filter(p, size(object.spec.containers) == 1)";
    let remove = "[JSONPatch{op: 'remove', path: '/spec/containers/1'}].filter(p, size(object.spec.containers) > 1)";
    let engine = engine(&[patching("a", add), patching("b", remove)]);
    let pod = json!({"metadata": {}, "spec": {"containers": [{"name": "a", "image": "x:1"}]}});
    let decision = decide(&engine, &pod, Stage::Mutate);
    assert!(!decision.settled);
    let after = patched(&pod, &decision);
    assert_eq!(after["spec"]["containers"], pod["spec"]["containers"]);
}
