//! The ledger as JSON: what `/ledger` answers, and what an audit reads.

use std::sync::Arc;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Interest, gravity};
use crate::policy::Action;

/// Of the format.
pub(super) const VERSION: u32 = 1;

/// What readers should know.
pub(super) const NOTE: &str =
    "kept in the memory of one replica since it started; it survives nothing";

/// The ledger of one replica.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Page {
    /// Of the format: 1.
    pub version: u32,
    /// What readers should know.
    #[serde(default)]
    pub note: String,
    /// When the replica started, in seconds since 1970; RFC 3339 in JSON, like the other times.
    #[serde(with = "time")]
    pub since: i64,
    /// What the replica is called.
    pub replica: String,
    /// Owners that there was no room for.
    pub dropped: u64,
    /// What had been found in the pods of those, and rules that an owner had no room for.
    #[serde(default)]
    pub dropped_findings: u64,
    /// The owners that are kept, the most interesting first.
    pub owners: Vec<Owner>,
}

/// What was done to the pods of one owner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "LedgerOwner")]
pub struct Owner {
    /// Namespace of its pods.
    pub namespace: Arc<str>,
    /// `group/version`, or `v1`; empty for what is no object of Kubernetes, such as a DAG.
    #[serde(default)]
    pub api_version: Arc<str>,
    /// Kind: `Deployment`, `CronJob`, `DAG`.
    pub kind: Arc<str>,
    /// Name; for pods without a controller, the prefix that their names are generated from.
    pub name: Arc<str>,
    /// By rule and action, the most interesting first.
    pub findings: Vec<Finding>,
}

/// What one rule did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "LedgerFinding")]
pub struct Finding {
    /// Name of the policy.
    pub policy: Arc<str>,
    /// Name of the rule in it.
    pub rule: Arc<str>,
    /// Which rule it is: `imageTag`.
    pub kind: Arc<str>,
    /// What was done.
    pub action: Action,
    /// Where it is counted.
    pub endpoint: Counted,
    /// To how many pods.
    pub count: u64,
    /// When first, in RFC 3339.
    #[serde(with = "time")]
    #[schemars(with = "String")]
    pub first_seen: i64,
    /// When last, in RFC 3339.
    #[serde(with = "time")]
    #[schemars(with = "String")]
    pub last_seen: i64,
    /// One of the pods: the first.
    pub example: Example,
}

/// The endpoint at which something is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Counted {
    /// `/mutate`: patches.
    Mutate,
    /// `/validate`: everything else.
    Validate,
}

impl Counted {
    /// Where this action is counted.
    pub const fn of(action: Action) -> Self {
        match action {
            Action::Patch => Self::Mutate,
            Action::Audit | Action::Warn | Action::Deny => Self::Validate,
        }
    }
}

/// One pod of many.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "LedgerExample")]
pub struct Example {
    /// Its name, or the prefix of the name it was given.
    pub name: Arc<str>,
    /// What was wrong with it.
    pub message: Arc<str>,
}

/// An answer that is no ledger.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// It has another shape.
    #[error("the answer is no ledger: {0}")]
    Shape(#[from] serde_json::Error),
    /// It is of a Plimsoll that is not understood here.
    #[error(
        "the ledger has version {0}, and version {VERSION} is understood: use the same version of Plimsoll"
    )]
    Version(u32),
}

impl Page {
    /// Reads what `/ledger` answered.
    ///
    /// # Errors
    /// When it is no ledger of this version.
    pub fn read(text: &[u8]) -> Result<Self, PageError> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let Versioned { version } = serde_json::from_slice(text)?;
        if version != VERSION {
            return Err(PageError::Version(version));
        }
        Ok(serde_json::from_slice(text)?)
    }

    /// Puts the most interesting first; of what is equally interesting, by name.
    pub(super) fn sort(&mut self) {
        sort(&mut self.owners);
    }
}

/// Puts the most interesting first; of what is equally interesting, by name.
pub(super) fn sort(owners: &mut [Owner]) {
    for owner in &mut *owners {
        owner.findings.sort_by(|one, other| {
            let names =
                |finding: &Finding| (Arc::clone(&finding.policy), Arc::clone(&finding.rule));
            other.interest().cmp(&one.interest()).then_with(|| names(one).cmp(&names(other)))
        });
    }
    owners.sort_by(|one, other| {
        other.interest().cmp(&one.interest()).then_with(|| one.key().cmp(&other.key()))
    });
}

impl Owner {
    /// What tells owners apart.
    pub(super) fn key(&self) -> (&str, &str, &str, &str) {
        (&self.namespace, &self.api_version, &self.kind, &self.name)
    }

    fn interest(&self) -> Interest {
        self.findings
            .iter()
            .map(Finding::interest)
            .fold((0, 0, i64::MIN), |all, one| (all.0.max(one.0), all.1 + one.1, all.2.max(one.2)))
    }
}

impl Finding {
    fn interest(&self) -> Interest {
        (gravity(self.action), self.count, self.last_seen)
    }
}

/// Seconds since 1970, as RFC 3339 in JSON.
pub(super) mod time {
    use super::{Deserialize, Deserializer, Serialize, Serializer, Timestamp, de};

    pub(in crate::ledger) fn serialize<S: Serializer>(
        at: &i64,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let at = Timestamp::from_second(*at).unwrap_or(Timestamp::UNIX_EPOCH);
        at.to_string().serialize(serializer)
    }

    pub(in crate::ledger) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<i64, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse::<Timestamp>().map(Timestamp::as_second).map_err(de::Error::custom)
    }
}
