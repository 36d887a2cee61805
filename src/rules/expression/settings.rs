//! Settings as their author writes them.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::cel::scene::MAX_EXPRESSION;

/// Validations of a rule.
pub(super) const MAX_VALIDATIONS: usize = 128;
/// Variables of a rule.
pub(super) const MAX_VARIABLES: usize = 64;
/// Patch expressions of a rule.
pub(super) const MAX_PATCHES: usize = 32;
/// Characters of a message or a path.
pub(super) const MAX_TEXT: usize = 1024;

/// Expressions in CEL that must hold of the pod, and patches that are made to it.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct Settings {
    /// Constants, read as `params`. They are typed by their value.
    #[schemars(extend("x-kubernetes-preserve-unknown-fields" = true))]
    pub(super) params: Option<Map<String, Value>>,
    /// What expressions have in common, read as `variables.NAME`. Each may use those before it.
    #[schemars(length(max = MAX_VARIABLES))]
    pub(super) variables: Vec<Variable>,
    /// What must hold.
    #[schemars(length(max = MAX_VALIDATIONS))]
    pub(super) validations: Vec<ValidationSettings>,
    /// What the pod is changed to, one after the other.
    #[schemars(length(max = MAX_PATCHES))]
    pub(super) patches: Vec<PatchSettings>,
    /// What an expression that comes to no value means.
    pub(super) failure_policy: FailurePolicy,
}

/// A named part of expressions.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Variable {
    /// Name: letters, digits and `_`.
    #[schemars(length(min = 1, max = 63))]
    pub(super) name: String,
    /// A CEL expression.
    #[schemars(length(min = 1, max = MAX_EXPRESSION))]
    pub(super) expression: String,
}

/// Something that must hold.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct ValidationSettings {
    /// A CEL expression that comes to true or false.
    #[schemars(length(min = 1, max = MAX_EXPRESSION))]
    pub(super) expression: String,
    /// What is wrong where it is false, in one line.
    #[schemars(length(min = 1, max = MAX_TEXT))]
    pub(super) message: Option<String>,
    /// A CEL expression that comes to the message. Where it comes to no line of text, `message` stands.
    #[schemars(length(min = 1, max = MAX_EXPRESSION))]
    pub(super) message_expression: Option<String>,
    /// Where the finding points, seen from the pod: `spec.containers[0].image` or `/spec/containers/0/image`.
    #[schemars(length(min = 1, max = MAX_TEXT))]
    pub(super) field_path: Option<String>,
    /// What to do about it.
    #[schemars(length(min = 1, max = MAX_TEXT))]
    pub(super) help: Option<String>,
}

/// A change.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PatchSettings {
    /// A CEL expression that comes to a list of JSONPatch.
    #[schemars(length(min = 1, max = MAX_EXPRESSION))]
    pub(super) expression: String,
    /// What is wrong with a pod that it changes, in one line.
    #[schemars(length(min = 1, max = MAX_TEXT))]
    pub(super) message: Option<String>,
}

/// What an expression that comes to no value means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub(crate) enum FailurePolicy {
    /// It is a finding that follows the rule's action.
    #[default]
    Fail,
    /// It is passed over.
    Ignore,
}
