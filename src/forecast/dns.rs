//! What looking up a name costs: the queries that a resolver sends before it has its answer.

mod resolver;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::assumptions::Assumptions;
use super::figure::{Figure, Plot, Range, Section, Series};
use super::kept::{Kept, Sum};
use super::words::{float, number, range, span};
use crate::pod::view::Pod;
use resolver::{Kind, Name, Resolver};

/// Namespaces that are told apart.
const MOST_NAMESPACES: usize = 5_000;
/// Settings of resolvers that are told apart in one namespace; nobody has more.
const MOST_RESOLVERS: usize = 64;
/// Namespaces that figures are made of: those that ask most.
const MOST_TOLD: usize = 20;

/// How pods resolve names.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Lookups {
    namespaces: Kept<Arc<str>, Resolvers, MOST_NAMESPACES>,
}

/// Pods by how they resolve names: now and after.
type Resolvers = Kept<Resolver, [u64; 2], MOST_RESOLVERS>;

impl Sum for Lookups {
    fn add(&mut self, other: Self) {
        self.namespaces.add(other.namespaces);
    }
}

/// What looking up costs the pods of a namespace or a cluster, summed over the pods.
#[derive(Clone, Copy, Debug)]
struct Cost {
    /// Pods.
    pods: u64,
    /// Queries for one external name in each pod.
    external: Range,
    /// Of these, those that the cluster's DNS is asked.
    of_cluster: Range,
    /// Pods that can look up names of Services.
    able: u64,
    /// Queries for one name of a Service in each of these.
    internal: Range,
}

const NOW: usize = 0;
const AFTER: usize = 1;

impl Cost {
    const NONE: Self = Self {
        pods: 0,
        external: Range::NONE,
        of_cluster: Range::NONE,
        able: 0,
        internal: Range::NONE,
    };

    fn of(resolvers: &Resolvers, when: usize, node: Range) -> Self {
        resolvers.told().fold(Self::NONE, |mut cost, (resolver, pods)| {
            let pods = pods[when];
            let times = float(pods);
            let external = resolver.external(node).times(times);
            cost.pods = cost.pods.saturating_add(pods);
            cost.external = cost.external.plus(external);
            if resolver.kind == Kind::Cluster {
                cost.of_cluster = cost.of_cluster.plus(external);
                cost.able = cost.able.saturating_add(pods);
                cost.internal = cost.internal.plus(resolver.internal(node).times(times));
            }
            cost
        })
    }

    fn plus(self, other: Self) -> Self {
        Self {
            pods: self.pods.saturating_add(other.pods),
            external: self.external.plus(other.external),
            of_cluster: self.of_cluster.plus(other.of_cluster),
            able: self.able.saturating_add(other.able),
            internal: self.internal.plus(other.internal),
        }
    }

    fn mean(sum: Range, pods: u64) -> Range {
        sum.over(Range::exactly(float(pods))).unwrap_or(Range::NONE)
    }
}

impl Lookups {
    pub(super) fn take(&mut self, namespace: &str, before: &Pod<'_>, after: &Pod<'_>) {
        let mut resolvers = Resolvers::default();
        for (pods, pod) in [([1, 0], before), ([0, 1], after)] {
            let resolver = Resolver::of(pod);
            resolvers.take(&resolver, |there| *there == resolver, || resolver, pods);
        }
        let is = |there: &Arc<str>| &**there == namespace;
        self.namespaces.take(&namespace, is, || namespace.into(), resolvers);
    }

    fn cost(&self, when: usize, node: Range) -> Cost {
        let costs = self.namespaces.values().map(|resolvers| Cost::of(resolvers, when, node));
        costs.fold(Cost::NONE, Cost::plus)
    }

