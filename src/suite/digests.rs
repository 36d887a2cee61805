//! What a suite has registries say, so that no test needs one.

use std::collections::BTreeMap;

use super::document::{DigestForm, wrong};
use crate::decode::DecodeError;
use crate::digests::{Digests, Resolution};
use crate::image::Reference;
use crate::pointer::Pointer;

/// Why the digest of an image cannot be had that the suite does not name.
const UNNAMED: &str = "`digests` of the suite does not name the image";

/// The digests of a suite.
///
/// # Errors
/// When an image or a digest is none.
pub(super) fn digests(forms: &BTreeMap<String, DigestForm>) -> Result<Digests, DecodeError> {
    let mut digests = Digests::default();
    digests.close(UNNAMED);
    for (image, form) in forms {
        let wrong = |message: String| DecodeError {
            pointer: Pointer::new("/digests").join(image),
            ..wrong("", message)
        };
        let reference = Reference::parse(image)
            .map_err(|error| wrong(format!("`{image}` is no image reference: {error}")))?;
        if reference.is_pinned() {
            return Err(wrong(format!("`{image}` has a digest, so that no registry is asked")));
        }
        let resolution = match form {
            DigestForm::Failed { failed } => Resolution::Failed(failed.clone()),
            DigestForm::Digest(digest) => {
                let pinned = format!("{image}@{digest}");
                if !Reference::parse(&pinned).is_ok_and(|pinned| pinned.is_pinned()) {
                    return Err(wrong(format!("`{digest}` is no digest: write sha256:…")));
                }
                Resolution::Digest(digest.clone())
            }
        };
        digests.insert(reference.normalised().to_string(), resolution);
    }
    Ok(digests)
}
