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

/// Judges what one file holds. Findings stand where they are in `shown`, where that is given: the same documents, as the
/// file has them.
pub(crate) fn judge(
    context: Context<'_>,
    file: PathBuf,
    manifest: Manifest,
    namespaces: &Namespaces,
    shown: Option<&Manifest>,
) -> Report {
    let mut teller = Teller::new(context, file, &manifest);
    let mut policies = Vec::new();
    // One by one, so that each makes room for what was found in it.
    for (at, document) in manifest.documents.into_iter().enumerate() {
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
            let before = teller.report.findings.len();
            judge_object(context, namespaces, &document, &mut teller);
            if let Some(shown) = shown.and_then(|shown| shown.documents.get(at)) {
                teller.report.findings.iter_mut().skip(before).for_each(|one| one.move_to(shown));
            }
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

/// Whether pods are looked for in a document at all: one that says wrongly what it is is not judged.
pub(super) fn is_judged(document: &Document) -> bool {
    document.is_object() && placing::fault(document).is_none()
}

/// What the engine is asked about an object.
pub(super) fn attributes<'d>(
    context: Context<'d>,
    namespaces: &'d Namespaces,
    document: &'d Document,
) -> Attributes<'d> {
    let namespace = namespace_of(document, context.namespace);
    Attributes {
        operation: Operation::Create,
        group: document.group(),
        kind: document.kind().unwrap_or_default(),
        subresource: "",
        namespace,
        user: None,
        object: Some(Object::Value(&document.value)),
        old_object: None,
        facts: namespaces.facts(namespace),
        digests: context.digests,
        now: context.now,
        ..Attributes::default()
    }
}

fn judge_object(
    context: Context<'_>,
    namespaces: &Namespaces,
    document: &Document,
    teller: &mut Teller<'_>,
) {
    let attributes = attributes(context, namespaces, document);
    match PodKind::find(attributes.group, attributes.kind) {
        Some(_) => {
            let decision = context.engine.decide(&attributes, Stage::Whole);
            teller.tell(document, attributes.namespace, decision);
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
