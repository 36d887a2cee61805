//! The resolver of a pod, and the queries that glibc sends for a name.
//!
//! Sources: pkg/kubelet/network/dns/dns.go in kubernetes/kubernetes, and `__res_context_search` in resolv/res_query.c of
//! glibc: a name with at least `ndots` dots is asked for as it is first; then, or where it has fewer, with each search
//! domain until one answers; at last as it is, unless that was done.

use serde::{Deserialize, Serialize};

use super::super::figure::Range;
use super::super::words::float;
use crate::pod::view::{DnsConfig, Pod};

/// The most dots that glibc counts (`RES_MAXNDOTS`).
const MOST_NDOTS: u8 = 15;
/// What the kubelet writes for pods that ask the cluster's DNS (`defaultDNSOptions`).
const CLUSTER_NDOTS: u8 = 5;
/// Search domains that it writes for these: `ns.svc.cluster.local`, `svc.cluster.local`, `cluster.local`.
const CLUSTER_SEARCHES: u8 = 3;

/// Where a pod's resolv.conf comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Kind {
    /// The cluster's DNS and search domains, and those of the node.
    Cluster,
    /// That of the node.
    Node,
    /// What the pod itself says, and nothing else.
    Own,
}

/// How a pod resolves names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Resolver {
    /// Where it comes from.
    pub(super) kind: Kind,
    /// Dots from which on a name is asked for as it is first.
    pub(super) ndots: u8,
    /// Search domains of the pod's own.
    pub(super) searches: u8,
    /// Questions for each name: A and AAAA, or A alone (`no-aaaa`, glibc 2.36).
    pub(super) questions: u8,
}

/// A name that is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    /// One that is not of the cluster and has so many dots.
    External(u8),
    /// A Service, found with so many labels of it given: its name, namespace, `svc`.
    Service(u8),
    /// A Service with the cluster's domain.
    ServiceInFull,
}

impl Name {
    /// Those that figures and plots are made of.
    pub(super) const ALL: [Self; 8] = [
        Self::External(1),
        Self::External(2),
        Self::External(3),
        Self::External(4),
        Self::Service(1),
        Self::Service(2),
        Self::Service(3),
        Self::ServiceInFull,
    ];

    /// One like it.
    pub(super) const fn example(self) -> &'static str {
        match self {
            Self::External(0 | 1) => "example.com",
            Self::External(2) => "db.example.com",
            Self::External(3) => "db.eu.example.com",
            Self::External(_) => "a.db.eu.example.com",
            Self::Service(0 | 1) => "db",
            Self::Service(2) => "db.etl",
            Self::Service(_) => "db.etl.svc",
            Self::ServiceInFull => "db.etl.svc.cluster.local",
        }
    }

    const fn dots(self) -> u8 {
        match self {
            Self::External(dots) => dots,
            Self::Service(labels) => labels.saturating_sub(1),
            Self::ServiceInFull => 4,
        }
    }
}

impl Resolver {
    pub(super) fn of(pod: &Pod<'_>) -> Self {
        let spec = pod.spec.as_ref();
        let policy = spec.map_or("ClusterFirst", |spec| spec.dns_policy().value);
        let kind = match policy {
            "Default" => Kind::Node,
            "None" => Kind::Own,
            "ClusterFirst" if spec.is_some_and(crate::pod::view::Spec::host_network) => Kind::Node,
            _ => Kind::Cluster,
        };
        let config = spec.and_then(|spec| spec.dns_config.as_ref());
        let searches = config.and_then(|config| config.searches.as_ref()).map_or(0, Vec::len);
        let by_default = if kind == Kind::Cluster { CLUSTER_NDOTS } else { 1 };
        Self {
            kind,
            ndots: option(config, "ndots").map_or(by_default, ndots),
            searches: u8::try_from(searches).unwrap_or(u8::MAX),
            questions: if option(config, "no-aaaa").is_some() { 1 } else { 2 },
        }
    }

    /// Queries for a name that exists; none where this resolver cannot find it. `node` is how many search domains the
    /// node has.
    pub(super) fn queries(self, name: Name, node: Range) -> Option<Range> {
        let own = Range::exactly(float(self.searches.into()));
        let searches = match self.kind {
            Kind::Cluster => Range::exactly(float(CLUSTER_SEARCHES.into())).plus(node).plus(own),
            Kind::Node => node.plus(own),
            Kind::Own => own,
        };
        let first = name.dots() >= self.ndots;
        let asked = match name {
            Name::External(_) | Name::ServiceInFull if first => Range::exactly(1.0),
            Name::External(_) | Name::ServiceInFull => searches.plus(Range::exactly(1.0)),
            // The search domain of its place in the list completes it.
            Name::Service(labels) => Range::exactly(float(u64::from(labels) + u64::from(first))),
        };
        let found = matches!(name, Name::External(_)) || self.kind == Kind::Cluster;
        found.then(|| asked.times(float(self.questions.into())))
    }

    /// Queries for an external name, whichever it is.
    pub(super) fn external(self, node: Range) -> Range {
        self.any_of(node, |name| matches!(name, Name::External(_)))
    }

    /// Queries for the name of a Service, however it is written.
    pub(super) fn internal(self, node: Range) -> Range {
        self.any_of(node, |name| !matches!(name, Name::External(_)))
    }

    fn any_of(self, node: Range, is: impl Fn(&Name) -> bool) -> Range {
        let all = Name::ALL.into_iter().filter(is).filter_map(|name| self.queries(name, node));
        let both = |one: Range, other: Range| {
            Range::between(one.low.min(other.low), one.high.max(other.high))
        };
        all.reduce(both).unwrap_or(Range::NONE)
    }
}

/// The value of an option, empty where it has none; where it stands twice, the last counts.
fn option<'c>(config: Option<&'c DnsConfig<'_>>, name: &str) -> Option<&'c str> {
    let options = config?.options.as_ref()?.iter();
    let found = options.rev().find(|option| option.name.as_deref() == Some(name))?;
    Some(found.value.as_deref().unwrap_or_default())
}

/// As glibc reads it; without a number, its own default counts.
fn ndots(text: &str) -> u8 {
    let digits = text.find(|digit: char| !digit.is_ascii_digit()).unwrap_or(text.len());
    match text.get(..digits).unwrap_or_default() {
        "" if text.is_empty() => 1,
        "" => 0,
        number => number.parse().unwrap_or(MOST_NDOTS).min(MOST_NDOTS),
    }
}
