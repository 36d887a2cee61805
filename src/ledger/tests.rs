//! Bounds, dropping, and adding up.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::admission::review;
use crate::engine::Engine;
use crate::policy::PolicySet;

fn engine() -> Engine {
    let policy = |name: &str, rules: Value| {
        json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy",
            "metadata": {"name": name}, "spec": {"rules": rules}})
    };
    let images = policy(
        "images",
        json!([{"name": "no-latest", "action": "Deny", "imageTag": {"deny": ["latest"]}},
            {"name": "no-edge", "action": "Warn", "imageTag": {"deny": ["edge"]}},
            {"name": "pull-once", "action": "Patch",
             "imagePullPolicy": {"deny": ["Always"], "replaceWith": "IfNotPresent"}}]),
    );
    Engine::new(Arc::new(PolicySet::compile(&[&images]).unwrap()))
}

/// Sends a pod to both endpoints, as an API server does: to the second as the first has patched it.
fn send(ledger: &Ledger, engine: &Engine, owner: &str, image: &str, at: i64, dry_run: bool) -> u64 {
    let to = |endpoint, pulled: &str| {
        let container = |name: &str| {
            json!({"name": name, "image": image, "imagePullPolicy": pulled, "args": ["s3cr3t"],
                "env": [{"name": "A", "value": "s3cr3t"}]})
        };
        let pod = json!({"metadata": {"name": format!("{owner}-{at}"), "annotations": {"token": "s3cr3t"},
            "ownerReferences": [{"apiVersion": "batch/v1", "kind": "Job", "name": owner, "uid": "u",
                "controller": true}]},
            "spec": {"containers": [container("a"), container("b")]}});
        let body = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
            "uid": "u-1", "kind": {"group": "", "version": "v1", "kind": "Pod"}, "operation": "CREATE",
            "namespace": "etl", "dryRun": dry_run, "object": pod}});
        let body = body.to_string();
        let answer = review(engine, endpoint, body.as_bytes()).unwrap();
        ledger.take(endpoint, &answer.record, at)
    };
    to(Endpoint::Mutate, "Always") + to(Endpoint::Validate, "IfNotPresent")
}

fn ledger(owners: usize) -> Ledger {
    Ledger::new(owners, 1_000, "one".to_owned())
}

#[test]
fn each_pod_is_counted_once_by_rule_and_action() {
    let (ledger, engine) = (ledger(10), engine());
    for at in [30, 10, 20] {
        send(&ledger, &engine, "load", "app:edge", at, false);
    }
    send(&ledger, &engine, "load", "app:edge", 40, true);
    let page = ledger.page();
    assert_eq!((page.owners.len(), page.dropped), (1, 0));
    let owner = &page.owners[0];
    assert_eq!(owner.key(), ("etl", "batch/v1", "Job", "load"));
    let found: Vec<_> = owner
        .findings
        .iter()
        .map(|one| (&*one.rule, one.action, one.endpoint, one.count, one.first_seen, one.last_seen))
        .collect();
    assert_eq!(found.len(), 2);
    assert_eq!(found[0], ("no-edge", Action::Warn, Counted::Validate, 3, 10, 30));
    assert!(found.contains(&("pull-once", Action::Patch, Counted::Mutate, 3, 10, 30)), "{found:?}");
    let text = serde_json::to_string(&page).unwrap();
    assert!(
        !text.contains("s3cr3t") && text.contains("\"since\":\"1970-01-01T00:16:40Z\""),
        "{text}"
    );
    assert_eq!(Page::read(text.as_bytes()).unwrap(), page);
}

#[test]
fn owners_beyond_the_bound_are_dropped_by_interest_and_counted() {
    let (ledger, engine) = (ledger(64), engine());
    for at in 0..3 {
        send(&ledger, &engine, "grave", "app:latest", at, false);
    }
    for at in 0..50 {
        send(&ledger, &engine, "often", "app:1", at, false);
    }
    let mut dropped = 0;
    for at in 100..2_000 {
        dropped += send(&ledger, &engine, &format!("job-{at}"), "app:1", at, false);
        assert!(ledger.page().owners.len() <= 64);
    }
    let page = ledger.page();
    let names: Vec<&str> = page.owners.iter().map(|owner| &*owner.name).collect();
    assert_eq!(names[..2], ["grave", "often"]);
    assert!(names.contains(&"job-1999"), "who has just come stays");
    assert_eq!(page.dropped, dropped);
    assert_eq!(page.dropped + page.owners.len() as u64, 1_902);
    let kept: u64 = page.owners.iter().flat_map(|owner| &owner.findings).map(|one| one.count).sum();
    assert_eq!(page.dropped_findings + kept, 1_900 + 50 + 3);
}

