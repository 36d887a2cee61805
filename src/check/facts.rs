//! What the manifests themselves say of their namespaces: the labels of Namespaces and the LimitRanges among them.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::decode::DecodeError;
use crate::engine::NamespaceFacts;
use crate::manifest::{Document, Manifest};
use crate::pod::limit_range::LimitRange;

/// What is known of namespaces.
#[derive(Debug, Default)]
pub struct Facts {
    labels: HashMap<String, Value>,
    limit_ranges: HashMap<String, Vec<LimitRange>>,
}

impl Facts {
    /// Reads the Namespaces and LimitRanges of a file; `namespace` is where objects go that name
    /// none.
    pub fn of(manifest: &Manifest, namespace: &str) -> Self {
        let mut facts = Self::default();
        manifest.documents.iter().for_each(|document| facts.read(document, namespace));
        facts
    }

    /// Whether nothing is known of any namespace.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.limit_ranges.is_empty()
    }

    fn read(&mut self, document: &Document, namespace: &str) {
        match (document.api_version(), document.kind(), document.name()) {
            (Some("v1"), Some("Namespace"), Some(name)) => {
                let labels = document.value.pointer("/metadata/labels").cloned();
                self.labels
                    .insert(name.to_owned(), labels.unwrap_or_else(|| Value::Object(Map::new())));
            }
            _ => {
                // One that cannot be read is told of where documents are judged.
                if let Ok(Some(found)) = limit_range(document) {
                    let namespace = namespace_of(document, namespace);
                    self.limit_ranges.entry(namespace.to_owned()).or_default().push(found);
                }
            }
        }
    }

    /// The facts of both.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.labels.extend(other.labels);
        for (namespace, ranges) in other.limit_ranges {
            self.limit_ranges.entry(namespace).or_default().extend(ranges);
        }
        self
    }

    /// What is known of one namespace.
    pub fn namespace(&self, namespace: &str) -> NamespaceFacts<'_> {
        NamespaceFacts {
            labels: self.labels.get(namespace),
            limit_ranges: self.limit_ranges.get(namespace).map_or(&[], Vec::as_slice),
        }
    }
}

/// The LimitRange that a document is, if it is one.
pub(super) fn limit_range(document: &Document) -> Result<Option<LimitRange>, DecodeError> {
    match (document.api_version(), document.kind()) {
        (Some("v1"), Some("LimitRange")) => LimitRange::from_value(&document.value),
        _ => Ok(None),
    }
}

/// The namespace an object goes to; the API server takes an empty name for none.
pub(super) fn namespace_of<'d>(document: &'d Document, otherwise: &'d str) -> &'d str {
    document.namespace().filter(|namespace| !namespace.is_empty()).unwrap_or(otherwise)
}
