//! Where the control plane's programs come from: a folder that the person names, or a build of our own.

use std::path::PathBuf;

use super::go::{Module, non_empty};

/// The folder that must hold etcd, kube-apiserver and kubectl; the ecosystem's own name for it.
const ASSETS: &str = "KUBEBUILDER_ASSETS";
/// What a build leaves in its folder. etcd's Go package is called `server`, so `go build` says that.
const BUILT: [(&str, &str); 5] = [
    ("server", "etcd"),
    ("kube-apiserver", "kube-apiserver"),
    ("kubectl", "kubectl"),
    ("kube-scheduler", "kube-scheduler"),
    ("kube-controller-manager", "kube-controller-manager"),
];

/// The programs of a control plane.
#[derive(Clone, Debug)]
pub(crate) struct Binaries {
    folder: PathBuf,
    built_version: Option<String>,
}

impl Binaries {
    /// The path of one of the programs, such as `kube-scheduler`.
    pub(crate) fn path(&self, program: &str) -> Result<PathBuf, String> {
        let path = self.folder.join(program);
        if path.is_file() {
            return Ok(path);
        }
        Err(format!(
            "{} has no {program}. Put one there, or unset {ASSETS} to have all of them built with Go.",
            self.folder.display()
        ))
    }

    /// The Kubernetes version, such as `v1.36.3`, of programs that were built here; unknown for others.
    pub(crate) fn built_version(&self) -> Option<&str> {
        self.built_version.as_deref()
    }
}

/// Finds the programs: in `KUBEBUILDER_ASSETS`, in the cache, or by building them with Go.
pub(crate) fn binaries() -> Result<Binaries, String> {
    if let Some(folder) = non_empty(ASSETS) {
        let found = Binaries { folder: folder.into(), built_version: None };
        for program in ["etcd", "kube-apiserver", "kubectl"] {
            found.path(program)?;
        }
        return Ok(found);
    }
    let mut module = Module {
        what: "a Kubernetes control plane".to_owned(),
        folder: "tests/cluster",
        name: "control-plane",
        ldflags: String::new(),
        programs: &BUILT,
        instead: &[
            format!("set {ASSETS} to a folder that holds etcd, kube-apiserver and kubectl"),
            format!(
                "set {}=1 to leave the cluster tests out, knowing that they are left out",
                super::SKIP
            ),
        ],
    };
    let version = kubernetes_version(&module.text()?)?;
    module.ldflags = ldflags(&version)?;
    Ok(Binaries { folder: module.built()?, built_version: Some(version) })
}

/// The version that a `go.mod` requires.
fn kubernetes_version(go_mod: &str) -> Result<String, String> {
    go_mod
        .lines()
        .filter_map(|line| line.trim().strip_prefix("k8s.io/kubernetes "))
        .find_map(|rest| rest.split_whitespace().next())
        .map(str::to_owned)
        .ok_or_else(|| "tests/cluster/go.mod does not require k8s.io/kubernetes".to_owned())
}

/// Without these the server calls itself v0.0.0, and kubectl warns about it.
fn ldflags(version: &str) -> Result<String, String> {
    let mut numbers = version.trim_start_matches('v').split('.');
    let (Some(major), Some(minor)) = (numbers.next(), numbers.next()) else {
        return Err(format!("not a Kubernetes version: {version}"));
    };
    let package = "k8s.io/component-base/version";
    Ok(format!(
        "-s -w -X {package}.gitVersion={version} -X {package}.gitMajor={major} -X {package}.gitMinor={minor}"
    ))
}
