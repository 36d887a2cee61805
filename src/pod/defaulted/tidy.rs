//! What decoding and encoding again leaves out: nulls, and empty values of fields that are not encoded then
//! (`omitempty` in staging/src/k8s.io/api/core/v1/types.go).

use serde_json::Value;

/// Lists that are encoded even where they are empty.
const LISTS_KEPT: [&str; 2] = ["containers", "nodeSelectorTerms"];
/// Maps that are left out where they are empty. Other empty objects say something: `emptyDir: {}`.
const MAPS_LEFT_OUT: [&str; 12] = [
    "annotations",
    "claims",
    "labels",
    "limits",
    "matchLabels",
    "nodeSelector",
    "options",
    "overhead",
    "requests",
    "selectors",
    "sysctls",
    "volumeAttributes",
];
/// Maps whose values are their author's, empty ones too.
const MAPS_OF_TEXT: [&str; 6] =
    ["annotations", "labels", "matchLabels", "nodeSelector", "options", "volumeAttributes"];
/// Flags that are left out where they are false; others tell false from absent.
const FLAGS_LEFT_OUT: [&str; 7] =
    ["hostIPC", "hostNetwork", "hostPID", "readOnly", "stdin", "stdinOnce", "tty"];
/// Texts that are kept where they are empty: fields that tell empty from absent, or are encoded always.
const TEXTS_KEPT: [&str; 14] = [
    "containerName",
    "devicePath",
    "fsType",
    "key",
    "kind",
    "mountPath",
    "name",
    "path",
    "service",
    "storageClassName",
    "topologyKey",
    "type",
    "volumeAttributesClassName",
    "whenUnsatisfiable",
];
/// Numbers that are left out where they are zero.
const NUMBERS_LEFT_OUT: [&str; 3] = ["hostPort", "initialDelaySeconds", "partition"];

pub(super) fn tidy(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (key, value) in members.iter_mut() {
                if !MAPS_OF_TEXT.contains(&key.as_str()) {
                    tidy(value);
                }
            }
            let is_azure = members.contains_key("diskURI");
            members
                .retain(|key, value| !is_left_out(key, value) || (is_azure && key == "readOnly"));
        }
        Value::Array(list) => list.iter_mut().for_each(tidy),
        _ => {}
    }
}

fn is_left_out(key: &str, value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty() && !LISTS_KEPT.contains(&key),
        Value::Object(members) => members.is_empty() && MAPS_LEFT_OUT.contains(&key),
        Value::Bool(false) => FLAGS_LEFT_OUT.contains(&key),
        Value::String(text) => text.is_empty() && !TEXTS_KEPT.contains(&key),
        Value::Number(number) => number.as_i64() == Some(0) && NUMBERS_LEFT_OUT.contains(&key),
        _ => false,
    }
}
