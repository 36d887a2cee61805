//! Which programs make a control plane, with which flags, files and identities.

use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::time::Duration;

use serde_json::json;

use super::api_server::ApiServer;
use super::binaries::Binaries;
use super::certs::{Authority, key_pair};
use super::kubectl::Kubectl;
use super::process::{Progress, accepts_connections, free_port, poll};
use super::supervisor::{Program, Supervisor};
use super::{Cluster, Options, PATIENCE, audit};

/// How often other ports are tried when somebody took one between finding and using it.
const ATTEMPTS: usize = 3;

/// Who the parts say they are, each with a token and a kubeconfig of its own: (kubeconfig, user, group).
/// The API server's built-in roles are bound to these names, so rights are as in any cluster.
const IDENTITIES: [(&str, &str, &str); 3] = [
    ("admin", "plimsoll-test-admin", "system:masters"),
    ("kube-scheduler", "system:kube-scheduler", "system:authenticated"),
    ("kube-controller-manager", "system:kube-controller-manager", "system:authenticated"),
];

/// Starts everything that `options` name and waits until pods can be made.
pub(super) fn start(binaries: &Binaries, options: &Options) -> Result<Cluster, String> {
    let optional =
        [("kube-scheduler", options.scheduler), ("kube-controller-manager", options.controllers)];
    for (program, wanted) in optional {
        if wanted {
            binaries.path(program)?;
        }
    }
    let mut attempt = 1;
    loop {
        match start_once(binaries, options) {
            Err(Failure { error, .. }) if attempt < ATTEMPTS && error.contains(PORT_TAKEN) => {
                attempt += 1;
            }
            Err(Failure { error, supervisor }) => {
                let Some(supervisor) = supervisor else { return Err(error) };
                supervisor.keep_logs();
                let logs = supervisor.folder().join("logs");
                return Err(format!("{error}\nall logs: {}", logs.display()));
            }
            Ok(cluster) => return Ok(cluster),
        }
    }
}

/// What a program says when somebody took its port.
const PORT_TAKEN: &str = "address already in use";

/// Why an attempt failed, and what it had started by then.
struct Failure {
    error: String,
    supervisor: Option<Box<Supervisor>>,
}

impl From<String> for Failure {
    fn from(error: String) -> Self {
        Self { error, supervisor: None }
    }
}

fn start_once(binaries: &Binaries, options: &Options) -> Result<Cluster, Failure> {
    let supervisor = Supervisor::start()?;
    let folder = supervisor.folder().to_owned();
    let plan = Plan { binaries, options, folder: &folder, etcd: free_port()?, api: free_port()? };
    let ca_pem = plan.write_files()?;
    let kubectl = Kubectl {
        program: binaries.path("kubectl")?,
        kubeconfig: folder.join("admin.kubeconfig"),
        home: folder.join("home"),
    };

    let started =
        plan.run(&supervisor, &kubectl).and_then(|()| kubectl.ensure_service_account("default"));
    if let Err(error) = started {
        return Err(Failure { error, supervisor: Some(Box::new(supervisor)) });
    }
    Ok(Cluster {
        kubectl,
        port: plan.api,
        supervisor,
        api_server: ApiServer {
            program: binaries.path("kube-apiserver")?,
            args: plan.api_server_args(),
        },
        ca_pem,
        built_version: binaries.built_version().map(str::to_owned),
    })
}

/// One attempt at a cluster.
struct Plan<'a> {
    binaries: &'a Binaries,
    options: &'a Options,
    folder: &'a Path,
    etcd: u16,
    api: u16,
}

