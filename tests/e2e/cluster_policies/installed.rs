//! A cluster with the CRDs, and replicas of `plimsoll serve --kubernetes` that have their own rights and no others.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::cluster::certs::Authority;
use crate::cluster::process::{Output, Progress, free_port, poll};
use crate::cluster::{Cluster, Options, Program, Webhooks};

pub(crate) const NAMESPACE: &str = "plimsoll-system";
const PATIENCE: Duration = Duration::from_secs(60);

/// A cluster of the test's own: policies are of the whole cluster.
pub(crate) struct Installed {
    pub(crate) cluster: Cluster,
    pub(crate) replicas: Vec<Replica>,
}

pub(crate) struct Replica {
    pub(crate) name: String,
    pub(crate) program: Program,
    pub(crate) admin: u16,
    pub(crate) webhooks: Webhooks,
}

impl Installed {
    /// Two replicas, `a` and `b`, started before there is a CRD. Each is asked about namespaces that carry its name
    /// in the label `replica`.
    pub(crate) fn start() -> Self {
        let cluster = Cluster::start(&Options { audit: true, ..Options::default() }).unwrap();
        cluster.kubectl_ok(&["create", "namespace", NAMESPACE]).unwrap();
        cluster.kubectl_ok(&["create", "serviceaccount", "plimsoll", "-n", NAMESPACE]).unwrap();
        cluster.apply(include_str!("rbac.yaml")).unwrap();
        let mut installed = Self { cluster, replicas: Vec::new() };
        for name in ["a", "b"] {
            let replica = installed.run_replica(name);
            installed.replicas.push(replica);
        }
        installed
    }

    pub(crate) fn run_replica(&self, name: &str) -> Replica {
        let folder = self.cluster.folder().join(format!("replica-{name}"));
        fs::create_dir_all(&folder).unwrap();
        let authority = Authority::new("plimsoll test authority").unwrap();
        let files = authority.serving_cert(&["127.0.0.1"]).unwrap().write_to(&folder).unwrap();
        let kubeconfig = folder.join("kubeconfig");
        fs::write(&kubeconfig, self.kubeconfig(&folder).to_string()).unwrap();
        let (port, admin) = (free_port().unwrap(), free_port().unwrap());
        let args = [
            "serve".to_owned(),
            "--kubernetes".to_owned(),
            format!("--identity=plimsoll-{name}"),
            format!("--listen=127.0.0.1:{port}"),
            format!("--admin-listen=127.0.0.1:{admin}"),
            format!("--tls-cert={}", files.cert.display()),
            format!("--tls-key={}", files.key.display()),
            "--drain-delay=0".to_owned(),
        ];
        let kubeconfig = kubeconfig.display().to_string();
        let program = Path::new(env!("CARGO_BIN_EXE_plimsoll"));
        let envs = [("KUBECONFIG", kubeconfig.as_str())];
        let program = self.cluster.run(&format!("plimsoll-{name}"), program, &args, &envs).unwrap();
        let url = format!("https://127.0.0.1:{port}");
        let selector = json!({"matchLabels": {"replica": name}});
        let webhooks = Webhooks::at_url(&url, &authority.ca_pem())
            .named(&format!("plimsoll-{name}"))
            .namespaces(selector, &format!("probed-by-{name}"));
        Replica { name: name.to_owned(), program, admin, webhooks }
    }

