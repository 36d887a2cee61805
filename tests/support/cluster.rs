//! A real Kubernetes control plane for tests: etcd, kube-apiserver and, where asked for, the scheduler and
//! the controllers, as plain processes on loopback.
//!
//! ```ignore
//! #[path = "support/cluster.rs"]
//! mod cluster;
//!
//! if cluster::skipped("a test's name") {
//!     return;
//! }
//! let cluster = cluster::Cluster::shared().unwrap();
//! let namespace = cluster.create_namespace("denies-latest", &[]).unwrap();
//! ```
//!
//! Nothing outlives the test process, however it ends: see `cluster/supervisor.sh`. Where the programs come
//! from: see `cluster/binaries.rs`. A cluster takes about 3 s to start and 0.5 GiB.

#![allow(dead_code, reason = "each test binary uses its own part of the support code")]

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

#[path = "cluster/api_server.rs"]
mod api_server;
#[path = "cluster/audit.rs"]
pub(crate) mod audit;
#[path = "cluster/binaries.rs"]
pub(crate) mod binaries;
#[path = "certs.rs"]
pub(crate) mod certs;
#[path = "cluster/control_plane.rs"]
mod control_plane;
#[path = "go.rs"]
pub(crate) mod go;
#[path = "cluster/kubectl.rs"]
mod kubectl;
#[path = "cluster/process.rs"]
pub(crate) mod process;
#[path = "cluster/supervisor.rs"]
mod supervisor;
#[path = "cluster/webhooks.rs"]
pub(crate) mod webhooks;

#[allow(unused_imports, reason = "each test binary uses its own part of the support code")]
pub(crate) use self::{kubectl::Kubectl, process::Output, supervisor::Program, webhooks::Webhooks};

/// Leaves the cluster tests out when set to anything but `0`.
pub(crate) const SKIP: &str = "PLIMSOLL_SKIP_CLUSTER_TESTS";
/// Keeps the logs of clusters whose tests passed, when set to anything but `0`.
const KEEP_LOGS: &str = "PLIMSOLL_KEEP_CLUSTER_LOGS";

/// What a cluster is made of.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Run kube-scheduler, so that pods are bound to the nodes of [`Cluster::add_node`].
    pub(crate) scheduler: bool,
    /// Run kube-controller-manager, so that Deployments and Jobs make pods.
    pub(crate) controllers: bool,
    /// More flags for kube-apiserver, such as `--enable-admission-plugins=AlwaysPullImages`. They come
    /// last and win.
    pub(crate) api_server_args: Vec<String>,
    /// Where Services get their addresses. Inside 127.0.0.0/8, a webhook registered by `service` is
    /// dialled on loopback: a process that listens on the address *is* the Service. Clusters that run at
    /// the same time and listen on the same ports there need ranges of their own.
    pub(crate) service_range: String,
    /// Have every request of a ServiceAccount written down, for [`Cluster::audit_log`].
    pub(crate) audit: bool,
}

impl Default for Options {
    /// An API server alone, with the admission plugins that are on by default.
    fn default() -> Self {
        Self {
            scheduler: false,
            controllers: false,
            api_server_args: Vec::new(),
            service_range: "127.100.0.0/16".to_owned(),
            audit: false,
        }
    }
}

impl Options {
    /// With scheduler and controllers: workloads become pods, and pods are bound to nodes.
    pub(crate) fn complete() -> Self {
        Self { scheduler: true, controllers: true, ..Self::default() }
    }

    /// With one more flag for kube-apiserver.
    pub(crate) fn api_server_arg(mut self, arg: &str) -> Self {
        self.api_server_args.push(arg.to_owned());
        self
    }
}

/// A control plane that runs until it is dropped or the process ends.
///
/// When the test that owns it panics, its logs are kept and the folder is printed. A test that fails by
/// returning `Err` does not panic: it calls [`Cluster::keep_logs`], or unwraps instead.
#[derive(Debug)]
pub(crate) struct Cluster {
    kubectl: Kubectl,
    port: u16,
    supervisor: supervisor::Supervisor,
    api_server: api_server::ApiServer,
    ca_pem: String,
    built_version: Option<String>,
}