impl Plan<'_> {
    fn file(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    fn write(&self, name: &str, text: &str) -> Result<(), String> {
        fs::write(self.folder.join(name), text)
            .map_err(|e| format!("cannot write {}: {e}", self.file(name)))
    }

    /// Keys, certificates, tokens and kubeconfigs. Answers with the authority's certificate.
    fn write_files(&self) -> Result<String, String> {
        let (private, public) = key_pair()?;
        self.write("service-accounts.key", &private)?;
        self.write("service-accounts.pub", &public)?;

        let authority = Authority::new("plimsoll test API server authority")?;
        let names = ["127.0.0.1", "localhost", "kubernetes.default.svc"];
        authority.serving_cert(&names)?.write_to(self.folder)?;
        self.write("ca.crt", &authority.ca_pem())?;

        if self.options.audit {
            self.write(audit::POLICY_FILE, &audit::policy().to_string())?;
        }
        let mut tokens = String::new();
        for (part, user, group) in IDENTITIES {
            let token = random_token();
            tokens += &format!("{token},{user},{user},{group}\n");
            self.write(&format!("{part}.kubeconfig"), &self.kubeconfig(user, &token))?;
        }
        self.write("tokens.csv", &tokens)?;
        Ok(authority.ca_pem())
    }

    fn kubeconfig(&self, user: &str, token: &str) -> String {
        let config = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "plimsoll-test", "cluster": {
                "server": format!("https://127.0.0.1:{}", self.api),
                "certificate-authority": self.file("ca.crt"),
            }}],
            "users": [{"name": user, "user": {"token": token}}],
            "contexts": [{"name": "plimsoll-test", "context": {
                "cluster": "plimsoll-test", "user": user, "namespace": "default",
            }}],
            "current-context": "plimsoll-test",
        });
        format!("{config:#}\n")
    }

    fn run(&self, supervisor: &Supervisor, kubectl: &Kubectl) -> Result<(), String> {
        let launch = |program: &str, args: Vec<String>| {
            supervisor.run(program, &self.binaries.path(program)?, &args, &[])
        };
        // Before the rest: the supervisor kills the youngest first, and the API server has to go before etcd.
        let etcd = launch("etcd", self.etcd_args())?;
        wait_for(&etcd, || Ok(accepts_connections(self.etcd)))?;
        let api_server = launch("kube-apiserver", self.api_server_args())?;
        wait_for(&api_server, || Ok(accepts_connections(self.api)))?;
        wait_for(&api_server, || kubectl.is_ready())?;
        if self.options.scheduler {
            launch("kube-scheduler", self.scheduler_args())?;
        }
        if self.options.controllers {
            launch("kube-controller-manager", self.controller_args())?;
        }
        Ok(())
    }

    fn etcd_args(&self) -> Vec<String> {
        let url = format!("http://127.0.0.1:{}", self.etcd);
        vec![
            format!("--data-dir={}", self.file("etcd")),
            format!("--listen-client-urls={url}"),
            format!("--advertise-client-urls={url}"),
            // It has no peers.
            "--listen-peer-urls=http://127.0.0.1:0".to_owned(),
            // Nothing in here has to survive anything.
            "--unsafe-no-fsync".to_owned(),
        ]
    }

    fn api_server_args(&self) -> Vec<String> {
        let mut args = vec![
            "--bind-address=127.0.0.1".to_owned(),
            "--advertise-address=127.0.0.1".to_owned(),
            // A loopback address cannot be an endpoint of the `kubernetes` Service.
            "--endpoint-reconciler-type=none".to_owned(),
            format!("--secure-port={}", self.api),
            format!("--tls-cert-file={}", self.file("tls.crt")),
            format!("--tls-private-key-file={}", self.file("tls.key")),
            format!("--cert-dir={}", self.file("certs")),
            format!("--etcd-servers=http://127.0.0.1:{}", self.etcd),
            format!("--service-cluster-ip-range={}", self.options.service_range),
            "--authorization-mode=RBAC".to_owned(),
            format!("--token-auth-file={}", self.file("tokens.csv")),
            "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
            format!("--service-account-key-file={}", self.file("service-accounts.pub")),
            format!("--service-account-signing-key-file={}", self.file("service-accounts.key")),
            "--allow-privileged=true".to_owned(),
            "--profiling=false".to_owned(),
        ];
        if self.options.audit {
            args.push(format!("--audit-policy-file={}", self.file(audit::POLICY_FILE)));
            args.push(format!("--audit-log-path={}", self.file(audit::LOG_FILE)));
        }
        args.extend(self.options.api_server_args.iter().cloned());
        args
    }

    /// What scheduler and controllers have in common: one of each, with no port to look at.
    fn component_args(&self, part: &str) -> Vec<String> {
        let kubeconfig = self.file(&format!("{part}.kubeconfig"));
        vec![
            format!("--kubeconfig={kubeconfig}"),
            "--leader-elect=false".to_owned(),
            "--secure-port=0".to_owned(),
        ]
    }

    fn scheduler_args(&self) -> Vec<String> {
        self.component_args("kube-scheduler")
    }

    fn controller_args(&self) -> Vec<String> {
        let mut args = self.component_args("kube-controller-manager");
        args.extend([
            format!("--root-ca-file={}", self.file("ca.crt")),
            format!("--service-account-private-key-file={}", self.file("service-accounts.key")),
            // Pods are then made by `system:serviceaccount:kube-system:job-controller` and its like, as in
            // most clusters.
            "--use-service-account-credentials=true".to_owned(),
            // Nodes are hand-made and send no heartbeats: nobody may call them lost.
            "--controllers=*,-node-lifecycle-controller".to_owned(),
        ]);
        args
    }
}

/// Waits until `ready` says so; sees at once when `program` has ended instead.
pub(super) fn wait_for(
    program: &Program,
    ready: impl Fn() -> Result<bool, String>,
) -> Result<(), String> {
    poll(&format!("{} to be ready", program.name), PATIENCE, || {
        if ready()? {
            return Ok(Progress::Done(()));
        }
        if program.is_alive() {
            return Ok(Progress::NotYet("it runs but does not answer".to_owned()));
        }
        Err(format!("{} ended at once. Its last words:\n{}", program.name, program.log_tail()))
    })
}

impl Kubectl {
    pub(super) fn is_ready(&self) -> Result<bool, String> {
        let answer = self.run(&["get", "--raw", "/readyz"], None, Duration::from_secs(10))?;
        Ok(answer.success())
    }
}

/// 128 bits that nobody guesses: std seeds each `RandomState` from the operating system.
fn random_token() -> String {
    let half = |part: u8| RandomState::new().hash_one(part);
    format!("{:016x}{:016x}", half(1), half(2))
}
