//! Work grows no faster than what is sent: a review of 3 MiB can hold 90,000 containers, and a manifest as many
//! as it likes.
//!
//! Time is compared at one size and at four times that. What is quadratic takes 16 times as long, what is linear
//! 4 times; the line between is drawn with room for a busy machine, and the best of several runs counts.
//! `PLIMSOLL_LINEAR_SIZE=20000 cargo test --release --test linear -- --nocapture` tells the times of other sizes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says what it measured"
)]

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use plimsoll::admission::{Endpoint, review};
use plimsoll::check;
use plimsoll::engine::Engine;
use plimsoll::policy::{ExemptionSet, PolicySet};
use plimsoll::policy_source::load;
use plimsoll::report::{
    Report, Repository, compact, github, gitlab, json, junit, markdown, sarif, text,
};
use serde_json::{Value, json};

const FACTOR: u32 = 10;
/// Shorter times tell nothing.
const FLOOR: Duration = Duration::from_millis(3);
const ATTEMPTS: usize = 3;
const RUNS: usize = 3;

fn size() -> usize {
    std::env::var("PLIMSOLL_LINEAR_SIZE").map_or(250, |size| size.parse().unwrap())
}

/// Measures `work` on what `make` builds in two sizes.
fn assert_linear<T>(name: &str, make: impl Fn(usize) -> T, work: impl Fn(&T)) {
    let time = |size: usize| {
        let made = make(size);
        let run = || {
            let start = Instant::now();
            work(&made);
            start.elapsed()
        };
        (0..RUNS).map(|_| run()).min().unwrap_or_default()
    };
    // The tests of this file would measure each other, and so would the rest of the machine: what is slow by
    // chance is measured again.
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let size = size();
    let grows = (0..ATTEMPTS).all(|_| {
        let (short, long) = (time(size), time(4 * size));
        eprintln!("{name}: {size} in {short:?}, {} in {long:?}", 4 * size);
        long >= FACTOR * short.max(FLOOR)
    });
    assert!(!grows, "{name} takes more time than it should for so much more to do");
}

fn engine(policies: &[Value]) -> Engine {
    let policies: Vec<&Value> = policies.iter().collect();
    Engine::new(Arc::new(PolicySet::compile(&policies).unwrap()))
}

/// The policies of the `default` profile.
fn default_policies() -> Engine {
    Engine::new(Arc::new(load(&[]).unwrap()))
}

fn policy(name: &str, rules: Value) -> Value {
    json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": name},
        "spec": {"rules": rules}})
}

fn body(object: &Value, old: Option<&Value>) -> Vec<u8> {
    let operation = if old.is_some() { "UPDATE" } else { "CREATE" };
    let request = json!({"uid": "u", "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "operation": operation, "namespace": "etl", "object": object, "oldObject": old});
    let review =
        json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request});
    serde_json::to_vec(&review).unwrap()
}

fn containers(count: usize, one: &Value) -> Value {
    let named = |at: usize| {
        let mut container = one.clone();
        container["name"] = format!("c{at}").into();
        container
    };
    (0..count).map(named).collect()
}

fn pod(spec: Value) -> Value {
    json!({"metadata": {"name": "big", "labels": {"spark-role": "executor"}}, "spec": spec})
}

/// Reviews the pods of `make` as they are created.
fn create(name: &str, engine: &Engine, make: impl Fn(usize) -> Value) {
    for endpoint in [Endpoint::Mutate, Endpoint::Validate] {
        let work = |body: &Vec<u8>| drop(review(engine, endpoint, body).unwrap());
        assert_linear(&format!("{name}, {endpoint:?}"), |size| body(&make(size), None), work);
    }
}

#[test]
fn containers_under_the_default_policies() {
    let engine = default_policies();
    let latest = json!({"image": "nginx:latest"});
    create("plain containers", &engine, |size| {
        pod(json!({"containers": containers(size, &latest)}))
    });
    let always = json!({"image": "nginx:1.27", "imagePullPolicy": "Always"});
    create("pulling containers", &engine, |size| {
        pod(json!({"initContainers": containers(size / 2, &always),
            "containers": containers(size / 2, &always)}))
    });
    create("pod-level resources", &engine, |size| {
        pod(json!({"containers": containers(size, &latest), "resources": {"limits": {"cpu": "8"}}}))
    });
}

