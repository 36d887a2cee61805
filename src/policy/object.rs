//! What PodPolicy and PodPolicyExemption have in common: an object with a name and a spec.

use std::collections::HashMap;

use serde_json::Value;

use super::document::API_VERSION;
use super::fields::Fields;
use crate::decode::DecodeError;
use crate::pointer::Pointer;

/// What is wrong with a policy or an exemption. The pointer starts at the object itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{}: {message}", .name.as_ref().map(|name| format!("{noun} {name}: ")).unwrap_or_default(), .pointer.field_path())]
pub struct PolicyError {
    /// Which of the given objects, from 0.
    pub index: usize,
    /// What the object is, for people: `policy` or `exemption`.
    pub noun: &'static str,
    /// Name of the object, where it has one.
    pub name: Option<String>,
    /// Where.
    pub pointer: Pointer,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// Which of the given objects the message speaks of as well: the one that had the name first.
    pub earlier: Option<usize>,
}

/// One of the kinds.
#[derive(Debug)]
pub(super) struct Sort {
    pub(super) kind: &'static str,
    /// For people, in the singular and the plural, and with its article.
    pub(super) noun: &'static str,
    pub(super) nouns: &'static str,
    pub(super) a_noun: &'static str,
    /// What the name is for.
    pub(super) name_help: &'static str,
    /// What is in `spec`.
    pub(super) spec_help: &'static str,
}

impl Sort {
    /// Compiles many objects: all of them, or every error in every one, in the order of the objects.
    pub(super) fn compile_all<T>(
        &self,
        objects: &[&Value],
        compile: impl Fn(&Value) -> Result<T, Vec<DecodeError>>,
    ) -> Result<Vec<T>, Vec<PolicyError>> {
        let mut errors = Vec::new();
        let mut compiled = Vec::new();
        let mut names: HashMap<&str, usize> = HashMap::new();
        for (index, object) in objects.iter().enumerate() {
            let name = object.pointer("/metadata/name").and_then(Value::as_str);
            let error = |error: DecodeError, earlier| PolicyError {
                index,
                noun: self.noun,
                name: name.map(str::to_owned),
                pointer: error.pointer,
                message: error.message,
                help: error.help,
                earlier,
            };
            let known = name.and_then(|name| names.get(name).copied());
            if let (Some(name), Some(_)) = (name, known) {
                let twice = DecodeError {
                    pointer: Pointer::new("/metadata/name"),
                    message: format!("there are two {} called `{name}`", self.nouns),
                    help: Some("rename one of them".to_owned()),
                };
                errors.push(error(twice, known));
            } else if let Some(name) = name.filter(|_| self.is(object)) {
                names.insert(name, index);
            }
            match compile(object) {
                Ok(one) => compiled.push(one),
                Err(found) => errors.extend(found.into_iter().map(|found| error(found, None))),
            }
        }
        if errors.is_empty() { Ok(compiled) } else { Err(errors) }
    }

    /// Reads one object: its name, and its spec as `compile` makes it.
    pub(super) fn read<S>(
        &self,
        object: &Value,
        compile: impl FnOnce(&Value, &str) -> Result<S, Vec<DecodeError>>,
    ) -> Result<(String, S), Vec<DecodeError>> {
        let mut fields = Fields::of(object, self.a_noun).map_err(|error| vec![error])?;
        for (field, wanted) in [("apiVersion", API_VERSION), ("kind", self.kind)] {
            let help =
                format!("{} has apiVersion {API_VERSION} and kind {}", self.a_noun, self.kind);
            match fields.required::<String>(field, &help) {
                Some(value) if value != wanted => {
                    fields.refuse(field, format!("this is `{value}`, not `{wanted}`"), &help);
                }
                _ => {}
            }
        }
        // The fields of something else are not worth naming one by one.
        if !self.is(object) {
            return Err(fields.errors);
        }
        fields.only(&["apiVersion", "kind", "metadata", "spec", "status"]);
        let name = self.name(&mut fields);
        let spec = match fields.value("spec") {
            Some(spec) => Some(compile(spec, name.as_deref().unwrap_or_default())),
            None => {
                fields.missing("spec", self.spec_help);
                None
            }
        };
        let mut errors = fields.errors;
        match (name, spec) {
            (Some(name), Some(Ok(spec))) if errors.is_empty() => Ok((name, spec)),
            (_, spec) => {
                let found = spec.and_then(Result::err).unwrap_or_default();
                errors.extend(found.into_iter().map(|error| error.below("spec")));
                Err(errors)
            }
        }
    }

    /// Whether an object says that it is of this kind.
    fn is(&self, object: &Value) -> bool {
        object.get("kind").and_then(Value::as_str) == Some(self.kind)
    }

    /// The object's name; what else the API server keeps in `metadata` is let through.
    fn name(&self, fields: &mut Fields<'_>) -> Option<String> {
        let Some(metadata) = fields.value("metadata") else {
            fields.missing("metadata", self.name_help);
            return None;
        };
        let mut inner = match Fields::of(metadata, "`metadata`") {
            Ok(inner) => inner,
            Err(error) => {
                fields.errors.push(error.below("metadata"));
                return None;
            }
        };
        let name = inner.required::<String>("name", self.name_help);
        if name.as_deref() == Some("") {
            inner.refuse("name", format!("{} needs a name", self.a_noun), self.name_help);
        }
        fields.errors.extend(inner.errors.into_iter().map(|error| error.below("metadata")));
        name
    }
}
