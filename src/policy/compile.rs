//! Policies compiled into what the engine runs.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;

use super::conflicts::{Conflict, conflicts};
use super::document::{API_VERSION, KIND, MAX_RULES, Match};
use super::fields::Fields;
use super::matching::Matcher;
use super::rule::CompiledRule;
use crate::decode::DecodeError;
use crate::pointer::Pointer;

/// What is wrong with a policy. The pointer starts at the policy's own object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{}: {message}", .policy.as_ref().map(|name| format!("policy {name}: ")).unwrap_or_default(), .pointer.field_path())]
pub struct PolicyError {
    /// Which of the given objects, from 0.
    pub index: usize,
    /// Name of the policy, where it has one.
    pub policy: Option<String>,
    /// Where.
    pub pointer: Pointer,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// Which of the given objects the message speaks of as well: the one that had the name first.
    pub earlier: Option<usize>,
}

/// A compiled policy.
#[derive(Debug)]
pub struct CompiledPolicy {
    /// Name.
    pub name: Arc<str>,
    /// Description, in its author's words.
    pub description: Option<String>,
    /// The pods it is about.
    pub matcher: Matcher,
    /// Its rules in the order they are written.
    pub rules: Vec<CompiledRule>,
}

/// All policies in force, sorted by name so that the order they came in does not matter.
#[derive(Debug, Default)]
pub struct PolicySet {
    policies: Vec<Arc<CompiledPolicy>>,
    conflicts: Vec<Conflict>,
}

impl PolicySet {
    /// Compiles PodPolicy objects.
    ///
    /// # Errors
    /// Every error in every policy, in the order of the objects.
    pub fn compile(objects: &[&Value]) -> Result<Self, Vec<PolicyError>> {
        let mut errors = Vec::new();
        let mut policies = Vec::new();
        let mut names: HashMap<&str, usize> = HashMap::new();
        for (index, object) in objects.iter().enumerate() {
            let name = object.pointer("/metadata/name").and_then(Value::as_str);
            let error = |error: DecodeError, earlier| PolicyError {
                index,
                policy: name.map(str::to_owned),
                pointer: error.pointer,
                message: error.message,
                help: error.help,
                earlier,
            };
            let known = name.and_then(|name| names.get(name).copied());
            if let (Some(name), Some(_)) = (name, known) {
                let twice = DecodeError {
                    pointer: Pointer::new("/metadata/name"),
                    message: format!("there are two policies called `{name}`"),
                    help: Some("rename one of them".to_owned()),
                };
                errors.push(error(twice, known));
            } else if let Some(name) = name.filter(|_| is_policy(object)) {
                names.insert(name, index);
            }
            match CompiledPolicy::compile(object) {
                Ok(policy) => policies.push(Arc::new(policy)),
                Err(found) => errors.extend(found.into_iter().map(|found| error(found, None))),
            }
        }
        if errors.is_empty() { Ok(Self::of(policies)) } else { Err(errors) }
    }

    /// A set of policies that were compiled before, in any order. Names are unique: the caller has seen to it.
    pub fn of(mut policies: Vec<Arc<CompiledPolicy>>) -> Self {
        policies.sort_by(|a, b| a.name.cmp(&b.name));
        let conflicts = conflicts(&policies);
        Self { policies, conflicts }
    }

    /// The policies, by name.
    pub fn policies(&self) -> &[Arc<CompiledPolicy>] {
        &self.policies
    }

    /// Rules that want different values for one field, and which of them has its way.
    pub fn conflicts(&self) -> &[Conflict] {
        &self.conflicts
    }
}

/// Whether an object says that it is a policy.
fn is_policy(object: &Value) -> bool {
    object.get("kind").and_then(Value::as_str) == Some(KIND)
}

