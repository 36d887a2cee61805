//! What is known of a cluster beside its pods: nodes and quotas.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::amounts::{Resource, Side, read};

/// What is known of the cluster around the pods; what is not known is none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Surroundings {
    /// Every node.
    pub nodes: Option<Vec<Node>>,
    /// Every ResourceQuota of the namespaces that were looked at.
    pub quotas: Option<Vec<Quota>>,
    /// The pods are those of a cluster, listed at one time.
    #[serde(default)]
    pub live: bool,
    /// Only some pods were looked at, so that what the others reserve is not known.
    #[serde(default)]
    pub partial: bool,
}

/// A node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// What pods can reserve there, by [`Resource`].
    pub allocatable: [u64; 3],
    /// Pods that fit there.
    pub pods: u64,
    /// No new pods are placed there (`kubectl cordon`).
    pub unschedulable: bool,
    /// The container runtime with its version: `containerd://2.1.4`.
    pub runtime: String,
}

/// A ResourceQuota, as far as forecasts read it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Quota {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// It counts some of the namespace's pods only.
    pub scoped: bool,
    /// What it bounds, by the name that the quota has for it: `requests.cpu`.
    pub bounds: BTreeMap<String, Bound>,
}

/// A bound of a quota, in millicores or bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bound {
    /// The most that there may be.
    pub hard: u64,
    /// What there is.
    pub used: u64,
}

impl Surroundings {
    /// What is known around pods of several parts: of nodes and of quotas, what all say alike. Parts that differ looked at
    /// other pods, at another time or at another cluster, and nobody knows what they lack together.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        let partial = self.partial || other.partial || self != other;
        Self {
            nodes: self.nodes.filter(|nodes| other.nodes.as_ref() == Some(nodes)),
            quotas: self.quotas.filter(|quotas| other.quotas.as_ref() == Some(quotas)),
            live: self.live && other.live,
            partial,
        }
    }
}

impl Node {
    /// Reads a Node; what is not there is nothing.
    pub fn from_value(value: &Value) -> Self {
        let status = &value["status"];
        let allocatable = &status["allocatable"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Self {
            name: text(&value["metadata"]["name"]),
            allocatable: Resource::ALL
                .map(|resource| amount(resource, &allocatable[resource.name()])),
            pods: amount(Resource::Memory, &allocatable["pods"]),
            unschedulable: value["spec"]["unschedulable"].as_bool().unwrap_or_default(),
            runtime: text(&status["nodeInfo"]["containerRuntimeVersion"]),
        }
    }
}

impl Quota {
    /// Reads a ResourceQuota; what it bounds beside requests and limits of pods is left out.
    pub fn from_value(value: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (spec, status) = (&value["spec"], &value["status"]);
        let is_there = |field: &str| spec[field].as_array().is_some_and(|all| !all.is_empty());
        let hard = spec["hard"].as_object().into_iter().flatten();
        let bounds = hard.filter_map(|(name, hard)| {
            let (resource, _) = meaning(name)?;
            let bound = Bound {
                hard: amount(resource, hard),
                used: amount(resource, &status["used"][name.as_str()]),
            };
            Some((name.clone(), bound))
        });
        Self {
            namespace: text(&value["metadata"]["namespace"]),
            name: text(&value["metadata"]["name"]),
            scoped: is_there("scopes") || spec["scopeSelector"].is_object(),
            bounds: bounds.collect(),
        }
    }
}

/// What a name in a quota counts; `cpu` and `memory` are requests (pkg/quota/v1/evaluator/core/pods.go).
pub(super) fn meaning(name: &str) -> Option<(Resource, Side)> {
    let (side, name) = match name.split_once('.') {
        Some(("requests", name)) => (Side::Request, name),
        Some(("limits", name)) => (Side::Limit, name),
        _ => (Side::Request, name),
    };
    Resource::ALL.into_iter().find(|resource| resource.name() == name).map(|found| (found, side))
}

fn amount(resource: Resource, value: &Value) -> u64 {
    let read = match value {
        Value::String(text) => read(resource, text),
        Value::Number(number) => read(resource, &number.to_string()),
        _ => None,
    };
    read.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn of_parts_that_differ_only_what_all_say_is_known() {
        let node = Node { name: "a".to_owned(), ..Node::default() };
        let quota = |name: &str| Quota { namespace: name.to_owned(), ..Quota::default() };
        let of = |namespace: &str| Surroundings {
            nodes: Some(vec![node.clone()]),
            quotas: Some(vec![quota(namespace)]),
            live: true,
            partial: false,
        };
        let none = Surroundings { nodes: None, ..of("x") };
        assert_eq!(of("x").merge(of("x")), of("x"));
        let (nodes, partial) = (Some(vec![node.clone()]), true);
        let both = Surroundings { nodes, quotas: None, live: true, partial };
        assert_eq!(of("x").merge(of("y")), both);
        let nothing = Surroundings { nodes: None, ..both };
        // What was lost once stays lost, in whatever order.
        for [one, two, three] in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
        {
            let parts = [of("x"), of("y"), none.clone()];
            let part = |at: usize| parts[at].clone();
            assert_eq!(part(one).merge(part(two)).merge(part(three)), nothing);
            assert_eq!(part(one).merge(part(two).merge(part(three))), nothing);
        }
        assert_eq!(of("x").merge(of("y")).merge(of("x")).quotas, None);
    }

    #[test]
    fn nodes_and_quotas_are_read_as_the_api_has_them() {
        let node = Node::from_value(
            &json!({"metadata": {"name": "a"}, "spec": {"unschedulable": true},
            "status": {"allocatable": {"cpu": "3920m", "memory": "15Gi", "ephemeral-storage": "1k", "pods": "110"},
                       "nodeInfo": {"containerRuntimeVersion": "containerd://2.1.4"}}}),
        );
        assert_eq!(node.allocatable, [3920, 15 << 30, 1000]);
        assert_eq!(
            (node.pods, node.unschedulable, &*node.runtime),
            (110, true, "containerd://2.1.4")
        );
        let quota = Quota::from_value(&json!({"metadata": {"namespace": "etl", "name": "q"},
            "spec": {"hard": {"cpu": "2", "limits.memory": "1Gi", "pods": "9", "requests.storage": "1Ti"},
                     "scopes": ["NotBestEffort"]},
            "status": {"used": {"cpu": "500m"}}}));
        assert!(quota.scoped);
        assert_eq!(quota.bounds.len(), 2);
        assert_eq!(quota.bounds["cpu"], Bound { hard: 2000, used: 500 });
        assert_eq!(quota.bounds["limits.memory"], Bound { hard: 1 << 30, used: 0 });
        assert_eq!(Node::from_value(&json!({})), Node::default());
    }
}
