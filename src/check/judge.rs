//! Judging the documents of one file.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::{Context, embedded, placing};
use crate::decode::DecodeError;
use crate::engine::{Attributes, Decision, Namespaces, Operation, Stage};
use crate::facts::{limit_range, namespace_of};
use crate::finding::Fix;
use crate::manifest::{Document, Manifest, ManifestError, Place, Replacement};
use crate::pod::kinds::{Object, PodKind, ViewError};
use crate::pointer::Pointer;
use crate::policy::Action;
use crate::policy::document::{API_VERSION, EXEMPTION_KIND, KIND};
use crate::policy_source;
use crate::report::{Diagnostic, Excerpt, Judged, ObjectId, Problem, Report, Summary};
use crate::silence::{Rules, Said, Silences};
use crate::suite;

/// Judges what one file holds.
pub(super) fn judge(
    context: Context<'_>,
    file: PathBuf,
    manifest: Manifest,
    namespaces: &Namespaces,
) -> Report {
    let file = Arc::new(file);
    let mut report = Report::default();
    report.summary.files = 1;
    let mut policies = Vec::new();
    let silencing = context.silencing;
    let mut known = Known {
        texts: Texts::default(),
        silences: silencing.honoured.then(|| Silences::of(&manifest)),
    };
    // One by one, so that each makes room for what was found in it.
    for document in manifest.documents {
        if let Some(DecodeError { pointer, message, help }) = placing::fault(&document) {
            report.errors.push(problem(&file, &document, &pointer, message, help));
        } else if document.is_object() {
            report.summary.objects += 1;
            if let Err(error) = limit_range(&document) {
                report.errors.push(refused(&file, &document, error));
            }
            if let Some(silences) = &mut known.silences {
                silences.enter(&document);
            }
            judge_object((context, namespaces), &file, &document, &mut known, &mut report);
            if let Some(silences) = &mut known.silences {
                let undecided = |policy: &str| report.undecided.contains_key(policy);
                silences.leave(Rules::new(context.engine.policies(), &undecided));
            }
            let is_ours = document.api_version() == Some(API_VERSION);
            if is_ours && document.kind() == Some(suite::KIND) {
                report.errors.extend(suite::problems(&file, &document));
            } else if is_ours && [Some(KIND), Some(EXEMPTION_KIND)].contains(&document.kind()) {
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
    let is_whole = report.errors.is_empty();
    if let Some(silences) = known.silences {
        let undecided = |policy: &str| report.undecided.contains_key(policy);
        let rules = Rules::new(context.engine.policies(), &undecided);
        report.warnings = silences.into_warnings(&file, is_whole, rules);
    }
    if let Some(ledger) = silencing.ledger.as_ref().filter(|_| is_whole) {
        ledger.judged(&file);
    }
    if report.summary.objects == 0 && is_whole {
        report.bare.push(file);
    }
    report
}

/// What is known of the file around an object.
struct Known {
    texts: Texts,
    /// None where silences are not honoured.
    silences: Option<Silences>,
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

fn judge_object(
    (context, namespaces): (Context<'_>, &Namespaces),
    file: &Arc<PathBuf>,
    document: &Document,
    known: &mut Known,
    report: &mut Report,
) {
    let group = group_of(document);
    let kind = document.kind().unwrap_or_default();
    let namespace = namespace_of(document, context.namespace);
    let attributes = Attributes {
        operation: Operation::Create,
        group,
        kind,
        subresource: "",
        namespace,
        user: None,
        object: Some(Object::Value(&document.value)),
        old_object: None,
        facts: namespaces.facts(namespace),
        now: context.now,
    };
    if PodKind::find(group, kind).is_some() {
        let decision = context.engine.decide(&attributes, Stage::Whole);
        tell(context, file, document, namespace, decision, known, report);
    } else {
        embedded::judge(
            context.engine,
            &document.value,
            namespaces,
            &attributes,
            |namespace, decision| {
                tell(context, file, document, namespace, decision, known, report);
            },
        );
    }
}

fn group_of(document: &Document) -> &str {
    let version = document.api_version().unwrap_or_default();
    version.split_once('/').map_or("", |(group, _)| group)
}

/// Adds to the report what was decided about a pod.
fn tell(
    context: Context<'_>,
    file: &Arc<PathBuf>,
    document: &Document,
    namespace: &str,
    decision: Decision,
    known: &mut Known,
    report: &mut Report,
) {
    report.summary.pods += 1;
    for policy in &decision.undecided {
        report.undecided.entry(Arc::clone(policy)).or_default().insert(namespace.to_owned());
    }
    if let Some(unreadable) = &decision.unreadable {
        let ViewError { pointer, message } = unreadable.error.clone();
        let is_native = PodKind::find(group_of(document), document.kind().unwrap_or_default());
        let help = "the API server would refuse the pods that come of it".to_owned();
        let help = is_native.is_none().then_some(help);
        report.errors.push(refused(file, document, DecodeError { pointer, message, help }));
    }
    for exempted in &decision.exempted {
        *report.exempted.entry(Arc::clone(&exempted.exemption)).or_default() += 1;
    }
    report.summary.exempted += decision.exempted.len();
    let object = Arc::new(object_id(document));
    if context.with_judged {
        let (object, file) = (Arc::clone(&object), Arc::clone(file));
        report.judged.push(Judged { object, file });
    }
    let Known { texts, silences } = known;
    let is_denied = |action| action == Action::Deny;
    let mut outcome = Outcome {
        denied: decision.unreadable.as_ref().is_some_and(|found| is_denied(found.action)),
        ..Outcome::default()
    };
    for finding in decision.findings {
        let (place, mut excerpt) = locate(document, &finding.violation.pointer);
        let silences = silences.as_ref();
        let silence = silences.and_then(|silences| silences.covers(Said::new(&finding, place)));
        let violation = finding.violation;
        excerpt.text = texts.keep(&excerpt.text);
        let fix = violation.fix.as_ref().filter(|_| context.with_replacements);
        let replacements = fix.map(|fix| replacements(document, fix)).unwrap_or_default();
        let found = Diagnostic {
            policy: finding.policy,
            rule: finding.rule,
            kind: finding.kind,
            action: finding.action,
            message: texts.keep(&violation.message),
            help: texts.keep(&violation.help),
            fix: violation.fix.map(|fix| texts.keep(&fix.summary)),
            replacements,
            object: Arc::clone(&object),
            container: violation.container.map(|container| texts.keep(&container.name)),
            path: Pointer::new(format!("{}{}", document.base, violation.pointer)),
            file: Arc::clone(file),
            place,
            excerpt,
        };
        match silence.or_else(|| context.silencing.in_baseline(&found)) {
            None => outcome.take(found, report),
            Some(silence) => {
                report.summary.silenced.add(silence.by);
                if context.silencing.kept {
                    report.silenced.push((found, silence));
                }
            }
        }
    }
    outcome.count(&mut report.summary);
}

/// What a fix writes into the file; nothing where the text cannot be edited.
fn replacements(document: &Document, fix: &Fix) -> Vec<(Place, Replacement)> {
    let planned = document.plan(&fix.edits).unwrap_or_default();
    let place = |change: Replacement| (document.text().place(change.range.clone()), change);
    planned.into_iter().map(place).collect()
}

/// What becomes of a pod for what is reported of it.
#[derive(Default)]
struct Outcome {
    denied: bool,
    warned: bool,
    patched: bool,
}

impl Outcome {
    /// Reports a finding.
    fn take(&mut self, found: Diagnostic, report: &mut Report) {
        match found.action {
            Action::Deny => self.denied = true,
            Action::Warn => self.warned = true,
            Action::Patch => self.patched = true,
            Action::Audit => {}
        }
        report.summary.findings += 1;
        report.summary.fixable += usize::from(found.fix.is_some());
        report.findings.push(found);
    }

    fn count(self, summary: &mut Summary) {
        summary.denied += usize::from(self.denied);
        summary.warned += usize::from(self.warned);
        summary.patched += usize::from(self.patched);
    }
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
