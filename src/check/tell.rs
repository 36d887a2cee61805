//! What was decided about pods, told of the places in the file that it is about.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;

use super::{Context, fault, rendered};
use crate::decode::DecodeError;
use crate::engine::{Decision, Finding};
use crate::finding::{Fix, Safety};
use crate::manifest::surgery::Memory;
use crate::manifest::{Document, Manifest, Place, Replacement};
use crate::pod::kinds::{PodKind, ViewError};
use crate::pointer::Pointer;
use crate::policy::Action;
use crate::report::{Diagnostic, Excerpt, Judged, ObjectId, Report, Summary};
use crate::silence::{Rules, Said, Silences};

/// Tells of the objects of one file, one after the other.
pub(super) struct Teller<'c> {
    context: Context<'c>,
    file: Arc<PathBuf>,
    texts: Texts,
    /// None where silences are not honoured.
    silences: Option<Silences>,
    /// The object that is told of, once a pod was found in it.
    object: Option<Arc<ObjectId>>,
    /// What plans of the current object know of it.
    memory: Memory,
    pub(super) report: Report,
}

impl<'c> Teller<'c> {
    pub(super) fn new(context: Context<'c>, file: PathBuf, manifest: &Manifest) -> Self {
        let mut report = Report::default();
        report.summary.files = 1;
        let silences = context.silencing.honoured.then(|| Silences::of(manifest));
        let (file, texts) = (Arc::new(file), Texts::default());
        let (object, memory) = Default::default();
        Self { context, file, texts, silences, object, memory, report }
    }

    /// The file as the user named it.
    pub(super) fn file(&self) -> &Arc<PathBuf> {
        &self.file
    }

    /// Goes on to another object.
    pub(super) fn enter(&mut self, document: &Document) {
        self.object = None;
        self.memory = Memory::default();
        if let Some(silences) = &mut self.silences {
            silences.enter(document);
        }
    }

    /// Ends the current object.
    pub(super) fn leave(&mut self) {
        if let Some(silences) = &mut self.silences {
            let undecided = |policy: &str| is_undecided(&self.report, policy);
            silences.leave(Rules::new(self.context.engine.policies(), &undecided));
        }
    }

    /// Ends the file.
    pub(super) fn finish(mut self) -> Report {
        let is_whole = self.report.errors.is_empty();
        if let Some(silences) = self.silences {
            let undecided = |policy: &str| is_undecided(&self.report, policy);
            let rules = Rules::new(self.context.engine.policies(), &undecided);
            self.report.warnings = silences.into_warnings(&self.file, is_whole, rules);
        }
        if let Some(ledger) = self.context.silencing.ledger.as_ref().filter(|_| is_whole) {
            match self.context.rendered {
                Some(rendered) => rendered.files().iter().for_each(|file| ledger.judged(file)),
                None => ledger.judged(&self.file),
            }
        }
        if self.report.summary.objects == 0 && is_whole {
            self.report.bare.push(self.file);
        }
        self.report
    }

    /// Adds what was decided about a pod of `namespace`.
    pub(super) fn tell(&mut self, document: &Document, namespace: &str, decision: Decision) {
        let Self { file, report, .. } = self;
        report.summary.pods += 1;
        report.about.merge(&decision.about);
        for policy in &decision.undecided {
            report.undecided.entry(Arc::clone(policy)).or_default().insert(namespace.to_owned());
        }
        for lacking in &decision.lacking {
            report.lacking.entry(lacking.clone()).or_default().insert(namespace.to_owned());
        }
        report.unresolved.extend(decision.unresolved);
        if let Some(unreadable) = &decision.unreadable {
            let ViewError { pointer, message } = unreadable.error.clone();
            let is_native = PodKind::find(document.group(), document.kind().unwrap_or_default());
            let help = "the API server would refuse the pods that come of it".to_owned();
            let help = is_native.is_none().then_some(help);
            report.errors.push(fault::refused(
                file,
                document,
                DecodeError { pointer, message, help },
            ));
        }
        for exempted in &decision.exempted {
            *report.exempted.entry(Arc::clone(&exempted.exemption)).or_default() += 1;
        }
        report.summary.exempted += decision.exempted.len();
        let object = self.object(document);
        let is_denied = |action| action == Action::Deny;
        let mut outcome = Outcome {
            denied: decision.unreadable.as_ref().is_some_and(|found| is_denied(found.action)),
            ..Outcome::default()
        };
        for finding in decision.findings {
            self.finding(document, &object, finding, &mut outcome);
        }
        outcome.count(&mut self.report.summary);
    }

