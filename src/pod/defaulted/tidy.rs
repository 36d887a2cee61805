//! What decoding and encoding again leaves out: nulls, and empty values of fields that are not encoded then
//! (`omitempty` in staging/src/k8s.io/api/core/v1/types.go).

use crate::json::Tree;

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
const NUMBERS_LEFT_OUT: [&str; 5] =
    ["hostPort", "initialDelaySeconds", "lun", "matchIndex", "partition"];

pub(super) fn tidy(tree: &mut Tree<'_>) {
    match tree {
        Tree::Object(members) => {
            // Most objects come from the API server and have nothing to tidy.
            for (key, value) in members.iter_mut() {
                if !MAPS_OF_TEXT.contains(&&**key) {
                    tidy(value);
                }
            }
            if members.iter().any(|(key, value)| is_left_out(key, value)) {
                let is_azure = members.iter().any(|(key, _)| key == "diskURI");
                members.retain(|(key, value)| {
                    !is_left_out(key, value) || (is_azure && key == "readOnly")
                });
            }
        }
        Tree::Array(list) => list.iter_mut().for_each(tidy),
        _ => {}
    }
}

fn is_left_out(key: &str, value: &Tree<'_>) -> bool {
    match value {
        Tree::Null => true,
        Tree::Array(list) => list.is_empty() && !LISTS_KEPT.contains(&key),
        Tree::Object(members) => members.is_empty() && MAPS_LEFT_OUT.contains(&key),
        Tree::Bool(false) => FLAGS_LEFT_OUT.contains(&key),
        Tree::String(text) => text.is_empty() && !TEXTS_KEPT.contains(&key),
        Tree::Int(0) => NUMBERS_LEFT_OUT.contains(&key),
        _ => false,
    }
}
