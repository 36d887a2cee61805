//! Values that have the right type and cannot be meant, and those that would be taken for what they are not.

use serde_json::Value;

use crate::decode::{DecodeError, nearest};
use crate::label::is_dns_label;
use crate::pointer::Pointer;

/// The types of limits that are no names of their own (`GROUP/NAME`).
///
/// Source: `validateLimitRangeTypeName` in pkg/apis/core/validation/validation.go of kubernetes/kubernetes.
const LIMIT_TYPES: [&str; 3] = ["Container", "Pod", "PersistentVolumeClaim"];

/// What is wrong with the value of a key. Unknown keys and other types are left to decoding.
pub(super) fn errors(key: &str, value: &Value) -> Vec<DecodeError> {
    let mut found = Vec::new();
    let at = Pointer::default().join(key);
    match (key, value) {
        (_, Value::Null) => {}
        // What serde would read as a list of its fields.
        ("helm", value) => is_map(value, at, "`helm: {values: [values.yaml]}`", &mut found),
        ("kustomize", value) => is_map(value, at, "`kustomize: {program: kubectl}`", &mut found),
        ("cluster", value) => cluster(value, &at, &mut found),
        ("failOn", value) => choice(value, at, "`deny`, `warn`, `patch` or `audit`", &mut found),
        ("defaultMode", value) => choice(value, at, "`audit`, `warn` or `enforce`", &mut found),
        ("render", value) => choice(value, at, "`auto` or `never`", &mut found),
        ("namespace" | "ownNamespace", Value::String(name)) => namespace(name, at, &mut found),
        ("policies" | "formats", Value::Array(list)) if list.is_empty() => {
            let help = "leave the key out for what is built in, or name one";
            found.push(wrong(at, "expected an item, and the list is empty", Some(help)));
        }
        ("include" | "exclude", Value::Array(globs)) => {
            let empty = |glob: &Value| glob.as_str().is_some_and(|glob| glob.trim().is_empty());
            for (index, _) in globs.iter().enumerate().filter(|(_, glob)| empty(glob)) {
                found.push(wrong(at.clone().join(index), "the glob is empty", None));
            }
        }
        _ => {}
    }
    found
}

fn cluster(value: &Value, at: &Pointer, found: &mut Vec<DecodeError>) {
    let list = |field: &str| value.get(field).and_then(Value::as_array).into_iter().flatten();
    for (index, entry) in list("namespaces").enumerate() {
        let at = at.clone().join("namespaces").join(index);
        is_map(entry, at.clone(), "`{name: shop, labels: {team: web}}`", found);
        if let Some(name) = entry.get("name").and_then(Value::as_str) {
            namespace(name, at.join("name"), found);
        }
    }
    for (index, entry) in list("limitRanges").enumerate() {
        let at = at.clone().join("limitRanges").join(index);
        let example = "`{namespace: shop, limits: [{type: Container, max: {cpu: 2}}]}`";
        is_map(entry, at.clone(), example, found);
        if let Some(name) = entry.get("namespace").and_then(Value::as_str) {
            namespace(name, at.clone().join("namespace"), found);
        }
        let limits = entry.get("limits").and_then(Value::as_array);
        for (index, item) in limits.into_iter().flatten().enumerate() {
            let Some(name) = item.get("type").and_then(Value::as_str) else { continue };
            if !LIMIT_TYPES.contains(&name) && !name.contains('/') {
                let at = at.clone().join("limits").join(index).join("type");
                found.push(DecodeError {
                    pointer: at,
                    message: format!("the API server knows no limits of the type `{name}`"),
                    help: nearest(name, LIMIT_TYPES.into_iter()),
                });
            }
        }
    }
}

fn namespace(name: &str, at: Pointer, found: &mut Vec<DecodeError>) {
    if !is_dns_label(name) {
        let message = format!("no namespace can be called `{name}`");
        let help = "its name is at most 63 lower-case letters, digits and dashes between them";
        found.push(wrong(at, &message, Some(help)));
    }
}

fn is_map(value: &Value, at: Pointer, example: &str, found: &mut Vec<DecodeError>) {
    if !value.is_object() {
        found.push(wrong(at, &format!("expected a map, as in {example}"), None));
    }
}

fn choice(value: &Value, at: Pointer, names: &str, found: &mut Vec<DecodeError>) {
    if !value.is_string() {
        found.push(wrong(at, &format!("expected one of {names}"), None));
    }
}

fn wrong(pointer: Pointer, message: &str, help: Option<&str>) -> DecodeError {
    DecodeError { pointer, message: message.to_owned(), help: help.map(str::to_owned) }
}
