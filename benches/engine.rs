//! What a review costs inside: parse, match, each rule, patch.
//!
//! `cargo bench --bench engine`

#![allow(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::hint::black_box;
use std::path::PathBuf;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use plimsoll::admission::{Endpoint, review};
use plimsoll::cel::scene::Setting;
use plimsoll::check::{self, Context};
use plimsoll::engine::{Attributes, Engine, NamespaceFacts, Operation, Stage};
use plimsoll::pod::kinds::{Object, POD, PodKind};
use plimsoll::pod::workload::Workload;
use plimsoll::policy::PolicySet;
use plimsoll::policy_source::load;
use plimsoll::rules::{Origin, RuleKind, Subject};
use serde_json::{Value, json};

const REVIEW: &str = include_str!("../tests/data/review-bench.json");

fn object() -> String {
    let review: Value = serde_json::from_str(REVIEW).unwrap();
    review["request"]["object"].to_string()
}

fn attributes<'a>(object: &'a str, namespace: &'a str) -> Attributes<'a> {
    Attributes {
        operation: Operation::Create,
        group: "",
        kind: "Pod",
        subresource: "",
        namespace,
        user: None,
        object: Some(Object::Json(object)),
        old_object: None,
        facts: NamespaceFacts::default(),
        now: None,
        ..Attributes::default()
    }
}

fn by_default() -> Engine {
    Engine::new(Arc::new(load(&[]).unwrap()))
}

fn parse(c: &mut Criterion) {
    let object = object();
    let pod = PodKind::find("", "Pod").unwrap();
    let mut group = c.benchmark_group("parse");
    group.bench_function("view of the pod", |b| {
        b.iter(|| pod.read(Object::Json(black_box(&object))).unwrap())
    });
    group.bench_function("serde_json::Value, for comparison", |b| {
        b.iter(|| serde_json::from_str::<Value>(black_box(&object)).unwrap());
    });
    group.finish();
}

/// A policy that is not about the pod: by its namespace, and by its class.
fn matching(c: &mut Criterion) {
    let object = object();
    let engine = |matching: Value, count: usize| {
        let policies: Vec<Value> = (0..count)
            .map(|at| {
                json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy",
                    "metadata": {"name": format!("p{at}")}, "spec": {"match": matching,
                    "rules": [{"name": "r", "imageTag": {"deny": ["latest"]}}]}})
            })
            .collect();
        Engine::new(Arc::new(PolicySet::compile(&policies.iter().collect::<Vec<_>>()).unwrap()))
    };
    let mut group = c.benchmark_group("100 policies that do not match");
    for (name, matching) in [
        ("namespace", json!({"namespaces": {"include": ["team-a-*", "team-b"]}})),
        ("workload", json!({"workloads": ["Daemon"]})),
        ("podSelector", json!({"podSelector": {"matchLabels": {"app": "other"}}})),
    ] {
        let engine = engine(matching, 100);
        let attributes = attributes(&object, "airflow");
        group.bench_function(name, |b| {
            b.iter(|| engine.decide(black_box(&attributes), Stage::Validate))
        });
    }
    group.finish();
}

fn rules(c: &mut Criterion) {
    let object = object();
    let pod = PodKind::find("", "Pod").unwrap().read(Object::Json(&object)).unwrap();
    let request = attributes(&object, "airflow");
    let subject = Subject {
        pod: &pod,
        spec: pod.spec.as_ref().unwrap(),
        workload: Workload::of(&pod, None),
        request: &request,
        always_pull_images: None,
        setting: &Setting::new(&request, &POD),
    };
    let settings = [
        ("imageTag", json!({"deny": ["latest"]})),
        ("imageDigest", json!({"onFailure": "KeepTag"})),
        ("imagePullPolicy", json!({"deny": ["Always"]})),
        (
            "imageRegistry",
            json!({"allow": ["*.example.com/**"], "rewrite": [{"from": "docker.io", "to": "mirror.example.com/hub"}]}),
        ),
        (
            "labels",
            json!({"labels": [{"key": "dag_id"}, {"key": "team", "default": {"value": "data"}}]}),
        ),
        (
            "resources",
            json!({"requests": {"cpu": {"required": true}, "memory": {"required": true}}, "limits": {"memory": {"required": true}}}),
        ),
        (
            "termination",
            json!({"terminationGracePeriodSeconds": {"min": 10, "max": 60}, "preStop": {"sleepSeconds": 5},
                "activeDeadlineSeconds": {"required": true, "default": 3600}}),
        ),
        ("dns", json!({"policy": "Default", "options": [{"name": "ndots", "value": "2"}]})),
        (
            "topologySpread",
            json!({"constraints": [
            {"topologyKey": "kubernetes.io/hostname", "maxSkew": 1, "whenUnsatisfiable": "ScheduleAnyway"}]}),
        ),
        (
            "expression",
            json!({"validations": [{"expression": "object.spec.containers.all(c, c.image.contains('@'))"}]}),
        ),
        (
            "placement",
            json!({"nodeSelector": {"node-pool": "elastic"}, "priorityClassName": "batch-low",
                "tolerations": [{"key": "dedicated", "value": "batch", "effect": "NoSchedule"}],
                "nodeAffinity": {"required": [{"key": "gpu", "operator": "DoesNotExist"}]},
                "forbid": {"tolerations": [{"key": "dedicated", "value": "steady"}], "nodeSelector": {"node-pool": ["steady"]}}}),
        ),
    ];
    let mut group = c.benchmark_group("rules");
    for (name, settings) in settings {
        let origin = Origin { policy: "p", rule: "r" };
        let rule = RuleKind::find(name).unwrap().compile(&settings, &origin).unwrap();
        let mut violations = Vec::new();
        group.bench_function(name, |b| {
            b.iter(|| {
                rule.evaluate(black_box(&subject), &mut violations);
                violations.clear();
            });
        });
    }
    group.finish();
}

/// Expressions on the review: all told, with what is read for the first of them.
fn expressions(c: &mut Criterion) {
    let pinned = "object.spec.containers.all(c, c.image.contains('@'))";
    let many: Vec<Value> = (0..100)
        .map(|at| json!({"expression": format!("object.spec.containers.all(c, size(c.name) < {})", 300 + at)}))
        .collect();
    let engine = |validations: Value| {
        let policy = json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": "p"},
            "spec": {"rules": [{"name": "r", "expression": {"validations": validations}}]}});
        Engine::new(Arc::new(PolicySet::compile(&[&policy]).unwrap()))
    };
    let mut group = c.benchmark_group("expressions, review of 8.4 KB");
    for (name, validations) in
        [("one", json!([{"expression": pinned}])), ("100 validations", json!(many))]
    {
        let engine = engine(validations);
        group.bench_function(name, |b| {
            b.iter(|| review(&engine, Endpoint::Validate, black_box(REVIEW.as_bytes())).unwrap())
        });
    }
    group.finish();
}

fn whole(c: &mut Criterion) {
    let engine = by_default();
    let mut group = c.benchmark_group("review of 8.4 KB, default policies");
    for (name, endpoint) in [("mutate", Endpoint::Mutate), ("validate", Endpoint::Validate)] {
        group.bench_function(name, |b| {
            b.iter(|| review(&engine, endpoint, black_box(REVIEW.as_bytes())).unwrap())
        });
    }
    group.finish();
    let paths: Vec<PathBuf> =
        vec![PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/workloads"))];
    let context = Context::new(&engine);
    c.bench_function("check of tests/workloads", |b| {
        b.iter(|| check::run(context, black_box(&paths), 2));
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(40);
    targets = parse, matching, rules, expressions, whole
}
criterion_main!(benches);
