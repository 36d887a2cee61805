//! Every row of the workload table, proven by a pod as the system's own code makes it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use plimsoll::pod::kinds::{Object, PodKind};
use plimsoll::pod::top_owner::TopOwner;
use plimsoll::pod::view::Pod;
use plimsoll::pod::workload::{SYSTEMS, Workload};
use serde_json::Value;

#[derive(serde::Deserialize)]
struct Expected {
    class: String,
    system: Option<String>,
    /// What the pod is attributed to: API version where it has one, kind and name.
    owner: String,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/workloads")
}

fn expected() -> BTreeMap<String, Expected> {
    serde_json::from_str(&fs::read_to_string(folder().join("expected.json")).unwrap()).unwrap()
}

fn read<T>(path: &str, then: impl FnOnce(&Pod<'_>) -> T) -> T {
    let object: Value =
        serde_json::from_str(&fs::read_to_string(folder().join(path)).unwrap()).unwrap();
    then(&PodKind::find("", "Pod").unwrap().read(Object::Value(&object)).unwrap())
}

fn recognise(path: &str) -> Workload {
    read(path, |pod| Workload::of(pod, None))
}

#[test]
fn every_pod_is_what_it_is() {
    for (path, expected) in expected() {
        let found = recognise(&path);
        assert_eq!(found.class.name(), expected.class, "{path}");
        assert_eq!(found.system.map(|system| system.name), expected.system.as_deref(), "{path}");
    }
}

#[test]
fn every_pod_is_attributed_to_what_stays_from_run_to_run() {
    for (path, expected) in expected() {
        let found = read(&path, |pod| TopOwner::of(pod).into_owned());
        let found = format!("{} {} {}", found.api_version, found.kind, found.name);
        assert_eq!(found.trim_start(), expected.owner, "{path}");
    }
}

#[test]
fn every_row_has_a_pod_that_only_it_explains() {
    for system in SYSTEMS {
        let found = recognise(system.example).system;
        assert!(found.is_some_and(|found| std::ptr::eq(found, system)), "{}", system.example);
    }
    let systems: BTreeSet<&str> = SYSTEMS.iter().map(|system| system.name).collect();
    assert!(systems.len() >= 12, "{systems:?}");
}

#[test]
fn no_pod_is_left_out_of_the_expectations() {
    let listed = expected();
    for folder in fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
    {
        for file in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            let parts =
                [folder.file_name(), file.file_name()].map(|name| name.unwrap().to_str().unwrap());
            assert!(listed.contains_key(&parts.join("/")), "{}", file.display());
        }
    }
}
