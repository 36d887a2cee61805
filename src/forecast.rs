//! What enforcing the policies would do to a cluster: figures, each with the way it was computed.
//!
//! Pods are observed one by one, as they are and as they would be stored ([`Observations`], which add up exactly in
//! parts); with what surrounds them and what is assumed, a forecast is made of that once, at the end. What is not known
//! is a range, never a guess.

mod amounts;
mod assumptions;
mod dns;
mod figure;
mod kept;
mod placement;
mod pulls;
mod requests;
mod state;
mod surroundings;
mod verdicts;
mod words;

use serde::{Deserialize, Serialize};

pub use amounts::{Amounts, Resource, Side};
pub use assumptions::{Assumptions, Runtime};
pub use figure::{Figure, Forecast, Plot, Range, Section, Series};
pub use surroundings::{Bound, Node, Quota, Surroundings};

use crate::engine::Decision;
use crate::pod::top_owner::TopOwner;
use crate::pod::view::Pod;
use crate::pod::workload::Class;
use crate::tally::Tally;
use dns::Lookups;
use kept::Sum;
use placement::Placement;
use pulls::Pulls;
use requests::Requests;
use state::State;

/// A pod as it is, and as it would be stored.
#[derive(Clone, Copy, Debug)]
pub struct Observed<'a, 'p> {
    /// Its namespace.
    pub namespace: &'a str,
    /// Who it is attributed to.
    pub owner: &'a TopOwner<'a>,
    /// Its class.
    pub class: Class,
    /// When it was created, in seconds since 1970.
    pub at: Option<i64>,
    /// The whole object as JSON text, its status included where it has one.
    pub object: &'a str,
    /// As it is.
    pub before: &'a Pod<'p>,
    /// As it would be with the patches of the policies.
    pub after: &'a Pod<'p>,
    /// What was decided.
    pub decision: &'a Decision,
}

/// What forecasts are made from. It adds up exactly, in parts and in any order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Observations {
    /// Pods that were observed.
    pub pods: u64,
    /// Of these, those that had a node, or had ended: pods that are listed do, pods that are being created do not.
    pub placed: u64,
    requests: Requests,
    placement: Placement,
    lookups: Lookups,
    pulls: Pulls,
}

impl Observations {
    /// Adds a pod.
    pub fn take(&mut self, observed: &Observed<'_, '_>) {
        let Observed { namespace, before, after, decision, .. } = *observed;
        let state = State::of(observed.object);
        let is_bound = |spec: &crate::pod::view::Spec<'_>| {
            spec.node_name.as_deref().is_some_and(|name| !name.is_empty())
        };
        self.pods = self.pods.saturating_add(1);
        let is_placed = state.ended || before.spec.as_ref().is_some_and(is_bound);
        self.placed = self.placed.saturating_add(is_placed.into());
        if !state.ended {
            let [now, then] = [before, after].map(|pod| Amounts::of(pod, &state.overhead));
            self.requests.take(namespace, now, then, !decision.allowed);
            self.lookups.take(namespace, before, after);
        }
        self.placement.take(observed, &state);
        self.pulls.take(observed, &state);
    }

    /// Adds others.
    pub fn merge(&mut self, other: Self) {
        self.pods = self.pods.saturating_add(other.pods);
        self.placed = self.placed.saturating_add(other.placed);
        self.requests.add(other.requests);
        self.placement.add(other.placement);
        self.lookups.add(other.lookups);
        self.pulls.add(other.pulls);
    }

    /// Whether the pods seem to have been there at one time, as a list shows them, and not to have been recorded as they
    /// were created.
    const fn is_live(&self) -> bool {
        self.placed.saturating_mul(2) > self.pods
    }
}

/// What enforcing would do.
pub fn forecast(
    tally: &Tally,
    observations: &Observations,
    surroundings: &Surroundings,
    assumptions: &Assumptions,
) -> Forecast {
    let live = surroundings.live || observations.is_live();
    let Observations { requests, placement, lookups, pulls, .. } = observations;
    let sections = vec![
        verdicts::section(tally),
        requests.section(live, surroundings),
        placement.section(live, surroundings, assumptions),
        lookups.section(assumptions),
        pulls.section(live, surroundings, assumptions),
    ];
    Forecast { sections }
}

#[cfg(test)]
mod tests;
