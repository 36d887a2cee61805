//! Where results and errors go.

use std::fs;
use std::io::{self, IsTerminal, Write};

use super::{Color, ManifestError};
use crate::report::{Problem, Report, text};

impl Color {
    /// Whether to colour what goes to `terminal`.
    pub(super) fn is_on(self, terminal: &impl IsTerminal) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => {
                terminal.is_terminal()
                    && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            }
        }
    }
}

/// Shows errors on stderr, with the lines they are on.
pub(super) fn errors(errors: &[ManifestError], color: Color) -> io::Result<()> {
    let problems =
        errors.iter().map(|error| Problem { error: error.clone(), excerpt: excerpt(error) });
    let report = Report { errors: problems.collect(), ..Report::default() };
    let mut stderr = io::stderr().lock();
    let style = text::Style { color: color.is_on(&stderr), quiet: true };
    text::write(&report, style, &mut stderr)?;
    stderr.flush()
}

fn excerpt(error: &ManifestError) -> Option<String> {
    let source = fs::read_to_string(error.file.as_ref()?).ok()?;
    Some(text::shown(source.lines().nth(error.place?.line - 1)?))
}
