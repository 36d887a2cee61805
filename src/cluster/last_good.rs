//! What is in force of the policies in a cluster: of each the last version that compiled.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use serde_json::Value;

use crate::decode::DecodeError;
use crate::policy::{CompiledExemption, CompiledPolicy};

/// Errors of one object that are told; a person mends them one by one anyway.
const MOST_ERRORS: usize = 16;

/// What objects of the API are compiled into.
pub(super) trait Compile: Sized + Send + Sync + 'static {
    /// What the object is called in messages.
    const WHAT: &'static str;

    /// Compiles an object.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    fn compile(object: &Value) -> Result<Self, Vec<DecodeError>>;
}

impl Compile for CompiledPolicy {
    const WHAT: &'static str = "policy";

    fn compile(object: &Value) -> Result<Self, Vec<DecodeError>> {
        CompiledPolicy::compile(object)
    }
}

impl Compile for CompiledExemption {
    const WHAT: &'static str = "exemption";

    fn compile(object: &Value) -> Result<Self, Vec<DecodeError>> {
        CompiledExemption::compile(object)
    }
}

/// The objects of one kind, by name.
#[derive(Debug)]
pub(super) struct Book<T> {
    entries: BTreeMap<String, Entry<T>>,
}

/// One object, as far as it is remembered.
#[derive(Debug)]
pub(super) struct Entry<T> {
    /// Which object of that name it is.
    pub(super) uid: String,
    /// The version of its `spec`.
    pub(super) generation: i64,
    /// The version of all of it.
    pub(super) resource_version: String,
    /// What is in force, and the generation that is from.
    pub(super) good: Option<(Arc<T>, i64)>,
    /// What is wrong with the current version; none where it is in force.
    pub(super) error: Option<String>,
    /// `status.conditions` as they were read.
    pub(super) conditions: Vec<Value>,
}

impl<T> Default for Book<T> {
    fn default() -> Self {
        Self { entries: BTreeMap::new() }
    }
}

/// An object without its spec.
#[derive(Debug)]
pub(super) struct Seen {
    name: String,
    uid: String,
    generation: i64,
    resource_version: String,
    conditions: Vec<Value>,
}

impl Seen {
    pub(super) fn of(object: &Value) -> Self {
        let text = |pointer| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let generation = object.pointer("/metadata/generation").and_then(Value::as_i64);
        let conditions = object.pointer("/status/conditions").and_then(Value::as_array);
        Self {
            name: text("/metadata/name").to_owned(),
            uid: text("/metadata/uid").to_owned(),
            generation: generation.unwrap_or_default(),
            resource_version: text("/metadata/resourceVersion").to_owned(),
            conditions: conditions.cloned().unwrap_or_default(),
        }
    }
}

impl<T> Book<T> {
    /// Whether this version has been compiled before.
    pub(super) fn knows(&self, seen: &Seen) -> bool {
        let known = self.entries.get(&seen.name).filter(|entry| entry.uid == seen.uid);
        known.is_some_and(|entry| entry.generation == seen.generation && seen.generation != 0)
    }

    /// Takes note of an object whose spec is as it was.
    pub(super) fn note(&mut self, seen: Seen) {
        if let Some(entry) = self.entries.get_mut(&seen.name) {
            entry.resource_version = seen.resource_version;
            entry.conditions = seen.conditions;
        }
    }

    /// Takes an object that was made or changed, and tells whether something else is in force now.
    pub(super) fn enter(&mut self, seen: Seen, compiled: Result<Arc<T>, String>) -> bool {
        let Seen { name, uid, generation, resource_version, conditions } = seen;
        // One that was deleted and made again under the same name is another object: nothing of it was ever good.
        let before = self.entries.remove(&name);
        let was_good = before.as_ref().is_some_and(|before| before.good.is_some());
        let same = before.filter(|before| before.uid == uid);
        let (good, error, changed) = match compiled {
            Ok(compiled) => (Some((compiled, generation)), None, true),
            Err(error) => {
                let good = same.and_then(|before| before.good);
                let changed = was_good && good.is_none();
                (good, Some(error), changed)
            }
        };
        let entry = Entry { uid, generation, resource_version, good, error, conditions };
        self.entries.insert(name, entry);
        changed
    }
}

impl<T> Book<T> {
    /// Forgets an object, and tells whether something of it was in force.
    pub(super) fn remove(&mut self, name: &str) -> bool {
        self.entries.remove(name).is_some_and(|entry| entry.good.is_some())
    }

    /// Forgets every object but these, and tells whether something of them was in force.
    pub(super) fn retain(&mut self, names: &HashSet<&str>) -> bool {
        let mut changed = false;
        self.entries.retain(|name, entry| {
            let keep = names.contains(name.as_str());
            changed |= !keep && entry.good.is_some();
            keep
        });
        changed
    }

    /// What is in force.
    pub(super) fn in_force(&self) -> Vec<Arc<T>> {
        let good = self.entries.values().filter_map(|entry| entry.good.as_ref());
        good.map(|(compiled, _)| Arc::clone(compiled)).collect()
    }

    /// Every object with its name.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&str, &Entry<T>)> {
        self.entries.iter().map(|(name, entry)| (name.as_str(), entry))
    }
}

impl<T: Compile> Entry<T> {
    /// What is to be said of the object: reason and message of its condition `Ready`.
    pub(super) fn verdict(&self) -> (&'static str, String) {
        let what = T::WHAT;
        match (&self.error, &self.good) {
            (None, _) => ("Compiled", format!("This version of the {what} is in force.")),
            (Some(error), Some((_, generation))) => (
                "Invalid",
                format!(
                    "{error}\nGeneration {generation} stays in force on servers that have seen it; one that starts \
                     now has no earlier version to fall back on."
                ),
            ),
            (Some(error), None) => (
                "Invalid",
                format!(
                    "{error}\nThe {what} is not in force: no earlier version is known, because it is new or the \
                     server has started since."
                ),
            ),
        }
    }
}

/// Compiles an object; what is wrong with it is text for a person.
pub(super) fn compile<T: Compile>(object: &Value) -> Result<Arc<T>, String> {
    T::compile(object).map(Arc::new).map_err(|errors| {
        let count = errors.len();
        let mut lines: Vec<String> = errors.into_iter().take(MOST_ERRORS).map(line).collect();
        if count > MOST_ERRORS {
            lines.push(format!("and {} more", count - MOST_ERRORS));
        }
        lines.join("\n")
    })
}

fn line(error: DecodeError) -> String {
    let help = error.help.filter(|help| !help.is_empty());
    let help = help.map(|help| format!(" ({help})")).unwrap_or_default();
    format!("{}: {}{help}", error.pointer.field_path(), error.message)
}

#[cfg(test)]
mod tests;
