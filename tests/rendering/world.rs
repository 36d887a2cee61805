//! Charts and kustomizations in folders of their own, and the tools to render them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command as Process;
use std::sync::LazyLock;

use assert_cmd::Command;
use serde_json::Value;

use crate::go::tool;
use crate::sandbox::{Run, Sandbox};

static HELM: LazyLock<PathBuf> = LazyLock::new(|| tool("helm").unwrap());
static KUSTOMIZE: LazyLock<PathBuf> = LazyLock::new(|| tool("kustomize").unwrap());

/// Denies `latest` and asks for a request of cpu: one rule about what is there, one about what is not.
pub(crate) const POLICY: &str = "\
apiVersion: plimsoll.dev/v1alpha1
kind: PodPolicy
metadata: {name: p}
spec:
  rules:
  - name: latest
    action: Deny
    imageTag: {deny: [latest]}
  - name: cpu
    action: Deny
    resources: {requests: {cpu: {required: true}}}
";

pub(crate) fn helm() -> &'static Path {
    &HELM
}

pub(crate) fn kustomize() -> &'static Path {
    &KUSTOMIZE
}

pub(crate) fn world() -> Sandbox {
    Sandbox::with_policy(POLICY)
}

/// A chart or a kustomization of the tests in a folder of its own.
pub(crate) fn fixture(name: &str) -> Sandbox {
    let world = world();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rendering").join(name);
    copy(&from, &world.path().join(name));
    world
}

/// Copies a folder.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// What `helm create` makes.
pub(crate) fn create(world: &Sandbox, name: &str) {
    let done = Process::new(helm())
        .args(["create", name])
        .current_dir(world.path())
        .env("HOME", world.path())
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
}

/// `check` with the tools in the path.
pub(crate) fn command(world: &Sandbox, args: &[&str]) -> Command {
    let mut command = world.command(["check", "--policies", "policy.yaml"]);
    let folders = [helm(), kustomize()].map(|program| program.parent().unwrap());
    command.args(args).env("PATH", std::env::join_paths(folders).unwrap());
    command.env("HOME", world.path());
    command
}

pub(crate) fn check(world: &Sandbox, args: &[&str]) -> Run {
    Run::of(&command(world, args).output().unwrap())
}

/// The findings as `file:line:column-endColumn rule container`, with `~` where the place is in the rendered text.
pub(crate) fn found(world: &Sandbox, args: &[&str]) -> Vec<String> {
    let run = check(world, &[&["--format", "json"], args].concat());
    let report = run.json();
    assert_eq!(report["errors"], Value::Array(Vec::new()), "{}", run.stderr);
    places(&report)
}

pub(crate) fn places(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    let place = |one: &Value| {
        let text = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
        assert_eq!(one["line"], one["endLine"], "{one}");
        let tilde = if one["placeIsRendered"] == true { "~" } else { "" };
        format!(
            "{tilde}{}:{}:{}-{} {} {}",
            text("file"),
            one["line"],
            one["column"],
            one["endColumn"],
            text("rule"),
            text("container")
        )
    };
    findings.map(place).collect()
}