#[test]
fn texts_are_cut_wherever_they_come_from() {
    let (ledger, engine) = (ledger(10), engine());
    let long = "ü".repeat(10_000);
    send(&ledger, &engine, &long, &format!("app-{}:latest", "x".repeat(10_000)), 1, false);
    send(&ledger, &engine, &long, "app:latest", 2, false);
    let page = ledger.page();
    assert_eq!(page.owners.len(), 1);
    assert!(serde_json::to_vec(&page).unwrap().len() < 4_096);
}

#[test]
fn what_makes_pods_is_left_to_audits() {
    let (ledger, engine) = (ledger(10), engine());
    let body = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "u-1", "kind": {"group": "apps", "version": "v1", "kind": "Deployment"}, "operation": "CREATE",
        "namespace": "etl", "object": {"metadata": {"name": "web"}, "spec": {"template": {"spec": {
            "containers": [{"name": "a", "image": "app:latest"}]}}}}}});
    let body = body.to_string();
    let answer = review(&engine, Endpoint::Validate, body.as_bytes()).unwrap();
    assert_eq!(answer.record.findings.len(), 1);
    ledger.take(Endpoint::Validate, &answer.record, 1);
    assert!(ledger.page().owners.is_empty());
}

#[test]
fn a_pod_that_cannot_be_read_stands_for_itself() {
    let (ledger, engine) = (ledger(10), engine());
    let body = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "u-1", "kind": {"group": "", "version": "v1", "kind": "Pod"}, "operation": "CREATE",
        "namespace": "etl", "object": {"metadata": {"name": "broken"}, "spec": {
            "containers": [{"name": "a", "image": 7}], "hostNetwork": "s3cr3t"}}}});
    let body = body.to_string();
    let answer = review(&engine, Endpoint::Validate, body.as_bytes()).unwrap();
    ledger.take(Endpoint::Validate, &answer.record, 1);
    let page = ledger.page();
    assert_eq!((&*page.owners[0].kind, &*page.owners[0].name), ("Pod", "broken"));
    assert!(!serde_json::to_string(&page).unwrap().contains("s3cr3t"));
}

#[test]
fn an_answer_of_another_kind_is_no_ledger() {
    assert!(matches!(Page::read(b"<html>"), Err(PageError::Shape(_))));
    assert!(matches!(Page::read(b"{\"version\": 2}"), Err(PageError::Version(2))));
}

/// A page as a replica would answer it.
fn page(replica: usize, found: &[(u8, u8, i64)]) -> Page {
    let ledger = Ledger::new(1_000, 0, format!("replica-{replica}"));
    let engine = engine();
    for (owner, image, at) in found {
        let image = ["app:1", "app:edge", "app:latest"][usize::from(*image)];
        send(&ledger, &engine, &format!("job-{owner}"), image, *at, false);
    }
    ledger.page()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn replicas_add_up_to_what_one_would_have_seen(
        found in proptest::collection::vec((0_u8..5, 0_u8..3, 0_i64..1_000), 0..40),
        replicas in 1_usize..5,
    ) {
        let parts: Vec<Page> = (0..replicas)
            .map(|at| page(at, &found.iter().skip(at).step_by(replicas).copied().collect::<Vec<_>>()))
            .collect();
        let whole = Gathered::new([page(0, &found)]);
        let mut reversed = parts.clone();
        reversed.reverse();
        let gathered = Gathered::new(parts.clone());
        prop_assert_eq!(&gathered, &Gathered::new(reversed));
        prop_assert_eq!(&gathered, &Gathered::new(parts.iter().cloned().chain(parts.iter().cloned())));
        let counts = |gathered: &Gathered| -> Vec<_> {
            gathered.owners.iter().flat_map(|owner| owner.findings.iter().map(|one| {
                (owner.name.to_string(), one.rule.to_string(), one.action, one.count, one.first_seen, one.last_seen)
            })).collect()
        };
        prop_assert_eq!(counts(&gathered), counts(&whole));
        prop_assert_eq!(gathered.replicas.len(), replicas);
    }
}
