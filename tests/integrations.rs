//! What people run Plimsoll from: pre-commit, GitHub, GitLab, kubectl. The files that they take from this repository are
//! run as those systems run them, with a release that stands in a folder.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "support/cluster.rs"]
mod cluster;
#[path = "support/python.rs"]
mod python;

#[path = "integrations/github.rs"]
mod github;
#[path = "integrations/gitlab.rs"]
mod gitlab;
#[path = "integrations/kubectl.rs"]
mod kubectl;
#[path = "integrations/pre_commit.rs"]
mod pre_commit;
#[path = "integrations/release.rs"]
mod release;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

/// No step may take longer, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// What most of the tests judge: one image that moves, beside one that does not.
const MANIFESTS: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: moving}
spec:
  containers:
  - name: app
    image: nginx:latest
    resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {memory: 64Mi}}
---
apiVersion: v1
kind: Pod
metadata: {name: fixed}
spec:
  containers:
  - name: app
    image: nginx:1.29
    resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {memory: 64Mi}}
";

/// A file of this repository.
fn file(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// A file of this repository as a value.
fn yaml(path: &str) -> Value {
    let manifest = plimsoll::manifest::parse(None, file(path).into_bytes());
    assert!(manifest.errors.is_empty(), "{path}: {:?}", manifest.errors);
    manifest.documents.into_iter().next().unwrap().value
}

/// A repository of Git with `files`, all of them committed.
fn repository(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    git(folder.path(), &["init", "--quiet", "--initial-branch=main"]);
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    git(folder.path(), &["add", "--all"]);
    git(folder.path(), &["commit", "--quiet", "--message", "first"]);
    folder
}

fn git(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=t", "-c", "user.email=t@example.com"]);
    command.args(["-c", "commit.gpgsign=false"]).args(arguments).current_dir(folder);
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    assert!(command.status().unwrap().success(), "git {arguments:?}");
}
