//! What enforcing would do, section by section.

use std::io;

use super::page::Page;
use crate::forecast::{Figure, Forecast};
use crate::report::plain::printable;
use crate::report::survey::units;

/// Figures that are shown of a section; of more, those with an alarm are.
const FIGURES: usize = 12;

pub(super) fn write(forecast: &Forecast, page: &mut Page<'_>) -> io::Result<()> {
    for section in &forecast.sections {
        page.bold(0, &format!("forecast: {}", printable(&section.title)))?;
        if !section.summary.is_empty() {
            page.line(2, &printable(&section.summary))?;
        }
        let shown: Vec<_> = section
            .figures
            .iter()
            .enumerate()
            .filter(|(at, figure)| page.style.verbose || *at < FIGURES || figure.alarm.is_some())
            .map(|(_, figure)| figure)
            .collect();
        for figure in &shown {
            write_figure(figure, page)?;
        }
        if let more @ 1.. = section.figures.len() - shown.len() {
            let more = units::many(more as u64, "more figure");
            page.line(2, &format!("… and {more} (all with --format json)"))?;
        }
        for assumption in &section.assumptions {
            page.line(2, &format!("assumed: {}", printable(assumption)))?;
        }
        page.blank()?;
    }
    Ok(())
}

fn write_figure(figure: &Figure, page: &mut Page<'_>) -> io::Result<()> {
    let label = printable(&figure.label);
    let label = match &figure.subject {
        Some(subject) => format!("{}: {label}", printable(subject)),
        None => label.into_owned(),
    };
    let value = units::figure(figure);
    match &figure.alarm {
        None => page.line(2, &format!("{label}: {value}"))?,
        Some(alarm) => page.alarm(2, &format!("! {label}: {value}: {}", printable(alarm)))?,
    }
    if page.style.verbose {
        page.line(6, &printable(&figure.how))?;
    }
    Ok(())
}
