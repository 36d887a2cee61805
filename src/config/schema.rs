//! The JSON Schema of the file, for editors.

use serde_json::{Value, json};

use super::written::Config;
use crate::crd;
use crate::policy_source::profiles;

/// The schema, with the names of the `formats` there are.
pub fn schema(formats: &[&str]) -> Value {
    let mut schema = crd::plain_schema_of::<Config>(
        "plimsoll.yaml",
        "The configuration of plimsoll check, fix and the other commands that need no cluster.",
    );
    let properties = &mut schema["properties"];
    properties["profile"]["enum"] = json!(profiles());
    properties["formats"]["items"] = json!({
        "anyOf": [
            {"enum": formats},
            {"type": "string", "pattern": format!("^({})=.+$", formats.join("|"))},
        ],
    });
    let parts = properties["cluster"].take();
    properties["cluster"] = json!({
        "description": parts["description"],
        "anyOf": [
            {"type": "string", "description": "The file of a snapshot."},
            parts,
        ],
    });
    schema
}
