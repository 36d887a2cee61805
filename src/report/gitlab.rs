//! GitLab's code quality report, which merge requests show beside the changed lines.

use std::io::{self, Write};

use serde::Serialize;

use super::fingerprint::Ordinals;
use super::stream::Each;
use super::{Diagnostic, Problem, Report, Repository};
use crate::policy::Action;

/// What is named where an error is not about any file.
const NO_FILE: &str = ".";

#[derive(Serialize)]
struct Entry {
    description: String,
    check_name: String,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
    end: usize,
}

/// Writes the report.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(report: &Report, repository: &Repository, out: &mut dyn Write) -> io::Result<()> {
    let entries = Each(|| {
        let (mut of_errors, mut of_findings) = (Ordinals::default(), Ordinals::default());
        let errors =
            report.errors.iter().map(move |error| problem(error, repository, &mut of_errors));
        let findings =
            report.findings.iter().map(move |found| finding(found, repository, &mut of_findings));
        errors.chain(findings)
    });
    serde_json::to_writer_pretty(&mut *out, &entries)?;
    writeln!(out)
}

fn finding(found: &Diagnostic, repository: &Repository, ordinals: &mut Ordinals) -> Entry {
    let path = repository.relative(&found.file);
    let object = &found.object;
    let container = found.container.as_ref().map(|name| format!(", container {name}"));
    Entry {
        description: format!(
            "{} ({} {}{})",
            found.message,
            object.kind,
            object.name,
            container.unwrap_or_default()
        ),
        check_name: format!("{}/{}", found.policy, found.rule),
        fingerprint: ordinals.unique(found.fingerprint(&path)),
        severity: match found.action {
            Action::Deny => "critical",
            Action::Warn => "major",
            Action::Patch => "minor",
            Action::Audit => "info",
        },
        location: Location {
            path,
            lines: found.place_in_file().map_or(Lines { begin: 1, end: 1 }, |place| Lines {
                begin: place.line,
                end: place.end_line,
            }),
        },
    }
}

fn problem(problem: &Problem, repository: &Repository, ordinals: &mut Ordinals) -> Entry {
    let error = &problem.error;
    let path =
        error.file.as_ref().map_or_else(|| NO_FILE.to_owned(), |file| repository.relative(file));
    let lines = error.place.map_or((1, 1), |place| (place.line, place.end_line));
    Entry {
        description: match &error.help {
            Some(help) => format!("{}; {help}", error.message),
            None => error.message.clone(),
        },
        check_name: "plimsoll/error".to_owned(),
        fingerprint: ordinals.unique(problem.fingerprint(&path)),
        severity: "blocker",
        location: Location { path, lines: Lines { begin: lines.0, end: lines.1 } },
    }
}