    /// What the object is called, which all its pods share.
    fn object(&mut self, document: &Document) -> Arc<ObjectId> {
        if let Some(object) = &self.object {
            return Arc::clone(object);
        }
        let object = Arc::new(object_id(document));
        if self.context.with_judged {
            let (object, file) = (Arc::clone(&object), Arc::clone(&self.file));
            self.report.judged.push(Judged { object, file });
        }
        self.object = Some(Arc::clone(&object));
        object
    }

    fn finding(
        &mut self,
        document: &Document,
        object: &Arc<ObjectId>,
        finding: Finding,
        outcome: &mut Outcome,
    ) {
        let Self { context, file, texts, silences, memory, report, .. } = self;
        let found = document.find(finding.violation.pointer.as_str());
        let range = found.highlight();
        let place = document.text().place(range.clone());
        let is_new = context.since.is_none_or(|since| {
            // What is absent could have stood anywhere in its parent.
            let about = if found.exact { place } else { document.text().place(found.value) };
            match context.rendered {
                // Any value can change any line.
                Some(rendered) => since.holds_any(&rendered.sources()),
                None => since.holds(file, about.line..=about.end_line),
            }
        });
        let said = Said::new(&finding, place);
        let silence = silences.as_ref().and_then(|silences| silences.covers(said));
        let mut excerpt = Excerpt::of(document.text().as_str(), range);
        excerpt.text = texts.keep(&excerpt.text);
        let violation = finding.violation;
        let fix = violation.fix.as_ref().filter(|_| context.with_replacements);
        let replacements = fix.map(|fix| replacements(document, memory, fix)).unwrap_or_default();
        let mut found = Diagnostic {
            policy: finding.policy,
            rule: finding.rule,
            kind: finding.kind,
            action: finding.action,
            message: texts.keep(&violation.message),
            help: texts.keep(&violation.help),
            fix_safety: violation.fix.as_ref().map(|fix| fix.safety),
            fix: violation.fix.map(|fix| texts.keep(&fix.summary)),
            replacements,
            object: Arc::clone(object),
            container: violation.container.map(|container| texts.keep(&container.name)),
            path: Pointer::new(format!("{}{}", document.base, violation.pointer)),
            file: Arc::clone(file),
            place,
            excerpt,
            rendered: None,
            is_place_rendered: false,
        };
        if let Some(rendered) = context.rendered {
            rendered::lead_back(&mut found, rendered);
            if context.selection.leaves_out(&found.file) {
                return;
            }
        }
        match silence.or_else(|| context.silencing.in_baseline(&found)) {
            None if is_new => outcome.take(found, report),
            None => report.summary.unchanged += 1,
            Some(silence) => {
                report.summary.silenced.add(silence.by);
                if context.silencing.kept {
                    report.silenced.push((found, silence));
                }
            }
        }
    }
}

/// Whether nobody can tell that a policy has nothing to say: it was not applied, or too little is known of an image.
fn is_undecided(report: &Report, policy: &str) -> bool {
    report.undecided.contains_key(policy) || !report.unresolved.is_empty()
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

/// What a fix writes into the file; nothing where the text cannot be edited.
fn replacements(document: &Document, memory: &mut Memory, fix: &Fix) -> Vec<(Place, Replacement)> {
    let planned = document.plan_with(memory, &fix.edits).unwrap_or_default();
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
        // What was rendered is edited by people.
        if found.rendered.is_none() {
            report.summary.fixable += usize::from(found.fix.is_some());
            report.summary.unsafe_fixes += usize::from(found.fix_safety == Some(Safety::Unsafe));
        }
        report.findings.push(found);
    }

    fn count(self, summary: &mut Summary) {
        summary.denied += usize::from(self.denied);
        summary.warned += usize::from(self.warned);
        summary.patched += usize::from(self.patched);
    }
}

impl Diagnostic {
    /// Puts the finding where its field stands in another text of the same document.
    pub(super) fn move_to(&mut self, document: &Document) {
        let path = self.path.as_str();
        let range = document.find(path.strip_prefix(&document.base).unwrap_or(path)).highlight();
        self.place = document.text().place(range.clone());
        self.excerpt = Excerpt::of(document.text().as_str(), range);
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
