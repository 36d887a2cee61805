//! What the kubelet tells the API server of a pod.

use std::net::Ipv4Addr;

use k8s_openapi::api::core::v1::{Container, Pod};
use kube::api::{DeleteParams, Patch, PatchParams, Preconditions};
use kube::{Api, ResourceExt};
use serde_json::{Value, json};

use super::{Shared, told};

/// The state of a pod's container, in the API server's words.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Status {
    /// Since when the process runs.
    pub(super) running_since: Option<String>,
    /// Passed its readiness probe, or has none.
    pub(super) ready: bool,
    /// Passed its startup probe, or has none.
    pub(super) started: bool,
    pub(super) restarts: u32,
    /// How the process before this one ended.
    pub(super) last_exit: Option<i32>,
    /// Why nothing runs.
    pub(super) waiting: Option<String>,
    /// `Succeeded` or `Failed`, once the container is not started again.
    pub(super) finished: Option<&'static str>,
}

/// Now, as the API server writes times.
pub(super) fn now() -> String {
    let now = jiff::Timestamp::now();
    now.round(jiff::Unit::Second).unwrap_or(now).to_string()
}

impl Status {
    fn container(&self, container: &Container) -> Value {
        let exited = self.last_exit.map(|code| {
            json!({"terminated": {"exitCode": code, "reason": if code == 0 { "Completed" } else { "Error" },
                "startedAt": now(), "finishedAt": now()}})
        });
        let (state, last) = match (&self.running_since, self.finished) {
            (_, Some(_)) => (exited.unwrap_or(json!({})), json!({})),
            (Some(since), None) => {
                (json!({"running": {"startedAt": since}}), exited.unwrap_or(json!({})))
            }
            (None, None) => {
                let reason = self.waiting.as_deref().unwrap_or("ContainerCreating");
                (json!({"waiting": {"reason": reason}}), exited.unwrap_or(json!({})))
            }
        };
        json!({
            "name": container.name, "image": container.image, "imageID": "test://plimsoll",
            "ready": self.ready, "started": self.started, "restartCount": self.restarts,
            "state": state, "lastState": last,
        })
    }

    /// Writes it into the pod's status.
    pub(super) async fn write(
        &self,
        node: &Shared,
        pod: &Pod,
        container: &Container,
        ip: Ipv4Addr,
    ) -> Result<(), kube::Error> {
        let condition = |kind: &str, holds: bool| {
            let status = if holds { "True" } else { "False" };
            // Strategic merging keeps what is not named: the time of the last transition counts only where it
            // changes, and nothing here asks for it.
            json!({"type": kind, "status": status, "lastTransitionTime": now()})
        };
        let up = self.running_since.is_some() || self.finished.is_some();
        let phase = self.finished.unwrap_or(if up { "Running" } else { "Pending" });
        let patch = json!({"metadata": {"uid": pod.uid()}, "status": {
            "phase": phase,
            "hostIP": "127.0.0.1",
            "podIP": told(ip).to_string(),
            "podIPs": [{"ip": told(ip).to_string()}],
            "startTime": pod.status.as_ref().and_then(|status| status.start_time.clone())
                .map_or_else(|| json!(now()), |time| json!(time)),
            "conditions": [
                condition("PodReadyToStartContainers", true),
                condition("Initialized", up),
                condition("ContainersReady", self.ready),
                condition("Ready", self.ready),
            ],
            "containerStatuses": [self.container(container)],
        }});
        let pods: Api<Pod> = Api::namespaced(node.client.clone(), &node.namespace);
        pods.patch_status(&pod.name_any(), &PatchParams::default(), &Patch::Strategic(patch))
            .await
            .map(drop)
    }
}

/// Takes the pod's object away, as a kubelet does when nothing of it runs any more.
pub(super) async fn remove(node: &Shared, pod: &Pod) -> Result<(), kube::Error> {
    let pods: Api<Pod> = Api::namespaced(node.client.clone(), &node.namespace);
    let params = DeleteParams {
        grace_period_seconds: Some(0),
        preconditions: Some(Preconditions { uid: pod.uid(), resource_version: None }),
        ..DeleteParams::default()
    };
    match pods.delete(&pod.name_any(), &params).await {
        Err(kube::Error::Api(status)) if [404, 409].contains(&status.code) => Ok(()),
        other => other.map(drop),
    }
}
