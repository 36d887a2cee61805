//! JSON schemas as the API server takes them: structural, without references, with Kubernetes' own extensions.
//!
//! Source: `k8s.io/apiextensions-apiserver/pkg/apiserver/schema/validation.go`.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// Keeps fields that the schema does not name.
pub(super) const KEEP_UNKNOWN: &str = "x-kubernetes-preserve-unknown-fields";

/// A generator that writes schemas in place of references.
pub(super) fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12()
        .with(|settings| settings.inline_subschemas = true)
        .into_generator()
}

/// The structural schema of a type.
pub(super) fn of<T: JsonSchema>() -> Value {
    structural(Value::from(generator().subschema_for::<T>()))
}

/// Rewrites a schema, and all in it, to what an API server accepts.
pub(super) fn structural(schema: Value) -> Value {
    let Value::Object(mut schema) = schema else { return json!({ KEEP_UNKNOWN: true }) };
    unwrap_option(&mut schema);
    join_variants(&mut schema);
    types(&mut schema);
    for keyword in ["$schema", "title"] {
        schema.remove(keyword);
    }
    if schema.get("additionalProperties").is_some_and(Value::is_boolean) {
        schema.remove("additionalProperties");
    }
    if schema.get("default").is_some_and(is_empty) {
        schema.remove("default");
    }
    if let Some(Value::String(format)) = schema.get("format")
        && format.starts_with("uint")
    {
        schema.remove("format");
    }
    if let Some(Value::String(description)) = schema.get_mut("description") {
        *description = paragraphs(description);
    }
    for keyword in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get_mut(keyword) {
            *inner = structural(inner.take());
        }
    }
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        for (_, property) in properties {
            *property = structural(property.take());
        }
        schema.insert(KEEP_UNKNOWN.to_owned(), json!(true));
    }
    Value::Object(schema)
}

/// An optional field is one that may be absent. The API server takes a null for that as well, unless the
/// schema lets null be a value.
fn unwrap_option(schema: &mut Map<String, Value>) {
    let is_null = |branch: &Value| branch["type"] == "null";
    let Some(Value::Array(branches)) = schema.get("anyOf") else { return };
    let [Value::Object(inner), null] = branches.as_slice() else { return };
    if is_null(null) {
        let inner = inner.clone();
        schema.remove("anyOf");
        for (keyword, value) in inner {
            schema.entry(keyword).or_insert(value);
        }
    }
}

/// An enum whose variants have docstrings is a `oneOf` of constants; the docstrings move to the description, in
/// the form of Kubernetes' own.
fn join_variants(schema: &mut Map<String, Value>) {
    let Some(Value::Array(branches)) = schema.get("oneOf") else { return };
    let mut names = Vec::new();
    let mut meanings = String::new();
    for branch in branches {
        let several = branch["enum"].as_array().into_iter().flatten();
        for name in branch.get("const").into_iter().chain(several) {
            if let Some(meaning) = branch["description"].as_str() {
                meanings += &format!("\n - `{name}` {}", paragraphs(meaning));
            }
            names.push(name.clone());
        }
    }
    let described = schema.get("description").and_then(Value::as_str).map(paragraphs);
    schema.remove("oneOf");
    schema.insert("type".to_owned(), json!("string"));
    schema.insert("enum".to_owned(), Value::Array(names));
    if !meanings.is_empty() {
        let described = described.unwrap_or_default();
        let text = format!("{described}\n\nPossible enum values:{meanings}");
        schema.insert("description".to_owned(), json!(text.trim_start()));
    }
}

/// One type for each value; what is text or a number is Kubernetes' `IntOrString`. Other choices stay as they are: no
/// CRD has any, and editors know them.
fn types(schema: &mut Map<String, Value>) {
    let Some(Value::Array(types)) = schema.get_mut("type") else { return };
    types.retain(|name| name != "null");
    match types.as_slice() {
        [one] => {
            let one = one.clone();
            schema.insert("type".to_owned(), one);
        }
        all if all.iter().all(|name| name != "object" && name != "array") => {
            schema.remove("type");
            schema.insert("x-kubernetes-int-or-string".to_owned(), json!(true));
            schema.insert("anyOf".to_owned(), json!([{"type": "integer"}, {"type": "string"}]));
        }
        _ => {}
    }
}

/// Defaults that say no more than absence does.
fn is_empty(default: &Value) -> bool {
    match default {
        Value::Null | Value::Bool(false) => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

/// The paragraphs and list items of a docstring, each in one line.
fn paragraphs(text: &str) -> String {
    let mut joined = String::new();
    for line in text.lines().map(str::trim_end) {
        let starts = line.is_empty() || line.trim_start().starts_with("- ");
        if starts || joined.is_empty() || joined.ends_with('\n') {
            if !joined.is_empty() {
                joined.push('\n');
            }
            joined.push_str(line);
        } else {
            joined.push(' ');
            joined.push_str(line.trim_start());
        }
    }
    joined
}
