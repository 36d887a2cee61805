//! What enforcing the policies would do to a cluster: figures, each with the way it was computed.
//!
//! Pods are observed one by one, as they are and as they would be stored ([`Observations`], which add up exactly in
//! parts); with what surrounds them and what is assumed, a forecast is made of that once, at the end. What is not known
//! is a range, never a guess.

mod figure;

use serde::{Deserialize, Serialize};

pub use figure::{Figure, Forecast, Plot, Range, Section, Series};

use crate::engine::Decision;
use crate::pod::top_owner::TopOwner;
use crate::pod::view::Pod;
use crate::pod::workload::Class;
use crate::tally::Tally;

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
}

/// What is known of the cluster around the pods; what is not known is none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Surroundings {}

/// What is assumed where nothing is known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Assumptions {}

impl Observations {
    /// Adds a pod.
    pub const fn take(&mut self, _observed: &Observed<'_, '_>) {
        self.pods += 1;
    }

    /// Adds others.
    pub const fn merge(&mut self, other: Self) {
        self.pods += other.pods;
    }
}

/// What enforcing would do.
pub fn forecast(
    _tally: &Tally,
    _observations: &Observations,
    _surroundings: &Surroundings,
    _assumptions: &Assumptions,
) -> Forecast {
    Forecast::default()
}
