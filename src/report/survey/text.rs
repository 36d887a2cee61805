//! The format for people: the verdict, what to do first, and for whom; then what enforcing would do, what could not be
//! read, and what looking cost.

mod ending;
mod forecast;
mod page;

use std::io::{self, Write};

use super::Overview;
use super::steps::{Concerned, Step, steps};
use super::units::{count, many, time};
use crate::report::plain::{printable, word};
use crate::tally::{FindingKey, Found, Tally};
use page::Page;

/// Steps up to which a list of them would say nothing that the findings do not.
const FEW: usize = 2;
/// Steps that are listed as the first ones.
const FIRST: usize = 5;
/// Owners that are shown for a rule.
const OWNERS: usize = 10;
/// Containers that are shown for an owner.
const CONTAINERS: usize = 3;

/// How the report is written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// With colours.
    pub color: bool,
    /// Without the verdict and the summary.
    pub quiet: bool,
    /// With how each figure was computed.
    pub verbose: bool,
    /// Columns of the terminal; none where lines may be as long as they are.
    pub width: Option<usize>,
}

/// Writes the report.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(overview: &Overview<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let tally = &overview.survey.tally;
    let mut page = Page::new(style, out);
    let steps = steps(tally);
    if !style.quiet {
        verdict(overview, &mut page)?;
        if steps.len() > FEW {
            first(&steps, &mut page)?;
        }
    }
    for step in &steps {
        findings(step, &mut page)?;
    }
    if let Some(forecast) = overview.forecast {
        forecast::write(forecast, &mut page)?;
    }
    ending::problems(overview, &mut page)?;
    if style.quiet { Ok(()) } else { ending::write(overview, &mut page) }
}

/// What was looked at, and what would become of it.
fn verdict(overview: &Overview<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let tally = &overview.survey.tally;
    let at = time(Some(overview.at)).map_or_else(String::new, |at| format!(", {at}"));
    page.line(0, &format!("{}{at}", printable(overview.source)))?;
    let namespaces = many(tally.namespaces.len() as u64, "namespace");
    let pods = many(tally.outcomes.pods, "pod");
    let told = format!("{pods} of {} in {namespaces}: {}", owners(tally), becomes(tally));
    page.bold(0, &told)?;
    page.blank()
}

fn owners(tally: &Tally) -> String {
    let told = many(tally.owners.len() as u64, "owner");
    if tally.others.is_empty() { told } else { format!("{told} and more") }
}

/// What would become of the pods, in words.
fn becomes(tally: &Tally) -> String {
    let found = tally.outcomes;
    let outcomes = [
        (found.denied, "would be denied"),
        (found.warned, "would be warned about"),
        (found.patched, "would be patched"),
        (found.audited, "would be recorded"),
        (found.unreadable, "cannot be read"),
    ];
    let parts: Vec<_> = outcomes
        .iter()
        .filter(|(pods, _)| *pods > 0)
        .map(|(pods, what)| format!("{} {what}", count(*pods)))
        .collect();
    if parts.is_empty() { "nothing to say".to_owned() } else { parts.join(", ") }
}

/// What to do first, where that is more than a look at a few findings.
fn first(steps: &[Step<'_>], page: &mut Page<'_>) -> io::Result<()> {
    page.line(0, "what to do first:")?;
    for step in steps.iter().take(FIRST) {
        let id = format!("{}/{}", step.policy, step.rule);
        let told = format!("{}[{}]: {}; ", word(step.action), printable(&id), counted(step));
        page.line(2, &format!("{told}{}", step.remedy()))?;
    }
    if let more @ 1.. = steps.len().saturating_sub(FIRST) {
        page.line(2, &format!("and {}", many(more as u64, "more rule")))?;
    }
    page.blank()
}

/// `7 findings in the pods of 5 owners`.
fn counted(step: &Step<'_>) -> String {
    let owners = many(step.owners.len() as u64, "owner");
    format!("{} in the pods of {owners}", many(step.findings, "finding"))
}

fn findings(step: &Step<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let id = format!("{}/{}", step.policy, step.rule);
    page.title(step.action, &id, &counted(step))?;
    page.line(2, &format!("help: {}", printable(step.help)))?;
    for concerned in step.owners.iter().take(OWNERS) {
        page.blank()?;
        owner(concerned, step, page)?;
    }
    if let more @ 1.. = step.owners.len().saturating_sub(OWNERS) {
        page.blank()?;
        let more = many(more as u64, "more owner");
        page.line(2, &format!("… and {more} (all with --format json or csv)"))?;
    }
    page.blank()
}

fn owner(concerned: &Concerned<'_>, step: &Step<'_>, page: &mut Page<'_>) -> io::Result<()> {
    for (key, found) in concerned.found.iter().take(CONTAINERS) {
        finding(concerned, key, found, step, page)?;
    }
    if let more @ 1.. = concerned.found.len().saturating_sub(CONTAINERS) {
        page.line(4, &format!("and in {} of it", many(more as u64, "more container")))?;
    }
    Ok(())
}

fn finding(
    concerned: &Concerned<'_>,
    key: &FindingKey,
    found: &Found,
    step: &Step<'_>,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let mut head = printable(&concerned.name()).into_owned();
    if let Some(container) = &key.container {
        head = format!("{head}, container {}", printable(container));
    }
    let seen = match (time(found.seen.first), time(found.seen.last)) {
        (Some(first), Some(last)) if first == last => format!(", {first}"),
        (Some(first), Some(last)) => format!(", {first} to {last}"),
        _ => String::new(),
    };
    let example = &found.example;
    let such = match (found.count, &*example.name) {
        (_, "") => String::new(),
        (1, name) => format!(" ({})", printable(name)),
        (_, name) => format!(", such as {}", printable(name)),
    };
    page.emphasised(2, &head, &format!(": {}{such}{seen}", many(found.count, "pod")))?;
    page.line(4, &printable(&example.message))?;
    if *example.help != *step.help {
        page.line(4, &format!("help: {}", printable(&example.help)))?;
    }
    match &example.fix {
        Some(fix) => page.line(4, &format!("fix: {}", printable(fix))),
        None => Ok(()),
    }
}
