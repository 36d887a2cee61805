//! The JSON format, version 1: one finding for each top owner, rule and container, so that it does not grow with the
//! pods.
//!
//! Findings stand in the order of their owners (by namespace, kind and name; those of owners that are not told apart
//! come last), then by policy, rule and container. It is written as it is made.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::sync::Arc;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::Value;

use super::comparison::{self, Compared};
use super::units::{time, total};
use super::{Cost, Overview, Row, rows};
use crate::finding::Safety;
use crate::forecast::Forecast;
use crate::ledger::Gathered;
use crate::report::stream::Each;
use crate::survey::{Problem, Sources};
use crate::tally::{Outcomes, Tally};

/// What an audit or a replay found.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Output<'r, F, E> {
    /// The version of this format: 1.
    version: u32,
    /// What was looked at: the context and address of a cluster, or the files of a log.
    source: &'r str,
    /// When, in RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    /// One for each top owner, rule and container; owners by namespace, kind and name, then by policy, rule and
    /// container.
    findings: F,
    /// What could not be read or judged, by source and line.
    errors: E,
    /// What is less exact than it could be, though everything was judged.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<Error<'r>>,
    /// Counts.
    summary: Summary,
    /// Policies that could not be applied in some namespaces, because the labels of those are not known.
    undecided: &'r BTreeMap<Arc<str>, BTreeSet<Arc<str>>>,
    /// How many findings each exemption kept from having consequences.
    exempted: &'r BTreeMap<Arc<str>, u64>,
    /// What changes from other policies to these, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    comparison: Option<Compared<'r>>,
    /// What enforcing would do, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    forecast: Option<&'r Forecast>,
    /// What replicas of the webhook did to pods that are gone, where they were asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    ledger: Option<&'r Gathered>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Finding<'r> {
    /// Name of the policy.
    policy: &'r str,
    /// Name of the rule in it.
    rule: &'r str,
    /// Which rule it is: `imageTag`.
    kind: &'r str,
    /// What admission would do: `Deny`, `Warn`, `Patch` or `Audit`; the gravest of what it would do with the pods.
    action: &'static str,
    /// What is wrong with the example.
    message: &'r str,
    /// What to do.
    help: &'r str,
    /// The object to change; absent where the owners of many pods are not told apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<Object<'r>>,
    /// One of its pods, the last.
    object: Object<'r>,
    /// The container, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<&'r str>,
    /// Where in the example: a JSON pointer.
    path: &'r str,
    /// Whether there is a fix.
    fixable: bool,
    /// What the fix does.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<&'r str>,
    /// `safe`, or `unsafe` where a person should look at the fix.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix_safety: Option<&'static str>,
    /// In how many pods it is.
    count: u64,
    /// When the first of them was created, in RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_seen: Option<String>,
    /// When the last of them was created, in RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_seen: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Object<'r> {
    /// `apiVersion`; absent for what is no object of Kubernetes, such as a DAG.
    #[serde(skip_serializing_if = "str::is_empty")]
    api_version: &'r str,
    /// Kind.
    kind: &'r str,
    /// Namespace.
    namespace: &'r str,
    /// Name; for pods without a controller, the prefix that their names are generated from.
    name: &'r str,
}

#[derive(Serialize, JsonSchema)]
struct Error<'r> {
    /// A file, or a resource and its namespace.
    file: &'r str,
    /// The line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    /// What is wrong.
    message: &'r str,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'r str>,
    /// How often that was met.
    count: u64,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Summary {
    /// Owners that are told apart.
    owners: usize,
    /// Pods that were judged.
    pods: u64,
    /// How long `findings` is.
    findings: usize,
    /// Pods that would be refused.
    denied: u64,
    /// Pods that would be taken with a warning.
    warned: u64,
    /// Pods that would be patched.
    patched: u64,
    /// Pods about which something is only recorded.
    audited: u64,
    /// Pods that could not be read.
    unreadable: u64,
    /// Pods in which nothing was found, or nothing that is not exempted.
    clean: u64,
    /// Findings that have a fix.
    fixable: usize,
    /// How often an exemption kept a finding from having consequences.
    exempted: u64,
    /// Errors that are not listed.
    more_errors: u64,
    /// What was read.
    sources: Sources,
    /// What it cost the API server, where one was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<Cost>,
}

/// The JSON Schema of the format.
pub fn schema() -> Value {
    let settings = SchemaSettings::draft07().for_serialize();
    let schema = settings
        .into_generator()
        .into_root_schema_for::<Output<'_, Vec<Finding<'_>>, Vec<Error<'_>>>>();
    let mut schema = Value::from(schema);
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("title".to_owned(), "Result of plimsoll audit and plimsoll replay".into());
    }
    schema
}

/// Writes the report.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(overview: &Overview<'_>, out: &mut dyn Write) -> io::Result<()> {
    let survey = overview.survey;
    let owners = survey.tally.by_owner();
    let errors = || survey.problems.iter().map(error);
    let output = Output {
        version: 1,
        source: overview.source,
        at: time(Some(overview.at)),
        findings: Each(|| rows(&owners).map(finding)),
        errors: Each(errors),
        notes: survey.notes.iter().map(error).collect(),
        summary: Summary {
            findings: rows(&owners).count(),
            fixable: rows(&owners).filter(|row| row.found.example.fix.is_some()).count(),
            more_errors: survey.problems.untold(),
            sources: survey.sources,
            cost: overview.cost,
            ..Summary::of(&survey.tally)
        },
        undecided: &survey.tally.undecided,
        exempted: &survey.tally.exempted,
        comparison: survey.comparison.as_ref().map(comparison::json),
        forecast: overview.forecast,
        ledger: overview.ledger,
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

impl Summary {
    fn of(tally: &Tally) -> Self {
        let Outcomes { pods, denied, warned, patched, audited, unreadable, clean } = tally.outcomes;
        Self {
            owners: tally.owners.len(),
            pods,
            findings: 0,
            denied,
            warned,
            patched,
            audited,
            unreadable,
            clean,
            fixable: 0,
            exempted: total(tally.exempted.values().copied()),
            more_errors: 0,
            sources: Sources::default(),
            cost: None,
        }
    }
}

fn finding(row: Row<'_>) -> Finding<'_> {
    let Row { namespace, owner, key, found } = row;
    let example = &found.example;
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
