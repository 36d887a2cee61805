//! The fields of a pod, from the OpenAPI document of an API server.

use serde_json::Value;

/// Where a document's types are.
const SCHEMAS: &str = "/components/schemas";
const POD: &str = "io.k8s.api.core.v1.Pod";

/// src/cel/schema/pod.txt, as it is made of `/openapi/v3/api/v1`.
pub(crate) fn pod_type(document: &Value) -> String {
    let mut text =
        "# Made of /openapi/v3/api/v1 of kube-apiserver; see tests/e2e/cel_schema.rs.\n".to_owned();
    let mut done = Vec::new();
    write(document, POD, &mut done, &mut text);
    text
}

fn write(document: &Value, name: &str, done: &mut Vec<String>, text: &mut String) {
    if done.iter().any(|known| known == name) {
        return;
    }
    done.push(name.to_owned());
    let fields = document.pointer(SCHEMAS).unwrap()[name]["properties"].as_object().unwrap();
    let mut lines = format!("{name}\n");
    for (field, schema) in fields {
        lines.push_str(&format!(" {field} {}\n", written(document, schema, done, text)));
    }
    text.push_str(&lines);
}

/// The type of a field as the file has it; types that it names are written before.
fn written(document: &Value, schema: &Value, done: &mut Vec<String>, text: &mut String) -> String {
    if schema["x-kubernetes-preserve-unknown-fields"] == true {
        return "dyn".to_owned();
    }
    let reference = schema["$ref"].as_str().or_else(|| schema["allOf"][0]["$ref"].as_str());
    if let Some(name) = reference.and_then(|reference| reference.rsplit('/').next()) {
        let named = &document.pointer(SCHEMAS).unwrap()[name];
        // Quantities may be numbers in what people write, but not in what the API server shows.
        if name == "io.k8s.apimachinery.pkg.api.resource.Quantity" {
            return "string".to_owned();
        }
        if named["properties"].is_object() {
            write(document, name, done, text);
            return name.to_owned();
        }
        return written(document, named, done, text);
    }
    match schema["type"].as_str() {
        Some("string") => "string".to_owned(),
        Some("integer") => "int".to_owned(),
        Some("number") => "double".to_owned(),
        Some("boolean") => "bool".to_owned(),
        Some("array") => format!("list {}", written(document, &schema["items"], done, text)),
        Some("object") if schema["additionalProperties"].is_object() => {
            format!("map {}", written(document, &schema["additionalProperties"], done, text))
        }
        _ => "dyn".to_owned(),
    }
}
