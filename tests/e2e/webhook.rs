//! A `plimsoll serve` of its own for a test, registered for one namespace of the shared cluster.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::cluster::certs::Authority;
use crate::cluster::process::{Output, Progress, accepts_connections, free_port, poll};
use crate::cluster::{Cluster, Webhooks};

/// A namespace in which Plimsoll is asked.
pub(crate) struct Guarded {
    pub(crate) cluster: &'static Cluster,
    pub(crate) namespace: String,
    /// What is asked.
    pub(crate) served: Served,
    webhooks: Webhooks,
}

impl Guarded {
    /// With the built-in policies.
    pub(crate) fn by_default(name: &str) -> Self {
        Self::on(Cluster::shared().unwrap(), name, &[])
    }

    /// With policies of the test's own.
    pub(crate) fn by(name: &str, policies: &[&str]) -> Self {
        Self::on(Cluster::shared().unwrap(), name, policies)
    }

    /// In a cluster of the test's own.
    pub(crate) fn on(cluster: &'static Cluster, name: &str, policies: &[&str]) -> Self {
        Self::with(cluster, name, policies, &[])
    }

    /// By a server that is told more.
    pub(crate) fn with(
        cluster: &'static Cluster,
        name: &str,
        policies: &[&str],
        more: &[String],
    ) -> Self {
        let namespace = cluster.create_namespace(name, &[]).unwrap();
        let served = Served::start_with(cluster, &namespace, policies, more);
        let webhooks = Webhooks::at_url(&served.url, &served.ca_pem).only_for(&namespace);
        cluster.register_webhooks(&webhooks).unwrap();
        Self { cluster, namespace, served, webhooks }
    }

    /// Runs kubectl in the namespace.
    pub(crate) fn kubectl(&self, args: &[&str]) -> Output {
        self.cluster.kubectl(&[args, &["-n", &self.namespace]].concat()).unwrap()
    }

    /// Creates an object in the namespace; refusals come back as they are.
    pub(crate) fn create(&self, object: &Value) -> Output {
        let args = ["create", "-f", "-", "-o", "json", "-n", &self.namespace];
        self.cluster.kubectl_with(&args, &self.placed(object).to_string()).unwrap()
    }

    /// Creates an object that must be taken; answers with what was stored.
    pub(crate) fn stored(&self, object: &Value) -> Value {
        let output = self.create(object);
        assert!(output.success(), "{}", output.stderr);
        serde_json::from_str(&output.stdout).unwrap()
    }

    /// The same object in this namespace.
    pub(crate) fn placed(&self, object: &Value) -> Value {
        let mut object = object.clone();
        object["metadata"]["namespace"] = json!(self.namespace);
        object
    }

    /// Does something that Plimsoll is not asked about.
    pub(crate) fn unguarded<T>(&self, work: impl FnOnce() -> T) -> T {
        self.cluster.unregister_webhooks(&self.webhooks).unwrap();
        let done = work();
        self.cluster.register_webhooks(&self.webhooks).unwrap();
        done
    }
}

/// A `plimsoll serve` that listens.
pub(crate) struct Served {
    pub(crate) url: String,
    pub(crate) ca_pem: String,
    /// The port of its admin address.
    pub(crate) admin: u16,
    /// The files of its policies; none for the built-in ones.
    pub(crate) policies: Vec<PathBuf>,
}

impl Served {
    /// Runs until the cluster ends, or [`Cluster::stop`] is called with `name`.
    pub(crate) fn start(cluster: &Cluster, name: &str, policies: &[&str]) -> Self {
        Self::start_with(cluster, name, policies, &[])
    }

    /// The same with more flags.
    pub(crate) fn start_with(
        cluster: &Cluster,
        name: &str,
        policies: &[&str],
        more: &[String],
    ) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let folder =
            cluster.folder().join(format!("serve-{}", NEXT.fetch_add(1, Ordering::Relaxed)));
        fs::create_dir_all(&folder).unwrap();
        let policies: Vec<PathBuf> = policies
            .iter()
            .enumerate()
            .map(|(at, text)| {
                let path = folder.join(format!("policy-{at}.yaml"));
                fs::write(&path, text).unwrap();
                path
            })
            .collect();
        let authority = Authority::new("plimsoll test authority").unwrap();
        let files = authority.serving_cert(&["127.0.0.1"]).unwrap().write_to(&folder).unwrap();
        let (port, admin) = (free_port().unwrap(), free_port().unwrap());
        let mut args = vec![
            "serve".to_owned(),
            format!("--listen=127.0.0.1:{port}"),
            format!("--admin-listen=127.0.0.1:{admin}"),
            format!("--tls-cert={}", files.cert.display()),
            format!("--tls-key={}", files.key.display()),
        ];
        args.extend(policies.iter().map(|path| format!("--policies={}", path.display())));
        args.extend_from_slice(more);
        let kubeconfig = cluster.kubeconfig().display().to_string();
        let envs = [("KUBECONFIG", &*kubeconfig)];
        let program =
            cluster.run(name, Path::new(env!("CARGO_BIN_EXE_plimsoll")), &args, &envs).unwrap();
        poll("plimsoll to listen", Duration::from_secs(30), || {
            if accepts_connections(port) {
                return Ok(Progress::Done(()));
            }
            if program.is_alive() {
                Ok(Progress::NotYet("not yet".to_owned()))
            } else {
                Err(program.log_tail())
            }
        })
        .unwrap();
        let url = format!("https://127.0.0.1:{port}");
        let ca_pem = authority.ca_pem();
        Self { url, ca_pem, admin, policies }
    }
}

/// A pod with one container.
pub(crate) fn pod(name: &str, image: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
           "spec": {"containers": [{"name": "main", "image": image}]}})
}
