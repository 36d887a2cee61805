//! What is wrong with a manifest, and where.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::text::Text;

/// A stretch of text as people count it: lines and columns from 1, columns in characters.
///
/// The end is exclusive, so an empty stretch has equal ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line of the first character.
    pub line: usize,
    /// Column of the first character.
    pub column: usize,
    /// Line of the end.
    pub end_line: usize,
    /// Column just after the last character.
    pub end_column: usize,
}

/// A file, or a part of one, that cannot be judged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", prefix(.file.as_deref(), .place.as_ref()))]
pub struct ManifestError {
    /// The file as the user named it or as it was found; absent for text without a name.
    pub file: Option<PathBuf>,
    /// Where in the file; absent when the file as a whole could not be read.
    pub place: Option<Place>,
    /// What is wrong, one sentence without a full stop.
    pub message: String,
    /// What to do about it, if there is more to say than the message does.
    pub help: Option<String>,
}

impl ManifestError {
    /// An error about `file`, or about a place in it.
    pub fn new(
        file: Option<&Path>,
        place: Option<Place>,
        message: impl Into<String>,
        help: Option<impl Into<String>>,
    ) -> Self {
        Self {
            file: file.map(Path::to_path_buf),
            place,
            message: message.into(),
            help: help.map(Into::into),
        }
    }
}

fn prefix(file: Option<&Path>, place: Option<&Place>) -> String {
    let mut text = String::new();
    if let Some(file) = file {
        text.push_str(&file.display().to_string());
        text.push(':');
    }
    if let Some(place) = place {
        text.push_str(&format!("{}:{}:", place.line, place.column));
    }
    if !text.is_empty() {
        text.push(' ');
    }
    text
}

/// An error while reading, before bytes are turned into lines and columns.
#[derive(Debug)]
pub(super) struct Fault {
    /// Bytes of the text that are at fault.
    pub(super) range: Range<usize>,
    pub(super) message: String,
    pub(super) help: Option<&'static str>,
    /// An earlier byte that the message speaks of; its line completes the message.
    pub(super) earlier: Option<usize>,
}

impl Fault {
    pub(super) fn new(range: Range<usize>, message: impl Into<String>) -> Self {
        Self { range, message: message.into(), help: None, earlier: None }
    }

    pub(super) fn help(mut self, help: &'static str) -> Self {
        self.help = Some(help);
        self
    }

    pub(super) fn earlier(mut self, offset: Option<usize>) -> Self {
        self.earlier = offset;
        self
    }

    pub(super) fn into_error(self, file: Option<&Path>, text: &Text) -> ManifestError {
        let mut message = self.message;
        if let Some(earlier) = self.earlier {
            let first = text.place(earlier..earlier);
            message.push_str(&format!(" (first at line {}, column {})", first.line, first.column));
        }
        ManifestError::new(file, Some(text.place(self.range)), message, self.help)
    }
}

/// A text that is fit for a message: short and on one line.
pub(super) fn shorten(text: &str) -> String {
    const LIMIT: usize = 60;
    let mut short = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == LIMIT {
            short.push('…');
            break;
        }
        if character.is_control() {
            short.extend(character.escape_default());
        } else {
            short.push(character);
        }
    }
    short
}
