//! Sections of a forecast, ready to be shown.

use std::borrow::Cow;

use super::chart::Chart;

use crate::forecast::{Figure, Section};
use crate::report::plain::printable;
use crate::report::survey::units::figure as value;

/// Figures of one section that are shown at once; the others can be unfolded.
const SHOWN: usize = 12;

/// A section.
#[derive(Debug)]
pub(super) struct SectionView<'r> {
    pub(super) id: Cow<'r, str>,
    pub(super) title: Cow<'r, str>,
    pub(super) summary: Cow<'r, str>,
    pub(super) figures: Vec<FigureView<'r>>,
    pub(super) more: Vec<FigureView<'r>>,
    pub(super) charts: Vec<Chart<'r>>,
    pub(super) assumptions: Vec<Cow<'r, str>>,
    pub(super) alarms: usize,
}

/// A figure.
#[derive(Debug)]
pub(super) struct FigureView<'r> {
    pub(super) label: Cow<'r, str>,
    pub(super) subject: Option<Cow<'r, str>>,
    pub(super) value: String,
    pub(super) how: Cow<'r, str>,
    pub(super) alarm: Option<Cow<'r, str>>,
}

impl<'r> SectionView<'r> {
    pub(super) fn of(section: &'r Section) -> Self {
        let mut figures: Vec<_> = section.figures.iter().map(FigureView::of).collect();
        // What is alarming is not folded away.
        figures.sort_by_key(|figure| figure.alarm.is_none());
        let alarms = figures.iter().filter(|figure| figure.alarm.is_some()).count();
        let more = figures.split_off(figures.len().min(SHOWN.max(alarms)));
        Self {
            id: printable(section.id),
            title: printable(&section.title),
            summary: printable(&section.summary),
            figures,
            more,
            charts: section
                .plots
                .iter()
                .map(Chart::from)
                .filter(|chart| !chart.is_empty())
                .collect(),
            assumptions: section.assumptions.iter().map(|text| printable(text)).collect(),
            alarms,
        }
    }
}

impl<'r> FigureView<'r> {
    fn of(figure: &'r Figure) -> Self {
        Self {
            label: printable(&figure.label),
            subject: figure.subject.as_deref().map(printable),
            value: value(figure),
            how: printable(&figure.how),
            alarm: figure.alarm.as_deref().map(printable),
        }
    }
}
