//! Errors about a field, where their reader sees it.

use std::ops::Range;
use std::path::Path;

use super::{Excerpt, Problem};
use crate::decode::DecodeError;
use crate::manifest::{Document, ManifestError};

impl Problem {
    /// An error about a field of a document; one about an unknown field points at its name.
    pub fn in_document(file: &Path, document: &Document, error: DecodeError) -> Self {
        let found = document.find(error.pointer.as_str());
        let range = match found.key.clone() {
            Some(key) if error.message.starts_with("unknown field") => key,
            _ => found.highlight(),
        };
        Self::at(file, document, error, range)
    }

    /// The same, shown at the value though it be a collection.
    pub fn at_value(file: &Path, document: &Document, error: DecodeError) -> Self {
        let found = document.find(error.pointer.as_str());
        let text = document.text().as_str().get(found.value.clone()).unwrap_or_default();
        let first_line = text.lines().next().unwrap_or_default().len();
        let range = match first_line {
            0 => found.highlight(),
            length => found.value.start..found.value.start + length,
        };
        Self::at(file, document, error, range)
    }

    fn at(file: &Path, document: &Document, error: DecodeError, range: Range<usize>) -> Self {
        let message = match error.pointer.as_str() {
            "" => error.message,
            _ => format!("{}: {}", error.pointer.field_path(), error.message),
        };
        let excerpt = Excerpt::of(document.text().as_str(), range.clone());
        let place = document.text().place(range);
        let error = ManifestError::new(Some(file), Some(place), message, error.help);
        Self { error, excerpt: Some(excerpt) }
    }
}
