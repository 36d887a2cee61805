//! The format for people: what failed, with expected and actual lines, and a summary.

use std::io::{self, Write};

use super::{lines, plural};
use crate::report::Report;
use crate::report::text as findings;
use crate::suite::{Coverage, Difference, Results};

/// How the results are written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// With colours.
    pub color: bool,
    /// Only what failed, no summary.
    pub quiet: bool,
    /// Every case by its name.
    pub verbose: bool,
    /// Everything that no case exercises.
    pub coverage: bool,
}

impl Style {
    fn paint(self, code: &str, text: &str) -> String {
        if self.color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

const RED: &str = "31";
const GREEN: &str = "32";
const BOLD: &str = "1";

/// Writes the results; `errors` are written by who has them.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(results: &Results, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if style.verbose {
        for case in results.cases() {
            let passed = case.difference.is_none();
            let (code, word) = if passed { (GREEN, "ok  ") } else { (RED, "FAIL") };
            writeln!(out, "{} {}", style.paint(code, word), title(case.file.display(), case))?;
        }
        if !style.quiet {
            writeln!(out)?;
        }
    }
    for change in &results.updated {
        let place =
            format!("{}:{}:{}", change.file.display(), change.place.line, change.place.column);
        writeln!(out, "{} {place}: {}", style.paint(BOLD, "updated"), change.name)?;
        difference(&change.difference, style, out)?;
    }
    for case in results.failed() {
        writeln!(out, "{} {}", style.paint(RED, "FAIL"), title(case.file.display(), case))?;
        difference(&case.difference, style, out)?;
    }
    if style.quiet { Ok(()) } else { summary(results, style, out) }
}

/// Writes what could not be read, with the lines in question.
///
/// # Errors
/// When `out` cannot be written.
pub fn write_errors(results: &mut Results, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let report = Report { errors: std::mem::take(&mut results.errors), ..Report::default() };
    let written = findings::write(
        &report,
        findings::Style { color: style.color, quiet: true, links: false },
        out,
    );
    results.errors = report.errors;
    written
}

fn title(file: impl std::fmt::Display, case: &crate::suite::CaseResult) -> String {
    format!("{file}:{}:{}: {}", case.place.line, case.place.column, case.name)
}

fn difference(found: &Difference, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for (sign, line) in lines(found) {
        let text = format!("  {sign} {line}");
        let text = match sign {
            '-' => style.paint(RED, &text),
            '+' => style.paint(GREEN, &text),
            _ => text,
        };
        writeln!(out, "{}", text.trim_end())?;
    }
    writeln!(out)
}

fn summary(results: &Results, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let (all, failed) = (results.cases().count(), results.failed().count());
    let mut parts = Vec::new();
    if failed > 0 {
        parts.push(style.paint(RED, &format!("{failed} failed")));
    }
    if all > failed || (failed == 0 && results.errors.is_empty()) {
        parts.push(format!("{} passed", all - failed));
    }
    if !results.updated.is_empty() {
        parts.push(format!("{} updated", results.updated.len()));
    }
    if !results.errors.is_empty() {
        parts.push(style.paint(RED, &plural(results.errors.len(), "error")));
    }
    let (cases, suites) = (plural(all, "case"), plural(results.suites.len(), "suite"));
    writeln!(out, "{cases} in {suites}: {}", parts.join(", "))?;
    write_coverage(&results.coverage, style, out)
}

fn write_coverage(coverage: &Coverage, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if coverage.total() == 0 {
        return Ok(());
    }
    let gaps = coverage.gaps();
    let more = if gaps.is_empty() || style.coverage { "" } else { "; --coverage shows the rest" };
    writeln!(
        out,
        "coverage: {} % ({} of {} of what {} can do){more}",
        coverage.percent(),
        coverage.covered(),
        coverage.total(),
        match coverage.policies.len() {
            1 => "1 policy".to_owned(),
            count => format!("{count} policies"),
        }
    )?;
    for gap in gaps.iter().filter(|_| style.coverage) {
        let (file, line, column) = (gap.file.display(), gap.place.line, gap.place.column);
        writeln!(out, "  {file}:{line}:{column}: {}: {}", gap.name, gap.message)?;
    }
    Ok(())
}