    /// The credentials of the ServiceAccount, in a file that the token is read from anew.
    fn kubeconfig(&self, folder: &Path) -> Value {
        let args = ["create", "token", "plimsoll", "-n", NAMESPACE];
        let token = self.cluster.kubectl_ok(&args).unwrap();
        let (token_file, ca_file) = (folder.join("token"), folder.join("ca.crt"));
        fs::write(&token_file, token.trim()).unwrap();
        fs::write(&ca_file, self.cluster.ca_pem()).unwrap();
        json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [{"name": "test", "cluster": {
                "server": self.cluster.url(), "certificate-authority": ca_file,
            }}],
            "users": [{"name": "plimsoll", "user": {"tokenFile": token_file}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "plimsoll"}}],
        })
    }

    /// Lets the API server ask both.
    pub(crate) fn register(&self) {
        for replica in &self.replicas {
            let namespace = format!("probed-by-{}", replica.name);
            self.namespace(&namespace, &[("replica", &replica.name)]);
            self.cluster.register_webhooks(&replica.webhooks).unwrap();
        }
    }

    /// A namespace that pods can be made in.
    pub(crate) fn namespace(&self, name: &str, labels: &[(&str, &str)]) {
        let labels: Value = labels.iter().map(|(k, v)| ((*k).to_owned(), json!(v))).collect();
        let objects = json!({"apiVersion": "v1", "kind": "List", "items": [
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}},
            {"apiVersion": "v1", "kind": "ServiceAccount",
             "metadata": {"name": "default", "namespace": name}},
        ]});
        self.cluster.apply(&objects.to_string()).unwrap();
    }

    /// A namespace for each replica.
    pub(crate) fn namespaces(&self, name: &str, labels: &[(&str, &str)]) -> [String; 2] {
        ["a", "b"].map(|replica| {
            let namespace = format!("{name}-{replica}");
            self.namespace(&namespace, &[labels, &[("replica", replica)]].concat());
            namespace
        })
    }

    /// What the API server says to a pod that is not stored.
    pub(crate) fn try_pod(&self, namespace: &str, image: &str) -> Output {
        let pod = pod(namespace, image);
        let args = ["create", "--dry-run=server", "-o", "json", "-f", "-"];
        self.cluster.kubectl_with(&args, &pod.to_string()).unwrap()
    }

    /// Waits until pods with the image are refused with this text in every namespace, or taken where there is none.
    /// Answers with how late a call began that saw things as they were: calls of kubectl can take long.
    pub(crate) fn await_answer(
        &self,
        namespaces: &[String],
        image: &str,
        refused: Option<&str>,
    ) -> Duration {
        let begun = Instant::now();
        let mut latest = Duration::ZERO;
        for namespace in namespaces {
            poll("the policy to take effect", PATIENCE, || {
                let asked = begun.elapsed();
                let output = self.try_pod(namespace, image);
                let as_expected = match refused {
                    Some(text) => !output.success() && output.stderr.contains(text),
                    None => output.success(),
                };
                if as_expected {
                    return Ok(Progress::Done(()));
                }
                latest = latest.max(asked);
                Ok(Progress::NotYet(output.stdout + &output.stderr))
            })
            .unwrap();
        }
        latest
    }

    /// A condition of a policy or an exemption, once it says this.
    pub(crate) fn await_condition(
        &self,
        object: &str,
        kind: &str,
        status: &str,
        text: &str,
    ) -> Value {
        poll(&format!("{object} to be {kind}={status}"), PATIENCE, || {
            let object = self.cluster.get_json(&[object])?;
            let conditions = object["status"]["conditions"].as_array().cloned().unwrap_or_default();
            let found = conditions.into_iter().find(|one| {
                one["type"] == kind
                    && one["status"] == status
                    && one["observedGeneration"] == object["metadata"]["generation"]
                    && one["message"].as_str().is_some_and(|message| message.contains(text))
            });
            Ok(found.map_or_else(|| Progress::NotYet(object.to_string()), Progress::Done))
        })
        .unwrap()
    }

    /// The value of a series, added up over the replicas that run.
    pub(crate) fn total(&self, series: &str) -> f64 {
        self.replicas.iter().filter_map(|replica| replica.metric(series)).sum()
    }

    /// Which replica leads, once exactly one does.
    pub(crate) fn leader(&self) -> usize {
        poll("one replica to lead", PATIENCE, || {
            let leading =
                |replica: &Replica| replica.metric("plimsoll_leader").is_some_and(|one| one > 0.0);
            let leaders: Vec<usize> =
                (0..self.replicas.len()).filter(|at| leading(&self.replicas[*at])).collect();
            Ok(match leaders.as_slice() {
                [one] => Progress::Done(*one),
                others => Progress::NotYet(format!("{} lead", others.len())),
            })
        })
        .unwrap()
    }
}

impl Replica {
    /// A plain request to the admin address; none where nobody listens.
    pub(crate) fn get(&self, path: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.admin)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
        write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            .ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
    }

    /// The value of a series; none where there is no such series, or no replica.
    pub(crate) fn metric(&self, series: &str) -> Option<f64> {
        let (_, text) = self.get("/metrics")?;
        let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))?;
        line.parse().ok()
    }

    /// Waits until `/readyz` answers with this status and text.
    pub(crate) fn await_readiness(&self, status: u16, text: &str) {
        poll(&format!("replica {} to answer {status}", self.name), PATIENCE, || {
            let answer = self.get("/readyz");
            if answer.as_ref().is_some_and(|(code, body)| *code == status && body.contains(text)) {
                return Ok(Progress::Done(()));
            }
            Ok(Progress::NotYet(format!("{answer:?}\n{}", self.program.log_tail())))
        })
        .unwrap();
    }
}

/// A pod with one container.
pub(crate) fn pod(namespace: &str, image: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod",
           "metadata": {"generateName": "pod-", "namespace": namespace, "labels": {"app": "test"}},
           "spec": {"containers": [{"name": "main", "image": image}]}})
}

/// A policy of one rule that denies a tag in namespaces of some names.
pub(crate) fn policy(name: &str, namespaces: &str, action: &str, tag: &str) -> Value {
    json!({
        "apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": name},
        "spec": {
            "match": {"namespaces": {"include": [namespaces]}},
            "rules": [{"name": "tags", "action": action, "imageTag": {"deny": [tag]}}],
        },
    })
}

/// The kinds as the chart has them; without their schemas where there is no chart.
pub(crate) fn crds() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("charts/plimsoll/crds");
    let files = ["podpolicies.yaml", "podpolicyexemptions.yaml"];
    let texts: Result<Vec<String>, _> =
        files.iter().map(|file| fs::read_to_string(folder.join(file))).collect();
    if let Ok(texts) = texts {
        return texts.join("\n---\n");
    }
    let crd = |kind: &str, plural: &str| {
        json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": format!("{plural}.plimsoll.dev")},
            "spec": {
                "group": "plimsoll.dev", "scope": "Cluster",
                "names": {"kind": kind, "plural": plural, "singular": kind.to_lowercase()},
                "versions": [{
                    "name": "v1alpha1", "served": true, "storage": true,
                    "subresources": {"status": {}},
                    "schema": {"openAPIV3Schema": {
                        "type": "object", "x-kubernetes-preserve-unknown-fields": true,
                    }},
                }],
            },
        })
    };
    let items = [crd("PodPolicy", "podpolicies"), crd("PodPolicyExemption", "podpolicyexemptions")];
    json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string()
}
