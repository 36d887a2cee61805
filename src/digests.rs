//! What registries say that tags stand for: input of the engine, which asks no one.
//!
//! Rules name the images whose digests they lack; the engine collects those in its decision (`unresolved`), a door that
//! may ask registries does so, and asks the engine again with the answers.

use std::collections::HashMap;

/// What is known of images, by their normalised reference (`docker.io/library/nginx:1.27`).
#[derive(Clone, Debug, Default)]
pub struct Digests {
    known: HashMap<String, Resolution>,
    /// What holds for every other image; none where others can be asked for.
    others: Option<Resolution>,
}

/// What came of asking for the digest of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// `sha256:` and 64 hexadecimal digits.
    Digest(String),
    /// It is not known; the text says why, for people, and holds no credentials.
    Failed(String),
}

impl Digests {
    /// What is known of an image; nothing where it has not been asked for.
    pub fn get(&self, image: &str) -> Option<&Resolution> {
        self.known.get(image).or(self.others.as_ref())
    }

    /// Notes what is known of an image.
    pub fn insert(&mut self, image: impl Into<String>, resolution: Resolution) {
        self.known.insert(image.into(), resolution);
    }

    /// Adds what another knows; where both know an image, the other counts.
    pub fn extend(&mut self, other: Self) {
        self.known.extend(other.known);
        self.others = other.others.or(self.others.take());
    }

    /// Has every image that is not known be one whose digest cannot be had, for this reason.
    pub fn close(&mut self, why: &str) {
        self.assume(Resolution::Failed(why.to_owned()));
    }

    /// Has this hold for every image that is not known.
    pub fn assume(&mut self, resolution: Resolution) {
        self.others = Some(resolution);
    }

    /// How many images something is known of.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether nothing is known of any image.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty() && self.others.is_none()
    }
}
