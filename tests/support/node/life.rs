//! The life of one pod, from its volumes to its end.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::{Container, Pod, ServiceAccount};
use kube::api::PostParams;
use kube::{Api, ResourceExt};
use serde_json::json;
use tokio::sync::watch;
use tokio::task::block_in_place;

use super::Shared;
use super::container::{Command, command};
use super::status::{Status, now, remove};
use super::tending::End;
use super::volume::{Mounts, has_token, refresh};
use crate::cluster::Program;

/// How often a pod is looked at.
pub(super) const TICK: Duration = Duration::from_millis(50);
/// How often a kubelet asks its container runtime what runs; a process that has ended is not noticed before.
pub(super) const RELIST: Duration = Duration::from_secs(1);
/// A kubelet starts a container again at once, then waits longer and longer, from 10 s on. Here less, so that
/// tests end.
const FIRST_BACK_OFF: Duration = Duration::from_secs(1);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(10);

pub(super) struct Life {
    pub(super) node: Arc<Shared>,
    /// As it was last seen.
    pub(super) pod: Arc<Pod>,
    updates: watch::Receiver<Option<Arc<Pod>>>,
    pub(super) ip: Ipv4Addr,
    pub(super) folder: PathBuf,
    pub(super) status: Status,
    /// What the API server was told last.
    written: Option<Status>,
}

impl Life {
    pub(super) fn new(
        node: Arc<Shared>,
        pod: Arc<Pod>,
        updates: watch::Receiver<Option<Arc<Pod>>>,
    ) -> Self {
        let ip = node.addresses.next();
        let folder = node.folder.join(format!("{}-{ip}", pod.name_any()));
        Self { node, pod, updates, ip, folder, status: Status::default(), written: None }
    }

    pub(super) async fn run(mut self) {
        let Some(container) = self.container() else { return };
        let mut back_off = Duration::ZERO;
        loop {
            let program = match self.start(&container).await {
                Ok(Some(program)) => program,
                Ok(None) => break,
                Err(problem) => {
                    self.complain(&problem);
                    self.status.waiting = Some("CreateContainerError".to_owned());
                    self.report(&container).await;
                    if !self.pause(RELIST).await {
                        break;
                    }
                    continue;
                }
            };
            self.node.note(&self.pod.name_any(), Some(program.clone()));
            let began = Instant::now();
            let code = match self.look_after(&container, program).await {
                End::Over => break,
                End::Exited(code) => code,
            };
            self.node.note(&self.pod.name_any(), None);
            if code != 0 {
                self.complain(&format!("ended by itself with {code}"));
            }
            self.status = Status {
                restarts: self.status.restarts + 1,
                last_exit: Some(code),
                waiting: Some("CrashLoopBackOff".to_owned()),
                ..Status::default()
            };
            if self.is_finished(code) {
                self.report(&container).await;
                while self.pause(RELIST).await {}
                break;
            }
            if began.elapsed() > LONGEST_BACK_OFF {
                back_off = Duration::ZERO;
            }
            self.report(&container).await;
            if !self.pause(back_off).await {
                break;
            }
            back_off = (back_off * 2).clamp(FIRST_BACK_OFF, LONGEST_BACK_OFF);
        }
        self.node.note(&self.pod.name_any(), None);
        self.leave().await;
    }

    /// The only container: more than one would need a pod's lifetime rules that nothing here needs.
    fn container(&self) -> Option<Container> {
        let spec = self.pod.spec.as_ref()?;
        match (&spec.containers[..], spec.init_containers.as_deref().unwrap_or_default()) {
            ([one], []) => Some(one.clone()),
            _ => {
                self.complain("the test kubelet runs pods of one container only");
                None
            }
        }
    }

    pub(super) fn complain(&self, problem: &str) {
        self.node.complain(format!("pod {}: {problem}", self.pod.name_any()));
    }

