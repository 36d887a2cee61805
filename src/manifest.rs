//! Manifests: files of YAML or JSON in, Kubernetes objects with their positions out.
//!
//! [`parse`] reads the bytes of one file the way `kubectl` does and never fails as a whole: what
//! can be read becomes [`Document`]s, what cannot becomes [`ManifestError`]s, each with its place.
//! [`read_all`] finds and reads the files.

pub mod document;
pub mod error;
pub mod source;
pub mod surgery;
pub mod text;

mod comments;
mod compose;
mod json;
mod locate;
mod spans;
mod yaml;

use std::path::Path;
use std::sync::Arc;

pub use comments::{Comment, Stray};
pub use document::Document;
pub use error::{ManifestError, Place};
pub use locate::Found;
pub use source::{Selection, SourceFile, read_all};
pub use surgery::{Refusal, Replacement};
pub use text::Text;

use compose::Composer;
use locate::Tree;

/// What one file, or standard input, holds.
#[derive(Debug)]
pub struct Manifest {
    /// The objects in the order of the text; the items of a `List` stand for the list.
    pub documents: Vec<Document>,
    /// What could not be read, in the order of the text, at most one error per YAML document.
    pub errors: Vec<ManifestError>,
    /// The text, for excerpts and edits.
    pub text: Arc<Text>,
}

/// Reads the documents of one file.
///
/// `file` is the name that errors carry. YAML and JSON are told apart by content, as `kubectl`
/// does: what starts with `{` or `[` is read as JSON first. Empty documents are skipped.
pub fn parse(file: Option<&Path>, bytes: Vec<u8>) -> Manifest {
    match Text::decode(bytes) {
        Ok((text, garbled)) => {
            let mut manifest = parse_text(file, text);
            if !garbled.is_empty() {
                manifest.errors.extend(garbled.into_iter().map(|refused| refused.into_error(file)));
                manifest.errors.sort_by_key(|error| error.place);
            }
            manifest
        }
        Err(refused) => {
            let errors = vec![refused.into_error(file)];
            Manifest { documents: Vec::new(), errors, text: Arc::default() }
        }
    }
}

fn parse_text(file: Option<&Path>, text: Text) -> Manifest {
    let mut composer = Composer::new(text.terminated());
    let rest = json::read(&mut composer);
    if let Some(rest) = rest {
        yaml::read(&mut composer, rest);
    }
    let output = composer.finish();

    let errors = output.faults.into_iter().map(|fault| fault.into_error(file, &text)).collect();
    let text = Arc::new(text);
    let tree = Arc::new(Tree::new(Arc::clone(&text), output.spans));
    let documents = output
        .roots
        .into_iter()
        .flat_map(|(root, value)| document::expand(&tree, root, value))
        .collect();
    Manifest { documents, errors, text }
}

#[cfg(test)]
mod tests;
