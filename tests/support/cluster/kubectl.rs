//! kubectl, and the few things that every test does with it.

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::process::{Output, Progress, poll, run};
use super::{Cluster, PATIENCE};

/// How long one call may take. A webhook may use up to 30 s of it.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The kubectl of one cluster, as its administrator.
#[derive(Clone, Debug)]
pub(crate) struct Kubectl {
    pub(super) program: PathBuf,
    pub(super) kubeconfig: PathBuf,
    /// Where it may keep its caches.
    pub(super) home: PathBuf,
}

impl Kubectl {
    pub(super) fn run(
        &self,
        args: &[&str],
        stdin: Option<&str>,
        timeout: Duration,
    ) -> Result<Output, String> {
        let mut command = Command::new(&self.program);
        command.args(args).env("KUBECONFIG", &self.kubeconfig).env("HOME", &self.home);
        for variable in ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
            command.env_remove(variable);
        }
        run(&mut command, stdin, timeout)
    }

    /// Sees to it that pods can be created in `namespace`: without a `default` service account they are
    /// refused. The controllers make one after a moment; where none run, it is made here.
    pub(super) fn ensure_service_account(&self, namespace: &str) -> Result<(), String> {
        let args = ["create", "serviceaccount", "default", "-n", namespace];
        poll(&format!("namespace {namespace} to be there"), PATIENCE, || {
            let made = self.run(&args, None, TIMEOUT)?;
            if made.success() || made.stderr.contains("already exists") {
                return Ok(Progress::Done(()));
            }
            Ok(Progress::NotYet(made.stderr))
        })
    }
}

impl Cluster {
    /// Runs kubectl. A call that the API server refuses is no error here: look at the [`Output`].
    ///
    /// Add `--as=USER` (and `--as-group=GROUP`) to ask as somebody else.
    pub(crate) fn kubectl(&self, args: &[&str]) -> Result<Output, String> {
        self.kubectl.run(args, None, TIMEOUT)
    }

    /// Runs kubectl with something on stdin: `["apply", "-f", "-"]` and a manifest.
    pub(crate) fn kubectl_with(&self, args: &[&str], stdin: &str) -> Result<Output, String> {
        self.kubectl.run(args, Some(stdin), TIMEOUT)
    }

    /// Runs kubectl with a deadline of its own; it is killed when that has passed.
    pub(crate) fn kubectl_within(
        &self,
        timeout: Duration,
        args: &[&str],
        stdin: Option<&str>,
    ) -> Result<Output, String> {
        self.kubectl.run(args, stdin, timeout)
    }

    /// Runs kubectl, expects it to work, and answers with its stdout.
    pub(crate) fn kubectl_ok(&self, args: &[&str]) -> Result<String, String> {
        self.kubectl(args)?.stdout_of(&format!("kubectl {}", args.join(" ")))
    }

    /// Applies manifests (YAML or JSON), all of which have to be accepted.
    pub(crate) fn apply(&self, manifests: &str) -> Result<(), String> {
        let applied = self.kubectl_with(&["apply", "-f", "-"], manifests)?;
        applied.stdout_of("kubectl apply").map(drop)
    }

    /// Creates one object and answers with it as the API server stored it.
    pub(crate) fn create(&self, object: &Value) -> Result<Value, String> {
        let args = ["create", "-f", "-", "-o", "json"];
        let created = self.kubectl_with(&args, &object.to_string())?;
        parse(&created.stdout_of("kubectl create")?)
    }

    /// What `kubectl get ARGS -o json` says: an object or a list.
    pub(crate) fn get_json(&self, args: &[&str]) -> Result<Value, String> {
        parse(&self.kubectl_ok(&[&["get"], args, &["-o", "json"]].concat())?)
    }

    /// A request to a path of the API: `raw("create", "/api/v1/namespaces/x/pods?dryRun=All", Some(body))`.
    /// `verb` is kubectl's: get, create (POST), replace (PUT) or delete.
    pub(crate) fn raw(
        &self,
        verb: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Output, String> {
        let body = body.map(Value::to_string);
        let args = [&[verb, "--raw", path][..], if body.is_some() { &["-f", "-"] } else { &[] }];
        self.kubectl.run(&args.concat(), body.as_deref(), TIMEOUT)
    }

    /// The version that the API server says it is, such as `v1.36.3`.
    pub(crate) fn server_version(&self) -> Result<String, String> {
        let version = parse(&self.kubectl_ok(&["get", "--raw", "/version"])?)?;
        let text = version["gitVersion"].as_str();
        text.map(str::to_owned).ok_or_else(|| format!("no gitVersion in {version}"))
    }

    /// Makes a namespace that no other test has, with a `default` service account in it, so that pods can be
    /// created at once. Answers with its name: `name`, a dash, and a number.
    pub(crate) fn create_namespace(
        &self,
        name: &str,
        labels: &[(&str, &str)],
    ) -> Result<String, String> {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("{name}-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let labels: Value = labels.iter().map(|(k, v)| (k.to_string(), json!(v))).collect();
        self.create(&json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels},
        }))?;
        self.kubectl.ensure_service_account(&name)?;
        Ok(name)
    }

    /// Adds a node that is ready and has room for 110 pods. No kubelet stands behind it: pods are bound to
    /// it and stay Pending.
    pub(crate) fn add_node(
        &self,
        name: &str,
        cpu: &str,
        memory: &str,
        zone: &str,
    ) -> Result<(), String> {
        let room = json!({"cpu": cpu, "memory": memory, "pods": "110"});
        let labels = json!({
            "kubernetes.io/hostname": name,
            "kubernetes.io/os": "linux",
            "kubernetes.io/arch": "amd64",
            "topology.kubernetes.io/zone": zone,
        });
        self.create(&json!({
            "apiVersion": "v1", "kind": "Node",
            "metadata": {"name": name, "labels": labels},
            "status": {
                "capacity": room, "allocatable": room,
                "conditions": [{"type": "Ready", "status": "True", "reason": "HandMade"}],
            },
        }))?;
        // Admission taints every new node as not ready, whatever its status says.
        let untaint = r#"[{"op": "remove", "path": "/spec/taints"}]"#;
        self.kubectl_ok(&["patch", "node", name, "--type=json", "-p", untaint]).map(drop)
    }
}

fn parse(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|e| format!("kubectl's answer is not JSON ({e}): {text}"))
}
