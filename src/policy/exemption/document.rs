//! A PodPolicyExemption as its author writes it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::expiry::HELP;
use crate::glob::MAX_PATTERN;
use crate::policy::document::Match;

/// What is exempted from policies, why, on whose account and until when.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ExemptionSpec {
    /// Policies by name; globs, one at least. `*` is every policy.
    #[schemars(length(min = 1), inner(length(min = 1, max = MAX_PATTERN)))]
    pub policies: Vec<String>,
    /// Rules by name or by kind, such as imageTag; globs. Absent: every rule of the policies.
    #[schemars(length(min = 1), inner(length(min = 1, max = MAX_PATTERN)))]
    pub rules: Option<Vec<String>>,
    /// The pods that are exempted. All of it must hold; absent: every pod.
    #[serde(rename = "match")]
    pub matching: Option<Match>,
    /// Why, for those who come across it.
    #[schemars(regex(pattern = r"\S"))]
    pub reason: String,
    /// Who answers for it: a person or a team.
    #[schemars(regex(pattern = r"\S"))]
    pub owner: String,
    /// When it ends: a day (2026-12-31, which is its last, in UTC) or a moment as in RFC 3339
    /// (2026-12-31T18:00:00Z). Absent: never.
    #[schemars(
        length(max = 64),
        extend("x-kubernetes-validations" = [{
            "rule": "self.matches('^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2}))?$')",
            "message": format!("this is no day and no moment; {HELP}"),
        }]),
    )]
    pub expires: Option<String>,
}
