//! What pods reserve and may use, now and with what policies would inject.

mod nodes;
mod quotas;
mod told;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::amounts::{Amounts, Resource, Side};
use super::figure::{Range, Section};
use super::kept::{Kept, Sum};
use super::surroundings::Surroundings;
use super::words::{amount, float, span};

/// Namespaces that are told apart.
const MOST_NAMESPACES: usize = 5_000;
/// Namespaces that figures and plots are made of: those to which most is added.
const MOST_TOLD: usize = 40;

/// What the pods reserve and may use.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Requests {
    namespaces: Kept<Arc<str>, Demand, MOST_NAMESPACES>,
    sizes: Sizes,
}

/// What the pods of one namespace reserve and may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Demand {
    /// Pods that have not ended.
    pub(super) pods: u64,
    /// Of these, those that would be refused.
    pub(super) refused: u64,
    /// What all have now.
    pub(super) now: Amounts,
    /// What those would have that would be taken.
    pub(super) after: Amounts,
    /// What those would have that would be refused, were they mended in what they are refused for.
    pub(super) refused_after: Amounts,
}

/// The bounds on what one pod would reserve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Sizes {
    /// The most.
    pub(super) most: [u64; 3],
    /// The least that is not nothing; nothing where no pod reserves anything.
    pub(super) least: [u64; 3],
}

impl Sum for Demand {
    fn add(&mut self, other: Self) {
        self.pods.add(other.pods);
        self.refused.add(other.refused);
        self.now.add(other.now);
        self.after.add(other.after);
        self.refused_after.add(other.refused_after);
    }
}

impl Sum for Sizes {
    fn add(&mut self, other: Self) {
        for at in 0..3 {
            self.most[at] = self.most[at].max(other.most[at]);
            self.least[at] = match (self.least[at], other.least[at]) {
                (0, one) | (one, 0) => one,
                (one, more) => one.min(more),
            };
        }
    }
}

impl Sum for Requests {
    fn add(&mut self, other: Self) {
        self.namespaces.add(other.namespaces);
        self.sizes.add(other.sizes);
    }
}

impl Demand {
    /// What one side of one resource comes to: without the pods that would be refused, and with them.
    fn then(&self, resource: usize, side: Side) -> Range {
        let taken = self.after.side(side)[resource];
        let all = taken.saturating_add(self.refused_after.side(side)[resource]);
        Range::between(float(taken), float(all))
    }

    /// Pods in which a container would not state one side of one resource, counted in the same way.
    fn then_without(&self, resource: usize, side: Side) -> Range {
        let taken = self.after.without(side)[resource];
        let all = taken.saturating_add(self.refused_after.without(side)[resource]);
        Range::between(float(taken), float(all))
    }
}

impl Requests {
    pub(super) fn take(&mut self, namespace: &str, now: Amounts, after: Amounts, refused: bool) {
        let (taken, kept_out) =
            if refused { (Amounts::default(), after) } else { (after, Amounts::default()) };
        let demand =
            Demand { pods: 1, refused: refused.into(), now, after: taken, refused_after: kept_out };
        let is = |there: &Arc<str>| &**there == namespace;
        self.namespaces.take(&namespace, is, || namespace.into(), demand);
        self.sizes.add(Sizes { most: after.requests, least: after.requests });
    }

    /// The sums over all namespaces.
    pub(super) fn all(&self) -> Demand {
        let mut all = Demand::default();
        self.namespaces.values().for_each(|demand| all.add(*demand));
        all
    }

    /// `live`: the pods run at one time, and are not those that came one after another.
    pub(super) fn section(&self, live: bool, surroundings: &Surroundings) -> Section {
        let mut section = Section::new("requests", "Requests and limits");
        let all = self.all();
        section.figures.extend(told::cluster(&all));
        let nodes = surroundings.nodes.as_deref().filter(|_| live && !surroundings.partial);
        if let Some(nodes) = nodes {
            section.figures.extend(nodes::figures(nodes, &all, &self.sizes));
        }
        let quotas = surroundings.quotas.as_deref().filter(|_| live);
        if let Some(quotas) = quotas {
            section.figures.extend(quotas::figures(quotas, &self.namespaces));
        }
        for (at, resource) in Resource::ALL.into_iter().enumerate() {
            let most = self.most_changed(at);
            section.figures.extend(most.iter().filter_map(|(name, demand)| {
                let added = added(demand, at, Side::Request);
                (added != Range::NONE).then(|| told::of_namespace(name, demand, at, resource))
            }));
            section.plots.extend(told::plot(&most, at, resource));
        }
        section.summary = told::summary(&all, section.alarms().count());
        section.assumptions = told::assumptions(live, surroundings, all.refused);
        section
    }

    /// The namespaces to which most is added, then those that reserve most; by name where that is the same.
    fn most_changed(&self, at: usize) -> Vec<(&str, &Demand)> {
        let mut told: Vec<(&str, &Demand)> =
            self.namespaces.told().map(|(name, demand)| (&**name, demand)).collect();
        let weight = |demand: &Demand| {
            let high = demand.after.requests[at].saturating_add(demand.refused_after.requests[at]);
            (high.abs_diff(demand.now.requests[at]), high)
        };
        told.sort_by(|a, b| weight(b.1).cmp(&weight(a.1)).then(a.0.cmp(b.0)));
        told.truncate(MOST_TOLD);
        told
    }
}

/// What is added, or taken away; without and with the pods that would be refused.
fn added(demand: &Demand, at: usize, side: Side) -> Range {
    let now = float(demand.now.side(side)[at]);
    let then = demand.then(at, side);
    Range::between(then.low - now, then.high - now)
}

fn words(value: Range, resource: Resource) -> String {
    span(value, |value| amount(value, resource.unit()))
}

#[cfg(test)]
mod tests;
