//! An exemption silences exactly its own findings, at every door, and none is lost.

use std::sync::Arc;

use plimsoll::engine::{Attributes, Decision, Engine, NamespaceFacts, Operation, Stage, User};
use plimsoll::finding::Safety;
use plimsoll::pod::kinds::Object;
use plimsoll::policy::{Action, ExemptionSet};
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};
use serde_json::{Value, json};

use super::{engine, patched, pods, policies, seen};

const STAGES: [Stage; 5] = [
    Stage::Mutate,
    Stage::Validate,
    Stage::Whole,
    Stage::Fix(Safety::Safe),
    Stage::Fix(Safety::Unsafe),
];

fn exemption(name: &str, policies: &[&str], more: Value) -> Value {
    let mut spec = json!({"policies": policies, "reason": "a test", "owner": "tests"});
    spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicyExemption",
           "metadata": {"name": name}, "spec": spec})
}

fn with(policies: &[Value], exemptions: &[Value]) -> Engine {
    let objects: Vec<&Value> = exemptions.iter().collect();
    engine(policies).with_exemptions(Arc::new(ExemptionSet::compile(&objects).unwrap()))
}

/// A pod that is created by somebody.
fn created(object: &Value) -> Attributes<'_> {
    Attributes {
        operation: Operation::Create,
        group: "",
        kind: "Pod",
        subresource: "",
        namespace: "etl",
        user: Some(User { name: "jane", groups: vec!["people"], ..User::default() }),
        object: Some(Object::Value(object)),
        old_object: None,
        facts: NamespaceFacts::default(),
        digests: Some(&crate::DIGESTS),
        now: None,
        ..Attributes::default()
    }
}

fn updated<'a>(old: &'a Value, new: &'a Value) -> Attributes<'a> {
    let old_object = Some(Object::Value(old));
    Attributes { operation: Operation::Update, old_object, ..created(new) }
}

fn decide(engine: &Engine, object: &Value, stage: Stage) -> Decision {
    engine.decide(&created(object), stage)
}

/// Exemption, rule and place of what was exempted.
fn exempted(decision: &Decision) -> Vec<(String, String, String)> {
    let mut found: Vec<_> = decision
        .exempted
        .iter()
        .map(|one| {
            let rule = format!("{}/{}", one.finding.policy, one.finding.rule);
            (one.exemption.to_string(), rule, one.finding.violation.pointer.to_string())
        })
        .collect();
    found.sort();
    found
}

/// Rule and place of what is found.
fn places(decision: &Decision) -> Vec<(String, String)> {
    seen(decision).into_iter().map(|(rule, place, _)| (rule, place)).collect()
}

fn name(policy: &Value) -> &str {
    policy["metadata"]["name"].as_str().unwrap()
}

