//! SARIF 2.1.0, the format of code scanning.
//!
//! Nothing in it depends on the machine or the time: two runs over the same files write the same bytes.

mod artifact;
mod log;
mod result;
mod rule;

use std::collections::HashMap;
use std::io::{self, Write};

use artifact::{ROOT, location, notified};
use log::{
    BaseId, Driver, Invocation, Location, Log, Message, Notification, Physical, Run, Suppression,
    Tool,
};
use rule::Rules;

use super::fingerprint::Ordinals;
use super::stream::Each;
use super::{Diagnostic, Problem, Report, Repository, Silence, SilencedBy};

/// Where the schema is that the output follows.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// Writes the report.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(report: &Report, repository: &Repository, out: &mut dyn Write) -> io::Result<()> {
    let rules = Rules::of(report);
    let all = everything(report);
    let results = Each(|| {
        let mut ordinals = Ordinals::default();
        let rules = &rules;
        all.iter().map(move |(found, silence)| {
            let mut result = result::result(found, repository, rules, &mut ordinals);
            // Where some results say whether they are suppressed, all have to.
            let is_told = !report.silenced.is_empty();
            result.suppressions = is_told.then(|| silence.iter().map(suppression).collect());
            result
        })
    });
    let root = BaseId { description: Message::text("The root of the repository.") };
    let log = Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "Plimsoll",
                    semantic_version: env!("CARGO_PKG_VERSION"),
                    information_uri: project(),
                    rules: Each(|| rules.descriptors()),
                },
            },
            original_uri_base_ids: HashMap::from([(ROOT, root)]),
            invocations: [Invocation {
                execution_successful: report.errors.is_empty(),
                tool_execution_notifications: Each(|| {
                    report.errors.iter().map(|problem| failure(problem, repository))
                }),
                tool_configuration_notifications: Each(|| undecided(report)),
            }],
            // What Plimsoll takes for the end of a line; a column is a character.
            newline_sequences: ["\r\n", "\n", "\r"],
            column_kind: "unicodeCodePoints",
            results,
        }],
    };
    serde_json::to_writer_pretty(&mut *out, &log)?;
    writeln!(out)
}

/// The findings, and those that are silenced, where the run kept them: in one order, so that a silence changes no
/// fingerprint of others.
fn everything(report: &Report) -> Vec<(&Diagnostic, Option<&Silence>)> {
    let mut all: Vec<_> = report.findings.iter().map(|found| (found, None)).collect();
    if !report.silenced.is_empty() {
        all.extend(report.silenced.iter().map(|(found, silence)| (found, Some(silence))));
        all.sort_by(|(a, _), (b, _)| a.in_order(b));
    }
    all
}

fn suppression<'r>(silence: &&'r Silence) -> Suppression<'r> {
    Suppression {
        kind: match silence.by {
            SilencedBy::Comment | SilencedBy::Annotation => "inSource",
            SilencedBy::Baseline => "external",
        },
        justification: Some(&*silence.reason).filter(|reason| !reason.is_empty()),
    }
}

/// Where the project lives, once its package says so.
fn project() -> Option<&'static str> {
    [env!("CARGO_PKG_HOMEPAGE"), env!("CARGO_PKG_REPOSITORY")]
        .into_iter()
        .find(|address| !address.is_empty())
}

/// An error: something that could not be judged.
fn failure<'r>(problem: &'r Problem, repository: &Repository) -> Notification<'r> {
    let error = &problem.error;
    let place = error.file.as_ref().map(|file| Location {
        physical_location: Physical {
            artifact_location: location(repository, file),
            region: error.place.map(|place| notified(place, problem.excerpt.as_ref())),
            context_region: None,
        },
        logical_locations: Vec::new(),
    });
    Notification {
        level: "error",
        message: Message::of(match &error.help {
            Some(help) => format!("{}; {help}", error.message),
            None => error.message.clone(),
        }),
        locations: place.into_iter().collect(),
    }
}

/// Policies and images that were left out because too little was known.
fn undecided(report: &Report) -> impl Iterator<Item = Notification<'_>> {
    let images: Vec<_> = report.unresolved.iter().map(String::as_str).collect();
    let unresolved = (!images.is_empty()).then(|| {
        let message = format!(
            "images that admission pins were not judged by the rules that pin them: {}; their digests are not known",
            images.join(", ")
        );
        Notification { level: "warning", message: Message::of(message), locations: Vec::new() }
    });
    let policies = report.undecided.iter().map(|(policy, namespaces)| {
        let namespaces: Vec<_> = namespaces.iter().map(String::as_str).collect();
        let message = format!(
            "policy {policy} was not applied, or not in full, in {}: it asks for labels of the namespace, or for the user, that are not known",
            namespaces.join(", ")
        );
        Notification { level: "warning", message: Message::of(message), locations: Vec::new() }
    });
    policies.chain(unresolved)
}
