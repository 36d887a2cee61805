//! Pods in objects of any kind: found by their shape, recognised as in the cluster, and pointed at where they stand.
//!
//! `PLIMSOLL_UPDATE=1 cargo test --test shapes` writes the expectations anew.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "shapes/edits.rs"]
mod edits;
#[path = "shapes/planted.rs"]
mod planted;
#[path = "shapes/rules.rs"]
mod rules;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use plimsoll::check::{self, Context};
use plimsoll::engine::Engine;
use plimsoll::manifest::parse;
use plimsoll::pod::kinds::PodKind;
use plimsoll::pod::shapes::{Projection, custom_kinds, find};
use plimsoll::pod::workload::Workload;
use plimsoll::policy_source::load;
use plimsoll::report::Report;
use serde_json::Value;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shapes").join(name)
}

/// The manifests of a folder, in the order of their names.
fn manifests(name: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(folder(name)).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|kind| kind != "txt")).collect();
    files.sort();
    files
}

/// The objects of a manifest.
fn objects(path: &Path) -> Vec<Value> {
    let manifest = parse(Some(path), fs::read(path).unwrap());
    assert!(manifest.errors.is_empty(), "{}: {:?}", path.display(), manifest.errors);
    manifest.documents.into_iter().map(|document| document.value).collect()
}

fn judge(path: &Path) -> Report {
    let engine = Engine::new(Arc::new(load(&[]).unwrap()));
    check::run(Context::new(&engine), &[path.to_owned()], 1)
}

/// What is found in a manifest, one line each: the pods, then the findings.
fn told(path: &Path) -> String {
    let (group, kind) = Projection::KIND;
    let kind = PodKind::find(group, kind).unwrap();
    let mut told = String::new();
    for object in objects(path) {
        for embedded in find(&object) {
            let projection = embedded.project();
            let pod = kind.read(projection.object()).unwrap();
            let workload = Workload::of(&pod, kind.pods_owned_by);
            let system = workload.system.map_or("-", |system| system.name);
            let place = embedded.pointer();
            assert!(object.pointer(place.as_str()).is_some(), "{place}");
            writeln!(told, "pod {place} {} {system}", workload.class).unwrap();
        }
    }
    let report = judge(path);
    assert!(report.errors.is_empty(), "{}: {:?}", path.display(), report.errors);
    assert_eq!(report.summary.pods, told.lines().count(), "{}", path.display());
    for found in report.findings {
        let place = found.place;
        let container = found.container.as_deref().unwrap_or("-");
        let fix = if found.fix.is_some() { "fix" } else { "no fix" };
        writeln!(
            told,
            "{}:{} {} {}/{} {container} {} ({fix})",
            place.line, place.column, found.action, found.policy, found.rule, found.path
        )
        .unwrap();
    }
    told
}

#[test]
fn pods_and_findings_are_where_they_are_expected() {
    for path in manifests("found") {
        let found = told(&path);
        let expected = path.with_extension("txt");
        if std::env::var_os("PLIMSOLL_UPDATE").is_some() {
            fs::write(&expected, &found).unwrap();
        }
        assert!(found.starts_with("pod "), "{}: no pod", path.display());
        let wanted = fs::read_to_string(&expected).unwrap_or_default();
        assert_eq!(found, wanted, "{}", path.display());
    }
}

#[test]
fn what_only_speaks_of_pods_holds_none() {
    for path in manifests("none") {
        for object in objects(&path) {
            assert!(find(&object).is_empty(), "{}: {}", path.display(), object["kind"]);
        }
        let report = judge(&path);
        assert_eq!((report.summary.pods, report.findings.len()), (0, 0), "{}", path.display());
        assert!(report.errors.is_empty(), "{}: {:?}", path.display(), report.errors);
    }
}

#[test]
fn systems_that_the_table_of_workloads_knows_are_recognised() {
    let told: String = manifests("found").iter().map(|path| told(path)).collect();
    let seen: BTreeSet<&str> = told
        .lines()
        .filter(|line| line.starts_with("pod "))
        .filter_map(|line| line.rsplit(' ').next())
        .collect();
    let wanted = [
        "ArgoWorkflows",
        "Dask",
        "Flink",
        "GitHubRunner",
        "JobSet",
        "Kubeflow",
        "Ray",
        "Spark",
        "Tekton",
        "Volcano",
    ];
    for system in wanted {
        assert!(seen.contains(system), "{system}: {seen:?}");
    }
}

#[test]
fn every_system_but_the_rarest_has_a_manifest() {
    let objects: Vec<Value> = manifests("found").iter().flat_map(|path| objects(path)).collect();
    let seen: BTreeSet<&str> =
        objects.iter().flat_map(find).filter_map(|embedded| embedded.system()).collect();
    let without = ["Elastic Cloud on Kubernetes", "Kubeflow Trainer", "Operator Lifecycle Manager"];
    for row in custom_kinds() {
        let known = seen.contains(row.system) || without.contains(&row.system);
        assert!(known, "{} has no manifest in tests/shapes/found", row.system);
        assert!(row.source.contains(": "), "{}: {}", row.system, row.source);
    }
    assert!(seen.len() >= 15, "{seen:?}");
}