fn assert_same(one: &Decision, other: &Decision) {
    assert_eq!(one.patch, other.patch);
    assert_eq!(one.conflicts, other.conflicts);
    assert_eq!(one.allowed, other.allowed);
    assert_eq!(seen(one), seen(other));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    /// To be exempted from a rule is to have no such rule, and what it finds is kept.
    #[test]
    fn an_exempted_rule_is_as_if_it_were_not_there(pod in pods::pod(), chosen in subsequence(policies(), 1..=policies().len()), which in any::<Index>()) {
        let which = which.index(chosen.len());
        let mut others = chosen.clone();
        let gone = others.remove(which);
        let exempting = with(&chosen, &[exemption("x", &[name(&gone)], json!({}))]);
        let (without, alone) = (engine(&others), engine(&[gone]));
        for stage in STAGES {
            let decision = decide(&exempting, &pod, stage);
            assert_same(&decision, &decide(&without, &pod, stage));
            let judged = match stage {
                Stage::Mutate | Stage::Fix(_) => Vec::new(),
                Stage::Validate => places(&decide(&alone, &pod, Stage::Validate)),
                Stage::Whole => {
                    places(&decide(&alone, &patched(&pod, &decision), Stage::Validate))
                }
            };
            let kept: Vec<_> = exempted(&decision).into_iter().map(|(_, rule, place)| (rule, place)).collect();
            prop_assert_eq!(kept, judged);
        }
    }

    /// An exemption that has expired, is about other pods, or about other users, is as if it were not there.
    #[test]
    fn an_exemption_that_does_not_hold_is_as_if_it_were_not_there(pod in pods::pod(), chosen in subsequence(policies(), 1..=policies().len())) {
        let exemptions = [
            exemption("expired", &["*"], json!({"expires": "2026-11-20"})),
            exemption("labelled", &["*"], json!({"match": {"podSelector": {"matchLabels": {"exempted": "yes"}}}})),
            exemption("namespaced", &["*"], json!({"match": {"namespaces": {"include": ["web-*"]}}})),
            exemption("unknown", &["*"], json!({"match": {"namespaceSelector": {"matchLabels": {"team": "a"}}}})),
            exemption("users", &["*"], json!({"match": {"users": {"include": ["joe"]}}})),
            exemption("other", &["*"], json!({"rules": ["unheard-of"]})),
        ];
        let (exempting, plain) = (with(&chosen, &exemptions), engine(&chosen));
        for stage in STAGES {
            let decision = exempting.decide(&Attributes { now: Some(1_795_219_200), ..created(&pod) }, stage);
            assert_same(&decision, &decide(&plain, &pod, stage));
            prop_assert!(decision.exempted.is_empty(), "{:?}", decision.exempted);
        }
        // A second earlier, the first of them still holds for everything.
        let earlier = exempting.decide(&Attributes { now: Some(1_795_219_199), ..created(&pod) }, Stage::Whole);
        prop_assert!(earlier.findings.is_empty() && earlier.allowed);
    }

    /// The order of exemptions does not matter, and of several the first by name counts.
    #[test]
    fn the_order_of_exemptions_does_not_matter(pod in pods::pod(), chosen in subsequence(policies(), 1..=policies().len()), swap in any::<bool>()) {
        let one = exemption("a-some", &["pull*", "resources"], json!({}));
        let other = exemption("b-all", &["*"], json!({"rules": ["imagePullPolicy", "dns", "all"]}));
        let exemptions = if swap { [other, one] } else { [one, other] };
        let decision = decide(&with(&chosen, &exemptions), &pod, Stage::Whole);
        for (exemption, rule, _) in exempted(&decision) {
            let first = rule.starts_with("pull") || rule.starts_with("resources");
            prop_assert_eq!(exemption, if first { "a-some" } else { "b-all" }, "{}", rule);
        }
        let again = with(&chosen, &exemptions.map(|mut one| { one["metadata"]["uid"] = json!("1"); one }));
        prop_assert_eq!(exempted(&decision), exempted(&decide(&again, &pod, Stage::Whole)));
    }

    /// A manifest and a review in two halves get the same exemptions, each counted once.
    #[test]
    fn the_doors_agree_on_exemptions(pod in pods::pod(), chosen in subsequence(policies(), 1..=policies().len()), names in subsequence(policies(), 1..=4)) {
        let names: Vec<&str> = names.iter().map(name).collect();
        let selector = json!({"match": {"workloads": ["Batch", "Bare"], "users": {"include": ["jane"]}}});
        let exempting = with(&chosen, &[exemption("x", &names, selector)]);
        let whole = decide(&exempting, &pod, Stage::Whole);
        let text = pod.to_string();
        let read = exempting.decide(&Attributes { object: Some(Object::Json(&text)), ..created(&pod) }, Stage::Whole);
        assert_same(&whole, &read);
        prop_assert_eq!(exempted(&whole), exempted(&read));
        let mutated = decide(&exempting, &pod, Stage::Mutate);
        let judged = decide(&exempting, &patched(&pod, &mutated), Stage::Validate);
        prop_assert!(mutated.exempted.is_empty());
        prop_assert_eq!(exempted(&whole), exempted(&judged));
        prop_assert_eq!(whole.allowed, judged.allowed);
    }

    /// An update that changes nothing has nothing exempted either.
    #[test]
    fn what_was_there_is_not_exempted_again(pod in pods::pod(), chosen in subsequence(policies(), 1..=policies().len())) {
        let exempting = with(&chosen, &[exemption("x", &["tag", "pull*"], json!({}))]);
        let decision = exempting.decide(&updated(&pod, &pod), Stage::Validate);
        prop_assert!(decision.findings.is_empty() && decision.exempted.is_empty(), "{decision:?}");
    }
}

fn pod(image: &str, label: &str) -> Value {
    json!({"metadata": {"name": "x", "labels": {"exempted": label}},
           "spec": {"containers": [{"name": "a", "image": image}, {"name": "b", "image": "b"}]}})
}

fn only(name_of: &str) -> Vec<Value> {
    policies().into_iter().filter(|policy| name(policy) == name_of).collect()
}

#[test]
fn updates_are_exempted_in_what_they_change() {
    let labelled = json!({"match": {"podSelector": {"matchLabels": {"exempted": "yes"}}}});
    let exempting = with(&only("tag"), &[exemption("x", &["tag"], labelled)]);
    let judge = |old: &Value, new: &Value| {
        let decision = exempting.decide(&updated(old, new), Stage::Validate);
        (decision.allowed, decision.exempted.len())
    };
    let (good, bad) = ("a:1", "a:latest");
    assert_eq!(judge(&pod(good, "yes"), &pod(bad, "yes")), (true, 1));
    assert_eq!(judge(&pod(good, "no"), &pod(bad, "no")), (false, 0));
    // What was exempted before is there now, and a pod must be able to lose its label.
    assert_eq!(judge(&pod(bad, "yes"), &pod(bad, "no")), (true, 0));
    assert_eq!(judge(&pod(bad, "yes"), &pod("c:latest", "no")), (false, 0));
    assert_eq!(judge(&pod(bad, "no"), &pod(bad, "yes")), (true, 0));
}

