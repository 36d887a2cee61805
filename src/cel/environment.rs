//! What an expression may speak of.

use std::sync::Arc;

use super::schema;
use super::types::{ObjectType, Type};

/// The variables of an expression by name, each in a slot with its number.
///
/// Names may have dots: the variables of a policy are `variables.NAME`, each a variable of its own.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    variables: Vec<(String, Type)>,
    makes_patches: bool,
}

impl Environment {
    /// The slot of `object` in [`Self::admission`].
    pub const OBJECT: usize = 0;
    /// The slot of `oldObject` in [`Self::admission`].
    pub const OLD_OBJECT: usize = 1;
    /// The slot of `request` in [`Self::admission`].
    pub const REQUEST: usize = 2;
    /// The slot of `namespaceObject` in [`Self::admission`].
    pub const NAMESPACE_OBJECT: usize = 3;
    /// The slot of `params` in [`Self::admission`], where there are some.
    pub const PARAMS: usize = 4;

    /// An environment without variables.
    pub fn new() -> Self {
        Self::default()
    }

    /// What expressions about a pod may speak of, as in a ValidatingAdmissionPolicy (`createEnvForOpts` in
    /// k8s.io/apiserver/pkg/admission/plugin/cel/compile.go): `object`, `oldObject`, `request`, `namespaceObject` and
    /// `params`, where their type is given ([`schema::params`] makes one of a value).
    pub fn admission(params: Option<Type>) -> Self {
        let mut environment = Self::new();
        environment.add("object", schema::pod());
        environment.add("oldObject", schema::pod());
        environment.add("request", schema::request());
        environment.add("namespaceObject", schema::namespace());
        if let Some(params) = params {
            environment.add("params", params);
        }
        environment
    }

    /// Takes `Object{…}` and `JSONPatch{…}` for types, as in a MutatingAdmissionPolicy.
    #[must_use]
    pub fn with_patches(mut self) -> Self {
        self.makes_patches = true;
        self
    }

    /// Adds a variable, or gives it another type; answers with its slot.
    pub fn add(&mut self, name: impl Into<String>, variable: Type) -> usize {
        let name = name.into();
        if let Some(slot) = self.slot(&name) {
            if let Some((_, known)) = self.variables.get_mut(slot) {
                *known = variable;
            }
            return slot;
        }
        self.variables.push((name, variable));
        self.variables.len() - 1
    }

    /// The slot of a variable.
    pub fn slot(&self, name: &str) -> Option<usize> {
        self.variables.iter().position(|(known, _)| known == name)
    }

    /// The variables in the order of their slots.
    pub fn variables(&self) -> &[(String, Type)] {
        &self.variables
    }

    /// A variable by name, and its slot.
    pub(super) fn variable(&self, name: &str) -> Option<(usize, &Type)> {
        let slot = self.slot(name)?;
        self.variables.get(slot).map(|(_, variable)| (slot, variable))
    }

    /// Whether a function can be called: `jsonpatch.escapeKey` only where patches are made (`hasPatchTypes` in
    /// k8s.io/apiserver/pkg/admission/plugin/cel/compile.go).
    pub(super) fn has_function(&self, name: &str) -> bool {
        self.makes_patches || !name.starts_with("jsonpatch.")
    }

    /// The type that a name before a brace stands for.
    pub(super) fn message(&self, name: &str) -> Option<Arc<ObjectType>> {
        if self.makes_patches { schema::message(name) } else { None }
    }
}
