//! Digests of images, asked for in one go for all that a run reads.

use std::collections::BTreeSet;
use std::fmt;

use crate::digests::Digests;

/// How often registries are asked: each answer may lead to images that are asked about next.
const MAX_ROUNDS: usize = 3;

/// What asks registries.
pub trait Ask: fmt::Debug + Sync {
    /// The digests of images, named by their normalised references. Every image has an answer.
    fn digests(&self, images: &[String]) -> Digests;
}

/// Asks for what is lacking until nothing is; what is lacking then is known not to be had. `lacking` has to name every image
/// that any part of the run needs: what was never named counts as not to be had too.
pub(crate) fn gather(
    registries: &dyn Ask,
    mut lacking: impl FnMut(&Digests) -> BTreeSet<String>,
) -> Digests {
    let mut digests = Digests::default();
    for _ in 0..MAX_ROUNDS {
        let images: Vec<String> = lacking(&digests).into_iter().collect();
        if images.is_empty() {
            break;
        }
        digests.extend(registries.digests(&images));
    }
    digests.close("its image was still another one after the last question");
    digests
}
