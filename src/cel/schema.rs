//! Types of what expressions about pods speak of.
//!
//! Fields have the names that JSON gives them, as they have when Kubernetes evaluates an expression: `namespace` is
//! `namespace`. Points in time are texts for the same reason; `timestamp(object.metadata.creationTimestamp)` makes one
//! of them. (In k8s.io/apiserver the type checker, which only warns, has other names and types for these:
//! `apiservercel.Escape`, `SchemaDeclType` in pkg/cel/common/schemas.go.)

mod parameters;
mod pod;
mod review;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use super::types::{ObjectType, Type};

pub use parameters::params;

/// The type of a pod, of the version whose API server pod.txt is made from.
pub fn pod() -> Type {
    static POD: LazyLock<Type> = LazyLock::new(pod::decode);
    POD.clone()
}

/// The type of `namespaceObject`.
pub fn namespace() -> Type {
    static NAMESPACE: LazyLock<Type> = LazyLock::new(review::namespace);
    NAMESPACE.clone()
}

/// The type of `request`.
pub fn request() -> Type {
    static REQUEST: LazyLock<Type> = LazyLock::new(review::request);
    REQUEST.clone()
}

/// `JSONPatch`, of which expressions that make patches make lists (k8s.io/apiserver/pkg/cel/mutation/jsonpatch.go).
pub fn json_patch() -> Type {
    static PATCH: LazyLock<Type> = LazyLock::new(|| {
        object(
            "JSONPatch",
            [
                ("op", Type::String),
                ("path", Type::String),
                ("from", Type::String),
                ("value", Type::Dyn),
            ],
        )
    });
    PATCH.clone()
}

/// The type that a name before a brace stands for in expressions that make patches: `JSONPatch`, and `Object` and all
/// names below it, which may have any fields (k8s.io/apiserver/pkg/cel/mutation/typeresolver.go).
pub(super) fn message(name: &str) -> Option<Arc<ObjectType>> {
    if name == "JSONPatch" {
        let Type::Object(patch) = json_patch() else { return None };
        return Some(patch);
    }
    (name == "Object" || name.starts_with("Object."))
        .then(|| Arc::new(ObjectType { name: name.to_owned(), fields: BTreeMap::new() }))
}

fn object<'n>(name: &str, fields: impl IntoIterator<Item = (&'n str, Type)>) -> Type {
    let fields = fields.into_iter().map(|(name, known)| (name.to_owned(), known)).collect();
    Type::Object(Arc::new(ObjectType { name: name.to_owned(), fields }))
}

fn list(element: Type) -> Type {
    Type::List(Arc::new(element))
}

fn map(value: Type) -> Type {
    Type::Map(Arc::new((Type::String, value)))
}
