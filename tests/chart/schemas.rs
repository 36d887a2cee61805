//! JSON Schemas for kubeconform, made of what the API server itself publishes.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::cluster::Cluster;

/// Writes one schema per kind, as `deployment-apps-v1.json`, into `folder`. Fields that are not in them are refused.
pub(crate) fn write(cluster: &Cluster, folder: &Path) {
    let text = cluster.kubectl_ok(&["get", "--raw", "/openapi/v2"]).unwrap();
    let mut openapi: Value = serde_json::from_str(&text).unwrap();
    let definitions = openapi["definitions"].take();
    let mut strict = definitions.clone();
    for (name, definition) in strict.as_object_mut().unwrap() {
        tighten(name, definition);
    }
    fs::write(folder.join("definitions.json"), json!({"definitions": strict}).to_string()).unwrap();
    let mut kinds = 0;
    for (name, definition) in definitions.as_object().unwrap() {
        // DeleteOptions and the like belong to every group.
        let known = definition["x-kubernetes-group-version-kind"].as_array();
        let Some([kind]) = known.map(Vec::as_slice) else { continue };
        let [group, version, kind] =
            ["group", "version", "kind"].map(|key| kind[key].as_str().unwrap());
        let group = group.split('.').next().filter(|group| !group.is_empty());
        let parts = [Some(kind), group, Some(version)].into_iter().flatten();
        let file = parts.collect::<Vec<_>>().join("-").to_lowercase();
        let schema = json!({"$ref": format!("definitions.json#/definitions/{name}")});
        fs::write(folder.join(format!("{file}.json")), schema.to_string()).unwrap();
        kinds += 1;
    }
    assert!(kinds > 100, "{kinds}");
}

/// OpenAPI says less than the API server does: quantities and ports can be numbers, and unknown fields are errors.
fn tighten(name: &str, schema: &mut Value) {
    let int_or_string =
        schema["format"] == "int-or-string" || schema["x-kubernetes-int-or-string"] == true;
    if name.ends_with("resource.Quantity") || int_or_string {
        *schema = json!({"type": ["string", "number"]});
        return;
    }
    let open = schema["x-kubernetes-preserve-unknown-fields"] == true;
    if let Value::Object(fields) = schema {
        let closed = fields.contains_key("properties") && !open;
        if closed && !fields.contains_key("additionalProperties") {
            fields.insert("additionalProperties".to_owned(), json!(false));
        }
        // OpenAPI's formats are not JSON Schema's.
        fields.remove("format");
    }
    for (_, child) in
        schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten()
    {
        tighten("", child);
    }
    for key in ["items", "additionalProperties"] {
        if let Some(child) = schema.get_mut(key) {
            tighten("", child);
        }
    }
}