#[test]
fn updates() {
    let engine = default_policies();
    let latest = json!({"image": "nginx:latest"});
    let make = |size| {
        let list = containers(size, &latest);
        let mut before = list.as_array().unwrap().clone();
        before.reverse();
        before.truncate(size / 2);
        let before = pod(json!({"containers": before}));
        body(&pod(json!({"containers": list})), Some(&before))
    };
    let work = |body: &Vec<u8>| drop(review(&engine, Endpoint::Validate, body).unwrap());
    assert_linear("an update", make, work);
    let exemption = json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicyExemption",
        "metadata": {"name": "x"}, "spec": {"policies": ["*"], "reason": "r", "owner": "o"}});
    let exemptions = ExemptionSet::compile(&[&exemption]).unwrap();
    let exempting = engine.clone().with_exemptions(Arc::new(exemptions));
    let work = |body: &Vec<u8>| drop(review(&exempting, Endpoint::Validate, body).unwrap());
    assert_linear("an exempted update", make, work);
}

#[test]
fn rules_that_want_different_things() {
    let pull = |deny: &str, with: &str| {
        json!([{"name": "pull", "action": "Patch",
            "imagePullPolicy": {"deny": [deny], "replaceWith": with, "onlyWhere": "Any"}}])
    };
    let cpu = |amount: &str| {
        json!([{"name": "cpu", "action": "Patch", "resources": {
            "requests": {"cpu": {"required": true, "default": amount}},
            "limits": {"memory": {"forbidden": true}}}}])
    };
    let engine = engine(&[
        policy("a", pull("Always", "IfNotPresent")),
        policy("b", pull("IfNotPresent", "Always")),
        policy("c", cpu("1")),
        policy("d", cpu("2")),
    ]);
    let one = json!({"image": "nginx:1.27", "resources": {"limits": {"memory": "1Gi"}}});
    create("conflicts", &engine, |size| pod(json!({"containers": containers(size, &one)})));
}

#[test]
fn pods_that_were_patched_before() {
    let engine = default_policies();
    let always = json!({"image": "nginx:1.27", "imagePullPolicy": "Always"});
    create("signed", &engine, |size| {
        let mut pod = pod(json!({"containers": containers(size, &always)}));
        pod["metadata"]["annotations"] = json!({"plimsoll.dev/patched-by": "image-pull-policy"});
        pod
    });
}

#[test]
fn long_lists_beside_the_containers() {
    let engine = default_policies();
    create("volumes", &engine, |size| {
        let volume = |at| json!({"name": format!("v{at}"), "image": {"reference": "nginx:latest"}});
        pod(json!({"volumes": (0..size).map(volume).collect::<Value>()}))
    });
    create("labels, options, constraints", &engine, |size| {
        let named = |at: usize| json!({"name": format!("o{at}"), "topologyKey": format!("k{at}")});
        let list: Value = (0..size).map(named).collect();
        let labels: serde_json::Map<String, Value> =
            (0..size).map(|at| (format!("l{at}"), "x".into())).collect();
        let mut pod =
            pod(json!({"topologySpreadConstraints": list, "dnsConfig": {"options": list},
            "nodeSelector": labels, "containers": containers(1, &json!({"image": "nginx:1.27"}))}));
        pod["metadata"]["labels"] = labels.into();
        pod
    });
}

/// Judges a file as `plimsoll check` does.
fn check(name: &str, make: impl Fn(usize) -> String) {
    let engine = default_policies();
    let folder = tempfile::tempdir().unwrap();
    let write = |size| {
        let path = folder.path().join(format!("{size}.yaml"));
        std::fs::write(&path, make(size)).unwrap();
        [path]
    };
    assert_linear(name, write, |paths| {
        // As SARIF shows them, findings carry the changes that their fixes make.
        let context = check::Context { with_replacements: true, ..check::Context::new(&engine) };
        let report = check::run(context, paths, 1);
        assert!(report.errors.is_empty(), "{:?}", report.errors);
        assert!(!report.findings.is_empty());
    });
}

