//! Markdown for the summary of a CI job or a comment on a change: totals, what to do first, and a table of findings.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::first::{FEW, SHOWN, steps};
use super::plain::{plural, printable, word};
use super::{Diagnostic, Problem, Report, Repository};
use crate::manifest::Place;

/// Bytes of the whole. GitHub cuts a job's summary at 1 MiB and takes no comment of more than 65,536 characters; the
/// sentence on what was left out, and whatever a bot puts around it, have room beside this.
const LIMIT: usize = 60_000;
/// Bytes of one cell; a message can quote long names.
const CELL: usize = 1_000;

/// Writes the report.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(report: &Report, repository: &Repository, out: &mut dyn Write) -> io::Result<()> {
    let mut text = head(report);
    let problems = report.errors.iter().map(|error| problem_row(error, repository));
    add_table(
        &mut text,
        "Errors",
        "| where | what |\n| --- | --- |",
        problems,
        report.errors.len(),
        "text, json and sarif",
    );
    let findings = report.findings.iter().map(|found| row(found, repository));
    add_table(
        &mut text,
        "Findings",
        "| | where | object | rule | what |\n| --- | --- | --- | --- | --- |",
        findings,
        report.findings.len(),
        "text, json and sarif",
    );
    out.write_all(text.as_bytes())
}

fn head(report: &Report) -> String {
    let summary = report.summary;
    let mut text = format!("## Plimsoll: {}\n\n", verdict(report));
    text.push_str("| files | pods | denied | warned | patched | fixable findings | exempted findings | errors |\n");
    text.push_str("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n");
    let counts = [
        summary.files,
        summary.pods,
        summary.denied,
        summary.warned,
        summary.patched,
        summary.fixable,
        summary.exempted,
        report.errors.len(),
    ];
    text.push_str(&format!("| {} |\n", counts.map(|count| count.to_string()).join(" | ")));
    if report.findings.len() > FEW && report.fixes.is_none() {
        text.push_str("\n### What to do first\n\n");
        let steps = steps(report);
        for (at, step) in steps.iter().take(SHOWN).enumerate() {
            let found = step.example;
            let id = code(&format!("{}/{}", found.policy, found.rule));
            let (word, count) = (word(found.action), step.count());
            text.push_str(&format!("{}. {word} {id}: {count}; {}\n", at + 1, step.remedy()));
        }
        if let more @ 1.. = steps.len().saturating_sub(SHOWN) {
            text.push_str(&format!("\nand {}\n", plural(more, "more rule")));
        }
    }
    text
}

fn verdict(report: &Report) -> String {
    match (report.errors.len(), report.findings.len()) {
        (0, 0) => format!("nothing to say about {}", plural(report.summary.pods, "pod")),
        (0, count) => plural(count, "finding"),
        (errors, 0) => plural(errors, "error"),
        (errors, count) => format!("{}, {}", plural(count, "finding"), plural(errors, "error")),
    }
}

/// As many rows as there is room for, and a sentence on those that there is none for.
pub(super) fn add_table(
    text: &mut String,
    title: &str,
    header: &str,
    rows: impl Iterator<Item = String>,
    all: usize,
    whole: &str,
) {
    if all == 0 {
        return;
    }
    text.push_str(&format!("\n### {title}\n\n{header}\n"));
    for (shown, row) in rows.enumerate() {
        if text.len() + row.len() > LIMIT {
            let left_out = all - shown;
            text.push_str(&format!(
                "\n{left_out} of {all} are left out here, for want of room: the formats {whole} have all of them.\n"
            ));
            return;
        }
        text.push_str(&row);
    }
}

fn row(found: &Diagnostic, repository: &Repository) -> String {
    let object = &found.object;
    let mut what = format!("{} {}", object.kind, object.name);
    if let Some(container) = &found.container {
        what = format!("{what}, {container}");
    }
    format!(
        "| {} | {} | {} | {} | {} |\n",
        word(found.action),
        place(&repository.relative(&found.file), found.place_in_file()),
        code(&what),
        code(&format!("{}/{}", found.policy, found.rule)),
        prose(&found.message),
    )
}

fn problem_row(problem: &Problem, repository: &Repository) -> String {
    let error = &problem.error;
    let file = error.file.as_ref().map(|file| repository.relative(file)).unwrap_or_default();
    format!("| {} | {} |\n", place(&file, error.place), prose(&error.message))
}

fn place(file: &str, place: Option<Place>) -> String {
    match place {
        Some(place) => code(&format!("{file}:{}:{}", place.line, place.column)),
        None => code(file),
    }
}

/// A name, as code: there nobody is mentioned and nothing becomes a link. Markdown goes on inside of HTML, so what is
/// markup is escaped there as well.
pub(super) fn code(name: &str) -> String {
    if name.is_empty() { String::new() } else { format!("<code>{}</code>", cell(name, true)) }
}

/// A message: what it has in backticks is code, all else is text.
pub(super) fn prose(message: &str) -> String {
    let parts: Vec<&str> = message.split('`').collect();
    // An odd one out would open what nothing closes.
    if parts.len().is_multiple_of(2) {
        return cell(message, false);
    }
    let shown = parts.iter().enumerate();
    shown.map(|(at, part)| if at % 2 == 0 { cell(part, false) } else { code(part) }).collect()
}

/// Text in a cell of a table, with every character that could be markup as an entity.
fn cell(text: &str, is_code: bool) -> String {
    let mut cell = String::with_capacity(text.len());
    let text = printable(text);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if cell.len() > CELL {
            cell.push('…');
            break;
        }
        match character {
            '<' => cell.push_str("&lt;"),
            '>' => cell.push_str("&gt;"),
            '&' => cell.push_str("&amp;"),
            '|' | '`' | '*' | '_' | '[' | ']' | '\\' | '~' | '!' | '#' | '$' => {
                // Writing into a String cannot fail.
                let _ = write!(cell, "&#{};", u32::from(character));
            }
            // What has no width keeps a name from being read as somebody's, or as a symbol or an address.
            '@' if !is_code => cell.push_str("@\u{200b}"),
            ':' if !is_code && characters.peek().is_some_and(|next| !next.is_whitespace()) => {
                cell.push_str(":\u{200b}");
            }
            _ => cell.push(character),
        }
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_no_markup() {
        assert_eq!(
            code("a|b`c<d>&_*[x](y)"),
            "<code>a&#124;b&#96;c&lt;d&gt;&amp;&#95;&#42;&#91;x&#93;(y)</code>"
        );
        assert_eq!(code("x@sha256:0"), "<code>x@sha256:0</code>");
        assert_eq!(
            prose("`a@b:c|`: by @you :+1:x"),
            "<code>a@b:c&#124;</code>: by @\u{200b}you :\u{200b}+1:\u{200b}x"
        );
        assert_eq!(prose("one ` only"), "one &#96; only");
        assert_eq!(code("a\n| b"), "<code>a&#92;n&#124; b</code>");
    }

    #[test]
    fn a_cell_ends_somewhere() {
        assert!(prose(&"|".repeat(1 << 20)).len() < 2 * CELL);
    }
}
