//! Tests of the layer as a whole.

mod hostile;
mod positions;
mod reading;
mod scalars;

use super::*;

fn read(text: &str) -> Manifest {
    parse(None, text.as_bytes().to_vec())
}

/// The only document of a text that has no errors.
fn one(text: &str) -> Document {
    let mut manifest = read(text);
    assert_eq!(manifest.errors, [], "{text:?}");
    assert_eq!(manifest.documents.len(), 1, "{text:?}");
    manifest.documents.remove(0)
}

/// The errors of a text as `line:column: message`.
fn errors(text: &str) -> Vec<String> {
    read(text).errors.iter().map(ToString::to_string).collect()
}
