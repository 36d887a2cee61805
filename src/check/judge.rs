//! Judging the documents of one file.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::facts::{limit_range, namespace_of};
use super::{Context, placing};
use crate::decode::DecodeError;
use crate::engine::{Attributes, Decision, Namespaces, Operation, Stage};
use crate::finding::{Fix, Safety};
use crate::manifest::{Document, Manifest, ManifestError, Place, Replacement};
use crate::pod::kinds::{Object, PodKind, ViewError};
use crate::pointer::Pointer;
use crate::policy::Action;
use crate::policy::document::{API_VERSION, EXEMPTION_KIND, KIND};
use crate::policy_source;
use crate::report::{Diagnostic, Excerpt, Judged, ObjectId, Problem, Report};

/// Judges what one file holds. Findings stand where they are in `shown`, where that is given: the same documents, as the
/// file has them.
pub(crate) fn judge(
    context: Context<'_>,
    file: PathBuf,
    manifest: Manifest,
    namespaces: &Namespaces,
    shown: Option<&Manifest>,
) -> Report {
    let file = Arc::new(file);
    let mut report = Report::default();
    report.summary.files = 1;
    let mut policies = Vec::new();
    let mut texts = Texts::default();
    // One by one, so that each makes room for what was found in it.
    for (at, document) in manifest.documents.into_iter().enumerate() {
        let before = report.findings.len();
        if let Some(DecodeError { pointer, message, help }) = placing::fault(&document) {
            report.errors.push(problem(&file, &document, &pointer, message, help));
        } else if document.is_object() {
            report.summary.objects += 1;
            if let Err(error) = limit_range(&document) {
                report.errors.push(refused(&file, &document, error));
            }
            judge_object((context, namespaces), &file, &document, &mut texts, &mut report);
            if let Some(shown) = shown.and_then(|shown| shown.documents.get(at)) {
                report.findings.iter_mut().skip(before).for_each(|found| move_to(found, shown));
            }
            let is_ours = document.api_version() == Some(API_VERSION);
            if is_ours && [Some(KIND), Some(EXEMPTION_KIND)].contains(&document.kind()) {
                policies.push(document);
            }
        } else if !document.base.is_empty() {
            report.errors.push(nameless_item(&file, &document));
        }
    }
    // They are not in force here, but they are manifests too, and the cluster would refuse bad ones.
    if !policies.is_empty() {
        let policies: Vec<&Document> = policies.iter().collect();
        report.errors.extend(policy_source::problems(&file, &policies));
    }
    report.errors.extend(Problem::in_text(manifest.errors, manifest.text.as_str()));
    if report.summary.objects == 0 && report.errors.is_empty() {
        report.bare.push(file);
    }
    report
}

/// Texts that are kept once, however often they are said: a file can have a million findings.
#[derive(Default)]
struct Texts(HashSet<Arc<str>>);

impl Texts {
    fn keep(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return Arc::clone(known);
        }
        let kept: Arc<str> = text.into();
        self.0.insert(Arc::clone(&kept));
        kept
    }
}

/// Whether pods are looked for in a document at all: one that says wrongly what it is is not judged.
pub(crate) fn is_judged(document: &Document) -> bool {
    document.is_object() && placing::fault(document).is_none()
}

/// What the engine says of the pod in a document; none where there is no pod.
pub(crate) fn decide(
    context: Context<'_>,
    namespaces: &Namespaces,
    document: &Document,
    stage: Stage,
) -> Option<Decision> {
    let version = document.api_version().unwrap_or_default();
    let group = version.split_once('/').map_or("", |(group, _)| group);
    let kind = PodKind::find(group, document.kind().unwrap_or_default())?;
    let namespace = namespace_of(document, context.namespace);
    let attributes = Attributes {
        operation: Operation::Create,
        group,
        kind: kind.kind,
        subresource: "",
        namespace,
        user: None,
        object: Some(Object::Value(&document.value)),
        old_object: None,
        facts: namespaces.facts(namespace),
        now: context.now,
    };
    Some(context.engine.decide(&attributes, stage))
}