impl CompiledPolicy {
    /// Compiles one PodPolicy object.
    ///
    /// # Errors
    /// Everything that is wrong with it, pointing from the object on.
    pub fn compile(object: &Value) -> Result<Self, Vec<DecodeError>> {
        let mut fields = Fields::of(object, "a policy").map_err(|error| vec![error])?;
        for (field, wanted) in [("apiVersion", API_VERSION), ("kind", KIND)] {
            let help = format!("a policy has apiVersion {API_VERSION} and kind {KIND}");
            match fields.required::<String>(field, &help) {
                Some(value) if value != wanted => {
                    fields.refuse(field, format!("this is `{value}`, not `{wanted}`"), &help);
                }
                _ => {}
            }
        }
        // The fields of something else are not worth naming one by one.
        if !is_policy(object) {
            return Err(fields.errors);
        }
        fields.only(&["apiVersion", "kind", "metadata", "spec", "status"]);
        let name = name(&mut fields);
        let spec = match fields.value("spec") {
            Some(spec) => Some(Spec::compile(spec, name.as_deref().unwrap_or_default())),
            None => {
                fields
                    .missing("spec", "it holds `rules`, and `match` and `description` if need be");
                None
            }
        };
        let mut errors = fields.errors;
        match (name, spec) {
            (Some(name), Some(Ok(spec))) if errors.is_empty() => Ok(Self {
                name: name.into(),
                description: spec.description,
                matcher: spec.matcher,
                rules: spec.rules,
            }),
            (_, spec) => {
                let found = spec.and_then(Result::err).unwrap_or_default();
                errors.extend(found.into_iter().map(|error| error.below("spec")));
                Err(errors)
            }
        }
    }
}

/// The policy's name; what else the API server keeps in `metadata` is let through.
fn name(fields: &mut Fields<'_>) -> Option<String> {
    const HELP: &str = "findings are reported under the policy's name";
    let Some(metadata) = fields.value("metadata") else {
        fields.missing("metadata", HELP);
        return None;
    };
    let mut inner = match Fields::of(metadata, "`metadata`") {
        Ok(inner) => inner,
        Err(error) => {
            fields.errors.push(error.below("metadata"));
            return None;
        }
    };
    let name = inner.required::<String>("name", HELP);
    if name.as_deref() == Some("") {
        inner.refuse("name", "a policy needs a name", HELP);
    }
    fields.errors.extend(inner.errors.into_iter().map(|error| error.below("metadata")));
    name
}

/// A compiled `spec`.
struct Spec {
    description: Option<String>,
    matcher: Matcher,
    rules: Vec<CompiledRule>,
}

impl Spec {
    fn compile(spec: &Value, policy: &str) -> Result<Self, Vec<DecodeError>> {
        let mut fields = Fields::of(spec, "`spec`").map_err(|error| vec![error])?;
        fields.only(&["description", "match", "rules"]);
        let description = fields.optional("description");
        let matcher = match fields.value("match") {
            None => Matcher::default(),
            Some(written) => {
                let (written, mut errors) = Match::read(written);
                let matcher = Matcher::compile(&written)
                    .map_err(|more| errors.extend(more))
                    .unwrap_or_default();
                fields.errors.extend(errors.into_iter().map(|error| error.below("match")));
                matcher
            }
        };
        let entries: Option<Vec<Value>> = fields.required("rules", "a policy is a list of rules");
        if entries.as_ref().is_some_and(Vec::is_empty) {
            fields.refuse("rules", "a policy needs at least one rule", "");
        }
        let count = entries.as_ref().map_or(0, Vec::len);
        if count > MAX_RULES {
            let message =
                format!("these are {count} rules, and a policy holds {MAX_RULES} at most");
            fields.refuse("rules", message, "make two policies of it");
        }
        let mut rules = Vec::new();
        let mut names = HashSet::new();
        for (index, entry) in entries.iter().flatten().enumerate() {
            let mut errors = Vec::new();
            match entry.get("name").and_then(Value::as_str) {
                Some(name) if !names.insert(name) => errors.push(DecodeError {
                    pointer: Pointer::new("/name"),
                    message: format!("there are two rules called `{name}`"),
                    help: Some("rename one of them".to_owned()),
                }),
                _ => {}
            }
            match CompiledRule::compile(entry, policy) {
                Ok(rule) => rules.push(rule),
                Err(found) => errors.extend(found),
            }
            fields.errors.extend(errors.into_iter().map(|error| error.below(index).below("rules")));
        }
        if fields.errors.is_empty() {
            Ok(Self { description, matcher, rules })
        } else {
            Err(fields.errors)
        }
    }
}
