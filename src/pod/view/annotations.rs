//! Annotations: rules read single ones, and nothing shows the text of any.

use std::fmt;

use serde::de::{Deserialize, Deserializer};

use crate::edit::Change;
use crate::pod::editing::View;
use crate::pod::scalars::{Map, Str};

/// Annotations, which may hold secrets or whole manifests: their debug form has the keys alone.
#[derive(Clone, Default)]
pub struct Annotations<'a>(Map<'a, Str<'a>>);

impl Annotations<'_> {
    /// Marks a static pod's mirror in the API server (k8s.io/api/core/v1 `MirrorPodAnnotationKey`).
    pub const MIRROR: &'static str = "kubernetes.io/config.mirror";
    /// The policies that changed a pod.
    pub const PATCHED_BY: &'static str = "plimsoll.dev/patched-by";

    /// The value of an annotation.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(|value| &**value)
    }

    /// Bytes of all keys and values together, as the API server counts them.
    pub fn size(&self) -> usize {
        self.0.iter().map(|(key, value)| key.len() + value.len()).sum()
    }

    /// The keys, in their order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(key, _)| key)
    }
}

impl fmt::Debug for Annotations<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys()).finish()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Annotations<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Map::deserialize(deserializer).map(Self)
    }
}

impl<'a> View<'a> for Annotations<'a> {
    fn depth(&self, path: &[&str]) -> usize {
        self.0.depth(path)
    }

    fn apply(&mut self, path: &[&str], change: &Change) -> Result<(), serde_json::Error> {
        self.0.apply(path, change)
    }
}