impl Cluster {
    /// Starts a cluster and waits until it is ready for pods in the `default` namespace.
    pub(crate) fn start(options: &Options) -> Result<Self, String> {
        let started = binaries::binaries().and_then(|found| control_plane::start(&found, options));
        // Whoever unwraps this shows its lines in one, with `\n` between them.
        started.inspect_err(|error| say(error))
    }

    /// The one cluster that the tests of this process share: an API server alone. It ends with the process.
    pub(crate) fn shared() -> Result<&'static Self, String> {
        Self::shared_with(&Options::default())
    }

    /// Like [`Cluster::shared`], with other options. The first call in a process decides for all of them,
    /// so call it from one function of the test binary.
    pub(crate) fn shared_with(options: &Options) -> Result<&'static Self, String> {
        static SHARED: OnceLock<Result<Cluster, String>> = OnceLock::new();
        let cluster = SHARED.get_or_init(|| Self::start(options).inspect(Self::keep_logs_on_panic));
        cluster.as_ref().map_err(Clone::clone)
    }

    /// A static is never dropped, so a shared cluster learns of a failed test through the panic hook.
    fn keep_logs_on_panic(&self) {
        let folder = self.supervisor.folder().to_owned();
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            drop(std::fs::write(folder.join("keep"), ""));
            before(panic);
            say(&format!("logs of the shared cluster: {}", folder.join("logs").display()));
        }));
    }

    /// Runs `program` until the cluster ends: a webhook that a test or the example registers. Stop it
    /// with [`Cluster::stop`], signal it through the [`Program`].
    pub(crate) fn run(
        &self,
        name: &str,
        program: &Path,
        args: &[String],
        envs: &[(&str, &str)],
    ) -> Result<Program, String> {
        self.supervisor.run(name, program, args, envs)
    }

    /// Kills what [`Cluster::run`] started under `name` (or `etcd`, `kube-apiserver` …).
    pub(crate) fn stop(&self, name: &str) -> Result<(), String> {
        self.supervisor.stop(name)
    }

    /// The exit code of a program of [`Cluster::run`] that has ended by itself.
    pub(crate) fn reap(&self, program: &Program) -> Result<i32, String> {
        self.supervisor.reap(program)
    }

    /// The kubeconfig of the cluster's administrator.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.kubectl.kubeconfig.clone()
    }

    /// The kubectl that fits the cluster, for tests that run it in their own way.
    pub(crate) fn kubectl_path(&self) -> &Path {
        &self.kubectl.program
    }

    /// Where the API server listens.
    pub(crate) fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// The authority that signed the API server's certificate.
    pub(crate) fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// The Kubernetes version that was built for the tests; `None` where the person brought the programs.
    pub(crate) fn built_version(&self) -> Option<&str> {
        self.built_version.as_deref()
    }

    /// A folder that lives as long as the cluster, for certificates, policies and the like.
    pub(crate) fn folder(&self) -> &Path {
        self.supervisor.folder()
    }

    /// Where the logs are: `etcd.log`, `kube-apiserver.log` …
    pub(crate) fn logs(&self) -> PathBuf {
        self.folder().join("logs")
    }

    /// Has the logs outlive the cluster.
    pub(crate) fn keep_logs(&self) {
        self.supervisor.keep_logs();
        say(&format!("logs of the cluster: {}", self.logs().display()));
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if std::thread::panicking() || is_set(KEEP_LOGS) {
            self.keep_logs();
        }
    }
}

impl fmt::Display for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (KUBECONFIG={})", self.url(), self.kubeconfig().display())
    }
}

/// Whether the person wants the cluster tests left out; says so where nobody can miss it.
pub(crate) fn skipped(test: &str) -> bool {
    let skipped = is_set(SKIP);
    if skipped {
        say(&format!(
            "SKIPPED {test}: {SKIP} is set. Nothing was tested against a real API server."
        ));
    }
    skipped
}

fn is_set(variable: &str) -> bool {
    std::env::var(variable).is_ok_and(|value| !matches!(value.as_str(), "" | "0"))
}

/// Tells the person something now. Not with `eprintln!`, which the test harness holds back.
fn say(text: &str) {
    drop(writeln!(std::io::stderr(), "plimsoll test cluster: {text}"));
}

/// How long the parts of a cluster may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);
