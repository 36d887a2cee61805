//! What the configurations hold, and that nothing is kept back that a policy is about.

mod kept_back;

use serde_json::{Value, json};

use super::*;
use crate::policy::PolicySet;
use crate::policy_source;

pub(super) fn target() -> Target {
    Target {
        name: "plimsoll".to_owned(),
        namespace: "plimsoll-system".to_owned(),
        failure_policy: FailurePolicy::Ignore,
        timeout_seconds: 3,
        excluded_namespaces: ["istio-system".to_owned()].into(),
    }
}

/// Policies that differ in their `match`; the rule patches.
pub(super) fn policies(matches: &[Value]) -> PolicySet {
    let objects: Vec<Value> = matches
        .iter()
        .enumerate()
        .map(|(at, matching)| {
            json!({
                "apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": format!("p{at}")},
                "spec": {"match": matching, "rules": [{"name": "r", "action": "Patch", "imagePullPolicy": {}}]},
            })
        })
        .collect();
    PolicySet::compile(&objects.iter().collect::<Vec<_>>()).unwrap()
}

fn planned(configuration: Configuration, matches: &[Value]) -> Option<Value> {
    let mut webhooks = webhooks(configuration, &policies(matches), &target(), "Q0E=");
    assert!(webhooks.len() < 2);
    webhooks.pop()
}

fn condition<'w>(webhook: &'w Value, name: &str) -> Option<&'w str> {
    let mut all = webhook["matchConditions"].as_array().unwrap().iter();
    all.find(|one| one["name"] == name).map(|one| one["expression"].as_str().unwrap())
}

#[test]
fn nothing_is_asked_for_where_no_policy_needs_it() {
    for configuration in [Configuration::Mutate, Configuration::Validate] {
        assert_eq!(planned(configuration, &[]), None);
        let only_kube_system = json!({"namespaces": {"include": ["kube-system", "istio-system"]}});
        assert_eq!(planned(configuration, &[only_kube_system]), None);
    }
    assert_eq!(planned(Configuration::Mutate, &[json!({"operations": ["UPDATE"]})]), None);
    assert!(planned(Configuration::Policies, &[]).is_some());
}

#[test]
fn observing_policies_need_no_patches() {
    let observe = policy_source::load_profile("observe").unwrap();
    assert!(webhooks(Configuration::Mutate, &observe, &target(), "").is_empty());
    assert_eq!(webhooks(Configuration::Validate, &observe, &target(), "").len(), 1);
}

