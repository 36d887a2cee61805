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

/// Groups of Kubernetes itself have kinds that own no pods, and some that are nobody's business: those that pods are
/// made by are above.
const GROUPS_OF_KUBERNETES: [&str; 18] = [
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "internal.apiserver.k8s.io",
    "metrics.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
];
/// Whatever has this in its name makes no pods.
const SECRET: [&str; 2] = ["secret", "token"];

/// What may be asked of a kind that a pod names as its owner. Whoever may create a pod chooses that name, and the
/// auditor may have more rights than they do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asking {
    /// Every cluster has it.
    BuiltIn,
    /// It is looked up first.
    Foreign,
    /// Nothing is asked.
    Never,
}

pub(super) fn asking(api_version: &str, kind: &str) -> Asking {
    if BUILT_IN.iter().any(|(version, other, _)| (*version, *other) == (api_version, kind)) {
        return Asking::BuiltIn;
    }
    // The core group and the old ones, such as `apps`, have no dot in their names.
    let is_foreign = api_version.split_once('/').is_some_and(|(group, version)| {
        group.contains('.')
            && group.split('.').all(is_label)
            && is_label(version)
            && version.starts_with('v')
            && !GROUPS_OF_KUBERNETES.contains(&group)
    });
    if is_foreign && may_be_listed(&kind.to_ascii_lowercase()) {
        Asking::Foreign
    } else {
        Asking::Never
    }
}

fn may_be_listed(name: &str) -> bool {
    is_label(name) && !SECRET.iter().any(|word| name.contains(word))
}

/// A label of DNS (RFC 1123), which can stand in a path as it is.
fn is_label(text: &str) -> bool {
    let is_of_label = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=63).contains(&text.len())
        && text.chars().all(is_of_label)
        && !text.starts_with('-')
        && !text.ends_with('-')
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
        let unknown =
            || Failure::NotFound(format!("the API server knows no kind {kind} of {api_version}"));
        if !self.0.contains_key(api_version) {
            let uri = format!("{root}/{api_version}");
            let read = |bytes: Vec<u8>| {
                serde_json::from_slice::<Resources>(&bytes).map_err(|error| error.to_string())
            };
            let answer = requests.get(&uri, JSON, read).await;
            let answer = answer.map_err(|failure| match failure {
                Failure::NotFound(_) => unknown(),
                other => other,
            })?;
            self.0.insert(api_version.to_owned(), answer.resources);
        }
        let resources = self.0.get(api_version).into_iter().flatten();
        // `jobs/status` is of kind Job too.
        let mut of_kind = resources.filter(|one| one.kind == kind && may_be_listed(&one.name));
        let resource = of_kind.next().ok_or_else(unknown)?;
        let namespace = namespace.filter(|_| resource.namespaced);
        Ok(format!("{}/{}", within(namespace), resource.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_own_pods_is_asked_for() {
        for (api_version, kind) in [
            ("argoproj.io/v1alpha1", "Workflow"),
            ("sparkoperator.k8s.io/v1beta2", "SparkApplication"),
            ("jobset.x-k8s.io/v1alpha2", "JobSet"),
        ] {
            assert_eq!(asking(api_version, kind), Asking::Foreign, "{kind}");
        }
        assert_eq!(asking("apps/v1", "ReplicaSet"), Asking::BuiltIn);
        assert_eq!(asking("v1", "ReplicationController"), Asking::BuiltIn);
        let long = format!("{}.io/v1", "a".repeat(64));
        for (api_version, kind) in [
            ("v1", "Secret"),
            ("v1", "ConfigMap"),
            ("v1", "Pod"),
            ("v1", "Node"),
            ("apps/v1", "ControllerRevision"),
            ("rbac.authorization.k8s.io/v1", "Role"),
            ("external-secrets.io/v1", "ExternalSecret"),
            ("oauth.openshift.io/v1", "OAuthAccessToken"),
            ("v1?limit=1#", "Secret"),
            ("example.com/v1?limit=1#", "Robot"),
            ("example.com/../../api/v1", "Robot"),
            ("../v1", "Robot"),
            ("a..b/v1", "Robot"),
            ("example.com/1", "Robot"),
            ("example.com/", "Robot"),
            ("Example.com/v1", "Robot"),
            (&long, "Robot"),
            ("example.com/v1", "Ro bot"),
            ("example.com/v1", ""),
        ] {
            assert_eq!(asking(api_version, kind), Asking::Never, "{api_version} {kind}");
        }
    }
}
