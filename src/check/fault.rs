//! What is wrong with an object itself, at its place.

use std::path::Path;

use crate::decode::DecodeError;
use crate::manifest::{Document, ManifestError};
use crate::pointer::Pointer;
use crate::report::{Excerpt, Problem};

/// A field that the API server would not take.
pub(super) fn refused(file: &Path, document: &Document, error: DecodeError) -> Problem {
    let message = format!("{}: {}", error.pointer.field_path(), error.message);
    let help = error.help.unwrap_or_else(|| "the API server would refuse this object".to_owned());
    problem(file, document, &error.pointer, message, Some(help))
}

pub(super) fn problem(
    file: &Path,
    document: &Document,
    pointer: &Pointer,
    message: String,
    help: Option<String>,
) -> Problem {
    let range = document.find(pointer.as_str()).highlight();
    let excerpt = Excerpt::of(document.text().as_str(), range.clone());
    let place = document.text().place(range);
    let error = ManifestError::new(Some(file), Some(place), message, help);
    Problem { error, excerpt: Some(excerpt) }
}

/// Other YAML may lie between manifests; in a `List` it is a mistake that `kubectl` stops at.
pub(super) fn nameless_item(file: &Path, document: &Document) -> Problem {
    let message = format!(
        "{}: this item of a list is no Kubernetes object",
        Pointer::new(document.base.as_str()).field_path()
    );
    let help = "it needs an `apiVersion` and a `kind`".to_owned();
    problem(file, document, &Pointer::default(), message, Some(help))
}
