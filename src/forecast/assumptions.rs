//! What is assumed where nothing is known.

use serde::{Deserialize, Serialize};

use super::figure::Range;
use super::surroundings::Surroundings;
use super::words::float;

/// What is assumed where nothing is known. Each has a flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Assumptions {
    /// Addresses that the registry sees the nodes under; not known: between one and one for each node.
    pub egress_addresses: Option<u64>,
    /// How many nodes there are, where they cannot be listed.
    pub nodes: Option<u64>,
    /// Pods that are created in an hour.
    pub churn: Option<u64>,
    /// Pulls that Docker Hub allows in 6 hours.
    pub pull_limit: u64,
    /// What the nodes run containers with, where they cannot be asked.
    pub runtime: Option<Runtime>,
    /// Search domains in the resolv.conf of the nodes; not known: between 0 and [`Self::MOST_NODE_SEARCHES`].
    pub node_searches: Option<u64>,
    /// Pods of one owner that are a crowd.
    pub crowd: u64,
}

/// What runs the containers of a node, as far as it matters for pulls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Runtime {
    /// Asks for the digest of a tag by HEAD, and gets the manifest only where it lacks it
    /// (containerd core/remotes/docker/resolver.go).
    Containerd,
    /// Gets the manifest at every pull (CRI-O by go.podman.io/image docker/docker_image_src.go).
    CriO,
}

impl Default for Assumptions {
    fn default() -> Self {
        Self {
            egress_addresses: None,
            nodes: None,
            churn: None,
            pull_limit: Self::PULL_LIMIT,
            runtime: None,
            node_searches: None,
            crowd: Self::CROWD,
        }
    }
}

impl Assumptions {
    /// Pulls in 6 hours without an account, by address (docs.docker.com/docker-hub/usage/pulls).
    pub const PULL_LIMIT: u64 = 100;
    /// Pods of one owner that are taken for a crowd.
    pub const CROWD: u64 = 10;
    /// Search domains that a node is taken to have at most.
    pub const MOST_NODE_SEARCHES: u64 = 3;

    /// How many nodes there are, and who says so.
    pub(super) fn nodes(&self, surroundings: &Surroundings) -> Option<(u64, &'static str)> {
        let listed = surroundings.nodes.as_ref().map(|nodes| (nodes.len() as u64, "listed"));
        listed.filter(|(count, _)| *count > 0).or(self.nodes.map(|count| (count, "--nodes")))
    }

    /// Search domains of the nodes.
    pub(super) fn node_searches(&self) -> Range {
        match self.node_searches {
            Some(known) => Range::exactly(float(known)),
            None => Range::between(0.0, float(Self::MOST_NODE_SEARCHES)),
        }
    }

    /// What the nodes run; none where they differ, or nobody knows.
    pub(super) fn runtime(&self, surroundings: &Surroundings) -> Option<Runtime> {
        let nodes = surroundings.nodes.as_deref().unwrap_or_default();
        let mut found = nodes.iter().map(|node| match node.runtime.split("://").next() {
            Some("containerd") => Some(Runtime::Containerd),
            Some("cri-o") => Some(Runtime::CriO),
            _ => None,
        });
        match found.next() {
            Some(first) => first.filter(|_| found.all(|other| other == first)).or(self.runtime),
            None => self.runtime,
        }
    }
}
