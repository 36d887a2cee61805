//! The file of `--registries`: which registries are asked for the digests of images, and how.

use std::fs;
use std::path::Path;

use crate::decode::{DecodeError, decode};
use crate::manifest::{ManifestError, NO_MAPPING, parse};
use crate::registry::Registries;
use crate::report::Problem;

/// What is said of a file that is a list or a text.
const NO_KEYS: &str = "this is a mapping of keys, such as `allow: [ghcr.io]`";

/// Reads the registries of a file. Files that it names count from the folder it lies in.
///
/// # Errors
/// Everything that is wrong with it, with its place.
pub fn registries(path: &Path) -> Result<Registries, Vec<Problem>> {
    let bytes = fs::read(path).map_err(|error| {
        let message = format!("cannot be read: {error}");
        let help = Some("it was named by --registries or PLIMSOLL_REGISTRIES");
        vec![ManifestError::new(Some(path), None, message, help).into()]
    })?;
    let mut manifest = parse(Some(path), bytes);
    for error in manifest.errors.iter_mut().filter(|error| error.message == NO_MAPPING) {
        NO_KEYS.clone_into(&mut error.message);
    }
    if !manifest.errors.is_empty() {
        return Err(Problem::in_text(manifest.errors, manifest.text.as_str()));
    }
    let mut documents = manifest.documents.into_iter();
    let Some(document) = documents.next() else { return Ok(Registries::default()) };
    if let Some(second) = documents.next() {
        let error = DecodeError {
            pointer: Default::default(),
            message: "the registries are one document, and here a second one starts".to_owned(),
            help: Some("remove it, or join the two".to_owned()),
        };
        return Err(vec![Problem::in_document(path, &second, error)]);
    }
    let mut read: Registries = decode(&document.value)
        .map_err(|error| vec![Problem::in_document(path, &document, error)])?;
    let folder = path.parent().unwrap_or(Path::new(""));
    for ca in read.registries.iter_mut().filter_map(|registry| registry.ca.as_mut()) {
        *ca = folder.join(&*ca);
    }
    Ok(read)
}
