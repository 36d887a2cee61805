//! Workflow commands of GitHub Actions: failed cases as annotations of their lines.

use std::io::{self, Write};

use super::text_of;
use crate::suite::Results;

/// Writes the results.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(results: &Results, out: &mut dyn Write) -> io::Result<()> {
    for problem in &results.errors {
        let error = &problem.error;
        let mut place = String::new();
        if let Some(file) = &error.file {
            place.push_str(&format!("file={},", property(&file.display().to_string())));
        }
        if let Some(at) = error.place {
            place.push_str(&format!("line={},col={},", at.line, at.column));
        }
        let message = data(&error.message);
        writeln!(out, "::error {place}title=plimsoll test::{message}")?;
    }
    for case in results.failed() {
        let file = property(&case.file.display().to_string());
        let (line, column) = (case.place.line, case.place.column);
        let title = property(&format!("plimsoll test: {}", case.name));
        let message = data(text_of(&case.difference).trim_end());
        writeln!(out, "::error file={file},line={line},col={column},title={title}::{message}")?;
    }
    Ok(())
}

/// As the runner unescapes messages.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// As the runner unescapes what stands before the message.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
