//! What is known of the cluster before any manifest is read: a snapshot, or a few lines of the configuration.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::ConfigFile;
use crate::decode::DecodeError;
use crate::engine::Namespaces;
use crate::manifest::{Document, ManifestError, parse};
use crate::pod::limit_range::LimitRange;
use crate::pointer::Pointer;
use crate::report::Problem;

/// How a snapshot is made.
const HOW: &str = "kubectl get namespaces,limitranges -A -o yaml";

/// Reads a snapshot: a stream of Namespaces and LimitRanges. Other objects are passed over.
///
/// # Errors
/// Everything that is wrong with it, with its place. A file with neither kind is an error: it is not what was meant.
pub fn snapshot(path: &Path) -> Result<Namespaces, Vec<Problem>> {
    let fail = |message: String, help: Option<String>| {
        vec![Problem::from(ManifestError::new(Some(path), None, message, help))]
    };
    let how = || Some(format!("a snapshot is made with `{HOW}`"));
    let bytes = fs::read(path).map_err(|error| fail(format!("cannot be read: {error}"), how()))?;
    let manifest = parse(Some(path), bytes);
    let mut errors = Problem::in_text(manifest.errors, manifest.text.as_str());
    let mut known = Namespaces::default();
    for document in &manifest.documents {
        if let Err(error) = take(document, &mut known) {
            errors.push(Problem::in_document(path, document, error));
        }
    }
    if errors.is_empty() && known.is_empty() {
        errors = fail("the file holds no Namespace and no LimitRange".to_owned(), how());
    }
    if errors.is_empty() { Ok(known) } else { Err(errors) }
}

fn take(document: &Document, known: &mut Namespaces) -> Result<(), DecodeError> {
    match (document.api_version(), document.kind(), document.name()) {
        (Some("v1"), Some("Namespace"), Some(name)) => {
            let labels = document.value.pointer("/metadata/labels").cloned();
            known.set_labels(name, Some(labels.unwrap_or_else(|| Value::Object(Map::new()))));
        }
        (Some("v1"), Some("LimitRange"), _) => {
            if let Some(found) = LimitRange::from_value(&document.value)? {
                known.add_limit_range(document.namespace().unwrap_or("default"), found);
            }
        }
        _ => {}
    }
    Ok(())
}

impl ConfigFile {
    /// What the file itself says of namespaces.
    ///
    /// # Errors
    /// At LimitRanges that the API server would refuse.
    pub fn namespaces(&self) -> Result<Namespaces, Vec<Problem>> {
        let mut known = Namespaces::default();
        let Some(cluster) = &self.config.cluster else { return Ok(known) };
        for namespace in &cluster.namespaces {
            known.set_labels(&namespace.name, Some(json!(namespace.labels)));
        }
        let mut errors = Vec::new();
        for (index, entry) in cluster.limit_ranges.iter().enumerate() {
            let items: Vec<_> = entry.limits.iter().map(|item| &item.0).collect();
            let object = json!({"metadata": {"name": entry.name}, "spec": {"limits": items}});
            match LimitRange::from_value(&object) {
                Ok(Some(found)) => known.add_limit_range(&entry.namespace, found),
                Ok(None) => {}
                Err(mut error) => {
                    // Here the limits stand in no `spec`.
                    let pointer = error.pointer.as_str().trim_start_matches("/spec").to_owned();
                    error.pointer = Pointer::new(pointer);
                    let error = error.below(index).below("limitRanges").below("cluster");
                    errors.push(self.problem(error));
                }
            }
        }
        if errors.is_empty() { Ok(known) } else { Err(errors) }
    }
}
