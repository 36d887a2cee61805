//! Charts as SVG and as tables. They are drawn here, so that no script is needed to read them, with classes for colours, so
//! that light, dark and print need one drawing only.

mod bars;
mod drawing;
mod profile;

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::{DateTime, Time};

pub(super) use drawing::{Drawing, Mark};

use super::units::{amount, unit_after};
use crate::forecast::Plot;
use crate::report::plain::printable;

/// Points that have a bar with a name each; more are drawn as a profile.
const MAX_BARS: usize = 24;
/// How many colours there are for series whose names mean nothing to us.
const COLOURS: [&str; 8] = ["s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7"];

/// What is drawn.
#[derive(Clone, Debug)]
pub(super) struct Chart<'r> {
    /// What it is.
    pub(super) title: Cow<'r, str>,
    /// What is to be known to read it, where the title does not say it all.
    pub(super) note: Option<&'static str>,
    /// The unit of its values.
    pub(super) unit: &'r str,
    /// What its points are called.
    pub(super) points: Vec<Cow<'r, str>>,
    /// Its values.
    pub(super) series: Vec<Line<'r>>,
    /// A line that should not be crossed, with its name.
    pub(super) limit: Option<(Cow<'r, str>, f64)>,
    /// Whether the values of a point are parts of one thing, and stand behind each other.
    pub(super) is_stacked: bool,
}

/// The values of a chart that have one colour.
#[derive(Clone, Debug)]
pub(super) struct Line<'r> {
    /// The class of its colour.
    pub(super) class: &'static str,
    /// Its name.
    pub(super) label: Cow<'r, str>,
    /// One value for each point.
    pub(super) values: Vec<f64>,
}

impl<'r> From<&'r Plot> for Chart<'r> {
    fn from(plot: &'r Plot) -> Self {
        let series = plot.series.iter().enumerate().map(|(at, series)| Line {
            class: colour(at),
            label: printable(&series.label),
            values: series.values.clone(),
        });
        Self {
            title: printable(&plot.title),
            note: None,
            unit: plot.unit,
            points: plot.points.iter().map(|point| printable(point)).collect(),
            series: series.collect(),
            limit: plot.limit.as_ref().map(|(label, value)| (printable(label), *value)),
            is_stacked: false,
        }
    }
}

/// The colour of a series by its position.
pub(super) fn colour(at: usize) -> &'static str {
    COLOURS.get(at % COLOURS.len()).copied().unwrap_or("s0")
}

impl Chart<'_> {
    /// The picture.
    pub(super) fn drawing(&self) -> Drawing {
        let is_long = self.points.len() > MAX_BARS;
        match (self.is_over_time(), is_long && !self.is_stacked) {
            (true, _) => profile::draw(self, profile::Shape::Line),
            (false, true) => profile::draw(self, profile::Shape::Steps),
            (false, false) => bars::draw(self),
        }
    }

    /// Whether there is anything to see.
    pub(super) fn is_empty(&self) -> bool {
        self.points.is_empty() || self.series.is_empty()
    }

    /// The colours with what they mean; none where there is only one.
    pub(super) fn legend(&self) -> &[Line<'_>] {
        if self.series.len() > 1 { &self.series } else { &[] }
    }

    /// What can be seen, in words.
    pub(super) fn description(&self) -> String {
        let mut text = String::new();
        for series in &self.series {
            let most = series
                .values
                .iter()
                .zip(&self.points)
                .filter(|(value, _)| value.is_finite())
                .max_by(|(a, _), (b, _)| a.total_cmp(b));
            if let Some((value, point)) = most {
                let value = amount(*value, self.unit);
                text.push_str(&format!("{}: at most {value}, at {point}. ", series.label));
            }
        }
        if let Some((label, limit)) = &self.limit {
            text.push_str(&format!("{label}: {}. ", amount(*limit, self.unit)));
        }
        text.push_str("The table below has every value.");
        text
    }

    /// The rows of the table.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&str, Vec<String>)> {
        let cells = move |at| self.series.iter().map(move |series| self.cell(series, at)).collect();
        self.points.iter().enumerate().map(move |(at, point)| (&**point, cells(at)))
    }

    /// A value as the table shows it; a dash where there is none.
    fn cell(&self, series: &Line<'_>, point: usize) -> String {
        match series.values.get(point) {
            Some(value) if value.is_finite() => {
                let text = amount(*value, self.unit);
                text.strip_suffix(&unit_after(self.unit)).unwrap_or(&text).to_owned()
            }
            _ => "–".to_owned(),
        }
    }

    /// The unit as a heading shows it.
    pub(super) fn heading(&self, label: &str) -> String {
        match unit_after(self.unit).trim() {
            "" => label.to_owned(),
            unit if label == unit => label.to_owned(),
            unit => format!("{label} ({unit})"),
        }
    }

    /// The values that an axis has to have room for.
    fn extent(&self) -> impl Iterator<Item = f64> {
        let own = self.series.iter().flat_map(|series| series.values.iter().copied());
        let stacked =
            (0..if self.is_stacked { self.points.len() } else { 0 }).map(|at| self.total(at));
        own.chain(stacked).chain(self.limit.iter().map(|(_, limit)| *limit))
    }

    fn total(&self, point: usize) -> f64 {
        self.series.iter().filter_map(|series| series.values.get(point)).sum()
    }

    /// Points that are times have an order of their own, and what is between them means something.
    fn is_over_time(&self) -> bool {
        let is_time = |text: &str| {
            let text = text.trim_end_matches(" UTC");
            text.parse::<Timestamp>().is_ok()
                || text.parse::<DateTime>().is_ok()
                || (text.contains(':') && text.parse::<Time>().is_ok())
        };
        self.points.len() > 2 && !self.is_stacked && self.points.iter().all(|point| is_time(point))
    }
}

#[cfg(test)]
mod tests;
