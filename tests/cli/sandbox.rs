//! A folder of its own for every test, and the command run in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

/// Denies `latest`: what most tests need of a policy.
pub(crate) const DENY_LATEST: &str = "\
apiVersion: plimsoll.dev/v1alpha1
kind: PodPolicy
metadata: {name: images}
spec:
  rules:
  - name: no-latest
    action: Deny
    imageTag: {deny: [latest]}
";

/// No command may take longer, on a busy machine and unoptimized.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// A pod whose image moves.
pub(crate) fn bad_pod(name: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec:\n  containers:\n  - name: app\n    image: nginx:latest\n"
    )
}

/// A folder with a policy in `policy.yaml`.
pub(crate) struct Sandbox(TempDir);

/// What a run printed and how it ended.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self::with_policy(DENY_LATEST)
    }

    pub(crate) fn with_policy(policy: &str) -> Self {
        let sandbox = Self(TempDir::new().unwrap());
        sandbox.write("policy.yaml", policy);
        sandbox
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// The command in the folder, with nothing of the environment.
    pub(crate) fn command<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
        command.current_dir(self.path()).env_clear().args(args).timeout(PATIENCE);
        command
    }

    pub(crate) fn run<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Run {
        Run::of(&self.command(args).output().unwrap())
    }

    /// `check --policies policy.yaml` with more arguments.
    pub(crate) fn check<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Run {
        self.run(["check", "--policies", "policy.yaml"].into_iter().chain(args))
    }

    /// The JSON report on a manifest, and the exit code.
    pub(crate) fn judge(&self, name: &str, manifest: impl AsRef<[u8]>) -> (Value, i32) {
        self.write(name, manifest);
        let run = self.check(["--format", "json", name]);
        (run.json(), run.code)
    }
}

impl Run {
    pub(crate) fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let run = Self {
            code: output.status.code().expect("ended by a signal, or too slow"),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        };
        assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
        run
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}\n{}", self.stdout, self.stderr))
    }
}

/// Lines and columns of the findings, `line:column-endLine:endColumn`.
pub(crate) fn places(report: &Value) -> Vec<String> {
    let found = report["findings"].as_array().unwrap().iter();
    found
        .map(|f| format!("{}:{}-{}:{}", f["line"], f["column"], f["endLine"], f["endColumn"]))
        .collect()
}
