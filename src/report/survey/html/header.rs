//! The head of the page: what was looked at, the totals, what could not be judged, and what to do first.

use std::borrow::Cow;

use super::findings::{Step, steps};

use super::units::minute;
use crate::policy::Action;
use crate::report::plain::printable;
use crate::report::survey::Overview;
use crate::report::survey::units::{bytes, count, many, seconds, total};

/// The head of the page.
#[derive(Debug)]
pub(super) struct Header<'r> {
    pub(super) source: Cow<'r, str>,
    pub(super) at: String,
    /// What it comes to, in a sentence.
    pub(super) verdict: String,
    /// The class of its colour.
    pub(super) class: &'static str,
    pub(super) totals: Vec<Total>,
    /// What was read, and what that cost.
    pub(super) facts: Vec<(&'static str, String)>,
    /// What could not be judged, in sentences.
    pub(super) gaps: Vec<String>,
    /// What to do, the first first.
    pub(super) steps: Vec<Step<'r>>,
}

/// One number of the head.
#[derive(Debug)]
pub(super) struct Total {
    pub(super) class: &'static str,
    pub(super) value: String,
    pub(super) label: &'static str,
}

/// Steps that are told at once; the others can be unfolded.
const STEPS: usize = 6;

impl<'r> Header<'r> {
    pub(super) fn first(&self) -> &[Step<'r>] {
        self.steps.get(..STEPS).unwrap_or(&self.steps)
    }

    pub(super) fn later(&self) -> &[Step<'r>] {
        self.steps.get(STEPS..).unwrap_or_default()
    }

    pub(super) fn of(overview: &'r Overview<'r>) -> Self {
        let (class, verdict) = verdict(overview);
        Self {
            source: printable(overview.source),
            at: minute(overview.at),
            verdict,
            class,
            totals: totals(overview),
            facts: facts(overview),
            gaps: gaps(overview),
            steps: steps(&overview.survey.tally),
        }
    }
}

fn verdict(overview: &Overview<'_>) -> (&'static str, String) {
    let found = overview.survey.tally.outcomes;
    let of = format!("of {}", many(found.pods, "pod"));
    match (found.denied, found.warned, found.patched) {
        _ if found.pods == 0 => ("audit", "No pod was judged".to_owned()),
        (denied @ 1.., ..) => ("deny", format!("{} {of} would be denied", count(denied))),
        (0, warned @ 1.., _) => {
            ("warn", format!("None {of} would be denied, {} warned of", count(warned)))
        }
        (0, 0, patched @ 1..) => {
            ("patch", format!("None {of} would be denied, {} patched", count(patched)))
        }
        (0, 0, 0) => ("clean", format!("None {of} would be denied, warned of or patched")),
    }
}

fn totals(overview: &Overview<'_>) -> Vec<Total> {
    let tally = &overview.survey.tally;
    let found = tally.outcomes;
    let owners = tally.owners.len() as u64;
    let told = |class, value: u64, label| Total { class, value: count(value), label };
    let mut totals = vec![
        told("", found.pods, "pods"),
        Total {
            class: "",
            value: if tally.others.is_empty() {
                count(owners)
            } else {
                format!("over {}", count(owners))
            },
            label: "owners",
        },
        told("deny", found.denied, "would be denied"),
        told("warn", found.warned, "warned of"),
        told("patch", found.patched, "patched"),
        told("clean", found.clean, "clean"),
    ];
    if found.audited > 0 {
        totals.push(told("audit", found.audited, "only recorded"));
    }
    if found.unreadable > 0 {
        totals.push(told("deny", found.unreadable, "not readable"));
    }
    totals
}

fn facts(overview: &Overview<'_>) -> Vec<(&'static str, String)> {
    let survey = overview.survey;
    let mut facts = Vec::new();
    let read = survey.sources;
    if read.records > 0 {
        let bytes = bytes(read.bytes);
        facts.push(("Read", format!("{}, {bytes}", many(read.records, "record"))));
    }
    if let Some(cost) = overview.cost {
        let bytes = bytes(cost.bytes);
        let again = if cost.retries > 0 {
            format!(", {} of them again", count(cost.retries))
        } else {
            String::new()
        };
        let text = format!(
            "{}{again}, {bytes}, {}",
            many(cost.requests, "request"),
            seconds(cost.milliseconds)
        );
        facts.push(("Cost to the API server", text));
    }
    let exempted = total(survey.tally.exempted.values().copied());
    if exempted > 0 {
        let by = many(survey.tally.exempted.len() as u64, "exemption");
        facts.push(("Exempted", format!("{}, by {by}", many(exempted, "finding"))));
    }
    let line = overview.fail_on.unwrap_or(Action::Deny);
    let outcome = if overview.fails() { "reached" } else { "not reached" };
    facts.push(("Fails on", format!("{}: {outcome}", line.name())));
    facts
}

fn gaps(overview: &Overview<'_>) -> Vec<String> {
    let survey = overview.survey;
    let read = survey.sources;
    let mut gaps = Vec::new();
    let told = survey.problems.iter().map(|(_, count)| count);
    let problems = total(told.chain([survey.problems.untold()]));
    if problems > 0 {
        gaps.push(format!("{} while reading", many(problems, "problem")));
    }
    if survey.tally.outcomes.unreadable > 0 {
        gaps.push(format!("{} not readable", many(survey.tally.outcomes.unreadable, "pod")));
    }
    if read.damaged > 0 {
        gaps.push(format!("{} damaged", many(read.damaged, "record")));
    }
    if read.without_content > 0 {
        gaps.push(format!("{} recorded without content", many(read.without_content, "pod")));
    }
    if read.refused > 0 {
        gaps.push(format!("{} refused by the API server then", many(read.refused, "pod")));
    }
    for (policy, namespaces) in &survey.tally.undecided {
        gaps.push(format!(
            "policy {} not applied, or not in full, in {}: it asks for labels of namespaces, or for users, that are not known",
            printable(policy),
            many(namespaces.len() as u64, "namespace")
        ));
    }
    gaps
}
