//! Judging the documents of one file.

use std::path::PathBuf;

use super::tell::Teller;
use super::{Context, embedded, fault, placing};
use crate::decode::DecodeError;
use crate::engine::{Attributes, Namespaces, Operation, Stage};
use crate::facts::{limit_range, namespace_of};
use crate::manifest::{Document, Manifest};
use crate::pod::kinds::{Object, PodKind};
use crate::policy::document::{API_VERSION, EXEMPTION_KIND, KIND};
use crate::policy_source;
use crate::report::{Problem, Report};
use crate::suite;

/// Judges what one file holds.
pub(super) fn judge(
    context: Context<'_>,
    file: PathBuf,
    manifest: Manifest,
    namespaces: &Namespaces,
) -> Report {
    let mut teller = Teller::new(context, file, &manifest);
    let mut policies = Vec::new();
    // One by one, so that each makes room for what was found in it.
    for document in manifest.documents {
        if let Some(DecodeError { pointer, message, help }) = placing::fault(&document) {
            let problem = fault::problem(teller.file(), &document, &pointer, message, help);
            teller.report.errors.push(problem);
        } else if document.is_object() {
            teller.report.summary.objects += 1;
            if let Err(error) = limit_range(&document) {
                let problem = fault::refused(teller.file(), &document, error);
                teller.report.errors.push(problem);
            }
            teller.enter(&document);
            judge_object(context, namespaces, &document, &mut teller);
            teller.leave();
            let is_ours = document.api_version() == Some(API_VERSION);
            if is_ours && document.kind() == Some(suite::KIND) {
                let problems = suite::problems(teller.file(), &document);
                teller.report.errors.extend(problems);
            } else if is_ours && [Some(KIND), Some(EXEMPTION_KIND)].contains(&document.kind()) {
                policies.push(document);
            }
        } else if !document.base.is_empty() {
            let problem = fault::nameless_item(teller.file(), &document);
            teller.report.errors.push(problem);
        }
    }
    // They are not in force here, but they are manifests too, and the cluster would refuse bad ones.
    if !policies.is_empty() {
        let policies: Vec<&Document> = policies.iter().collect();
        let problems = policy_source::problems(teller.file(), &policies);
        teller.report.errors.extend(problems);
    }
    teller.report.errors.extend(Problem::in_text(manifest.errors, manifest.text.as_str()));
    teller.finish()
}

fn judge_object(
    context: Context<'_>,
    namespaces: &Namespaces,
    document: &Document,
    teller: &mut Teller<'_>,
) {
    let kind = document.kind().unwrap_or_default();
    let namespace = namespace_of(document, context.namespace);
    let attributes = Attributes {
        operation: Operation::Create,
        group: document.group(),
        kind,
        subresource: "",
        namespace,
        user: None,
        object: Some(Object::Value(&document.value)),
        old_object: None,
        facts: namespaces.facts(namespace),
        now: context.now,
    };
    match PodKind::find(document.group(), kind) {
        Some(_) => {
            let decision = context.engine.decide(&attributes, Stage::Whole);
            teller.tell(document, namespace, decision);
        }
        None => embedded::judge(
            context.engine,
            &document.value,
            namespaces,
            &attributes,
            |namespace, decision| teller.tell(document, namespace, decision),
        ),
    }
}
