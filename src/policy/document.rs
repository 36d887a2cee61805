//! A PodPolicy as its author writes it.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::action::Action;
use crate::glob::GlobList;
use crate::selector::LabelSelector;

/// API version of the policy kinds.
pub const API_VERSION: &str = "plimsoll.dev/v1alpha1";
/// Kind of a policy.
pub const KIND: &str = "PodPolicy";

/// The head of a PodPolicy object.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct PodPolicy {
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) metadata: Metadata,
    pub(super) spec: Spec,
    /// Written by the controller; nothing of the author's.
    #[serde(default, rename = "status")]
    pub(super) _status: Option<Value>,
}

/// The metadata that counts; what the API server adds is let through.
#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    pub(super) name: String,
}

/// What a PodPolicy says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Spec {
    #[serde(default)]
    pub(super) description: Option<String>,
    #[serde(default, rename = "match")]
    pub(super) matching: Option<Match>,
    /// Read entry by entry, so that one bad entry does not hide the errors of the others.
    pub(super) rules: Vec<Value>,
}

/// The pods a policy is about. All of it must hold; what is absent holds for every pod.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Match {
    /// Namespaces by name; globs.
    pub namespaces: Option<GlobList>,
    /// Namespaces by label.
    pub namespace_selector: Option<LabelSelector>,
    /// Pods by label.
    pub pod_selector: Option<LabelSelector>,
    /// Classes (Batch, Service, Daemon, Static, Bare) and systems (Airflow, Spark …); any of them.
    pub workloads: Option<Vec<String>>,
    /// Operations; absent: both.
    pub operations: Option<Vec<Verb>>,
    /// Users by name; globs. A door that knows no user (a manifest has none) matches.
    pub users: Option<GlobList>,
    /// Users by group; globs. Any of a user's groups counts.
    pub groups: Option<GlobList>,
}

/// An operation a policy may be limited to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Verb {
    /// Objects that come into being.
    Create,
    /// Objects that change.
    Update,
}

/// What every rule entry has beside its kind.
#[derive(Debug, Deserialize)]
pub(super) struct RuleHead {
    pub(super) name: String,
    #[serde(default = "RuleHead::default_action")]
    pub(super) action: Action,
    #[serde(default)]
    pub(super) otherwise: Option<Action>,
}

impl RuleHead {
    /// The keys that are not rule kinds.
    pub(super) const KEYS: [&'static str; 3] = ["name", "action", "otherwise"];

    fn default_action() -> Action {
        Action::Warn
    }
}