#[test]
fn what_is_exempted_says_what_would_have_happened() {
    let exempting = with(&policies(), &[exemption("x", &["*"], json!({}))]);
    let decision = decide(&exempting, &pod("a:latest", "no"), Stage::Whole);
    assert!(decision.findings.is_empty() && decision.patch.is_empty() && decision.allowed);
    let action = |policy: &str| {
        let mut of = decision.exempted.iter().filter(|one| &*one.finding.policy == policy);
        of.next().map(|one| one.finding.action)
    };
    assert_eq!(action("tag"), Some(Action::Deny));
    assert_eq!(action("dns"), Some(Action::Patch));
    let container = decision.exempted.iter().find_map(|one| {
        let container = one.finding.violation.container.as_ref()?;
        (&*one.finding.policy == "tag").then_some(container.name.as_str())
    });
    assert_eq!(container, Some("a"));
}

/// Where the rule that has its way is exempted, the one that would give way to it does not.
#[test]
fn an_exempted_rule_stands_in_nobodys_way() {
    let pull = |name: &str, other: &str, wanted: &str| {
        let settings =
            json!({"deny": ["Always", other], "onlyWhere": "Any", "replaceWith": wanted});
        json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": name},
               "spec": {"rules": [{"name": "pull", "action": "Patch", "imagePullPolicy": settings}]}})
    };
    let both = [pull("a", "Never", "IfNotPresent"), pull("b", "IfNotPresent", "Never")];
    let pod = json!({"spec": {"containers": [{"name": "a", "image": "a:1", "imagePullPolicy": "Always"}]}});
    let outcome = |engine: &Engine| {
        let decision = decide(engine, &pod, Stage::Mutate);
        let after = patched(&pod, &decision);
        (after["spec"]["containers"][0]["imagePullPolicy"].clone(), decision.conflicts.len())
    };
    assert_eq!(outcome(&engine(&both)), (json!("IfNotPresent"), 1));
    let exempting = |policy: &str| with(&both, &[exemption("x", &[policy], json!({}))]);
    assert_eq!(outcome(&exempting("a")), (json!("Never"), 0));
    assert_eq!(outcome(&exempting("b")), (json!("IfNotPresent"), 0));
}

#[test]
fn no_exemption_hides_a_pod_that_cannot_be_read() {
    let exempting = with(&policies(), &[exemption("x", &["*"], json!({}))]);
    let broken = json!({"spec": {"containers": [{"name": "x", "image": 7}]}});
    let decision = decide(&exempting, &broken, Stage::Validate);
    assert!(!decision.allowed && decision.unreadable.is_some() && decision.exempted.is_empty());
}

#[test]
fn templates_are_exempted_as_the_pods_that_come_of_them() {
    let exempting = with(&policies(), &[exemption("x", &["tag", "dns"], json!({}))]);
    let mut deployment = json!({"spec": {"template": pod("a:latest", "no")}});
    let judge = |old: Option<&Value>, new: &Value| {
        let mut attributes = Attributes { group: "apps", kind: "Deployment", ..created(new) };
        if let Some(old) = old {
            attributes = Attributes { group: "apps", kind: "Deployment", ..updated(old, new) };
        }
        exempted(&exempting.decide(&attributes, Stage::Validate))
    };
    let found = judge(None, &deployment);
    assert!(found.iter().any(|(_, rule, _)| rule == "tag/no-latest"), "{found:?}");
    assert!(found.iter().any(|(_, rule, _)| rule == "dns/node"), "{found:?}");
    assert!(found.iter().all(|(_, _, place)| place.starts_with("/spec/template/")), "{found:?}");
    let before = deployment.clone();
    deployment["spec"]["replicas"] = json!(3);
    assert_eq!(judge(Some(&before), &deployment), []);
}

/// A manifest has no user, and what is exempted for one is judged there.
#[test]
fn an_exemption_for_users_needs_one() {
    let users = json!({"match": {"groups": {"include": ["people"]}}});
    let exempting = with(&only("tag"), &[exemption("x", &["tag"], users)]);
    let bad = pod("a:latest", "no");
    assert!(decide(&exempting, &bad, Stage::Whole).allowed);
    assert!(!exempting.decide(&Attributes { user: None, ..created(&bad) }, Stage::Whole).allowed);
}
