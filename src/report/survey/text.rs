//! The format for people: the verdict, what to do first, and for whom.

use std::io::{self, Write};

use super::Overview;

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
pub fn write(overview: &Overview<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if style.quiet {
        return Ok(());
    }
    let found = overview.survey.tally.outcomes;
    writeln!(
        out,
        "{} pods: {} would be denied, {} warned about, {} patched",
        found.pods, found.denied, found.warned, found.patched
    )
}
