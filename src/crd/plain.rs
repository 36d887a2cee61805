//! The same schemas for editors: plain JSON Schema, closed against unknown fields.
//!
//! Draft 7 is what the language servers for YAML know best. What the API server checks with conditions in CEL, and
//! JSON Schema can say too, is said here in its words.

use std::sync::LazyLock;

use schemars::JsonSchema;
use serde_json::{Map, Value, json};

use super::{Resource, exemption, policy, structural};
use crate::policy::document::API_VERSION;
use crate::rules::RULES;

/// The dialect.
const DRAFT: &str = "http://json-schema.org/draft-07/schema#";

/// The schema of a PodPolicy in a file.
pub fn policy_schema() -> Value {
    let mut schema = object(policy::resource());
    let entry = &mut schema["properties"]["spec"]["properties"]["rules"]["items"];
    let one_kind: Vec<_> = RULES.iter().map(|kind| json!({"required": [kind.meta.name]})).collect();
    let is_patch = json!({"required": ["action"], "properties": {"action": {"const": "Patch"}}});
    let mut conditions = vec![json!({"if": {"required": ["otherwise"]}, "then": is_patch})];
    for kind in RULES.iter().filter(|kind| kind.meta.fix.is_none()) {
        conditions.push(json!({
            "if": {"required": [kind.meta.name]},
            "then": {"properties": {"action": {"not": {"const": "Patch"}}}},
        }));
    }
    entry["oneOf"] = json!(one_kind);
    entry["allOf"] = json!(conditions);
    schema
}

/// The schema of a PodPolicyExemption in a file.
pub fn exemption_schema() -> Value {
    object(exemption::resource())
}

/// The plain schema of any type.
pub fn plain_schema_of<T: JsonSchema>(title: &str, description: &str) -> Value {
    let mut schema = plain(structural::of::<T>());
    schema["description"] = json!(description);
    headed(title, schema)
}

/// An object of Kubernetes as it stands in a file.
fn object(resource: Resource) -> Value {
    let schema = json!({
        "type": "object",
        "description": resource.description,
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "properties": {
            "apiVersion": {"const": API_VERSION, "description": "The version of the schema."},
            "kind": {"const": resource.kind, "description": "The kind of the object."},
            "metadata": {
                "type": "object",
                "description": "The name, and what else Kubernetes keeps of objects.",
                "required": ["name"],
                "properties": {
                    "name": {
                        "type": "string",
                        "minLength": 1,
                        "description": "The name; no two objects of the kind have the same.",
                    },
                },
                "additionalProperties": true,
            },
            "spec": plain(resource.spec),
            "status": {"description": "What the cluster says of it; nothing in a file."},
        },
        "additionalProperties": false,
    });
    headed(resource.kind, schema)
}

fn headed(title: &str, schema: Value) -> Value {
    let Value::Object(rest) = schema else { return schema };
    let head = [("$schema".to_owned(), json!(DRAFT)), ("title".to_owned(), json!(title))];
    Value::Object(head.into_iter().chain(rest).collect())
}

/// Without the extensions of Kubernetes, and with unknown fields refused.
pub(super) fn plain(schema: Value) -> Value {
    let Value::Object(mut schema) = schema else { return schema };
    let validations = schema.remove("x-kubernetes-validations");
    schema.retain(|keyword, _| !keyword.starts_with("x-kubernetes-"));
    // Text of any length is measured in bytes there, in characters here; formats of integers are not known here.
    schema.remove("format");
    for keyword in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get_mut(keyword) {
            *inner = plain(inner.take());
        }
    }
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        for (_, property) in properties {
            *property = plain(property.take());
        }
        schema.insert("additionalProperties".to_owned(), json!(false));
    }
    conditions(validations.as_ref(), &mut schema);
    Value::Object(schema)
}

/// Conditions in CEL that JSON Schema can say as well. The others are about what one value means beside another, and
/// only reading the policy tells.
static CONDITIONS: LazyLock<[(&str, Value); 5]> = LazyLock::new(|| {
    [
        (
            "!(self.operator in ['In', 'NotIn']) || (has(self.values) && size(self.values) > 0)",
            json!({
                "if": {"properties": {"operator": {"enum": ["In", "NotIn"]}}},
                "then": {"required": ["values"], "properties": {"values": {"minItems": 1}}},
            }),
        ),
        (
            "!(self.operator in ['Exists', 'DoesNotExist']) || !has(self.values) || size(self.values) == 0",
            json!({
                "if": {"properties": {"operator": {"enum": ["Exists", "DoesNotExist"]}}},
                "then": {"properties": {"values": {"maxItems": 0}}},
            }),
        ),
        (
            "!has(self.policy) || self.policy != 'None' || (has(self.nameservers) && size(self.nameservers) > 0)",
            json!({
                "if": {"required": ["policy"], "properties": {"policy": {"const": "None"}}},
                "then": {"required": ["nameservers"], "properties": {"nameservers": {"minItems": 1}}},
            }),
        ),
        (
            "!has(self.nameservers) || size(self.nameservers) == 0 || (has(self.policy) && self.policy == 'None')",
            json!({
                "if": {"required": ["nameservers"], "properties": {"nameservers": {"minItems": 1}}},
                "then": {"required": ["policy"], "properties": {"policy": {"const": "None"}}},
            }),
        ),
        (
            "!has(self.deny) || !has(self.replaceWith) || !(self.replaceWith in self.deny)",
            json!({
                "allOf": (["Always", "IfNotPresent", "Never"].map(|name| json!({
                    "not": {
                        "required": ["deny", "replaceWith"],
                        "properties": {
                            "deny": {"contains": {"const": name}},
                            "replaceWith": {"const": name},
                        },
                    },
                }))),
            }),
        ),
    ]
});

/// Adds what JSON Schema can say of `x-kubernetes-validations`.
fn conditions(validations: Option<&Value>, schema: &mut Map<String, Value>) {
    let mut all = Vec::new();
    for validation in validations.and_then(Value::as_array).into_iter().flatten() {
        let rule = validation["rule"].as_str().unwrap_or_default();
        let pattern = rule.strip_prefix("self.matches('").and_then(|rest| rest.strip_suffix("')"));
        if let Some(pattern) = pattern {
            schema.insert("pattern".to_owned(), json!(pattern));
        }
        let known = CONDITIONS.iter().filter(|(cel, _)| *cel == rule);
        all.extend(known.map(|(_, condition)| condition.clone()));
    }
    if !all.is_empty() {
        schema.insert("allOf".to_owned(), Value::Array(all));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_condition_is_one_that_the_api_server_has() {
        let definitions = crate::crd::definitions();
        let mut rules = Vec::new();
        let mut waiting: Vec<&Value> = definitions.iter().collect();
        while let Some(value) = waiting.pop() {
            match value {
                Value::Object(map) => waiting.extend(map.values()),
                Value::Array(list) => waiting.extend(list),
                Value::String(text) => rules.push(text.as_str()),
                _ => {}
            }
        }
        for (cel, _) in CONDITIONS.iter() {
            assert!(rules.contains(cel), "nothing has the condition {cel}");
        }
    }
}
