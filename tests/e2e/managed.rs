//! Webhook configurations that Plimsoll itself keeps, in a cluster of the test's own, with no more rights than the
//! chart gives: `keep` runs in the test, so that the test says what it follows; `plimsoll serve` answers behind the
//! Service.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use plimsoll::cluster::certificates::{CaBundle, ObservedBundles};
use plimsoll::cluster::webhooks::{Configuration, FailurePolicy, Inputs, Standing, Target, keep};
use plimsoll::policy::PolicySet;
use plimsoll::readiness::{Gate, Readiness};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::cluster::certs::{Authority, CertFiles};
use crate::cluster::process::{Progress, free_port, poll};
use crate::cluster::{Cluster, Options};

pub(crate) const NAMESPACE: &str = "plimsoll-system";
pub(crate) const NAME: &str = "plimsoll";
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Managed {
    pub(crate) cluster: Cluster,
    pub(crate) policies: watch::Sender<Arc<PolicySet>>,
    pub(crate) ca_bundle: watch::Sender<Option<CaBundle>>,
    pub(crate) leading: watch::Sender<bool>,
    pub(crate) ready: Gate,
    pub(crate) known: Gate,
    pub(crate) observed: watch::Receiver<Option<ObservedBundles>>,
    pub(crate) standings: Arc<Mutex<BTreeMap<Configuration, Standing>>>,
    pub(crate) authority: Authority,
    pub(crate) admin_port: u16,
    files: CertFiles,
    address: String,
    _runtime: Runtime,
}

impl Managed {
    /// Empty configurations, a Service that nobody is behind, and a leader that is not ready yet.
    pub(crate) fn start(network: &str, failure_policy: FailurePolicy, policies: PolicySet) -> Self {
        let options = Options { service_range: format!("{network}.0.0/16"), ..Options::default() };
        let cluster = Cluster::start(&options).unwrap();
        let address = format!("{network}.7.7");
        cluster.apply(&installation(&address).to_string()).unwrap();
        let folder = cluster.folder().join("plimsoll");
        fs::create_dir_all(&folder).unwrap();
        let authority = Authority::new("plimsoll service authority").unwrap();
        let name = format!("{NAME}.{NAMESPACE}.svc");
        let files = authority.serving_cert(&[&name]).unwrap().write_to(&folder).unwrap();
        let runtime = Runtime::new().unwrap();
        let client = runtime.block_on(client(&token_kubeconfig(&cluster, &folder)));
        let readiness = Readiness::default();
        let (ready, known) = (readiness.gate("test"), readiness.gate("policies"));
        let policies = watch::channel(Arc::new(policies)).0;
        let ca_bundle = watch::channel(CaBundle::from_pem(authority.ca_pem().as_bytes()).ok()).0;
        let leading = watch::channel(true).0;
        let (observing, observed) = watch::channel(None);
        let standings = Arc::new(Mutex::new(BTreeMap::new()));
        let told = Arc::clone(&standings);
        runtime.spawn(keep(Inputs {
            client,
            target: Target {
                name: NAME.to_owned(),
                namespace: NAMESPACE.to_owned(),
                failure_policy,
                timeout_seconds: 5,
                excluded_namespaces: ["left-out".to_owned()].into(),
            },
            policies: policies.subscribe(),
            policies_known: known.clone(),
            ca_bundle: ca_bundle.subscribe(),
            leading: leading.subscribe(),
            readiness,
            observed: observing,
            report: Arc::new(move |configuration, standing| {
                told.lock().unwrap().insert(configuration, standing);
            }),
        }));
        Self {
            cluster,
            policies,
            ca_bundle,
            leading,
            ready,
            known,
            observed,
            standings,
            authority,
            admin_port: free_port().unwrap(),
            files,
            address,
            _runtime: runtime,
        }
    }

    /// Has `plimsoll serve` answer behind the Service.
    pub(crate) fn serve(&self, policies: &[&Path]) {
        let mut args = vec![
            "serve".to_owned(),
            format!("--listen={}:443", self.address),
            format!("--admin-listen=127.0.0.1:{}", self.admin_port),
            format!("--tls-cert={}", self.files.cert.display()),
            format!("--tls-key={}", self.files.key.display()),
        ];
        args.extend(policies.iter().map(|path| format!("--policies={}", path.display())));
        self.cluster
            .run("plimsoll", Path::new(env!("CARGO_BIN_EXE_plimsoll")), &args, &[])
            .unwrap();
    }

    /// The certificate that is served.
    pub(crate) fn served_pem(&self) -> String {
        fs::read_to_string(&self.files.cert).unwrap()
    }

    pub(crate) fn get(&self, configuration: Configuration) -> Value {
        let name = configuration.object_name(NAME);
        self.cluster.get_json(&[configuration.resource(), &name]).unwrap()
    }

