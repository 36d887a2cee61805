//! What decoding and encoding again leaves out: nulls, and empty values of fields that are not encoded then
//! (`omitempty` in staging/src/k8s.io/api/core/v1/types.go).

use serde_json::Value;

use super::members::Members;

/// Lists that are encoded even where they are empty.
const LISTS_KEPT: [&str; 4] = ["containers", "monitors", "nodeSelectorTerms", "sources"];
/// Maps that are left out where they are empty. Other empty objects say something: `emptyDir: {}`.
const MAPS_LEFT_OUT: [&str; 10] = [
    "annotations",
    "labels",
    "limits",
    "matchLabels",
    "nodeSelector",
    "options",
    "overhead",
    "requests",
    "userAnnotations",
    "volumeAttributes",
];
/// Maps whose values are their author's, empty ones too.
const MAPS_OF_TEXT: [&str; 7] = [
    "annotations",
    "labels",
    "matchLabels",
    "nodeSelector",
    "options",
    "userAnnotations",
    "volumeAttributes",
];
/// Flags that are left out where they are false; others tell false from absent.
const FLAGS_LEFT_OUT: [&str; 10] = [
    "chapAuthDiscovery",
    "chapAuthSession",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "readOnly",
    "sslEnabled",
    "stdin",
    "stdinOnce",
    "tty",
];
/// Texts that are kept where they are empty: fields that tell empty from absent, or are encoded always.
const TEXTS_KEPT: [&str; 13] = [
    "apiGroup",
    "devicePath",
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
/// Fields that are kept in one place, though their like is left out elsewhere: what holds them, and their name.
const KEPT_IN: [(&str, &str); 7] = [
    ("azureDisk", "fsType"),
    ("azureDisk", "readOnly"),
    ("csi", "fsType"),
    ("csi", "readOnly"),
    ("httpHeaders", "value"),
    ("options", "value"),
    ("sysctls", "value"),
];
/// The other way round.
const LEFT_OUT_IN: [(&str, &str); 13] = [
    ("cephfs", "path"),
    ("configMap", "name"),
    ("configMapKeyRef", "name"),
    ("configMapRef", "name"),
    ("imagePullSecrets", "name"),
    ("metadata", "name"),
    ("options", "name"),
    ("ports", "name"),
    ("seLinuxOptions", "type"),
    ("secret", "name"),
    ("secretKeyRef", "name"),
    ("secretRef", "name"),
    ("tolerations", "key"),
];

/// `holder`: the name of the member that the value stands in.
pub(super) fn tidy(holder: &str, value: &mut Value) {
    match value {
        Value::Object(members) if MAPS_OF_TEXT.contains(&holder) => {
            for text in members.values_mut().filter(|text| text.is_null()) {
                *text = "".into();
            }
        }
        Value::Object(members) => tidy_members(holder, members),
        Value::Array(list) => {
            for members in list.iter_mut().filter_map(Value::as_object_mut) {
                tidy_members(holder, members);
            }
        }
        _ => {}
    }
}

/// `holder`: the name of the member or of the list that the object stands in.
fn tidy_members(holder: &str, members: &mut Members) {
    for (key, value) in members.iter_mut() {
        tidy(key, value);
    }
    members.retain(|key, value| !is_left_out(holder, key, value));
}

fn is_left_out(holder: &str, key: &str, value: &Value) -> bool {
    if KEPT_IN.contains(&(holder, key)) {
        return value.is_null();
    }
    match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty() && !LISTS_KEPT.contains(&key),
        Value::Object(members) => members.is_empty() && MAPS_LEFT_OUT.contains(&key),
        Value::Bool(false) => FLAGS_LEFT_OUT.contains(&key),
        Value::String(text) => {
            let is_kept = TEXTS_KEPT.contains(&key) && !LEFT_OUT_IN.contains(&(holder, key));
            text.is_empty() && !is_kept
        }
        Value::Number(number) => number.as_i64() == Some(0) && NUMBERS_LEFT_OUT.contains(&key),
        _ => false,
    }
}
