//! One line per finding, as editors and `grep` like them: `file:line:column: action[policy/rule] message`.

use std::io::{self, Write};

use super::plain::{printable, word};
use super::{Problem, Report};

/// Writes the report. Files are named as the user named them, so that an editor started there opens them.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for problem in &report.errors {
        write_problem(problem, out)?;
    }
    for found in &report.findings {
        let file = found.file.to_string_lossy();
        let (line, column) = found.place_in_file().map_or((1, 1), |at| (at.line, at.column));
        writeln!(
            out,
            "{}:{}:{}: {}[{}/{}] {}",
            printable(&file),
            line,
            column,
            word(found.action),
            printable(&found.policy),
            printable(&found.rule),
            printable(&found.message),
        )?;
    }
    Ok(())
}

fn write_problem(problem: &Problem, out: &mut dyn Write) -> io::Result<()> {
    let error = &problem.error;
    if let Some(file) = &error.file {
        write!(out, "{}:", printable(&file.to_string_lossy()))?;
        // Readers of such lines want numbers there; what is about a whole file is shown at its start.
        let (line, column) = error.place.map_or((1, 1), |place| (place.line, place.column));
        write!(out, "{line}:{column}: ")?;
    }
    writeln!(out, "error {}", printable(&error.message))
}