    /// Starts the container's process; none when the pod is to end.
    async fn start(&mut self, container: &Container) -> Result<Option<Program>, String> {
        if !self.update() || self.pod.metadata.deletion_timestamp.is_some() {
            return Ok(None);
        }
        let volumes = self.folder.join("volumes");
        refresh(&self.node, &self.pod, self.ip, &volumes).await?;
        let mounts = Mounts::of(container, &volumes);
        let Command { program, args, env } =
            command(&self.node, &self.pod, container, self.ip, &mounts).await?;
        let mut env: Vec<(&str, &str)> =
            env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let kubeconfig = self.kubeconfig().await?.display().to_string();
        env.push(("KUBECONFIG", &kubeconfig));
        let name = format!("{}-{}", self.pod.name_any(), self.ip.to_string().replace('.', "-"));
        let cluster = self.node.cluster;
        let started = block_in_place(|| cluster.run(&name, &program, &args, &env))?;
        self.status.running_since = Some(now());
        self.status.waiting = None;
        Ok(Some(started))
    }

    /// A kubeconfig with the token of the pod's own ServiceAccount, or with none where the pod has none.
    async fn kubeconfig(&self) -> Result<PathBuf, String> {
        let cluster = self.node.cluster;
        let account = self.pod.spec.as_ref().and_then(|spec| spec.service_account_name.clone());
        let user = if has_token(&self.pod) {
            let accounts: Api<ServiceAccount> =
                Api::namespaced(self.node.client.clone(), &self.node.namespace);
            let request =
                TokenRequest { spec: Some(TokenRequestSpec::default()), ..TokenRequest::default() };
            let account = account.unwrap_or_else(|| "default".to_owned());
            let made = accounts
                .create_token_request(&account, &PostParams::default(), &request)
                .await
                .map_err(|e| format!("no token for ServiceAccount {account}: {e}"))?;
            json!({"token": made.status.unwrap_or_default().token})
        } else {
            json!({})
        };
        let path = self.folder.join("kubeconfig");
        let text = json!({
            "apiVersion": "v1", "kind": "Config",
            "clusters": [{"name": "in", "cluster": {
                "server": cluster.url(), "certificate-authority": cluster.folder().join("ca.crt")}}],
            "users": [{"name": "pod", "user": user}],
            "contexts": [{"name": "in", "context":
                {"cluster": "in", "user": "pod", "namespace": self.node.namespace}}],
            "current-context": "in",
        });
        std::fs::write(&path, text.to_string()).map_err(|e| format!("{}: {e}", path.display()))?;
        Ok(path)
    }

    /// Takes in what has become of the pod. False when it is gone.
    pub(super) fn update(&mut self) -> bool {
        let now = self.updates.borrow_and_update().clone();
        if let Some(pod) = &now {
            self.pod = Arc::clone(pod);
        }
        now.is_some()
    }

    /// Waits; false when the pod is to end meanwhile.
    async fn pause(&mut self, time: Duration) -> bool {
        let deadline = Instant::now() + time;
        loop {
            if !self.update() || self.pod.metadata.deletion_timestamp.is_some() {
                return false;
            }
            if Instant::now() >= deadline {
                return true;
            }
            tokio::time::sleep(TICK).await;
        }
    }

    /// Tells the API server, if there is something to tell. What does not arrive is told again later.
    pub(super) async fn report(&mut self, container: &Container) {
        if self.written.as_ref() == Some(&self.status) {
            return;
        }
        match self.status.write(&self.node, &self.pod, container, self.ip).await {
            Ok(()) => self.written = Some(self.status.clone()),
            Err(kube::Error::Api(status)) if status.code != 404 => {
                self.complain(&format!("status: {}", status.message));
            }
            Err(_) => {}
        }
    }

    /// Whether a container that ended with `code` is not started again.
    fn is_finished(&mut self, code: i32) -> bool {
        let policy = self.pod.spec.as_ref().and_then(|spec| spec.restart_policy.as_deref());
        self.status.finished = match (policy, code) {
            (Some("Never" | "OnFailure"), 0) => Some("Succeeded"),
            (Some("Never"), _) => Some("Failed"),
            _ => None,
        };
        self.status.finished.is_some()
    }

    /// Removes what is left of the pod: here, and its object where that is to go.
    async fn leave(&mut self) {
        drop(std::fs::remove_dir_all(&self.folder));
        while self.update() {
            if remove(&self.node, &self.pod).await.is_ok() {
                return;
            }
            tokio::time::sleep(RELIST).await;
        }
    }
}
