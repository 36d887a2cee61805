//! What a forecast consists of.

use schemars::JsonSchema;
use serde::Serialize;

/// What enforcing would do, section by section.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Forecast {
    /// The sections, in the order in which they are told.
    pub sections: Vec<Section>,
}

/// Figures about one thing.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Section {
    /// A name for scripts: `requests`.
    pub id: &'static str,
    /// A name for people.
    pub title: String,
    /// What is to be learnt from it, in a sentence.
    pub summary: String,
    /// The figures, those that matter most first.
    pub figures: Vec<Figure>,
    /// Plots of them.
    pub plots: Vec<Plot>,
    /// What was assumed, each with the flag that says otherwise.
    pub assumptions: Vec<String>,
}

/// One figure.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Figure {
    /// A name for scripts: `requests.cpu.added`.
    pub id: &'static str,
    /// What it is about: a namespace, a node, a policy; none for the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What it is, for people.
    pub label: String,
    /// The value; none where it cannot be told.
    pub value: Option<Range>,
    /// Its unit: `pods`, `millicores`, `bytes`, `queries/lookup`, `pulls/6h`; empty for a ratio.
    pub unit: &'static str,
    /// How it was computed, and from what.
    pub how: String,
    /// Set where it is beyond what the cluster has or allows, with the reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alarm: Option<String>,
}

/// A value, or the bounds between which it lies.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Range {
    /// The least that it can be.
    pub low: f64,
    /// The most that it can be.
    pub high: f64,
}

/// A plot: bars, or lines over the same points.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Plot {
    /// A name for scripts.
    pub id: &'static str,
    /// A name for people.
    pub title: String,
    /// The unit of the values.
    pub unit: &'static str,
    /// What the points are called: namespaces, nodes, hours.
    pub points: Vec<String>,
    /// The values, one for each point.
    pub series: Vec<Series>,
    /// A line that should not be crossed, with its name.
    pub limit: Option<(String, f64)>,
}

/// The values of a plot.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Series {
    /// A name for people: `now`, `after`.
    pub label: String,
    /// One for each point.
    pub values: Vec<f64>,
}

impl Range {
    /// A value that is known.
    pub const fn exactly(value: f64) -> Self {
        Self { low: value, high: value }
    }

    /// A value between bounds.
    pub const fn between(low: f64, high: f64) -> Self {
        Self { low, high }
    }
}