fn judge_object(
    (context, namespaces): (Context<'_>, &Namespaces),
    file: &Arc<PathBuf>,
    document: &Document,
    texts: &mut Texts,
    report: &mut Report,
) {
    let Some(decision) = decide(context, namespaces, document, Stage::Whole) else { return };
    let namespace = namespace_of(document, context.namespace);
    report.summary.pods += 1;
    count(&decision, report);
    for policy in &decision.undecided {
        report.undecided.entry(Arc::clone(policy)).or_default().insert(namespace.to_owned());
    }
    if let Some(unreadable) = &decision.unreadable {
        let ViewError { pointer, message } = unreadable.error.clone();
        report.errors.push(refused(file, document, DecodeError { pointer, message, help: None }));
    }
    for exempted in &decision.exempted {
        *report.exempted.entry(Arc::clone(&exempted.exemption)).or_default() += 1;
    }
    let object = Arc::new(object_id(document));
    if context.with_judged {
        let (object, file) = (Arc::clone(&object), Arc::clone(file));
        report.judged.push(Judged { object, file });
    }
    report.findings.extend(decision.findings.into_iter().map(|finding| {
        let violation = finding.violation;
        let (place, mut excerpt) = locate(document, &violation.pointer);
        excerpt.text = texts.keep(&excerpt.text);
        let fix = violation.fix.as_ref().filter(|_| context.with_replacements);
        let replacements = fix.map(|fix| replacements(document, fix)).unwrap_or_default();
        Diagnostic {
            policy: finding.policy,
            rule: finding.rule,
            kind: finding.kind,
            action: finding.action,
            message: texts.keep(&violation.message),
            help: texts.keep(&violation.help),
            fix_safety: violation.fix.as_ref().map(|fix| fix.safety),
            fix: violation.fix.map(|fix| texts.keep(&fix.summary)),
            replacements,
            object: Arc::clone(&object),
            container: violation.container.map(|container| texts.keep(&container.name)),
            path: Pointer::new(format!("{}{}", document.base, violation.pointer)),
            file: Arc::clone(file),
            place,
            excerpt,
        }
    }));
}

/// The place in another text of the same document.
fn move_to(found: &mut Diagnostic, document: &Document) {
    let path = found.path.as_str();
    let pointer = path.strip_prefix(&document.base).unwrap_or(path);
    (found.place, found.excerpt) = locate(document, &Pointer::new(pointer));
}

/// What a fix writes into the file; nothing where the text cannot be edited.
fn replacements(document: &Document, fix: &Fix) -> Vec<(Place, Replacement)> {
    let planned = document.plan(&fix.edits).unwrap_or_default();
    let place = |change: Replacement| (document.text().place(change.range.clone()), change);
    planned.into_iter().map(place).collect()
}

fn count(decision: &Decision, report: &mut Report) {
    let summary = &mut report.summary;
    summary.findings += decision.findings.len();
    summary.exempted += decision.exempted.len();
    for fix in decision.findings.iter().filter_map(|finding| finding.violation.fix.as_ref()) {
        summary.fixable += 1;
        summary.unsafe_fixes += usize::from(fix.safety == Safety::Unsafe);
    }
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

/// A field that the API server would not take.
fn refused(file: &Path, document: &Document, error: DecodeError) -> Problem {
    let message = format!("{}: {}", error.pointer.field_path(), error.message);
    let help = error.help.unwrap_or_else(|| "the API server would refuse this object".to_owned());
    problem(file, document, &error.pointer, message, Some(help))
}

fn problem(
    file: &Path,
    document: &Document,
    pointer: &Pointer,
    message: String,
    help: Option<String>,
) -> Problem {
    let (place, excerpt) = locate(document, pointer);
    let error = ManifestError::new(Some(file), Some(place), message, help);
    Problem { error, excerpt: Some(excerpt) }
}

/// Other YAML may lie between manifests; in a `List` it is a mistake that `kubectl` stops at.
fn nameless_item(file: &Path, document: &Document) -> Problem {
    let message = format!(
        "{}: this item of a list is no Kubernetes object",
        Pointer::new(document.base.as_str()).field_path()
    );
    let help = "it needs an `apiVersion` and a `kind`".to_owned();
    problem(file, document, &Pointer::default(), message, Some(help))
}

/// Where a field stands, and the line to show for it.
fn locate(document: &Document, pointer: &Pointer) -> (Place, Excerpt) {
    let range = document.find(pointer.as_str()).highlight();
    let excerpt = Excerpt::of(document.text().as_str(), range.clone());
    (document.text().place(range), excerpt)
}
