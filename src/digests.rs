//! What registries say that tags stand for: input of the engine, which asks no one.
//!
//! Rules name the images whose digests they lack; the engine collects those in its decision (`unresolved`), a door that
//! may ask registries does so, and asks the engine again with the answers.

use std::collections::HashMap;

/// What is known of images, by their normalised reference (`docker.io/library/nginx:1.27`).
#[derive(Clone, Debug, Default)]
pub struct Digests(HashMap<String, Resolution>);

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
        self.0.get(image)
    }

    /// Notes what is known of an image.
    pub fn insert(&mut self, image: impl Into<String>, resolution: Resolution) {
        self.0.insert(image.into(), resolution);
    }
}
