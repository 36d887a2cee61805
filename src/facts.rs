//! What manifests say of their namespaces: the labels of Namespaces and the LimitRanges among them.

use serde_json::{Map, Value};

use crate::decode::DecodeError;
use crate::engine::Namespaces;
use crate::manifest::{Document, Manifest};
use crate::pod::limit_range::LimitRange;

/// Reads the Namespaces and LimitRanges of a file; `namespace` is where objects go that name none.
pub fn namespaces_of(manifest: &Manifest, namespace: &str) -> Namespaces {
    let mut namespaces = Namespaces::default();
    for document in &manifest.documents {
        read(document, namespace, &mut namespaces);
    }
    namespaces
}

fn read(document: &Document, namespace: &str, namespaces: &mut Namespaces) {
    match (document.api_version(), document.kind(), document.name()) {
        (Some("v1"), Some("Namespace"), Some(name)) => {
            let labels = document.value.pointer("/metadata/labels").cloned();
            let labels = labels.unwrap_or_else(|| Value::Object(Map::new()));
            namespaces.set_labels(name, Some(labels));
        }
        _ => {
            // One that cannot be read is told of where documents are judged.
            if let Ok(Some(found)) = limit_range(document) {
                namespaces.add_limit_range(namespace_of(document, namespace), found);
            }
        }
    }
}

/// The LimitRange that a document is, if it is one.
///
/// # Errors
/// When it has a field that the API server would refuse.
pub fn limit_range(document: &Document) -> Result<Option<LimitRange>, DecodeError> {
    match (document.api_version(), document.kind()) {
        (Some("v1"), Some("LimitRange")) => LimitRange::from_value(&document.value),
        _ => Ok(None),
    }
}

/// The namespace an object goes to; the API server takes an empty name for none.
pub fn namespace_of<'d>(document: &'d Document, otherwise: &'d str) -> &'d str {
    document.namespace().filter(|namespace| !namespace.is_empty()).unwrap_or(otherwise)
}
