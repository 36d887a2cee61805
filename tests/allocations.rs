//! Allocations per review, counted: steadier than time, and the first thing to grow when someone is careless.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use plimsoll::admission::{Endpoint, review};
use plimsoll::engine::Engine;
use plimsoll::policy::ExemptionSet;
use plimsoll::policy_source::load;
use serde_json::{Value, json};

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

const REVIEW: &str = include_str!("data/review-bench.json");

fn count(engine: &Engine, endpoint: Endpoint) -> u64 {
    let before = dhat::HeapStats::get().total_blocks;
    let answer = review(engine, endpoint, REVIEW.as_bytes()).unwrap();
    let after = dhat::HeapStats::get().total_blocks;
    drop(answer);
    after - before
}

/// A hundred exemptions from the policies that `names` matches, for pods elsewhere.
fn exemptions(names: &str) -> ExemptionSet {
    let one = |at: usize| {
        json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicyExemption",
            "metadata": {"name": format!("e{at}")}, "spec": {"policies": [names], "reason": "r", "owner": "o",
            "match": {"namespaces": {"include": ["elsewhere"]}}}})
    };
    let objects: Vec<Value> = (0..100).map(one).collect();
    ExemptionSet::compile(&objects.iter().collect::<Vec<_>>()).unwrap()
}

/// One test, because the profiler counts for the whole process.
#[test]
fn a_review_allocates_little() {
    let engine = Engine::new(Arc::new(load(&[]).unwrap()));
    let _profiler = dhat::Profiler::builder().testing().build();
    let validate = count(&engine, Endpoint::Validate);
    let mutate = count(&engine, Endpoint::Mutate);
    println!("allocations per review of 8.4 KB: /validate {validate}, /mutate {mutate}");
    assert!(validate <= 120, "/validate allocates {validate} times");
    assert!(mutate <= 700, "/mutate allocates {mutate} times");
    // Exemptions cost nothing where they are about other rules.
    let engine = engine.with_exemptions(Arc::new(exemptions("other-*")));
    assert_eq!(count(&engine, Endpoint::Validate), validate);
    assert_eq!(count(&engine, Endpoint::Mutate), mutate);
    let engine = engine.with_exemptions(Arc::new(exemptions("*")));
    let exempted = count(&engine, Endpoint::Validate);
    println!("with 100 exemptions that might be about the pod: /validate {exempted}");
    assert!(exempted <= validate + 20, "/validate allocates {exempted} times");
}
