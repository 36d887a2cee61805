//! Workflow commands of GitHub Actions: annotations at the lines of a pull request.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::plain::{plural, push};
use super::{Report, Repository};
use crate::manifest::Place;
use crate::policy::Action;

/// Annotations of one type that GitHub shows for one step.
const LIMIT: usize = 10;
/// The types, with what they are called when counted.
const TYPES: [(&str, &str); 3] = [("error", "error"), ("warning", "warning"), ("notice", "notice")];

/// Writes the report.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(report: &Report, repository: &Repository, out: &mut dyn Write) -> io::Result<()> {
    if let Some(notice) = overflow(report) {
        // The first of its type, or it would itself be one too many.
        writeln!(out, "::notice title=plimsoll::{}", data(&notice))?;
    }
    for problem in &report.errors {
        let error = &problem.error;
        let file = error.file.as_ref().map(|file| repository.relative(file));
        let mut message = error.message.clone();
        if let Some(help) = &error.help {
            message = format!("{message}\n{help}");
        }
        write_command(out, "error", file.as_deref(), error.place, "plimsoll", &message)?;
    }
    for found in &report.findings {
        let title = format!("{}/{}", found.policy, found.rule);
        let object = &found.object;
        let mut message = format!("{} ({} {}", found.message, object.kind, object.name);
        if let Some(container) = &found.container {
            message = format!("{message}, container {container}");
        }
        message.push(')');
        if !found.help.is_empty() {
            message = format!("{message}\n{}", found.help);
        }
        if let (Action::Patch, Some(fix)) = (found.action, &found.fix) {
            message = format!("{message}\nadmission changes it: {fix}");
        }
        let file = repository.relative(&found.file);
        let kind = kind(found.action);
        write_command(out, kind, Some(&file), found.place_in_file(), &title, &message)?;
    }
    Ok(())
}

const fn kind(action: Action) -> &'static str {
    match action {
        Action::Deny => "error",
        Action::Warn => "warning",
        Action::Patch | Action::Audit => "notice",
    }
}

fn write_command(
    out: &mut dyn Write,
    kind: &str,
    file: Option<&str>,
    place: Option<Place>,
    title: &str,
    message: &str,
) -> io::Result<()> {
    write!(out, "::{kind} ")?;
    // The log shows the message alone; without the place in it, nobody would know what it is about.
    let mut message = data(message);
    if let Some(file) = file {
        write!(out, "file={},", property(file))?;
        let at =
            place.map_or_else(String::new, |place| format!(":{}:{}", place.line, place.column));
        message = format!("{}{at}: {message}", data(file));
    }
    if let Some(place) = place {
        write!(out, "line={},endLine={},", place.line, place.end_line)?;
        // GitHub knows columns on one line only.
        if place.line == place.end_line {
            write!(out, "col={},endColumn={},", place.column, place.end_column)?;
        }
    }
    writeln!(out, "title={}::{message}", property(title))
}

/// What is said where GitHub will not show every annotation.
fn overflow(report: &Report) -> Option<String> {
    let of = |wanted: &str| {
        let findings = report.findings.iter().filter(|found| kind(found.action) == wanted).count();
        findings + if wanted == "error" { report.errors.len() } else { 0 }
    };
    let counts = TYPES.map(|(kind, name)| (of(kind), name));
    counts.iter().any(|(count, _)| *count > LIMIT).then(|| {
        let said = counts.iter().filter(|(count, _)| *count > 0);
        let said: Vec<_> = said.map(|(count, name)| plural(*count, name)).collect();
        format!(
            "{} in all. GitHub shows {LIMIT} annotations of each type for a step; the log of the step holds every one",
            said.join(", ")
        )
    })
}

/// The text of a command, escaped as the runner unescapes it.
fn data(text: &str) -> String {
    escape(text, "%\r\n")
}

/// The value of a command's property, escaped as the runner unescapes it.
fn property(text: &str) -> String {
    escape(text, "%\r\n:,")
}

fn escape(text: &str, special: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if special.contains(character) {
            // Writing into a String cannot fail.
            let _ = write!(escaped, "%{:02X}", u32::from(character));
        } else {
            push(&mut escaped, character);
        }
    }
    escaped
}
