//! CSV for spreadsheets, by RFC 4180: a row for each top owner, rule and container, in the order of the JSON format.
//!
//! Columns are only ever added, behind the others.

use std::borrow::Cow;
use std::io::{self, Write};

use super::units::time;
use super::{Overview, Row, rows};
use crate::finding::Safety;

/// The first row.
const HEADER: [&str; 18] = [
    "namespace",
    "owner_kind",
    "owner_name",
    "owner_api_version",
    "policy",
    "rule",
    "kind",
    "action",
    "container",
    "count",
    "first_seen",
    "last_seen",
    "message",
    "help",
    "fix",
    "fix_safety",
    "example_pod",
    "path",
];

/// Writes the report.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(overview: &Overview<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut rows_out =
        ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(out);
    rows_out.write_record(HEADER).map_err(failure)?;
    let owners = overview.survey.tally.by_owner();
    for row in rows(&owners) {
        let cells = cells(&row);
        rows_out
            .write_record(cells.iter().map(|cell| harmless(cell).into_owned()))
            .map_err(failure)?;
    }
    rows_out.flush()
}

fn cells<'r>(row: &Row<'r>) -> [Cow<'r, str>; HEADER.len()] {
    let Row { namespace, owner, key, found } = *row;
    let example = &found.example;
    [
        namespace.into(),
        owner.map_or("", |owner| &owner.kind).into(),
        owner.map_or("", |owner| &owner.name).into(),
        owner.map_or("", |owner| &owner.api_version).into(),
        (&*key.policy).into(),
        (&*key.rule).into(),
        (&*found.kind).into(),
        found.action.name().into(),
        key.container.as_deref().unwrap_or_default().into(),
        found.count.to_string().into(),
        time(found.seen.first).unwrap_or_default().into(),
        time(found.seen.last).unwrap_or_default().into(),
        (&*example.message).into(),
        (&*example.help).into(),
        example.fix.as_deref().unwrap_or_default().into(),
        example.fix_safety.map_or("", Safety::name).into(),
        (&*example.name).into(),
        (&*example.path).into(),
    ]
}

/// A cell that no spreadsheet takes for a formula. Users choose the names of owners.
///
/// Source: OWASP, CSV Injection: a quote before cells that begin with `=`, `+`, `-`, `@`, a tab or the end of a line,
/// or with the full-width forms of those signs.
fn harmless(cell: &str) -> Cow<'_, str> {
    const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    if cell.starts_with(FORMULA) { format!("'{cell}").into() } else { cell.into() }
}

fn failure(error: ::csv::Error) -> io::Error {
    match error.into_kind() {
        ::csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"] {
            assert_eq!(harmless(formula), format!("'{formula}"));
        }
        for text in ["", "a=1", "web", "'=1", " =1"] {
            assert_eq!(harmless(text), text);
        }
    }
}
