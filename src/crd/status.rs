//! The status that the leader of the replicas writes.

use serde_json::{Value, json};

/// A status of conditions (metav1 `Condition`).
pub(super) fn schema(conditions: &str) -> Value {
    json!({
        "type": "object",
        "description": "What became of the object. Plimsoll writes it; everybody else reads it.",
        "properties": {
            "observedGeneration": {
                "type": "integer",
                "format": "int64",
                "minimum": 0,
                "description": "The metadata.generation of the spec that the status is about.",
            },
            "conditions": {
                "type": "array",
                "description": conditions,
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["type"],
                "items": condition(),
            },
        },
    })
}

/// As controller-gen writes it for metav1 `Condition`.
fn condition() -> Value {
    json!({
        "type": "object",
        "description": "One aspect of the state of the object.",
        "required": ["lastTransitionTime", "message", "reason", "status", "type"],
        "properties": {
            "type": {
                "type": "string",
                "description": "The aspect, in CamelCase.",
                "maxLength": 316,
                "pattern": r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$",
            },
            "status": {
                "type": "string",
                "description": "Whether it holds: True, False or Unknown.",
                "enum": ["True", "False", "Unknown"],
            },
            "observedGeneration": {
                "type": "integer",
                "format": "int64",
                "minimum": 0,
                "description": "The metadata.generation that the condition is about. Where it is below the one of the object, the condition is out of date.",
            },
            "lastTransitionTime": {
                "type": "string",
                "format": "date-time",
                "description": "When the status of the condition changed last.",
            },
            "reason": {
                "type": "string",
                "description": "Why, in one word for programs.",
                "minLength": 1,
                "maxLength": 1024,
                "pattern": "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
            },
            "message": {
                "type": "string",
                "description": "Why, in a sentence for people.",
                "maxLength": 32768,
            },
        },
    })
}