#[test]
fn the_built_in_policies_get_this() {
    let default = policy_source::load_profile(policy_source::DEFAULT_PROFILE).unwrap();
    let all = Configuration::ALL.map(|one| webhooks(one, &default, &target(), "Q0E="));
    let text = serde_json::to_string_pretty(&all).unwrap() + "\n";
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/src/cluster/webhooks/tests/default.json");
    if std::env::var_os("PLIMSOLL_UPDATE").is_some() {
        std::fs::write(golden, &text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(golden).unwrap(), "PLIMSOLL_UPDATE=1 writes it anew");
}

#[test]
fn kinds_follow_the_workloads() {
    let resources = |workloads: Value| {
        let webhook = planned(Configuration::Validate, &[json!({"workloads": workloads})]).unwrap();
        let rules = webhook["rules"].as_array().unwrap().iter();
        let all = rules.flat_map(|rule| rule["resources"].as_array().unwrap().clone());
        all.map(|resource| resource.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let pods = ["pods/ephemeralcontainers", "pods/resize", "podtemplates", "pods"];
    let sorted = |mut all: Vec<String>| {
        all.sort();
        all
    };
    let expected = |more: &[&str]| {
        sorted(pods.iter().chain(more).map(|one| (*one).to_owned()).collect::<Vec<_>>())
    };
    assert_eq!(sorted(resources(json!(["Daemon"]))), expected(&["daemonsets"]));
    assert_eq!(sorted(resources(json!(["Bare"]))), expected(&[]));
    assert!(!resources(json!(["Batch"])).contains(&"daemonsets".to_owned()));
    assert!(
        resources(json!(["Spark"])).contains(&"daemonsets".to_owned()),
        "labels may be anywhere"
    );
}

#[test]
fn operations_are_those_of_the_policies() {
    let webhook = planned(Configuration::Validate, &[json!({"operations": ["CREATE"]})]).unwrap();
    for rule in webhook["rules"].as_array().unwrap() {
        assert_eq!(rule["operations"], json!(["CREATE"]));
        assert!(!rule["resources"].as_array().unwrap().contains(&json!("pods/resize")));
    }
    assert_eq!(condition(&webhook, "pod-changes"), None);
}

#[test]
fn names_in_full_go_to_the_selector_and_globs_to_a_condition() {
    let exact = [
        json!({"namespaces": {"include": ["a", "b", "kube-system"], "exclude": ["b"]}}),
        json!({"namespaces": {"include": ["c"]}}),
    ];
    let webhook = planned(Configuration::Mutate, &exact).unwrap();
    assert_eq!(
        webhook["namespaceSelector"],
        json!({"matchExpressions": [
            {"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["a", "c"]},
            {"key": "kubernetes.io/metadata.name", "operator": "NotIn",
             "values": ["istio-system", "kube-system", "plimsoll-system"]},
        ]})
    );
    assert_eq!(condition(&webhook, "in-scope-of-a-policy"), None);

    let globs =
        json!({"namespaces": {"include": ["airflow-*", "x", "y", "*-jobs"], "exclude": ["*-dev"]}});
    let webhook = planned(Configuration::Mutate, std::slice::from_ref(&globs)).unwrap();
    assert_eq!(
        condition(&webhook, "in-scope-of-a-policy").unwrap(),
        concat!(
            r#"((has(request.namespace) && request.namespace in ["x", "y"]) || "#,
            r#"(has(request.namespace) && request.namespace.startsWith("airflow-")) || "#,
            r#"(has(request.namespace) && request.namespace.endsWith("-jobs"))) && "#,
            r#"(!(has(request.namespace) && request.namespace.endsWith("-dev")))"#
        )
    );
    let everywhere = planned(Configuration::Mutate, &[globs, json!({})]).unwrap();
    assert_eq!(condition(&everywhere, "in-scope-of-a-policy"), None);
    let dear = json!({"namespaces": {"include": ["airflow-*", "a?[b-d]*e"]}});
    let webhook = planned(Configuration::Mutate, &[dear]).unwrap();
    assert_eq!(
        condition(&webhook, "in-scope-of-a-policy"),
        None,
        "regular expressions cost too much"
    );
}

#[test]
fn groups_are_asked_for_only_while_they_are_few() {
    let of = |count: usize| -> Vec<Value> {
        let names: Vec<String> = (0..count).map(|at| format!("team-{at}-*")).collect();
        vec![json!({"groups": {"include": names}, "namespaces": {"include": ["a-*"]}})]
    };
    let condition_of = |count| {
        let webhook = planned(Configuration::Validate, &of(count)).unwrap();
        condition(&webhook, "in-scope-of-a-policy").unwrap().to_owned()
    };
    assert!(condition_of(64).contains("groups"));
    let without = condition_of(65);
    assert!(!without.contains("groups") && without.contains("a-"), "{without}");
}

#[test]
fn a_selector_that_all_policies_share_is_the_webhooks() {
    let data = json!({"namespaceSelector": {"matchLabels": {"team": "data"}}, "podSelector": {"matchLabels": {"a": "b"}}});
    let shared = planned(Configuration::Mutate, &[data.clone(), data.clone()]).unwrap();
    assert_eq!(shared["namespaceSelector"]["matchLabels"], json!({"team": "data"}));
    assert_eq!(shared["objectSelector"], json!({"matchLabels": {"a": "b"}}));
    let judged = planned(Configuration::Validate, std::slice::from_ref(&data)).unwrap();
    assert_eq!(judged["objectSelector"], json!({}), "a template has labels of its own");
    let mixed = planned(Configuration::Mutate, &[data, json!({})]).unwrap();
    assert!(mixed["namespaceSelector"].get("matchLabels").is_none());
    assert_eq!(mixed["objectSelector"], json!({}));
}

#[test]
fn a_condition_that_grows_too_long_is_left_out() {
    let many: Vec<Value> =
        (0..400).map(|at| json!({"namespaces": {"include": [format!("team-{at}-*")]}})).collect();
    let webhook = planned(Configuration::Validate, &many).unwrap();
    assert_eq!(condition(&webhook, "in-scope-of-a-policy"), None);
}
