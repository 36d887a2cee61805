//! Helm, run on the chart.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use plimsoll::manifest::parse;
use serde_json::Value;
use tempfile::TempDir;

use crate::cluster::Cluster;
use crate::cluster::go::tool;
use crate::cluster::process::{Output, run};

/// Where the chart is.
pub(crate) const CHART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/charts/plimsoll");
/// The namespace that the documentation uses.
pub(crate) const NAMESPACE: &str = "plimsoll-system";

const TIMEOUT: Duration = Duration::from_secs(300);

/// A Helm with caches of its own, and with a cluster where one is given.
pub(crate) struct Helm {
    program: PathBuf,
    home: TempDir,
    kubeconfig: Option<PathBuf>,
}

impl Helm {
    /// Without a cluster: renders and checks.
    pub(crate) fn alone() -> Self {
        Self { program: tool("helm").unwrap(), home: TempDir::new().unwrap(), kubeconfig: None }
    }

    /// With the administrator's rights in a cluster.
    pub(crate) fn in_cluster(cluster: &Cluster) -> Self {
        Self { kubeconfig: Some(cluster.kubeconfig()), ..Self::alone() }
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(&self.program);
        command.args(args);
        for (name, _) in std::env::vars_os() {
            let upper = name.to_string_lossy().to_uppercase();
            let stray = ["HELM_", "XDG_", "KUBE"].iter().any(|prefix| upper.starts_with(prefix));
            if stray || upper.ends_with("_PROXY") {
                command.env_remove(name);
            }
        }
        command.env("HOME", self.home.path());
        command.envs(self.kubeconfig.iter().map(|path| ("KUBECONFIG", path)));
        run(&mut command, None, TIMEOUT).unwrap()
    }

    /// Runs Helm, which has to work.
    pub(crate) fn ok(&self, args: &[&str]) -> String {
        self.run(args).stdout_of(&format!("helm {}", args.join(" "))).unwrap()
    }

    /// The chart's manifests as release `plimsoll`.
    pub(crate) fn template(&self, args: &[&str]) -> Output {
        self.run(&[&["template", "plimsoll", CHART, "--namespace", NAMESPACE], args].concat())
    }

    /// The objects that the chart renders to.
    pub(crate) fn objects(&self, args: &[&str]) -> Vec<Value> {
        documents(&self.template(args).stdout_of("helm template").unwrap())
    }

    /// What the chart says when it refuses values.
    pub(crate) fn refusal(&self, args: &[&str]) -> String {
        let output = self.template(args);
        assert!(!output.success(), "{args:?} was taken");
        output.stderr
    }
}

/// The objects in a stream of YAML.
pub(crate) fn documents(yaml: &str) -> Vec<Value> {
    let manifest = parse(None, yaml.as_bytes().to_vec());
    assert!(manifest.errors.is_empty(), "{:?}", manifest.errors);
    manifest.documents.into_iter().map(|document| document.value).filter(Value::is_object).collect()
}

/// The one object of a kind and a name.
pub(crate) fn find<'a>(objects: &'a [Value], kind: &str, name: &str) -> &'a Value {
    let is_it = |object: &&Value| object["kind"] == kind && object["metadata"]["name"] == name;
    objects.iter().find(is_it).unwrap_or_else(|| panic!("there is no {kind} {name}"))
}

/// Whether a program is there. Debian's packages need not be: `.ci/run` installs them and sets
/// `PLIMSOLL_REQUIRE_TOOLS`, without which a test that lacks them says so and passes.
pub(crate) fn there_is(program: &str, test: &str) -> bool {
    let found = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .any(|folder| folder.join(program).is_file());
    if !found {
        let required = std::env::var_os("PLIMSOLL_REQUIRE_TOOLS").is_some();
        assert!(!required, "{test} needs {program}, and PLIMSOLL_REQUIRE_TOOLS is set");
        let text = format!("plimsoll tests: SKIPPED {test}: there is no {program}.");
        drop(writeln!(std::io::stderr(), "{text}"));
    }
    found
}

/// Runs a program in a folder.
pub(crate) fn run_in(folder: &Path, program: impl AsRef<std::ffi::OsStr>, args: &[&str]) -> Output {
    run(Command::new(program).args(args).current_dir(folder), None, TIMEOUT).unwrap()
}
