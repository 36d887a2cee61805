//! Under which path objects of a kind are listed.

use std::collections::HashMap;

use serde::Deserialize;

use super::failure::Failure;
use super::requests::{JSON, Requests};
use crate::pod::workload::SYSTEMS;

/// Kinds that every cluster has, with what their paths end with.
const BUILT_IN: [(&str, &str, &str); 7] = [
    ("apps/v1", "DaemonSet", "daemonsets"),
    ("apps/v1", "Deployment", "deployments"),
    ("apps/v1", "ReplicaSet", "replicasets"),
    ("apps/v1", "StatefulSet", "statefulsets"),
    ("batch/v1", "CronJob", "cronjobs"),
    ("batch/v1", "Job", "jobs"),
    ("v1", "ReplicationController", "replicationcontrollers"),
];

/// Whether pods may be attributed to a kind of this name, in whatever case, in any cluster. Of others, only a pod tells
/// that there are such.
pub(super) fn is_known(kind: &str) -> bool {
    let built_in = BUILT_IN.iter().map(|(_, kind, _)| *kind);
    let of_systems = SYSTEMS.iter().flat_map(|system| system.owners).map(|owner| owner.kind);
    let mut known = built_in.chain(of_systems).chain(["Pod", "Node"]);
    known.any(|known| known.eq_ignore_ascii_case(kind))
}

/// A kind, as the API server serves it.
#[derive(Clone, Debug, Deserialize)]
struct Resource {
    name: String,
    kind: String,
    #[serde(default)]
    namespaced: bool,
}

#[derive(Deserialize)]
struct Resources {
    resources: Vec<Resource>,
}

/// What discovery told so far, by `group/version`.
#[derive(Debug, Default)]
pub(super) struct Kinds(HashMap<String, Vec<Resource>>);

impl Kinds {
    /// The path of a kind in a namespace, or in all of them.
    ///
    /// # Errors
    /// When the API server cannot say, or does not know the kind.
    pub(super) async fn path(
        &mut self,
        requests: &mut Requests,
        (api_version, kind): (&str, &str),
        namespace: Option<&str>,
    ) -> Result<String, Failure> {
        let root = if api_version.contains('/') { "/apis" } else { "/api" };
        let within = |namespace: Option<&str>| match namespace {
            Some(namespace) => format!("{root}/{api_version}/namespaces/{namespace}"),
            None => format!("{root}/{api_version}"),
        };
        let known =
            BUILT_IN.iter().find(|(version, other, _)| (*version, *other) == (api_version, kind));
        if let Some((.., plural)) = known {
            return Ok(format!("{}/{plural}", within(namespace)));
        }
        if !self.0.contains_key(api_version) {
            let uri = format!("{root}/{api_version}");
            let read = |bytes: Vec<u8>| {
                serde_json::from_slice::<Resources>(&bytes).map_err(|error| error.to_string())
            };
            let resources = requests.get(&uri, JSON, read).await?.resources;
            self.0.insert(api_version.to_owned(), resources);
        }
        let resources = self.0.get(api_version).into_iter().flatten();
        // `jobs/status` is of kind Job too.
        let mut of_kind = resources.filter(|one| one.kind == kind && !one.name.contains('/'));
        let resource = of_kind.next().ok_or_else(|| {
            Failure::NotFound(format!("the API server knows no kind {kind} of {api_version}"))
        })?;
        let namespace = namespace.filter(|_| resource.namespaced);
        Ok(format!("{}/{}", within(namespace), resource.name))
    }
}
