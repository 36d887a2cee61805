//! Which nodes are hot, and which crowds of pods nothing spreads.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Observed;
use super::assumptions::Assumptions;
use super::figure::{Figure, Plot, Range, Section, Series};
use super::kept::{Kept, Sum};
use super::state::State;
use super::surroundings::Surroundings;
use super::words::{count, float, number, share};
use crate::pod::view::Pod;
use crate::pod::workload::Class;
use crate::tally::Owner;

mod crowds;

use crowds::Crowd;

/// Nodes that are told apart.
const MOST_NODES: usize = 10_000;
/// Owners that are told apart.
const MOST_OWNERS: usize = 4_000;
/// Points of the plot of nodes; the rest stand together in the last one, by their mean.
const MOST_POINTS: usize = 100;

/// Where pods run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Placement {
    nodes: Kept<Arc<str>, OnNode, MOST_NODES>,
    crowds: Kept<Owner, Crowd, MOST_OWNERS>,
}

/// The running pods of a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct OnNode {
    /// All.
    pub(super) running: u64,
    /// Those that run to completion, or have no controller.
    pub(super) batch: u64,
}

impl Sum for OnNode {
    fn add(&mut self, other: Self) {
        self.running.add(other.running);
        self.batch.add(other.batch);
    }
}

impl Sum for Placement {
    fn add(&mut self, other: Self) {
        self.nodes.add(other.nodes);
        self.crowds.add(other.crowds);
    }
}

/// Whether pods of this class come in crowds that the scheduler does not spread by itself.
pub(super) const fn is_short_lived(class: Class) -> bool {
    matches!(class, Class::Batch | Class::Bare)
}

impl Placement {
    pub(super) fn take(&mut self, observed: &Observed<'_, '_>, state: &State) {
        let node = node(observed.before).filter(|_| state.running);
        let batch = is_short_lived(observed.class);
        if let Some(node) = node {
            let on_node = OnNode { running: 1, batch: batch.into() };
            self.nodes.take(&node, |there| &**there == node, || node.into(), on_node);
        }
        if batch && !state.ended {
            let (namespace, owner) = (observed.namespace, observed.owner);
            // In the order of the owner's fields, so that both have one hash.
            let like = (namespace, &*owner.kind, &*owner.name, &*owner.api_version);
            let crowd =
                Crowd::of_one(node, !is_spread(observed.before), !is_spread(observed.after));
            let name = || Owner::new(namespace, owner);
            self.crowds.take(&like, |there| there.is(namespace, owner), name, crowd);
        }
    }

    pub(super) fn section(
        &self,
        live: bool,
        surroundings: &Surroundings,
        assumptions: &Assumptions,
    ) -> Section {
        let mut section = Section::new("placement", "Hot nodes");
        let nodes = self.nodes(surroundings);
        let known = assumptions.nodes(surroundings).map(|(count, _)| count as usize);
        let is_whole = live && !surroundings.partial;
        let spread = is_whole.then(|| Spread::of(&nodes, known)).flatten();
        if let Some(spread) = &spread {
            section.figures.extend(spread.figures());
            section.plots.push(spread.plot(&nodes));
        }
        let (now, after) = crowds::section(&self.crowds, live, assumptions.crowd, &mut section);
        let crowds = |count: u64| super::words::count(count, "crowd");
        section.summary = match &spread {
            Some(spread) => format!(
                "The busiest of {} nodes runs {} pods, {} times the mean. Nothing spreads {} now; policies would leave {after}.",
                spread.nodes,
                spread.most.running,
                number(float(spread.most.running) / spread.mean()),
                crowds(now)
            ),
            None => format!("Nothing spreads {} now; policies would leave {after}.", crowds(now)),
        };
        section.assumptions.push(format!(
            "a crowd is {} or more pods of one owner that run to completion or have no controller (--crowd)",
            assumptions.crowd
        ));
        section.assumptions.push(
            "a pod is spread where it has a topologySpreadConstraint; pod anti-affinity is not looked at".to_owned(),
        );
        if live && !is_whole {
            section.assumptions.push(
                "only some pods were looked at: which nodes are hot is not told; crowds are made of those pods alone"
                    .to_owned(),
            );
        }
        if is_whole && known.is_none() {
            section.assumptions.push(
                "nodes could not be read: those without a running pod are not known (--nodes), and the ratios are the \
                 least that they can be"
                    .to_owned(),
            );
        }
        if !live {
            section.assumptions.push(
                "these pods were recorded as they were created, before they had a node: crowds are all that an owner \
                 created"
                    .to_owned(),
            );
        }
        section
    }

