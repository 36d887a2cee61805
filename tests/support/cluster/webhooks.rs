//! Plimsoll's webhook configurations, as a cluster has them, registered for one test.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::Cluster;
use super::process::{Progress, poll};

/// A configuration takes effect after up to 3 s; a busy machine may need longer.
const PATIENCE: Duration = Duration::from_secs(60);
/// Which of the two configurations a probe pod is meant for.
const PROBE: &str = "plimsoll-test-probe";
/// Nobody listens on port 1 of loopback, so a webhook there fails at once.
const NOWHERE: &str = "https://127.0.0.1:1/";
/// How the API server begins when it could not ask a webhook.
const UNANSWERED: &str = "failed calling webhook";

/// What to register, and for which namespaces.
#[derive(Clone, Debug)]
pub(crate) struct Webhooks {
    name: String,
    target: Target,
    ca_bundle: String,
    namespace_selector: Value,
    probe_namespace: String,
    failure_policy: String,
    timeout_seconds: u8,
}

#[derive(Clone, Debug)]
enum Target {
    Url(String),
    Service { namespace: String, name: String, port: u16 },
}

impl Webhooks {
    /// Webhooks behind `url_base` (`https://127.0.0.1:PORT`) for every namespace but kube-system, under
    /// the name `plimsoll`.
    pub(crate) fn at_url(url_base: &str, ca_pem: &str) -> Self {
        Self::new(Target::Url(url_base.trim_end_matches('/').to_owned()), ca_pem)
    }

    /// Webhooks behind a Service, dialled at its cluster IP, which is on loopback.
    pub(crate) fn at_service(namespace: &str, name: &str, port: u16, ca_pem: &str) -> Self {
        let (namespace, name) = (namespace.to_owned(), name.to_owned());
        Self::new(Target::Service { namespace, name, port }, ca_pem)
    }

    fn new(target: Target, ca_pem: &str) -> Self {
        Self {
            name: "plimsoll".to_owned(),
            target,
            ca_bundle: STANDARD.encode(ca_pem),
            namespace_selector: names("NotIn", &["kube-system"]),
            probe_namespace: "default".to_owned(),
            failure_policy: "Fail".to_owned(),
            timeout_seconds: 5,
        }
    }

    /// For one namespace only, and under its name: tests with different policies can then share a cluster.
    pub(crate) fn only_for(mut self, namespace: &str) -> Self {
        self.name = namespace.to_owned();
        self.namespace_selector = names("In", &[namespace]);
        self.probe_namespace = namespace.to_owned();
        self
    }

    /// For the namespaces that `selector` (a LabelSelector) matches; `probe_namespace` is one of them.
    pub(crate) fn namespaces(mut self, selector: Value, probe_namespace: &str) -> Self {
        self.namespace_selector = selector;
        self.probe_namespace = probe_namespace.to_owned();
        self
    }

    /// Under another name than `plimsoll`.
    pub(crate) fn named(mut self, name: &str) -> Self {
        self.name = name.to_owned();
        self
    }

    /// `Fail` (as it is without this) or `Ignore`.
    pub(crate) fn failure_policy(mut self, policy: &str) -> Self {
        self.failure_policy = policy.to_owned();
        self
    }

    /// Something else than 5 s.
    pub(crate) fn timeout_seconds(mut self, seconds: u8) -> Self {
        self.timeout_seconds = seconds;
        self
    }

    fn client_config(&self, path: &str) -> Value {
        match &self.target {
            Target::Url(base) => {
                json!({"url": format!("{base}{path}"), "caBundle": self.ca_bundle})
            }
            Target::Service { namespace, name, port } => json!({
                "service": {"namespace": namespace, "name": name, "port": port, "path": path},
                "caBundle": self.ca_bundle,
            }),
        }
    }

    fn webhook(&self, name: &str, path: &str, rules: Value) -> Value {
        json!({
            "name": name,
            "clientConfig": self.client_config(path),
            "rules": rules,
            "namespaceSelector": self.namespace_selector,
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
            "matchPolicy": "Equivalent",
            "failurePolicy": self.failure_policy,
            "timeoutSeconds": self.timeout_seconds,
        })
    }

    /// A webhook that nobody answers, for pods that carry the probe label: once such a pod is refused, the
    /// API server has read the configuration, all of it. What the real webhook says does not matter for that.
    fn canary(&self, kind: &str) -> Value {
        json!({
            "name": "probe.plimsoll.dev",
            "clientConfig": {"url": NOWHERE},
            "rules": [rule("", &["pods"], &["CREATE"])],
            "objectSelector": {"matchLabels": {PROBE: format!("{}.{kind}", self.name)}},
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
            "failurePolicy": "Fail",
            "timeoutSeconds": 1,
        })
    }

