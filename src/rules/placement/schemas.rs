//! The schemas of maps.
//!
//! There is no condition in CEL: on lists in lists of rules it costs more than an API server allows, so what does not go
//! together is told by the webhook alone.

use serde_json::{Value, json};

use crate::glob::{MAX_PATTERN, MAX_PATTERNS};

pub(super) fn short_text(max: usize) -> Value {
    json!({"type": "string", "maxLength": max})
}

pub(super) fn patterns() -> Value {
    json!({"type": "array", "minItems": 1, "maxItems": MAX_PATTERNS,
           "items": {"type": "string", "minLength": 1, "maxLength": MAX_PATTERN}})
}
