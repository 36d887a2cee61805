//! Where results and errors go.

use std::fmt;
use std::io::{self, IsTerminal, Write};

use super::Color;
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

/// Tells the user something that is no result. That nobody listens is no reason to fail.
pub(super) fn say(message: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr().lock(), "plimsoll: {message}");
}

/// Shows errors on stderr, with the lines they are on.
pub(super) fn errors(errors: Vec<Problem>, color: Color) {
    let report = Report { errors, ..Report::default() };
    let mut stderr = io::BufWriter::new(io::stderr().lock());
    let style = text::Style { color: color.is_on(stderr.get_ref()), quiet: true, links: false };
    let _ = text::write(&report, style, &mut stderr).and_then(|()| stderr.flush());
}
