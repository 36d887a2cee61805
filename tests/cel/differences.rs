//! Where Plimsoll and the API server differ, and why.

use std::fs;

use serde::Deserialize;

/// Expressions that differ for one reason.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Difference {
    /// Why, for the page.
    pub(crate) reason: String,
    /// As they stand in the corpus.
    pub(crate) expressions: Vec<String>,
}

/// All of them.
pub(crate) fn listed() -> Vec<Difference> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cel/differences.yaml");
    serde_saphyr::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The page that tells of them.
pub(crate) fn page() -> String {
    let mut page = "# Where CEL differs from the API server's\n\n\
        Every expression of `tests/cel/corpus` is evaluated by Plimsoll and by the ValidatingAdmissionPolicy of a \
        real API server. All come to the same value, or to an error of the same kind, but for these:\n"
        .to_owned();
    for difference in listed() {
        page += &format!("\n- {}\n\n  ```cel\n", difference.reason.trim());
        for expression in &difference.expressions {
            page += &format!("  {expression}\n");
        }
        page += "  ```\n";
    }
    page
}
