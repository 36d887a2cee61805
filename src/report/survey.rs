//! What audits and replays found, in the formats that people, scripts and clusters take.

pub mod comparison;
pub mod csv;
pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod partial;
pub mod policy_report;
pub mod steps;
pub mod text;
pub mod units;

use schemars::JsonSchema;
use serde::Serialize;

use crate::forecast::Forecast;
use crate::policy::Action;
use crate::survey::Survey;
use crate::tally::{FindingKey, Found, Owned, Owner};

/// Everything that an audit or a replay has to say.
#[derive(Clone, Copy, Debug)]
pub struct Overview<'r> {
    /// What was looked at: the context and address of a cluster, or the files of a log.
    pub source: &'r str,
    /// When it was looked at, in seconds since 1970.
    pub at: i64,
    /// What was found.
    pub survey: &'r Survey,
    /// What enforcing would do, where that was asked for.
    pub forecast: Option<&'r Forecast>,
    /// What looking cost the API server, where one was asked.
    pub cost: Option<Cost>,
    /// The lightest finding that makes the run fail; none stands for what admission refuses.
    pub fail_on: Option<Action>,
}

/// What an audit cost the API server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    /// Requests that were sent, those that were sent again among them.
    pub requests: u64,
    /// Bytes of the answers' bodies, as they were sent.
    pub bytes: u64,
    /// Requests that were sent again.
    pub retries: u64,
    /// From the first request to the last answer, in milliseconds.
    pub milliseconds: u64,
}

impl Overview<'_> {
    /// Whether something was found that is at least as grave as `fail_on`; where policies were compared, whether
    /// something comes to be so that was not.
    pub fn fails(&self) -> bool {
        let line = self.fail_on.unwrap_or(Action::Deny);
        if let Some(comparison) = &self.survey.comparison {
            return comparison.newly(line) > 0;
        }
        let found = self.survey.tally.outcomes;
        let reached = [
            (Action::Deny, found.denied),
            (Action::Warn, found.warned),
            (Action::Patch, found.patched),
            (Action::Audit, found.audited),
        ];
        reached
            .iter()
            .any(|(action, count)| *count > 0 && super::gravity(*action) >= super::gravity(line))
    }
}

/// What one rule found in one container of an owner's pods, with whose it is.
#[derive(Clone, Copy, Debug)]
struct Row<'r> {
    namespace: &'r str,
    /// None for those that are not told apart.
    owner: Option<&'r Owner>,
    key: &'r FindingKey,
    found: &'r Found,
}

/// The findings in the order of formats for machines: by owner as they are given, then by policy, rule and container.
fn rows<'r>(
    owners: &'r [(&'r str, Option<&'r Owner>, &'r Owned)],
) -> impl Iterator<Item = Row<'r>> {
    owners.iter().flat_map(|(namespace, owner, owned)| {
        in_order(owned).map(|(key, found)| Row { namespace, owner: *owner, key, found })
    })
}

/// The findings of one owner by policy, rule and container.
fn in_order(owned: &Owned) -> impl Iterator<Item = (&FindingKey, &Found)> {
    let mut all: Vec<_> = owned.findings.iter().chain(owned.others.iter()).collect();
    all.sort_by_key(|(key, _)| *key);
    all.into_iter()
}
