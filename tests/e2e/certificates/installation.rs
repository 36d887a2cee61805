//! Replicas in this process, behind real listeners, with a real API server; and what the leader does with the
//! webhook configurations.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use kube::{Client, Config};
use plimsoll::cluster::certificates::{CaBundle, Managed, ObservedBundles, Settings, manage};
use plimsoll::engine::Engine;
use plimsoll::serve::{Admin, Drain, Options, Server, Shutdown, TlsSource};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

use crate::cluster::Cluster;

const PATIENCE: Duration = Duration::from_secs(90);

/// Waits until something holds; what cannot be told yet does not.
pub(super) async fn eventually(what: &str, mut holds: impl FnMut() -> Option<bool>) {
    let end = Instant::now() + PATIENCE;
    while holds() != Some(true) {
        assert!(Instant::now() < end, "{what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// One installation in a namespace of its own.
pub(super) struct Installation {
    pub(super) cluster: &'static Cluster,
    pub(super) namespace: String,
    pub(super) replicas: Vec<Replica>,
    settings: Settings,
    token: String,
    observed: watch::Sender<Option<ObservedBundles>>,
    tasks: JoinSet<()>,
}

/// A running server.
#[derive(Clone)]
pub(super) struct Replica {
    address: SocketAddr,
    server_name: String,
}

impl Installation {
    pub(super) fn new(name: &str, change: impl FnOnce(Settings) -> Settings) -> Installation {
        let cluster = Cluster::shared().unwrap();
        let namespace = cluster.create_namespace(name, &[]).unwrap();
        let settings = change(Settings::new("plimsoll", &namespace));
        cluster.kubectl_ok(&["create", "serviceaccount", "plimsoll", "-n", &namespace]).unwrap();
        let token = cluster.kubectl_ok(&["create", "token", "plimsoll", "-n", &namespace]).unwrap();
        let installation = Installation {
            cluster,
            namespace,
            replicas: Vec::new(),
            settings,
            token: token.trim().to_owned(),
            observed: watch::channel(None).0,
            tasks: JoinSet::new(),
        };
        installation.allow();
        // Rules that match nothing: what counts here is what it carries.
        installation
            .cluster
            .apply(
                &json!({
                    "apiVersion": "admissionregistration.k8s.io/v1",
                    "kind": "MutatingWebhookConfiguration",
                    "metadata": {"name": installation.namespace},
                })
                .to_string(),
            )
            .unwrap();
        installation
    }

    /// The rights of the chart, and no others.
    pub(super) fn allow(&self) {
        let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
        "metadata": {"name": "plimsoll", "namespace": self.namespace},
        "rules": [
            {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["plimsoll-tls"],
             "verbs": ["get", "list", "watch", "update"]},
            {"apiGroups": [""], "resources": ["secrets"], "verbs": ["create"]},
        ]});
        let binding = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
            "metadata": {"name": "plimsoll", "namespace": self.namespace},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "plimsoll"},
            "subjects": [{"kind": "ServiceAccount", "name": "plimsoll", "namespace": self.namespace}]});
        self.cluster.apply(&role.to_string()).unwrap();
        self.cluster.apply(&binding.to_string()).unwrap();
    }

    pub(super) fn forbid(&self) {
        self.kubectl(&["delete", "rolebinding", "plimsoll"]);
    }

    pub(super) fn kubectl(&self, args: &[&str]) -> String {
        self.cluster.kubectl_ok(&[args, &["-n", &self.namespace]].concat()).unwrap()
    }

    pub(super) fn patch(&self, patch: &Value) {
        self.kubectl(&[
            "patch",
            "secret",
            "plimsoll-tls",
            "--type=merge",
            "-p",
            &patch.to_string(),
        ]);
    }

    pub(super) fn find_secret(&self) -> Option<Value> {
        self.cluster.get_json(&["secret", "plimsoll-tls", "-n", &self.namespace]).ok()
    }

    pub(super) fn secret(&self) -> Value {
        self.find_secret().unwrap()
    }

    pub(super) fn stored(&self, key: &str) -> String {
        let secret = self.secret();
        let bytes = BASE64.decode(secret["data"][key].as_str().unwrap_or_default()).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    pub(super) fn leaf_stored(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(self.stored("tls.crt").as_bytes()).unwrap()
    }

    /// What the configuration carries.
    pub(super) fn carried(&self) -> String {
        carried(self.cluster, &self.namespace).unwrap_or_default()
    }

    /// The first in the bundle, as PEM.
    pub(super) fn signing_ca(&self) -> String {
        let bundle = self.stored("ca.crt");
        bundle.split_inclusive("-----END CERTIFICATE-----\n").next().unwrap().to_owned()
    }

    /// Starts replicas at once, and waits until each shows a certificate and the configuration trusts it.
    pub(super) async fn start(&mut self, count: usize) {
        let mut ready = Vec::new();
        for number in 0..count {
            let mut config = Config::new(self.cluster.url().parse().unwrap());
            let ca = CertificateDer::from_pem_slice(self.cluster.ca_pem().as_bytes()).unwrap();
            config.root_cert = Some(vec![ca.to_vec()]);
            config.auth_info.token = Some(self.token.clone().into());
            config.default_retry = false;
            let client = Client::try_from(config).unwrap();
            let (Managed { shown, bundle }, keeping) =
                manage(client, self.settings.clone(), self.observed.subscribe());
            self.tasks.spawn(keeping);
            if number == 0 {
                self.tasks.spawn(lead(
                    self.cluster,
                    self.namespace.clone(),
                    bundle,
                    self.observed.clone(),
                ));
            }
            let options = Options {
                listen: SocketAddr::from(([127, 0, 0, 1], 0)),
                admin: Admin::At(SocketAddr::from(([127, 0, 0, 1], 0))),
                tls: TlsSource::Handed(shown),
                drain: Drain { delay: Some(Duration::ZERO), timeout: Duration::ZERO },
                ..Options::default()
            };
            let server =
                Server::bind(options, Arc::new(Engine::new(Arc::default()))).await.unwrap();
            assert!(!server.state().readiness().is_ready());
            let server_name = self.settings.server_name();
            self.replicas.push(Replica { address: server.address(), server_name });
            ready.push(Arc::clone(server.state()));
            self.tasks.spawn(server.run(std::future::pending::<Shutdown>()));
        }
        eventually("all replicas are ready", || {
            Some(ready.iter().all(|state| state.readiness().is_ready()))
        })
        .await;
        let (cluster, namespace) = (self.cluster, self.namespace.clone());
        eventually("the configuration is filled in", || {
            Some(!carried(cluster, &namespace)?.is_empty())
        })
        .await;
    }

    /// All replicas are gone at once.
    pub(super) async fn stop(&mut self) {
        self.replicas.clear();
        self.tasks.shutdown().await;
    }

    /// Connects to every replica, over and over, trusting what the configuration carries at that moment.
    pub(super) fn traffic(&self) -> Traffic {
        let stop = Arc::new(AtomicBool::new(false));
        let (cluster, namespace, replicas) =
            (self.cluster, self.namespace.clone(), self.replicas.clone());
        let stopping = Arc::clone(&stop);
        let task = tokio::spawn(async move {
            let (mut connections, mut failures) = (0, Vec::new());
            while !stopping.load(Ordering::Relaxed) {
                let name = namespace.clone();
                let trusted = tokio::task::spawn_blocking(move || carried(cluster, &name)).await;
                let trusted = trusted.unwrap().unwrap();
                for (number, replica) in replicas.iter().enumerate() {
                    connections += 1;
                    if let Err(error) = replica.connect(&trusted).await {
                        failures.push(format!("replica {number}: {error}"));
                    }
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            (connections, failures)
        });
        Traffic { stop, task }
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        let name = &self.namespace;
        drop(self.cluster.kubectl(&["delete", "mutatingwebhookconfiguration", name]));
    }
}

pub(super) struct Traffic {
    stop: Arc<AtomicBool>,
    task: tokio::task::JoinHandle<(u32, Vec<String>)>,
}

impl Traffic {
    /// How many connections were tried, and why some failed.
    pub(super) async fn stop(self) -> (u32, Vec<String>) {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await.unwrap()
    }
}

impl Replica {
    /// As an API server connects: with the name of the Service.
    pub(super) async fn connect(&self, trusted: &str) -> Result<CertificateDer<'static>, String> {
        let mut roots = RootCertStore::empty();
        for ca in CertificateDer::pem_slice_iter(trusted.as_bytes()) {
            roots.add(ca.map_err(|error| error.to_string())?).map_err(|error| error.to_string())?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from(self.server_name.clone()).unwrap();
        let stream = TcpStream::connect(self.address).await.map_err(|error| error.to_string())?;
        let connected = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
        let connected = connected.map_err(|error| error.to_string())?;
        let shown = connected.get_ref().1.peer_certificates().unwrap();
        Ok(shown[0].clone().into_owned())
    }

    /// What it shows, whoever signed it.
    pub(super) async fn leaf_shown(&self) -> Result<CertificateDer<'static>, String> {
        let address = self.address;
        let shown = tokio::task::spawn_blocking(move || {
            let connect = format!("{address}");
            let output = std::process::Command::new("openssl")
                .args(["s_client", "-connect", &connect])
                .stdin(std::process::Stdio::null())
                .output()
                .map_err(|error| error.to_string())?;
            CertificateDer::from_pem_slice(&output.stdout).map_err(|error| error.to_string())
        });
        shown.await.unwrap()
    }
}

/// What the configuration carries, where it has an entry.
fn carried(cluster: &Cluster, name: &str) -> Option<String> {
    let found = cluster.get_json(&["mutatingwebhookconfiguration", name]).ok()?;
    let bundle = found["webhooks"][0]["clientConfig"]["caBundle"].as_str()?;
    String::from_utf8(BASE64.decode(bundle).unwrap()).ok()
}

/// Fills in what is required, late as a busy leader is, and tells everybody what is there.
async fn lead(
    cluster: &'static Cluster,
    name: String,
    bundle: watch::Receiver<Option<CaBundle>>,
    observed: watch::Sender<Option<ObservedBundles>>,
) {
    loop {
        let name = name.clone();
        let required = bundle.borrow().clone();
        let entries = tokio::task::spawn_blocking(move || {
            let there = carried(cluster, &name);
            if let Some(required) = required
                && there.as_deref() != Some(required.pem())
            {
                let entry = json!({
                    "name": "mutate.plimsoll.dev",
                    "clientConfig": {"url": "https://127.0.0.1:1/mutate", "caBundle": BASE64.encode(required.pem())},
                    "rules": [{"apiGroups": ["example.com"], "apiVersions": ["v1"], "resources": ["nothing"], "operations": ["CREATE"]}],
                    "admissionReviewVersions": ["v1"], "sideEffects": "None",
                });
                let patch = json!({"webhooks": [entry]}).to_string();
                let args =
                    ["patch", "mutatingwebhookconfiguration", &name, "--type=merge", "-p", &patch];
                // Refused once the test has ended and taken the configuration away.
                drop(cluster.kubectl(&args));
            }
            let there = there.map(|bundle| ("mutate".to_owned(), bundle.into_bytes()));
            there.into_iter().collect::<BTreeMap<_, _>>()
        });
        if let Ok(entries) = entries.await {
            observed.send_replace(Some(ObservedBundles { entries }));
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