    pub(super) fn section(&self, assumptions: &Assumptions) -> Section {
        let mut section = Section::new("dns", "DNS");
        let node = assumptions.node_searches();
        let (now, after) = (self.cost(NOW, node), self.cost(AFTER, node));
        let external = [now, after].map(|cost| Cost::mean(cost.external, cost.pods));
        let internal = [now, after].map(|cost| Cost::mean(cost.internal, cost.able));
        section.summary = format!(
            "Looking up an external name costs {} queries now and would cost {}.",
            range(external[NOW]),
            range(external[AFTER])
        );
        let how = |cost: &Cost, sum: Range| {
            format!(
                "{} queries, were each of {} pods to look up one name, by the number of pods",
                range(sum),
                cost.pods
            )
        };
        let mut push = |id, label: &str, value, unit, how| {
            section.figures.push(Figure::new(id, label, value, unit, how));
        };
        let each = "queries/lookup";
        push(
            "dns.external.now",
            "queries for an external name, now",
            external[NOW],
            each,
            how(&now, now.external),
        );
        push(
            "dns.external.after",
            "queries for an external name, after",
            external[AFTER],
            each,
            how(&after, after.external),
        );
        for (at, id, label, cost) in [
            (NOW, "dns.internal.now", "queries for the name of a Service, now", &now),
            (AFTER, "dns.internal.after", "queries for the name of a Service, after", &after),
        ] {
            if cost.able > 0 {
                let how = format!(
                    "{} queries over the {} pods that ask the cluster's DNS; the least and the most of db, db.etl, \
                     db.etl.svc and db.etl.svc.cluster.local",
                    range(cost.internal),
                    cost.able
                );
                push(id, label, internal[at], each, how);
            }
        }
        let change = Range::between(
            (after.of_cluster.low - now.of_cluster.low)
                .min(after.of_cluster.high - now.of_cluster.high),
            (after.of_cluster.low - now.of_cluster.low)
                .max(after.of_cluster.high - now.of_cluster.high),
        );
        let how = format!(
            "were each pod to look up one external name: {} now, from {} pods, and {} afterwards, from {}",
            range(now.of_cluster),
            now.able,
            range(after.of_cluster),
            after.able
        );
        push(
            "dns.cluster.change",
            "change of the queries that the cluster's DNS is asked",
            change,
            "queries",
            how,
        );
        if now.able > after.able {
            let lost = now.able - after.able;
            let how = format!("{} pods ask the cluster's DNS now, {} would", now.able, after.able);
            let label = "pods that could no longer look up Services";
            push("dns.moved", label, Range::exactly(float(lost)), "pods", how);
        }
        section.figures.extend(self.namespaces(node));
        section.plots.push(self.plot(node));
        section.assumptions = told(assumptions);
        section
    }

    /// The namespaces that ask most now.
    fn namespaces(&self, node: Range) -> Vec<Figure> {
        let mut costs: Vec<(&str, Cost, Cost)> = self
            .namespaces
            .told()
            .map(|(name, all)| (&**name, Cost::of(all, NOW, node), Cost::of(all, AFTER, node)))
            .collect();
        costs.sort_by(|a, b| {
            b.1.external.high.total_cmp(&a.1.external.high).then_with(|| a.0.cmp(b.0))
        });
        let told = costs.into_iter().take(MOST_TOLD).map(|(name, now, after)| {
            let how = format!(
                "over {} pods: {} queries for each now, {} afterwards",
                now.pods,
                range(Cost::mean(now.external, now.pods)),
                range(Cost::mean(after.external, after.pods))
            );
            let label =
                format!("queries, were each pod in {name} to look up one external name, after");
            Figure::new("dns.namespace", label, after.external, "queries", how).about(name)
        });
        told.collect()
    }

    /// The means by name, at their most.
    fn plot(&self, node: Range) -> Plot {
        let mean = |name: Name, when: usize| {
            let (mut queries, mut pods) = (0.0, 0_u64);
            for (resolver, count) in self.namespaces.values().flat_map(Kept::told) {
                if let Some(cost) = resolver.queries(name, node) {
                    queries += cost.high * float(count[when]);
                    pods = pods.saturating_add(count[when]);
                }
            }
            if pods == 0 { 0.0 } else { queries / float(pods) }
        };
        let series = |label: &str, when| Series {
            label: label.to_owned(),
            values: Name::ALL.into_iter().map(|name| mean(name, when)).collect(),
        };
        Plot {
            id: "dns.lookups",
            title: "Queries per lookup, at most".to_owned(),
            unit: "queries/lookup",
            points: Name::ALL.into_iter().map(|name| name.example().to_owned()).collect(),
            series: vec![series("now", NOW), series("after", AFTER)],
            limit: None,
        }
    }
}

fn told(assumptions: &Assumptions) -> Vec<String> {
    vec![
        format!(
            "the nodes' resolv.conf has {} search domains (--node-search-domains) and no ndots",
            span(assumptions.node_searches(), number)
        ),
        "external names have 1 to 4 dots, and exist; nothing is cached in the pod".to_owned(),
        "programs resolve as glibc does and ask for A and AAAA; musl never searches for names with ndots dots or more"
            .to_owned(),
        "the cluster's domain has two labels, as cluster.local; the kubelet gives pods its three search domains".to_owned(),
    ]
}

#[cfg(test)]
mod tests;
