//! What could not be read, what was read, and what it cost.

use std::io;

use super::page::Page;
use crate::report::plain::printable;
use crate::report::survey::units::{bytes, count, many, seconds};
use crate::report::survey::{Cost, Overview};
use crate::survey::Sources;

pub(super) fn problems(overview: &Overview<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let problems = &overview.survey.problems;
    for (problem, times) in problems.iter() {
        let times = if times == 1 { String::new() } else { format!(" ({} times)", count(times)) };
        page.problem(problem, &times)?;
    }
    match problems.untold() {
        0 => Ok(()),
        untold => {
            page.line(0, &format!("… and {}", many(untold, "more error")))?;
            page.blank()
        }
    }
}

pub(super) fn write(overview: &Overview<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let (survey, tally) = (overview.survey, &overview.survey.tally);
    for (exemption, findings) in &tally.exempted {
        let findings = many(*findings, "finding");
        page.line(0, &format!("exemption {}: {findings}", printable(exemption)))?;
    }
    if let Some(read) = read(&survey.sources) {
        page.line(0, &read)?;
    }
    if let Some(cost) = overview.cost {
        page.line(0, &spent(cost, tally.outcomes.pods))?;
    }
    Ok(())
}

/// What was read, where there is more to it than pods.
fn read(sources: &Sources) -> Option<String> {
    if sources.records == 0 {
        return None;
    }
    let mut told = format!("read: {} of {}", many(sources.records, "record"), bytes(sources.bytes));
    for (records, what) in [
        (sources.others, "about something else"),
        (sources.without_content, "of pods whose content was not recorded, which were not judged"),
        (sources.refused, "of pods that the API server refused then, which were not judged"),
        (sources.damaged, "damaged"),
    ] {
        if records > 0 {
            told = format!("{told}; {} {what}", count(records));
        }
    }
    Some(told)
}

/// What it cost the API server.
fn spent(cost: Cost, pods: u64) -> String {
    let again = match cost.retries {
        0 => String::new(),
        retries => format!(" ({} of them sent again)", count(retries)),
    };
    let rate = match cost.milliseconds {
        0 => String::new(),
        took => format!(", {} pods/s", count(pods.saturating_mul(1000) / took)),
    };
    format!(
        "cost: {}{again}, {} of answers, {}{rate}",
        many(cost.requests, "request"),
        bytes(cost.bytes),
        seconds(cost.milliseconds)
    )
}
