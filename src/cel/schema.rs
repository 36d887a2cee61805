//! Types of what expressions about pods speak of.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use super::types::{ObjectType, Type};

/// The type of a pod.
pub fn pod() -> Type {
    Type::Dyn
}

/// The type of `namespaceObject`.
pub fn namespace() -> Type {
    Type::Dyn
}

/// The type of `request`.
pub fn request() -> Type {
    Type::Dyn
}

/// The type of `params` that have this value.
pub fn params(value: &Json) -> Type {
    let _ = value;
    Type::Dyn
}

/// The type that a name before a brace stands for in expressions that make patches.
pub(super) fn message(name: &str) -> Option<Arc<ObjectType>> {
    (name == "JSONPatch")
        .then(|| Arc::new(ObjectType { name: name.to_owned(), fields: BTreeMap::new() }))
}
