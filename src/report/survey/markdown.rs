//! Markdown for the summary of a CI job or a comment: totals, what to do first, and a table of findings.

use std::io::{self, Write};

use super::steps::{Step, steps};
use super::units::{count, many};
use super::{Overview, Row, rows};
use crate::report::markdown::{add_table, code, prose};
use crate::report::plain::word;
use crate::survey::Problem;

/// Steps that are listed as the first ones.
const FIRST: usize = 5;
/// The formats that leave nothing out.
const WHOLE: &str = "json and csv";

/// Writes the report. It ends where GitHub would cut it, and says what it left out.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(overview: &Overview<'_>, out: &mut dyn Write) -> io::Result<()> {
    let (survey, tally) = (overview.survey, &overview.survey.tally);
    let owners = tally.by_owner();
    let mut text = head(overview);
    let problems = survey.problems.iter().map(|(problem, times)| problem_row(problem, times));
    let all = survey.problems.iter().count();
    add_table(
        &mut text,
        "Errors",
        "| where | what | times |\n| --- | --- | ---: |",
        problems,
        all,
        WHOLE,
    );
    // The gravest first, for the end may be left out.
    let mut found: Vec<_> = rows(&owners).collect();
    found.sort_by_key(|row| {
        std::cmp::Reverse((crate::report::gravity(row.found.action), row.found.count))
    });
    let header = "| | owner | rule | pods | what |\n| --- | --- | --- | ---: | --- |";
    let all = found.len();
    add_table(&mut text, "Findings", header, found.iter().map(finding_row), all, WHOLE);
    out.write_all(text.as_bytes())
}

fn head(overview: &Overview<'_>) -> String {
    let tally = &overview.survey.tally;
    let found = tally.outcomes;
    let mut text = format!("## Plimsoll: {}\n\n", many(found.pods, "pod"));
    text.push_str(&format!("{}\n\n", code(overview.source)));
    text.push_str("| owners | pods | denied | warned | patched | recorded | unreadable |\n");
    text.push_str("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n");
    let counts = [
        tally.owners.len() as u64,
        found.pods,
        found.denied,
        found.warned,
        found.patched,
        found.audited,
        found.unreadable,
    ];
    text.push_str(&format!("| {} |\n", counts.map(count).join(" | ")));
    let steps = steps(tally);
    if !steps.is_empty() {
        text.push_str("\n### What to do first\n\n");
    }
    for (at, step) in steps.iter().take(FIRST).enumerate() {
        text.push_str(&format!("{}. {}\n", at + 1, told(step)));
    }
    text
}

fn told(step: &Step<'_>) -> String {
    let id = code(&format!("{}/{}", step.policy, step.rule));
    let findings = many(step.findings, "finding");
    let owners = many(step.owners.len() as u64, "owner");
    format!("{} {id}: {findings} in the pods of {owners}; {}", word(step.action), step.remedy())
}

fn finding_row(row: &Row<'_>) -> String {
    let Row { namespace, owner, key, found } = row;
    let mut who = match owner {
        Some(owner) => format!("{} {namespace}/{}", owner.kind, owner.name),
        None => format!("others in {namespace}"),
    };
    if let Some(container) = &key.container {
        who = format!("{who}, {container}");
    }
    format!(
        "| {} | {} | {} | {} | {} |\n",
        word(found.action),
        code(&who),
        code(&format!("{}/{}", key.policy, key.rule)),
        count(found.count),
        prose(&found.example.message),
    )
}

fn problem_row(problem: &Problem, times: u64) -> String {
    let place = match problem.line {
        Some(line) => format!("{}:{line}", problem.source),
        None => problem.source.to_string(),
    };
    format!("| {} | {} | {} |\n", code(&place), prose(&problem.message), count(times))
}