    /// Every node with its pods, the busiest first; those that are listed and run nothing are among them.
    fn nodes(&self, surroundings: &Surroundings) -> Vec<(String, OnNode)> {
        let mut nodes: Vec<(String, OnNode)> =
            self.nodes.told().map(|(name, on_node)| (name.to_string(), *on_node)).collect();
        for node in surroundings.nodes.iter().flatten() {
            if self.nodes.get(&Arc::from(&*node.name)).is_none() {
                nodes.push((node.name.clone(), OnNode::default()));
            }
        }
        nodes.sort_by(|a, b| b.1.running.cmp(&a.1.running).then_with(|| a.0.cmp(&b.0)));
        nodes
    }
}

fn node<'p>(pod: &'p Pod<'_>) -> Option<&'p str> {
    pod.spec.as_ref()?.node_name.as_deref().filter(|name| !name.is_empty())
}

fn is_spread(pod: &Pod<'_>) -> bool {
    let constraints = pod.spec.as_ref().and_then(|spec| spec.topology_spread_constraints.as_ref());
    constraints.is_some_and(|constraints| !constraints.is_empty())
}

/// How the running pods lie on the nodes.
struct Spread {
    /// Nodes, those without a pod among them.
    nodes: usize,
    running: u64,
    /// What the busiest runs.
    most: OnNode,
    /// The most batch pods on one node.
    most_batch: u64,
    /// What all but one in a hundred do not exceed.
    p99: u64,
}

impl Spread {
    /// `nodes` stand with the busiest first.
    fn of(nodes: &[(String, OnNode)], known: Option<usize>) -> Option<Self> {
        let running =
            nodes.iter().fold(0_u64, |sum, (_, on_node)| sum.saturating_add(on_node.running));
        let most = nodes.first()?.1;
        let count = known.unwrap_or_default().max(nodes.len());
        // By the nearest rank: of 100 nodes, the second busiest. Nodes that are not listed run nothing.
        let rank = count - (count * 99).div_ceil(100);
        let p99 = nodes.get(rank).map_or(0, |(_, on_node)| on_node.running);
        let most_batch = nodes.iter().map(|(_, on_node)| on_node.batch).max().unwrap_or_default();
        (running > 0).then_some(Self { nodes: count, running, most, most_batch, p99 })
    }

    fn mean(&self) -> f64 {
        float(self.running) / float(self.nodes as u64)
    }

    fn figures(&self) -> Vec<Figure> {
        let mean = self.mean();
        let most = self.most.running;
        let all = format!(
            "{} running on {}",
            count(self.running, "pod"),
            count(self.nodes as u64, "node")
        );
        let exactly = |id, label: &str, value, unit, how| {
            Figure::new(id, label, Range::exactly(value), unit, how)
        };
        vec![
            exactly(
                "placement.hotspot",
                "busiest node against the mean, now",
                float(most) / mean,
                "",
                format!("{most} / {}: {all}", number(mean)),
            ),
            exactly(
                "placement.hotspot.p99",
                "99th percentile of nodes against the mean, now",
                float(self.p99) / mean,
                "",
                format!("{} / {}: {all}", self.p99, number(mean)),
            ),
            exactly("placement.mean", "pods per node now, mean", mean, "pods", all.clone()),
            exactly(
                "placement.most",
                "pods on the busiest node now",
                float(most),
                "pods",
                format!("{} of all that run", share(most, self.running)),
            ),
            exactly(
                "placement.batch.most",
                "most batch pods on one node now",
                float(self.most_batch),
                "pods",
                "pods that run to completion or have no controller, counted by node".to_owned(),
            ),
        ]
    }

    fn plot(&self, nodes: &[(String, OnNode)]) -> Plot {
        let told = if nodes.len() > MOST_POINTS { MOST_POINTS - 1 } else { nodes.len() };
        let (told, rest) = nodes.split_at(told);
        let mut points: Vec<String> = told.iter().map(|(name, _)| name.clone()).collect();
        let series = |label: &str, of: fn(&OnNode) -> u64| {
            let mut values: Vec<f64> = told.iter().map(|(_, on_node)| float(of(on_node))).collect();
            if !rest.is_empty() {
                let sum: f64 = rest.iter().map(|(_, on_node)| float(of(on_node))).sum();
                values.push(sum / float(rest.len() as u64));
            }
            Series { label: label.to_owned(), values }
        };
        let series = vec![
            series("all", |on_node| on_node.running),
            series("batch", |on_node| on_node.batch),
        ];
        if !rest.is_empty() {
            points.push(format!("mean of {} others", rest.len()));
        }
        Plot {
            id: "placement.nodes",
            title: "Running pods by node".to_owned(),
            unit: "pods",
            points,
            series,
            limit: None,
        }
    }
}

#[cfg(test)]
mod tests;
