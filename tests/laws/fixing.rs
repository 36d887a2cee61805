//! What `plimsoll fix` writes: the fixes of every rule, whatever its action.

use plimsoll::engine::{Decision, Stage};
use plimsoll::finding::Safety;
use plimsoll::policy::Action;
use proptest::prelude::*;
use proptest::sample::subsequence;
use serde_json::{Value, json};

use crate::{assert_minimal, decide, engine, patched, pods, policies};

/// The same policies with another action in the place of `Patch`.
fn acting(policies: &[Value], action: &str) -> Vec<Value> {
    let mut policies = policies.to_vec();
    for rule in policies.iter_mut().flat_map(|one| one["spec"]["rules"].as_array_mut().unwrap()) {
        if rule["action"] == "Patch" {
            rule["action"] = json!(action);
        }
    }
    policies
}

/// The object with the edits, one by one, from its root.
fn edited(object: &Value, decision: &Decision) -> Value {
    let mut object = object.clone();
    for edit in decision.edits() {
        assert!(edit.apply(&mut object), "{edit:?} does not fit {object}");
    }
    object
}

fn rules(decision: &Decision) -> Vec<String> {
    let all = decision.findings.iter();
    let mut all: Vec<_> = all.map(|one| format!("{}/{}", one.policy, one.rule)).collect();
    all.sort();
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Law 2 for every action: what is mended is what would be patched, without a signature, and then all is at rest.
    #[test]
    fn actions_do_not_matter(pod in pods::pod(), chosen in subsequence(policies(), 1..=policies().len())) {
        let patching = engine(&chosen);
        let would = decide(&patching, &pod, Stage::Mutate);
        for action in ["Patch", "Deny", "Warn", "Audit"] {
            let engine = engine(&acting(&chosen, action));
            let fixed = decide(&engine, &pod, Stage::Fix(Safety::Unsafe));
            assert_minimal(&pod, &fixed);
            prop_assert_eq!(rules(&fixed), rules(&would));
            let after = patched(&pod, &fixed);
            prop_assert_eq!(&after, &edited(&pod, &fixed), "the patch and its edits say the same");
            let mut as_patched = patched(&pod, &would);
            let signed = as_patched.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut);
            if let Some(annotations) = signed {
                annotations.remove("plimsoll.dev/patched-by");
            }
            let mut unsigned = after.clone();
            if let Some(annotations) = unsigned.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut) {
                prop_assert!(!annotations.contains_key("plimsoll.dev/patched-by"));
            }
            for object in [&mut as_patched, &mut unsigned] {
                let metadata = object["metadata"].as_object_mut().unwrap();
                if metadata.get("annotations").is_some_and(|one| *one == json!({})) {
                    metadata.remove("annotations");
                }
            }
            prop_assert_eq!(as_patched, unsigned);
            prop_assert!(fixed.settled);
            prop_assert!(decide(&engine, &after, Stage::Fix(Safety::Unsafe)).patch.is_empty());
        }
    }

    /// Only safe fixes are made where only those are asked for, all of them, and then all is at rest.
    #[test]
    fn safe_fixes_are_those_that_say_so(pod in pods::pod(), chosen in subsequence(policies(), 1..=policies().len())) {
        let engine = engine(&acting(&chosen, "Warn"));
        let fixed = decide(&engine, &pod, Stage::Fix(Safety::Safe));
        let safe = |found: &plimsoll::engine::Finding| {
            found.violation.fix.as_ref().is_some_and(|fix| fix.safety == Safety::Safe)
        };
        prop_assert!(fixed.findings.iter().all(safe));
        let after = patched(&pod, &fixed);
        prop_assert!(decide(&engine, &after, Stage::Fix(Safety::Safe)).patch.is_empty());
        if engine.policies().conflicts_of_fixes().is_empty() {
            let left = decide(&engine, &after, Stage::Whole);
            prop_assert!(!left.findings.iter().any(safe), "{:?}", left.findings);
        }
    }
}

/// Rules that do not patch want different values too, and one of them has its way in a file.
#[test]
fn rules_at_odds_are_told_and_one_has_its_way() {
    let rule = |name: &str, value: &str| {
        json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": name},
               "spec": {"rules": [{"name": "r", "action": "Warn", "dns": {"options":
                   [{"name": "ndots", "value": value, "override": true}]}}]}})
    };
    let engine = engine(&[rule("a", "1"), rule("b", "2")]);
    assert!(engine.policies().conflicts().is_empty());
    let pod = json!({"metadata": {}, "spec": {"containers": [{"name": "a", "image": "x:1"}]}});
    let fixed = decide(&engine, &pod, Stage::Fix(Safety::Unsafe));
    assert_eq!(fixed.findings.len(), 1, "{:?}", fixed.findings);
    assert_eq!(fixed.conflicts.len(), 1, "{:?}", fixed.conflicts);
    assert!(fixed.settled && fixed.by_action(Action::Patch).next().is_some());
    assert_eq!(patched(&pod, &fixed)["spec"]["dnsConfig"]["options"][0]["value"], "1");
}
