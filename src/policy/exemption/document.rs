//! A PodPolicyExemption as its author writes it.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::policy::document::Match;

/// What is exempted from policies, why, on whose account and until when.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ExemptionSpec {
    /// Policies by name; globs, one at least. `*` is every policy.
    pub policies: Vec<String>,
    /// Rules by name or by kind, such as imageTag; globs. Absent: every rule of the policies.
    pub rules: Option<Vec<String>>,
    /// The pods that are exempted. All of it must hold; absent: every pod.
    #[serde(rename = "match")]
    pub matching: Option<Match>,
    /// Why, for those who come across it.
    pub reason: String,
    /// Who answers for it: a person or a team.
    pub owner: String,
    /// When it ends: a day (2026-12-31, which is its last, in UTC) or a moment as in RFC 3339
    /// (2026-12-31T18:00:00Z). Absent: never.
    pub expires: Option<String>,
}
