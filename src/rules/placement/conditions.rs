//! What the compiler refuses, as far as schemas and their conditions in CEL can tell an API server.

use serde_json::{Value, json};

use crate::glob::{MAX_PATTERN, MAX_PATTERNS};

pub(super) fn short_text(max: usize) -> Value {
    json!({"type": "string", "maxLength": max})
}

pub(super) fn patterns() -> Value {
    json!({"type": "array", "minItems": 1, "maxItems": MAX_PATTERNS,
           "items": {"type": "string", "minLength": 1, "maxLength": MAX_PATTERN}})
}

/// `ValidateNodeSelectorRequirement`, as far as an API server can be told in CEL.
pub(super) fn of_requirement() -> Value {
    json!([
        {
            "rule": "!(self.operator in ['In', 'NotIn']) || (has(self.values) && size(self.values) > 0)",
            "message": "the operators In and NotIn need at least one value",
            "fieldPath": ".values",
        },
        {
            "rule": "!(self.operator in ['Exists', 'DoesNotExist']) || !has(self.values) || size(self.values) == 0",
            "message": "the operators Exists and DoesNotExist take no values",
            "fieldPath": ".values",
        },
        {
            "rule": "!(self.operator in ['Gt', 'Lt']) || (has(self.values) && size(self.values) == 1)",
            "message": "the operators Gt and Lt need one value, an integer",
            "fieldPath": ".values",
        },
    ])
}

/// `ValidateTolerations`, as far as an API server can be told in CEL.
pub(super) fn of_toleration() -> Value {
    json!([
        {
            "rule": "has(self.key) || (has(self.operator) && self.operator == 'Exists')",
            "message": "a toleration without a key tolerates every taint, and needs `operator: Exists`",
            "fieldPath": ".operator",
        },
        {
            "rule": "!has(self.operator) || self.operator != 'Exists' || !has(self.value) || size(self.value) == 0",
            "message": "the operator Exists takes no value",
            "fieldPath": ".value",
        },
        {
            "rule": "!has(self.tolerationSeconds) || (has(self.effect) && self.effect == 'NoExecute')",
            "message": "`tolerationSeconds` has a meaning only beside `effect: NoExecute`",
            "fieldPath": ".tolerationSeconds",
        },
    ])
}
