use std::sync::Arc as Shared;

use serde_json::{Value, json};

use crate::engine::{Engine, NamespaceFacts};
use crate::policy::{Action, PolicySet};
use crate::survey::{AsPodsTell, Seen, Survey, Surveyor};

use super::*;

fn engine(rules: &[Value]) -> Engine {
    let policy = json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": "p"},
                        "spec": {"rules": rules}});
    Engine::new(Shared::new(PolicySet::compile(&[&policy]).unwrap()))
}

fn tag(action: &str) -> Value {
    json!({"name": "tag", "action": action, "imageTag": {"deny": ["latest"]}})
}

fn pull(with: &str) -> Value {
    json!({"name": "pull", "action": "Patch", "imagePullPolicy": {"deny": ["Always"], "onlyWhere": "Any", "replaceWith": with}})
}

fn pod(name: &str, job: &str, image: &str) -> String {
    let owner = json!({"apiVersion": "batch/v1", "kind": "Job", "name": job, "uid": "u", "controller": true});
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "ownerReferences": [owner]},
           "spec": {"containers": [{"name": "c", "image": image, "imagePullPolicy": "Always"}]}})
    .to_string()
}

fn compared(old: &[Value], new: &[Value], pods: &[(&str, &str, &str)]) -> Comparison {
    let (old, new) = (engine(old), engine(new));
    let mut survey = Survey::default();
    for (at, (name, job, image)) in (0..).zip(pods) {
        let object = pod(name, job, image);
        let facts = NamespaceFacts::default();
        let seen = Seen {
            object: &object,
            namespace: "etl",
            name: None,
            user: None,
            facts,
            at: Some(at),
            now: None,
        };
        Surveyor { engine: &new, before: Some(&old) }.take(&seen, &AsPodsTell, &mut survey);
    }
    survey.comparison.unwrap()
}

const PODS: [(&str, &str, &str); 3] =
    [("a1", "a", "x:latest"), ("a2", "a", "x:latest"), ("b1", "b", "x:1")];

#[test]
fn what_gets_worse_is_told_by_owner_with_its_rule_and_an_example() {
    let found = compared(&[tag("Audit")], &[tag("Deny")], &PODS);
    assert_eq!((found.pods, found.total.pods, found.owners.len()), (3, 2, 1));
    assert_eq!((found.newly(Action::Deny), found.newly(Action::Audit)), (2, 0));
    let by_owner = found.by_owner();
    let (namespace, owner, changed) = by_owner[0];
    assert_eq!((namespace, &*owner.unwrap().name), ("etl", "a"));
    let (change, cases) = changed.verdicts()[0];
    assert_eq!(
        (change.from.to_string(), change.to.to_string()),
        ("audited".into(), "denied".into())
    );
    assert_eq!((cases.count, &*cases.example.name), (2, "a2"));
    assert!(cases.example.message.contains("x:latest"), "{}", cases.example.message);
    let (rule, count) = changed.rules()[0];
    assert_eq!((&*rule.rule, rule.from, rule.to), ("tag", Some(Action::Audit), Some(Action::Deny)));
    assert_eq!(count, 2);
}

#[test]
fn what_gets_better_is_no_failure() {
    let found = compared(&[tag("Deny"), pull("Never")], &[tag("Warn"), pull("Never")], &PODS);
    let changes: Vec<String> =
        found.total.verdicts().iter().map(|(it, _)| format!("{} -> {}", it.from, it.to)).collect();
    assert_eq!(changes, ["denied -> warned and patched"]);
    assert_eq!(found.newly(Action::Deny), 0);
    assert_eq!(found.newly(Action::Patch), 0, "to be refused is graver than to be patched");
    assert!(!found.total.verdicts()[0].1.example.message.is_empty());
}

#[test]
fn another_patch_is_told_though_the_verdict_stays() {
    let found = compared(&[pull("IfNotPresent")], &[pull("Never")], &PODS);
    assert_eq!(found.total.patches.as_ref().map(|cases| cases.count), Some(3));
    assert!(found.total.verdicts().is_empty() && found.newly(Action::Audit) == 0);
    let found =
        compared(&[pull("Never"), tag("Deny")], &[pull("IfNotPresent"), tag("Deny")], &PODS[..2]);
    assert_eq!(found.total.pods, 0, "pods that are refused are not patched");
}

#[test]
fn equal_policies_change_nothing() {
    let found = compared(&[tag("Deny"), pull("Never")], &[tag("Deny"), pull("Never")], &PODS);
    assert_eq!(found, Comparison { pods: 3, ..Comparison::default() });
}

#[test]
fn pods_that_cannot_be_read_are_compared_too() {
    let (old, new) = (engine(&[tag("Warn")]), engine(&[tag("Deny")]));
    let mut survey = Survey::default();
    let object = r#"{"metadata":{"name":"x"},"spec":{"containers":3}}"#;
    let facts = NamespaceFacts::default();
    let seen =
        Seen { object, namespace: "etl", name: None, user: None, facts, at: None, now: None };
    Surveyor { engine: &new, before: Some(&old) }.take(&seen, &AsPodsTell, &mut survey);
    let found = survey.comparison.unwrap();
    assert_eq!(found.newly(Action::Deny), 1);
    assert!(!found.total.verdicts()[0].1.example.message.is_empty());
}

#[test]
fn owners_and_rules_beyond_the_bounds_are_counted_together_in_any_order() {
    let change = |rule: usize| {
        let mut changed = Changed { pods: 1, ..Changed::default() };
        let rule = RuleChange {
            policy: "p".into(),
            rule: format!("r{rule}").into(),
            from: None,
            to: Some(Action::Deny),
        };
        changed.add_rule(rule, 1);
        changed
    };
    let comparison = |owners: &mut dyn Iterator<Item = usize>| {
        let mut comparison = Comparison::default();
        for at in owners {
            let owner = Owner {
                namespace: "etl".into(),
                kind: "Job".into(),
                name: format!("j{}", at % (MAX_OWNERS + 100)).into(),
                api_version: "batch/v1".into(),
            };
            comparison.pods += 1;
            comparison.total.merge(change(at % 100));
            comparison.add(owner, change(at % 100));
        }
        comparison
    };
    let count = MAX_OWNERS * 2;
    let whole = comparison(&mut (0..count));
    assert_eq!((whole.owners.len(), whole.total.rules.len()), (MAX_OWNERS, MAX_FINDINGS));
    let told: u64 = whole.by_owner().iter().map(|(_, _, changed)| changed.pods).sum();
    assert_eq!((told, whole.total.pods), (count as u64, count as u64));
    let rules: u64 = whole.total.rules().iter().map(|(_, count)| count).sum();
    assert_eq!(rules + whole.total.other_rules, count as u64);
    let mut parts = comparison(&mut (0..count).rev().filter(|at| at % 3 == 0));
    parts.merge(comparison(&mut (0..count).filter(|at| at % 3 == 2)));
    parts.merge(comparison(&mut (0..count).filter(|at| at % 3 == 1)));
    assert_eq!(parts, whole);
    let text = serde_json::to_string(&whole).unwrap();
    assert_eq!(serde_json::from_str::<Comparison>(&text).unwrap(), whole);
}
