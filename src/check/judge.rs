//! Judging the documents of one file.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;

use super::facts::Facts;
use crate::engine::{Attributes, Decision, Engine, Operation, Stage};
use crate::manifest::{Document, Manifest, ManifestError, Place};
use crate::pod::kinds::{Object, PodKind};
use crate::pointer::Pointer;
use crate::policy::Action;
use crate::report::{Diagnostic, ObjectId, Problem, Report, text};

/// Judges what one file holds. `namespace` is where objects go that name none.
pub(super) fn judge(
    engine: &Engine,
    file: PathBuf,
    manifest: Manifest,
    facts: &Facts,
    namespace: &str,
) -> Report {
    let file = Arc::new(file);
    let mut report = Report::default();
    report.summary.files = 1;
    for document in &manifest.documents {
        if document.is_object() {
            report.summary.objects += 1;
            judge_object(engine, &file, document, facts, namespace, &mut report);
        }
    }
    report
        .errors
        .extend(manifest.errors.into_iter().map(|error| problem(error, manifest.text.as_str())));
    report
}

fn judge_object(
    engine: &Engine,
    file: &Arc<PathBuf>,
    document: &Document,
    facts: &Facts,
    namespace: &str,
    report: &mut Report,
) {
    let version = document.api_version().unwrap_or_default();
    let group = version.split_once('/').map_or("", |(group, _)| group);
    let Some(kind) = PodKind::find(group, document.kind().unwrap_or_default()) else { return };
    let namespace = document.namespace().unwrap_or(namespace);
    let attributes = Attributes {
        operation: Operation::Create,
        group,
        kind: kind.kind,
        subresource: "",
        namespace,
        user: None,
        object: Some(Object::Value(&document.value)),
        old_object: None,
        facts: facts.namespace(namespace),
    };
    let decision = engine.decide(&attributes, Stage::Whole);
    report.summary.pods += 1;
    count(&decision, report);
    if let Some(unreadable) = &decision.unreadable {
        let message =
            format!("{}: {}", unreadable.error.pointer.field_path(), unreadable.error.message);
        let place = document.locate(unreadable.error.pointer.as_str());
        let help = Some("the API server would refuse this object");
        let error = ManifestError::new(Some(file), Some(place), message, help);
        report.errors.push(problem(error, document.text().as_str()));
    }
    let object = Arc::new(object_id(document));
    report.findings.extend(decision.findings.into_iter().map(|finding| {
        let violation = finding.violation;
        let place = document.locate(violation.pointer.as_str());
        Diagnostic {
            policy: finding.policy,
            rule: finding.rule,
            kind: finding.kind,
            action: finding.action,
            message: violation.message,
            help: violation.help,
            fix: violation.fix.map(|fix| fix.summary),
            object: Arc::clone(&object),
            container: violation.container.map(|container| container.name),
            field: violation.pointer.field_path(),
            path: Pointer::new(format!("{}{}", document.base, violation.pointer)),
            file: Arc::clone(file),
            place,
            excerpt: line(document.text().as_str(), place),
        }
    }));
}

fn count(decision: &Decision, report: &mut Report) {
    let summary = &mut report.summary;
    summary.findings += decision.findings.len();
    summary.fixable +=
        decision.findings.iter().filter(|finding| finding.violation.fix.is_some()).count();
    summary.denied += usize::from(!decision.allowed);
    summary.warned += usize::from(decision.by_action(Action::Warn).next().is_some());
    summary.patched += usize::from(decision.by_action(Action::Patch).next().is_some());
}

fn object_id(document: &Document) -> ObjectId {
    let generated = || document.value.pointer("/metadata/generateName").and_then(Value::as_str);
    ObjectId {
        api_version: document.api_version().unwrap_or_default().to_owned(),
        kind: document.kind().unwrap_or_default().to_owned(),
        namespace: document.namespace().map(str::to_owned),
        name: document.name().or_else(generated).unwrap_or_default().to_owned(),
    }
}

fn problem(error: ManifestError, source: &str) -> Problem {
    let excerpt = error.place.map(|place| line(source, place));
    Problem { error, excerpt }
}

fn line(source: &str, place: Place) -> String {
    text::shown(source.lines().nth(place.line - 1).unwrap_or_default())
}
