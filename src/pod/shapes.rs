//! Pods in objects of any kind: found by their shape, and read the way the system behind the kind makes pods of them.
//!
//! [`find`] walks an object once and answers where pods stand in it. [`Embedded::project`] makes of each the pod
//! template that the rules can read, with a way back: every field of the projection knows its place in the object,
//! or that the object has no place for it.

mod forms;
mod projection;
mod search;
mod shape;
mod systems;

use serde_json::Value;

pub use projection::{Place, Projection};
pub use systems::{Controller, CustomKind, Form, Pods, Whole, custom_kinds};

use super::kinds::PodKind;
use crate::pointer::Pointer;

/// A pod in an object that is no workload of Kubernetes itself.
#[derive(Clone, Debug)]
pub struct Embedded<'v> {
    /// Where it stands, from the root of the object.
    pointer: Pointer,
    /// What stands there.
    node: &'v Value,
    /// How a pod is read out of it.
    form: Form,
    /// What is known of the pods that come of it, where the system is.
    pods: Option<&'static Pods>,
    /// The object whose controller makes the pods: the whole one, or one that is nested in it.
    object: Holder<'v>,
}

/// An object with a kind, on the way from the root to a pod.
#[derive(Clone, Debug)]
struct Holder<'v> {
    /// Where it stands.
    pointer: Pointer,
    value: &'v Value,
    api_version: &'v str,
    kind: &'v str,
    custom: Option<&'static CustomKind>,
    /// One of Kubernetes' own kinds.
    native: Option<&'static PodKind>,
}

/// The pods in an object, in the order in which they stand there. Kinds that hold a pod by themselves
/// ([`PodKind::find`]) are not for this: they are judged as what they are.
///
/// Costs one walk. What stands in `status` or `metadata` makes no pods and is passed over, and so are kinds that only
/// speak of pods: definitions of resources, policies, metrics.
pub fn find(object: &Value) -> Vec<Embedded<'_>> {
    search::search(object)
}

impl<'v> Embedded<'v> {
    /// Where the pod stands, from the root of the object.
    pub fn pointer(&self) -> &Pointer {
        &self.pointer
    }

    /// The system that makes the pod, where its kind is known.
    pub fn system(&self) -> Option<&'static str> {
        self.object.custom.map(|custom| custom.system)
    }

    /// The namespace that a nested object names for itself.
    pub fn namespace(&self) -> Option<&'v str> {
        let named = self.object.value.get("metadata")?.get("namespace")?.as_str();
        named.filter(|name| !name.is_empty())
    }

    /// The pod as rules can read it.
    pub fn project(&self) -> Projection {
        projection::project(self)
    }
}