    pub(crate) fn configurations(&self) -> [Value; 2] {
        let both = ["CREATE", "UPDATE"];
        let mut mutating = self.webhook(
            "mutate.plimsoll.dev",
            "/mutate",
            json!([rule("", &["pods"], &["CREATE"])]),
        );
        mutating["reinvocationPolicy"] = json!("IfNeeded");
        let core = [
            "pods",
            "pods/ephemeralcontainers",
            "pods/resize",
            "replicationcontrollers",
            "podtemplates",
        ];
        let apps = ["deployments", "replicasets", "statefulsets", "daemonsets"];
        let rules = json!([
            rule("", &core, &both),
            rule("apps", &apps, &both),
            rule("batch", &["jobs", "cronjobs"], &both)
        ]);
        let validating = self.webhook("validate.plimsoll.dev", "/validate", rules);
        [("Mutating", mutating), ("Validating", validating)].map(|(kind, webhook)| {
            json!({
                "apiVersion": "admissionregistration.k8s.io/v1",
                "kind": format!("{kind}WebhookConfiguration"),
                "metadata": {"name": self.name},
                "webhooks": [self.canary(kind), webhook],
            })
        })
    }

    /// A pod that every API server takes; with a label, for one of the canaries.
    fn probe_pod(&self, canary_of: Option<&str>) -> String {
        let labels = match canary_of {
            Some(kind) => json!({PROBE: format!("{}.{kind}", self.name)}),
            None => json!({}),
        };
        json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {
                "generateName": "plimsoll-probe-", "namespace": self.probe_namespace, "labels": labels,
            },
            "spec": {"containers": [{"name": "probe", "image": "probe:1"}]},
        })
        .to_string()
    }
}

impl Cluster {
    /// Registers both webhooks and waits until the API server asks them and they answer (whatever they
    /// answer).
    pub(crate) fn register_webhooks(&self, webhooks: &Webhooks) -> Result<(), String> {
        for configuration in webhooks.configurations() {
            self.apply(&configuration.to_string())?;
        }
        for kind in ["Mutating", "Validating"] {
            self.wait_for_canary(webhooks, kind, true)?;
        }
        poll("the webhooks to answer", PATIENCE, || {
            let answer = self.dry_run(&webhooks.probe_pod(None))?;
            Ok(if answer.contains(UNANSWERED) {
                Progress::NotYet(answer)
            } else {
                Progress::Done(())
            })
        })
    }

    /// Takes both configurations away and waits until the API server no longer asks.
    pub(crate) fn unregister_webhooks(&self, webhooks: &Webhooks) -> Result<(), String> {
        for kind in ["Mutating", "Validating"] {
            let resource = format!("{kind}WebhookConfiguration");
            self.kubectl_ok(&["delete", &resource, &webhooks.name, "--ignore-not-found"])?;
            self.wait_for_canary(webhooks, kind, false)?;
        }
        Ok(())
    }

    fn wait_for_canary(&self, webhooks: &Webhooks, kind: &str, seen: bool) -> Result<(), String> {
        let pod = webhooks.probe_pod(Some(kind));
        poll(&format!("the API server to read {kind}WebhookConfiguration"), PATIENCE, || {
            let answer = self.dry_run(&pod)?;
            let refused = answer.contains(UNANSWERED) && answer.contains("probe.plimsoll.dev");
            Ok(if refused == seen { Progress::Done(()) } else { Progress::NotYet(answer) })
        })
    }

    /// What kubectl says to a pod that is admitted but not stored.
    fn dry_run(&self, pod: &str) -> Result<String, String> {
        let output = self.kubectl_with(&["create", "--dry-run=server", "-f", "-"], pod)?;
        Ok(output.stdout + &output.stderr)
    }
}

/// A label selector for namespaces by their name.
fn names(operator: &str, names: &[&str]) -> Value {
    json!({"matchExpressions": [
        {"key": "kubernetes.io/metadata.name", "operator": operator, "values": names},
    ]})
}

fn rule(group: &str, resources: &[&str], operations: &[&str]) -> Value {
    json!({
        "apiGroups": [group], "apiVersions": ["v1"],
        "resources": resources, "operations": operations, "scope": "Namespaced",
    })
}