#[test]
fn manifests() {
    let header = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n";
    let list = |size| -> String {
        (0..size).map(|at| format!("  - {{name: c{at}, image: nginx:latest}}\n")).collect()
    };
    check("a manifest of many containers", |size| format!("{header}  containers:\n{}", list(size)));
    check("a manifest of many containers with fixes", |size| {
        let list: String = (0..size)
            .map(|at| format!("  - name: c{at}\n    image: a:1\n    imagePullPolicy: Always\n"))
            .collect();
        format!("{header}  containers:\n{list}")
    });
    check("a manifest of many fields", |size| {
        let fields: String = (0..size).map(|at| format!("  f{at}: 1\n")).collect();
        format!("{header}{fields}  containers:\n{}", list(size))
    });
    check("a manifest of many documents", |size| {
        let one = format!("---\n{header}  containers:\n{}", list(1));
        one.repeat(size)
    });
}

/// Writes a report of many findings of many objects in many files, as every format does.
#[test]
fn formats() {
    let engine = default_policies();
    let folder = tempfile::tempdir().unwrap();
    // Judging takes longer than writing; a report serves every format.
    let known = Mutex::new(HashMap::new());
    let report = |size: usize| {
        if let Some(report) = known.lock().unwrap().get(&size) {
            return Arc::clone(report);
        }
        let mut paths = Vec::new();
        for at in 0..size.div_ceil(10) {
            let pod = |name| {
                format!(
                    "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p{name}}}\nspec:\n  containers:\n  \
                     - {{name: c, image: nginx:latest}}\n  - {{name: d, image: nginx:latest}}\n"
                )
            };
            let text: String = (0..10).map(pod).collect();
            let path = folder.path().join(format!("{size}/{at}.yaml"));
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
            paths.push(path);
        }
        let context = check::Context { with_judged: true, ..check::Context::new(&engine) };
        let report = Arc::new(check::run(context, &paths, 1));
        assert!(report.findings.len() > 2 * size);
        known.lock().unwrap().insert(size, Arc::clone(&report));
        report
    };
    let repository = Repository::around(folder.path());
    type Write<'w> = &'w dyn Fn(&Report, &mut dyn io::Write) -> io::Result<()>;
    let formats: [(&str, Write<'_>); 8] = [
        ("text", &|report, out| text::write(report, text::Style::default(), out)),
        ("json", &json::write),
        ("compact", &compact::write),
        ("sarif", &|report, out| sarif::write(report, &repository, out)),
        ("junit", &|report, out| junit::write(report, &repository, out)),
        ("github", &|report, out| github::write(report, &repository, out)),
        ("gitlab", &|report, out| gitlab::write(report, &repository, out)),
        ("markdown", &|report, out| markdown::write(report, &repository, out)),
    ];
    for (name, write) in formats {
        assert_linear(name, report, |report| write(report, &mut io::sink()).unwrap());
    }
}

#[test]
fn custom_resources() {
    let workflow = "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: w}\nspec:\n  dnsPolicy: Default\n";
    check("a workflow of many templates", |size| {
        let templates: String = (0..size)
            .map(|at| format!("  - {{name: t{at}, container: {{image: nginx:latest}}}}\n"))
            .collect();
        format!("{workflow}  templates:\n{templates}")
    });
    let thing = "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: t}\nspec:\n";
    check("a custom resource of many fields and pods", |size| {
        let pods: String = (0..size)
            .map(|at| format!("  p{at}: {{a: [{{b: {{}}}}], spec: {{containers: [{{name: m, image: nginx}}]}}}}\n"))
            .collect();
        format!("{thing}{pods}")
    });
    check("a task whose steps share a template", |size| {
        let env: String =
            (0..size).map(|at| format!("    - {{name: E{at}, value: x}}\n")).collect();
        let steps: String =
            (0..size).map(|at| format!("  - {{name: s{at}, image: nginx}}\n")).collect();
        format!(
            "apiVersion: tekton.dev/v1\nkind: Task\nmetadata: {{name: t}}\nspec:\n  stepTemplate:\n    image: nginx\n    env:\n{env}  steps:\n{steps}"
        )
    });
}
