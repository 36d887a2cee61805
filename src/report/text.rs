//! The format for people: like a compiler's, with the line in question.

use std::io::{self, Write};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::{Diagnostic, Problem, Report};
use crate::manifest::Place;
use crate::policy::Action;

/// Characters of an excerpt that are shown; a line of JSON can be as long as the file.
const MAX_EXCERPT: usize = 200;

/// How the report is written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// With colours.
    pub color: bool,
    /// Without the summary.
    pub quiet: bool,
}

/// Writes the report.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let renderer = if style.color { Renderer::styled() } else { Renderer::plain() };
    for problem in &report.errors {
        write_problem(problem, &renderer, out)?;
    }
    for finding in &report.findings {
        write_finding(finding, &renderer, out)?;
    }
    if style.quiet { Ok(()) } else { write_summary(report, out) }
}

fn write_finding(found: &Diagnostic, renderer: &Renderer, out: &mut dyn Write) -> io::Result<()> {
    let level = match found.action {
        Action::Deny => Level::ERROR,
        Action::Warn => Level::WARNING,
        Action::Patch => Level::INFO.with_name("patched"),
        Action::Audit => Level::INFO.with_name("audit"),
    };
    let id = format!("{}/{}", found.policy, found.rule);
    let file = found.file.display().to_string();
    let label = match &found.container {
        Some(container) => {
            format!("{} {}, container {container}", found.object.kind, found.object.name)
        }
        None => format!("{} {}", found.object.kind, found.object.name),
    };
    let title = level.primary_title(&found.message).id(id);
    let mut group =
        Group::with_title(title).element(excerpt(&found.excerpt, found.place, &file, &label));
    if !found.help.is_empty() {
        group = group.element(Level::HELP.message(&found.help));
    }
    if let (Action::Patch, Some(fix)) = (found.action, &found.fix) {
        group = group.element(Level::NOTE.message(format!("admission changes it: {fix}")));
    }
    writeln!(out, "{}\n", renderer.render(&[group]))
}

fn write_problem(problem: &Problem, renderer: &Renderer, out: &mut dyn Write) -> io::Result<()> {
    let error = &problem.error;
    let file = error.file.as_ref().map(|file| file.display().to_string()).unwrap_or_default();
    let title = Level::ERROR.primary_title(&error.message);
    let mut group = match (error.place, &problem.excerpt) {
        (Some(place), Some(line)) => {
            Group::with_title(title).element(excerpt(line, place, &file, ""))
        }
        _ if file.is_empty() => Group::with_title(title),
        _ => Group::with_title(title).element(annotate_snippets::Origin::path(file.as_str())),
    };
    if let Some(help) = &error.help {
        group = group.element(Level::HELP.message(help));
    }
    writeln!(out, "{}\n", renderer.render(&[group]))
}

/// One line of the source with the place marked.
fn excerpt<'s>(
    line: &'s str,
    place: Place,
    file: &'s str,
    label: &'s str,
) -> Snippet<'s, annotate_snippets::Annotation<'s>> {
    let byte = |column: usize| {
        line.char_indices().nth(column.saturating_sub(1)).map_or(line.len(), |(offset, _)| offset)
    };
    let start = byte(place.column);
    let end = if place.end_line == place.line { byte(place.end_column) } else { line.len() };
    let annotation = AnnotationKind::Primary.span(start..end.max(start));
    let annotation = if label.is_empty() { annotation } else { annotation.label(label) };
    Snippet::source(line).line_start(place.line).path(file).annotation(annotation)
}

/// The part of a line that is worth showing.
pub fn shown(line: &str) -> String {
    line.chars().take(MAX_EXCERPT).collect()
}

fn write_summary(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let summary = report.summary;
    let mut parts = Vec::new();
    for (count, what) in [
        (summary.denied, "would be denied"),
        (summary.warned, "would be warned about"),
        (summary.patched, "would be patched"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    if parts.is_empty() {
        parts.push("nothing to say".to_owned());
    }
    let plural =
        |count: usize, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
    let errors = match report.errors.len() {
        0 => String::new(),
        count => format!("; {}", plural(count, "error")),
    };
    writeln!(
        out,
        "{} in {}: {}{errors}",
        plural(summary.pods, "pod"),
        plural(summary.files, "file"),
        parts.join(", "),
    )
}
