//! What a policy's author writes.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::glob::{MAX_PATTERN, MAX_PATTERNS};
use crate::label;

/// The most entries of a list.
pub(super) const MAX_ENTRIES: usize = 64;
/// The longest value of an annotation that is asked for or added, in bytes.
pub(super) const MAX_VALUE: usize = 1024;
/// The longest key: prefix, slash and name.
const MAX_KEY: usize = label::MAX_PREFIX + 1 + label::MAX_NAME;

/// Which labels and annotations pods must and must not have.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct Settings {
    /// Labels that pods must have.
    #[schemars(
        length(max = MAX_ENTRIES),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["key"]),
    )]
    pub(super) labels: Vec<WrittenEntry>,
    /// Annotations that pods must have.
    #[schemars(
        length(max = MAX_ENTRIES),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["key"]),
    )]
    pub(super) annotations: Vec<WrittenEntry>,
    /// Keys that pods must not have.
    pub(super) forbidden: Forbidden,
}

/// A key that pods must have, and the values that count: those of one of `oneOf`, `glob` and `regex`, or any.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct WrittenEntry {
    /// The key: `example.com/team`.
    #[schemars(length(min = 1, max = MAX_KEY))]
    pub(super) key: String,
    /// `true` (default): pods must have it. `false`: only its value is judged, where a pod has it.
    #[serde(default = "yes")]
    pub(super) required: bool,
    /// Only these values.
    #[serde(default)]
    #[schemars(length(min = 1, max = MAX_ENTRIES), inner(length(max = MAX_VALUE)))]
    pub(super) one_of: Option<Vec<String>>,
    /// Only values that this glob matches as a whole; `*` stands for slashes too.
    #[serde(default)]
    #[schemars(length(min = 1, max = MAX_PATTERN))]
    pub(super) glob: Option<String>,
    /// Only values that this regular expression matches as a whole.
    #[serde(default)]
    #[schemars(length(min = 1, max = MAX_PATTERN))]
    pub(super) regex: Option<String>,
    /// What the fix gives to pods without the key.
    #[serde(default)]
    pub(super) default: Option<WrittenDefault>,
}

const fn yes() -> bool {
    true
}

/// Where a value comes from that a pod lacks; one of them at least.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct WrittenDefault {
    /// This value; beside `fromNamespaceLabel` for namespaces without that label.
    #[schemars(length(max = MAX_VALUE))]
    pub(super) value: Option<String>,
    /// The value of the namespace's label of this key.
    #[schemars(length(min = 1, max = MAX_KEY))]
    pub(super) from_namespace_label: Option<String>,
}

/// Keys that pods must not have; those that Kubernetes sets are never meant.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct Forbidden {
    /// Globs on the keys of labels; `*` stands for slashes too.
    #[schemars(length(max = MAX_PATTERNS), inner(length(min = 1, max = MAX_PATTERN)))]
    pub(super) labels: Vec<String>,
    /// Globs on the keys of annotations; `*` stands for slashes too.
    #[schemars(length(max = MAX_PATTERNS), inner(length(min = 1, max = MAX_PATTERN)))]
    pub(super) annotations: Vec<String>,
}
