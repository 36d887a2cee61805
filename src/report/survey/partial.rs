//! A part of a result, to be added up with others: see [`crate::survey::partial`].

use std::io::{self, Write};

use super::Overview;
use crate::forecast::Surroundings;
use crate::survey::partial::Written;

/// Writes the part. `judged_by` is the digest of policies and settings.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(
    overview: &Overview<'_>,
    judged_by: &str,
    surroundings: &Surroundings,
    out: &mut dyn Write,
) -> io::Result<()> {
    let looked = (overview.source, overview.at);
    let part = Written::new(judged_by, looked, surroundings, overview.survey);
    serde_json::to_writer(&mut *out, &part)?;
    writeln!(out)
}
