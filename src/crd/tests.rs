//! The schemas are structural, and say something of every field.

use serde_json::Value;

use super::*;
use crate::rules::RULES;

/// The keywords of `JSONSchemaProps` that are made here.
const KNOWN: [&str; 21] = [
    "additionalProperties",
    "anyOf",
    "default",
    "description",
    "enum",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "pattern",
    "properties",
    "required",
    "type",
    "x-kubernetes-int-or-string",
    "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys",
];
const ALSO_KNOWN: [&str; 2] = [structural::KEEP_UNKNOWN, "x-kubernetes-validations"];

fn walk(path: &str, schema: &Value, visit: &mut impl FnMut(&str, &Value)) {
    visit(path, schema);
    for keyword in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get(keyword) {
            walk(&format!("{path}[]"), inner, visit);
        }
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        walk(&format!("{path}.{name}"), property, visit);
    }
}

fn schemas() -> impl Iterator<Item = (String, Value)> {
    definitions().into_iter().map(|definition| {
        let schema = &definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
        (definition["spec"]["names"]["kind"].as_str().unwrap().to_owned(), schema.clone())
    })
}

#[test]
fn every_schema_is_structural() {
    for (kind, schema) in schemas() {
        walk(&kind, &schema, &mut |path, schema| {
            let schema = schema.as_object().unwrap();
            for keyword in schema.keys() {
                let known =
                    KNOWN.contains(&keyword.as_str()) || ALSO_KNOWN.contains(&keyword.as_str());
                assert!(known, "{path}: {keyword}");
            }
            let typed = schema.get("type").is_some_and(Value::is_string);
            assert!(
                typed || schema.contains_key("x-kubernetes-int-or-string"),
                "{path}: {schema:?}"
            );
        });
    }
}

#[test]
fn every_field_is_described_in_sentences() {
    for (kind, schema) in schemas() {
        walk(&kind, &schema, &mut |path, schema| {
            if path.ends_with(".metadata") || path.ends_with("[]") {
                return;
            }
            let text = schema["description"].as_str().unwrap_or_default();
            assert!(text.starts_with(|c: char| c.is_uppercase() || c == '`'), "{path}: {text:?}");
            let end = text.lines().last().unwrap_or_default();
            assert!(end.ends_with('.') || end.ends_with(".)"), "{path}: {text:?}");
        });
    }
}

#[test]
fn unknown_fields_of_a_spec_are_kept() {
    for (kind, schema) in schemas() {
        walk(&format!("{kind}.spec"), &schema["properties"]["spec"], &mut |path, schema| {
            let kept = schema.get(structural::KEEP_UNKNOWN) == Some(&Value::Bool(true));
            let free = path.ends_with(".expression.params");
            assert_eq!(kept, free || schema.get("properties").is_some(), "{path}");
        });
    }
}

#[test]
fn every_rule_is_a_field() {
    let (_, policy) = schemas().next().unwrap();
    let entry = &policy["properties"]["spec"]["properties"]["rules"]["items"];
    for kind in RULES {
        assert_eq!(entry["properties"][kind.meta.name]["type"], "object", "{}", kind.meta.name);
    }
}
