//! What the compiler refuses, as far as an API server can be told in CEL.

use serde_json::{Value, json};

/// Settings that do not go together.
pub(super) fn of_settings() -> Value {
    json!([
        {
            "rule": "!has(self.labels) || size(self.labels) == 0 || (has(self.over) && self.over == 'Labels')",
            "message": "`labels` has a meaning only beside `over: Labels`; remove it, or set `over: Labels`",
            "fieldPath": ".labels",
        },
        {
            "rule": "!has(self.crowd) || !has(self.over) || self.over != 'Labels'",
            "message": "`crowd` has a meaning only beside `over: Crowd`; remove one of them",
            "fieldPath": ".crowd",
        },
        {
            "rule": "!has(self.over) || self.over != 'Labels' || (has(self.labels) && size(self.labels) > 0)",
            "message": "`Labels` needs at least one label key; name keys in `labels`: app.kubernetes.io/name",
            "fieldPath": ".over",
        },
    ])
}

/// Fields of a constraint that do not go together.
pub(super) fn of_constraint() -> Value {
    json!([{
        "rule": "!has(self.minDomains) || (has(self.whenUnsatisfiable) && self.whenUnsatisfiable == 'DoNotSchedule')",
        "message": "`minDomains` has a meaning only beside `whenUnsatisfiable: DoNotSchedule`; remove it, or set `whenUnsatisfiable: DoNotSchedule`",
        "fieldPath": ".minDomains",
    }])
}
