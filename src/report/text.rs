//! The format for people: like a compiler's, with the line in question.

mod links;

use std::io::{self, Write};

use annotate_snippets::{
    Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet, normalize_untrusted_str,
};

use super::first::{FEW, SHOWN, steps};
use super::plain::{plural, printable, word};
use super::{Diagnostic, Excerpt, Problem, Report};
use crate::manifest::Place;
use crate::policy::Action;

/// Wider than any excerpt, which has its own way of being cut.
const WIDTH: usize = 1000;

/// How the report is written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// With colours.
    pub color: bool,
    /// Without the summary.
    pub quiet: bool,
    /// With the places as links to their files.
    pub links: bool,
}

/// Writes the report.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let renderer = if style.color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.term_width(WIDTH);
    for problem in &report.errors {
        let text = problem_text(Level::ERROR, problem, &renderer);
        let file = problem.error.file.as_deref().filter(|_| style.links);
        writeln!(out, "{}\n", links::linked(text, file))?;
    }
    for refused in report.fixes.iter().flat_map(|fixes| &fixes.refused) {
        let text = problem_text(Level::WARNING, &refused.problem, &renderer);
        let file = refused.problem.error.file.as_deref().filter(|_| style.links);
        writeln!(out, "{}\n", links::linked(text, file))?;
    }
    for finding in &report.findings {
        let text = finding_text(finding, &renderer);
        let file = Some(finding.file.as_path()).filter(|_| style.links);
        writeln!(out, "{}\n", links::linked(text, file))?;
    }
    if style.quiet {
        return Ok(());
    }
    // What `fix` has left no command mends, and it has said why.
    if report.findings.len() > FEW && report.fixes.is_none() {
        write_first(report, out)?;
    }
    write_summary(report, out)
}

fn finding_text(found: &Diagnostic, renderer: &Renderer) -> String {
    let level = match found.action {
        Action::Deny => Level::ERROR,
        Action::Warn => Level::WARNING,
        Action::Patch => Level::INFO.with_name("patched"),
        Action::Audit => Level::INFO.with_name("audit"),
    };
    let id = format!("{}/{}", found.policy, found.rule);
    let file = printable(&found.file.to_string_lossy()).into_owned();
    let label = match &found.container {
        Some(container) => {
            format!("{} {}, container {container}", found.object.kind, found.object.name)
        }
        None => format!("{} {}", found.object.kind, found.object.name),
    };
    let label = normalize_untrusted_str(&label);
    let title = level.primary_title(&*found.message).id(normalize_untrusted_str(&id));
    let mut group =
        Group::with_title(title).element(snippet(&found.excerpt, found.place, &file, &label));
    if !found.help.is_empty() {
        group = group.element(Level::HELP.message(normalize_untrusted_str(&found.help)));
    }
    if let (Action::Patch, Some(fix)) = (found.action, &found.fix) {
        let note = format!("admission changes it: {fix}");
        group = group.element(Level::NOTE.message(normalize_untrusted_str(&note)));
    }
    if let Some(rendered) = &found.rendered {
        group = group.element(Level::NOTE.message(normalize_untrusted_str(rendered)));
    }
    with_column(renderer.render(&[group]), &found.excerpt, found.place)
}

fn problem_text(level: Level<'static>, problem: &Problem, renderer: &Renderer) -> String {
    let error = &problem.error;
    let mut group = Group::with_title(level.primary_title(&error.message));
    let file = error.file.as_ref().map(|file| file.to_string_lossy()).unwrap_or_default();
    let file = printable(&file).into_owned();
    let shown = error.place.zip(problem.excerpt.as_ref());
    group = match (shown, error.place) {
        (Some((place, excerpt)), _) => group.element(snippet(excerpt, place, &file, "")),
        (None, Some(place)) => {
            group.element(Origin::path(file.as_str()).line(place.line).char_column(place.column))
        }
        (None, None) if file.is_empty() => group,
        (None, None) => group.element(Origin::path(file.as_str())),
    };
    if let Some(help) = &error.help {
        group = group.element(Level::HELP.message(normalize_untrusted_str(help)));
    }
    let mut text = renderer.render(&[group]);
    if let Some((place, excerpt)) = shown {
        text = with_column(text, excerpt, place);
    }
    text
}

/// One line of the source with the place marked.
fn snippet<'s>(
    excerpt: &'s Excerpt,
    place: Place,
    file: &'s str,
    label: &'s str,
) -> Snippet<'s, Annotation<'s>> {
    let annotation = AnnotationKind::Primary.span(excerpt.marked.clone());
    let annotation = if label.is_empty() { annotation } else { annotation.label(label) };
    Snippet::source(&*excerpt.text).line_start(place.line).path(file).annotation(annotation)
}

/// The column in the file instead of that in an excerpt whose head was cut off.
fn with_column(mut rendered: String, excerpt: &Excerpt, place: Place) -> String {
    let head = excerpt.text.get(..excerpt.marked.start).unwrap_or_default();
    let column = head.chars().count() + 1;
    let arrow = links::arrow(&rendered).unwrap_or_default();
    let line = rendered.get(arrow..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let written = format!(":{}:{column}", place.line);
    if let (true, Some(at)) = (column != place.column, line.rfind(&written)) {
        let range = arrow + at..arrow + at + written.len();
        rendered.replace_range(range, &format!(":{}:{}", place.line, place.column));
    }
    rendered
}

/// What to do first, where that is more than a look at the few findings above.
fn write_first(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let steps = steps(report);
    writeln!(out, "what to do first:")?;
    for step in steps.iter().take(SHOWN) {
        let found = step.example;
        let id = format!("{}/{}", found.policy, found.rule);
        let (word, count) = (word(found.action), step.count());
        writeln!(out, "  {word}[{}]: {count}; {}", printable(&id), step.remedy())?;
    }
    if let more @ 1.. = steps.len().saturating_sub(SHOWN) {
        writeln!(out, "  and {}", plural(more, "more rule"))?;
    }
    writeln!(out)
}

fn write_summary(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    if let Some(fixes) = &report.fixes {
        fixes.write_text(out)?;
    }
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
        parts.push(match summary.findings {
            0 => "nothing to say".to_owned(),
            count => format!("{}, recorded only", plural(count, "finding")),
        });
    }
    parts.extend(summary.silenced.told(summary.exempted));
    if summary.unchanged > 0 {
        parts.push(format!("{} about what was not changed", plural(summary.unchanged, "finding")));
    }
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
    )?;
    write_fixable(report, out)
}

/// What can be done about it without an editor.
fn write_fixable(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let after_fixes = report.fixes.is_some();
    let all_asked = report.fixes.as_ref().is_some_and(|fixes| fixes.unsafe_too);
    let more = if all_asked { 0 } else { report.summary.unsafe_fixes };
    // What `fix` has left it cannot do; and the reason has been said.
    let safe = if after_fixes { 0 } else { report.summary.fixable - more };
    match (safe, more) {
        (0, 0) => Ok(()),
        (safe, 0) => writeln!(out, "{safe} fixable with `plimsoll fix`"),
        (0, more) if after_fixes => writeln!(out, "{more} more fixable with `--unsafe-fixes`"),
        (0, more) => writeln!(out, "{more} fixable with `plimsoll fix --unsafe-fixes`"),
        (safe, more) => {
            writeln!(out, "{safe} fixable with `plimsoll fix`, {more} more with `--unsafe-fixes`")
        }
    }
}
