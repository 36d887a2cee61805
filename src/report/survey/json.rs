//! The JSON format, version 1: one finding for each top owner, rule and container.

use std::io::{self, Write};

use jiff::Timestamp;
use serde::Serialize;

use super::{Cost, Overview};
use crate::finding::Safety;
use crate::forecast::Forecast;
use crate::report::stream::Each;
use crate::survey::{Problem, Sources};
use crate::tally::{FindingKey, Found, Owned, Owner};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding<'r> {
    policy: &'r str,
    rule: &'r str,
    kind: &'r str,
    action: &'static str,
    message: &'r str,
    help: &'r str,
    /// The object to change.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<Object<'r>>,
    /// One of its pods.
    object: Object<'r>,
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<&'r str>,
    path: &'r str,
    fixable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix_safety: Option<&'static str>,
    count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_seen: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_seen: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Object<'r> {
    #[serde(skip_serializing_if = "str::is_empty")]
    api_version: &'r str,
    kind: &'r str,
    namespace: &'r str,
    name: &'r str,
}

#[derive(Serialize)]
struct Error<'r> {
    file: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    message: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'r str>,
    count: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    owners: usize,
    pods: u64,
    findings: usize,
    denied: u64,
    warned: u64,
    patched: u64,
    unreadable: u64,
    exempted: u64,
    sources: Sources,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<Cost>,
}

/// Writes the report.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(overview: &Overview<'_>, out: &mut dyn Write) -> io::Result<()> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Output<'r, F: Serialize, E: Serialize> {
        version: u32,
        source: &'r str,
        at: Option<String>,
        findings: F,
        errors: E,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        notes: Vec<Error<'r>>,
        summary: Summary,
        #[serde(skip_serializing_if = "Option::is_none")]
        forecast: Option<&'r Forecast>,
    }
    let tally = &overview.survey.tally;
    let owners = tally.by_owner();
    let findings = || {
        owners.iter().flat_map(|(namespace, owner, owned)| {
            in_order(owned).map(|(key, found)| finding(namespace, *owner, key, found))
        })
    };
    let errors = || overview.survey.problems.iter().map(error);
    let output = Output {
        version: 1,
        source: overview.source,
        at: time(Some(overview.at)),
        findings: Each(findings),
        errors: Each(errors),
        notes: overview.survey.notes.iter().map(error).collect(),
        summary: Summary {
            owners: tally.owners.len(),
            pods: tally.outcomes.pods,
            findings: findings().count(),
            denied: tally.outcomes.denied,
            warned: tally.outcomes.warned,
            patched: tally.outcomes.patched,
            unreadable: tally.outcomes.unreadable,
            exempted: tally.exempted.values().sum(),
            sources: overview.survey.sources,
            cost: overview.cost,
        },
        forecast: overview.forecast,
    };
    serde_json::to_writer_pretty(&mut *out, &output)?;
    writeln!(out)
}

fn error((problem, count): (&Problem, u64)) -> Error<'_> {
    Error {
        file: &problem.source,
        line: problem.line,
        message: &problem.message,
        help: problem.help.as_deref(),
        count,
    }
}

/// The findings of one owner by policy, rule and container.
fn in_order(owned: &Owned) -> impl Iterator<Item = (&FindingKey, &Found)> {
    let mut all: Vec<_> = owned.findings.iter().chain(owned.others.iter()).collect();
    all.sort_by_key(|(key, _)| *key);
    all.into_iter()
}

fn finding<'r>(
    namespace: &'r str,
    owner: Option<&'r Owner>,
    key: &'r FindingKey,
    found: &'r Found,
) -> Finding<'r> {
    let Found { example, .. } = found;
    Finding {
        policy: &key.policy,
        rule: &key.rule,
        kind: &found.kind,
        action: found.action.name(),
        message: &example.message,
        help: &example.help,
        owner: owner.map(|owner| Object {
            api_version: &owner.api_version,
            kind: &owner.kind,
            namespace,
            name: &owner.name,
        }),
        object: Object { api_version: "v1", kind: "Pod", namespace, name: &example.name },
        container: key.container.as_deref(),
        path: &example.path,
        fixable: example.fix.is_some(),
        fix: example.fix.as_deref(),
        fix_safety: example.fix_safety.map(Safety::name),
        count: found.count,
        first_seen: time(found.seen.first),
        last_seen: time(found.seen.last),
    }
}

/// Seconds since 1970 as RFC 3339.
fn time(at: Option<i64>) -> Option<String> {
    Timestamp::from_second(at?).ok().map(|at| at.to_string())
}
