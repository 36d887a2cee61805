//! What looks like a pod.

use serde_json::{Map, Value};

/// The fields of a container (core/v1 `Container`).
const CONTAINER_FIELDS: [&str; 26] = [
    "name",
    "image",
    "command",
    "args",
    "workingDir",
    "ports",
    "envFrom",
    "env",
    "resources",
    "resizePolicy",
    "restartPolicy",
    "restartPolicyRules",
    "volumeMounts",
    "volumeDevices",
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "lifecycle",
    "terminationMessagePath",
    "terminationMessagePolicy",
    "imagePullPolicy",
    "securityContext",
    "stdin",
    "stdinOnce",
    "tty",
    "stopSignal",
];

/// A PodTemplateSpec, or a Pod without its kind: metadata and a spec with containers, and nothing else.
pub(super) fn is_template(map: &Map<String, Value>) -> bool {
    let known = |key: &String| matches!(key.as_str(), "metadata" | "spec" | "apiVersion" | "kind");
    let metadata = map.get("metadata").is_none_or(|value| value.is_object() || value.is_null());
    metadata && map.keys().all(known) && map.get("spec").is_some_and(is_spec)
}

/// A PodSpec: what holds a list of containers.
pub(super) fn is_spec(value: &Value) -> bool {
    let containers = value.get("containers").and_then(Value::as_array);
    containers.is_some_and(|list| !list.is_empty() && list.iter().all(is_container))
}

/// A container has an image, or it is what somebody adds to one that a system brings: then nothing else may stand in
/// it than what containers have.
fn is_container(value: &Value) -> bool {
    let Value::Object(map) = value else { return false };
    let is_text = |key: &str| map.get(key).is_none_or(Value::is_string);
    let is_addition = || {
        map.len() > 1
            && map.contains_key("name")
            && map.keys().all(|key| CONTAINER_FIELDS.contains(&key.as_str()))
    };
    is_text("name") && is_text("image") && (map.contains_key("image") || is_addition())
}

/// Text that a system or a template engine fills in later: what it will be cannot be judged. Neither images nor
/// policies nor quantities can hold a `$` or a brace.
pub(super) fn is_placeholder(text: &str) -> bool {
    text.contains('$') || text.contains("{{")
}
