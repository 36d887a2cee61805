//! A cluster of a few pods, and `plimsoll audit` of it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::server::Server;

const POLICIES: &str = "\
apiVersion: plimsoll.dev/v1alpha1
kind: PodPolicy
metadata: {name: images}
spec:
  rules:
  - name: no-latest
    action: Deny
    imageTag: {deny: [latest]}
---
apiVersion: plimsoll.dev/v1alpha1
kind: PodPolicy
metadata: {name: team}
spec:
  match: {namespaceSelector: {matchLabels: {team: data}}}
  rules:
  - name: no-old
    action: Warn
    imageTag: {deny: [old]}
";

/// A cluster, and a folder with a kubeconfig and policies.
pub(crate) struct World {
    pub(crate) server: Server,
    folder: TempDir,
}

/// What a run printed and how it ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) report: Value,
    pub(crate) stderr: String,
}

pub(crate) fn uid(number: u32) -> String {
    format!("00000000-0000-0000-0000-{number:012x}")
}

pub(crate) fn owner(api_version: &str, kind: &str, name: &str, number: u32) -> Value {
    json!([{"apiVersion": api_version, "kind": kind, "name": name, "uid": uid(number), "controller": true}])
}

pub(crate) fn pod(namespace: &str, name: &str, tag: &str, owners: Value) -> Value {
    json!({
        "metadata": {"name": name, "namespace": namespace, "uid": uid(99), "ownerReferences": owners,
            "creationTimestamp": "2026-01-02T03:04:05Z"},
        "spec": {"containers": [{"name": "app", "image": format!("nginx:{tag}")}]},
    })
}

impl World {
    /// An empty cluster.
    pub(crate) fn new() -> World {
        let world = World { server: Server::start(), folder: TempDir::new().unwrap() };
        world.write("policy.yaml", POLICIES);
        world.point_at(&format!("http://{}", world.server.address));
        world
    }

    /// The same with six pods in the namespaces a, a-b and c; all but the one of c are refused.
    pub(crate) fn with_pods() -> World {
        let world = Self::new();
        for (name, labels) in [("a", json!({"team": "data"})), ("a-b", json!({})), ("c", json!({}))]
        {
            let namespace = json!({"metadata": {"name": name, "labels": labels}});
            world.server.add("/api/v1/namespaces", namespace);
        }
        for at in 1..=4 {
            world.server.add("/api/v1/pods", pod("a", &format!("p{at}"), "latest", json!([])));
        }
        world.server.add("/api/v1/pods", pod("a-b", "p1", "latest", json!([])));
        world.server.add("/api/v1/pods", pod("c", "p1", "old", json!([])));
        world
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn point_at(&self, server: &str) {
        self.point_at_with(server, "");
    }

    /// The same with more of the cluster, such as `, certificate-authority: ca.pem`.
    pub(crate) fn point_at_with(&self, server: &str, more: &str) {
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: one\n\
             contexts: [{{name: one, context: {{cluster: c, user: u}}}}]\n\
             clusters: [{{name: c, cluster: {{server: '{server}'{more}}}}}]\nusers: [{{name: u, user: {{token: t}}}}]\n"
        );
        self.write("kubeconfig", &text);
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
        command
            .current_dir(self.folder.path())
            .env_clear()
            .args(["audit", "--kubeconfig", "kubeconfig", "--policies", "policy.yaml"])
            .args(["--format", "json"])
            .args(args);
        command
    }

    pub(crate) fn audit(&self, args: &[&str]) -> Run {
        Run::of(&self.command(args).output().unwrap())
    }
}

impl Run {
    pub(crate) fn of(output: &Output) -> Run {
        Run {
            code: output.status.code(),
            report: serde_json::from_slice(&output.stdout).unwrap_or_default(),
            stderr: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }

    /// How many pods were judged, how many would be refused, and the exit code.
    pub(crate) fn counts(&self) -> (u64, u64, Option<i32>) {
        let count = |key: &str| self.report["summary"][key].as_u64().unwrap_or(u64::MAX);
        (count("pods"), count("denied"), self.code)
    }

    /// Kind, name and count of what was found, by owner.
    pub(crate) fn owners(&self) -> Vec<String> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let mut owners: Vec<String> = self.report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| {
                let owner = &one["owner"];
                let (kind, name) = (text(&owner["kind"]), text(&owner["name"]));
                format!("{}/{kind}/{name} {}", text(&owner["namespace"]), one["count"])
            })
            .collect();
        owners.sort();
        owners
    }

    /// Where and what could not be judged.
    pub(crate) fn errors(&self) -> Vec<String> {
        told(&self.report["errors"])
    }

    pub(crate) fn notes(&self) -> Vec<String> {
        told(&self.report["notes"])
    }
}

fn told(list: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let list = list.as_array().into_iter().flatten();
    list.map(|one| format!("{}: {}", text(&one["file"]), text(&one["message"]))).collect()
}
