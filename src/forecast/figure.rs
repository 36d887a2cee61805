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
    /// The most that it can be; null where it has no bound.
    #[schemars(extend("type" = ["number", "null"]))]
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

impl Section {
    pub(super) fn new(id: &'static str, title: &str) -> Self {
        Self {
            id,
            title: title.to_owned(),
            summary: String::new(),
            figures: Vec::new(),
            plots: Vec::new(),
            assumptions: Vec::new(),
        }
    }

    /// Where a figure is beyond what the cluster has or allows.
    pub(super) fn alarms(&self) -> impl Iterator<Item = &str> {
        self.figures.iter().filter_map(|figure| figure.alarm.as_deref())
    }
}

impl Figure {
    pub(super) fn new(
        id: &'static str,
        label: impl Into<String>,
        value: Range,
        unit: &'static str,
        how: impl Into<String>,
    ) -> Self {
        let (label, how) = (label.into(), how.into());
        Self { id, subject: None, label, value: Some(value), unit, how, alarm: None }
    }

    pub(super) fn about(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    pub(super) fn alarmed(mut self, alarm: Option<String>) -> Self {
        self.alarm = alarm;
        self
    }
}

impl Range {
    /// Nothing.
    pub const NONE: Self = Self::exactly(0.0);

    /// A value that is known.
    pub const fn exactly(value: f64) -> Self {
        Self { low: value, high: value }
    }

    /// A value between bounds.
    pub const fn between(low: f64, high: f64) -> Self {
        Self { low, high }
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self { low: self.low + other.low, high: self.high + other.high }
    }

    /// So many times; the factor is not negative.
    #[must_use]
    pub const fn times(self, factor: f64) -> Self {
        Self { low: self.low * factor, high: self.high * factor }
    }

    /// Divided by what is itself a range, neither of which is negative; none where it may be 0.
    #[must_use]
    pub fn over(self, other: Self) -> Option<Self> {
        (other.low > 0.0).then(|| Self { low: self.low / other.high, high: self.high / other.low })
    }
}