    /// Plimsoll's webhook in a configuration, if it is there.
    pub(crate) fn webhook(&self, configuration: Configuration) -> Option<Value> {
        self.entry(configuration, configuration.webhook())
    }

    /// A webhook in a configuration.
    pub(crate) fn entry(&self, configuration: Configuration, name: &str) -> Option<Value> {
        let object = self.get(configuration);
        let mut all = object["webhooks"].as_array().into_iter().flatten();
        all.find(|entry| entry["name"] == name).cloned()
    }

    pub(crate) fn wait_for(&self, what: &str, holds: impl Fn() -> bool) {
        poll(what, PATIENCE, || {
            let state = || {
                let all = Configuration::ALL.map(|one| self.webhook(one));
                format!("{:?}, {}", self.standings.lock().unwrap(), json!(all))
            };
            Ok(if holds() { Progress::Done(()) } else { Progress::NotYet(state()) })
        })
        .unwrap();
    }

    /// Waits for what is in a webhook; answers how long it took.
    pub(crate) fn wait_for_webhook(
        &self,
        what: &str,
        configuration: Configuration,
        holds: impl Fn(Option<&Value>) -> bool,
    ) -> Duration {
        let start = std::time::Instant::now();
        self.wait_for(what, || holds(self.webhook(configuration).as_ref()));
        start.elapsed()
    }

    /// Edits a configuration as its administrator.
    pub(crate) fn edit(&self, configuration: Configuration, patch: &Value) {
        let name = configuration.object_name(NAME);
        let kind = if patch.is_array() { "--type=json" } else { "--type=merge" };
        let args = ["patch", configuration.resource(), &name, kind, "-p", &patch.to_string()];
        self.cluster.kubectl_ok(&args).unwrap();
    }

    pub(crate) fn standing(&self, configuration: Configuration) -> Option<Standing> {
        self.standings.lock().unwrap().get(&configuration).copied()
    }
}

/// What the chart makes, as far as it is about webhook configurations.
pub(crate) fn installation(address: &str) -> Value {
    let meta = |name: &str| json!({"name": name, "labels": {"app.kubernetes.io/name": "plimsoll"}});
    let placed = |name: &str| json!({"name": name, "namespace": NAMESPACE});
    let role =
        |kind: &str| json!({"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": NAME});
    let subjects = json!([{"kind": "ServiceAccount", "name": NAME, "namespace": NAMESPACE}]);
    let admission = "admissionregistration.k8s.io";
    let verbs = json!(["get", "list", "watch", "patch"]);
    let configurations = Configuration::ALL.map(|one| {
        json!({"apiVersion": format!("{admission}/v1"), "kind": one.kind(), "metadata": meta(&one.object_name(NAME))})
    });
    let mut items = vec![
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}),
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": placed(NAME)}),
        json!({"apiVersion": "v1", "kind": "Service", "metadata": placed(NAME),
               "spec": {"clusterIP": address, "ports": [{"port": 443, "targetPort": 8443, "name": "https"}]}}),
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": meta(NAME), "rules": [
            {"apiGroups": [admission], "resources": ["mutatingwebhookconfigurations"],
             "resourceNames": [NAME], "verbs": verbs},
            {"apiGroups": [admission], "resources": ["validatingwebhookconfigurations"],
             "resourceNames": [NAME, format!("{NAME}-policies")], "verbs": verbs},
        ]}),
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": meta(NAME),
               "roleRef": role("ClusterRole"), "subjects": subjects}),
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": placed(NAME),
               "rules": [{"apiGroups": [""], "resources": ["services"], "resourceNames": [NAME], "verbs": ["get"]}]}),
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": placed(NAME),
               "roleRef": role("Role"), "subjects": subjects}),
    ];
    items.extend(configurations);
    json!({"apiVersion": "v1", "kind": "List", "items": items})
}

/// A kubeconfig with a token of Plimsoll's own ServiceAccount.
pub(crate) fn token_kubeconfig(cluster: &Cluster, folder: &Path) -> PathBuf {
    let token = cluster.kubectl_ok(&["create", "token", NAME, "-n", NAMESPACE]).unwrap();
    let ca = folder.join("api-server-ca.crt");
    fs::write(&ca, cluster.ca_pem()).unwrap();
    let kubeconfig = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "test",
        "clusters": [{"name": "test", "cluster": {"server": cluster.url(), "certificate-authority": ca}}],
        "users": [{"name": "test", "user": {"token": token.trim()}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
    });
    let path = folder.join("kubeconfig");
    fs::write(&path, kubeconfig.to_string()).unwrap();
    path
}

async fn client(kubeconfig: &Path) -> Client {
    let kubeconfig = Kubeconfig::read_from(kubeconfig).unwrap();
    let config =
        Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
    Client::try_from(config).unwrap()
}
