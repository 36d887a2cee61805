//! Findings that are not to be reported: by a comment beside them, by an annotation of their object, or because a
//! baseline knows them.

mod annotation;
pub mod baseline;
mod clause;
mod comments;

use std::path::Path;

use memchr::memmem;

pub use annotation::IGNORE;

use crate::engine::Finding;
use crate::manifest::{Document, Manifest, ManifestError, Place};
use crate::policy::PolicySet;
use crate::report::{Diagnostic, Silence, SilencedBy, Warning};

use baseline::Ledger;

/// What a run makes of silences.
#[derive(Debug)]
pub struct Silencing {
    /// Whether comments and annotations count.
    pub honoured: bool,
    /// Whether the report keeps silenced findings, for formats that show them.
    pub kept: bool,
    /// The baseline.
    pub ledger: Option<Ledger>,
}

/// Comments and annotations count, and there is no baseline.
pub static USUAL: Silencing = Silencing { honoured: true, kept: false, ledger: None };

impl Silencing {
    /// The silence of a finding that the baseline knows.
    pub fn in_baseline(&self, found: &Diagnostic) -> Option<Silence> {
        let covered = self.ledger.as_ref().is_some_and(|ledger| ledger.covers(found));
        covered.then(|| Silence { by: SilencedBy::Baseline, reason: "".into() })
    }
}

/// What a finding says, as far as silences ask.
#[derive(Clone, Copy, Debug)]
pub struct Said<'f> {
    policy: &'f str,
    rule: &'f str,
    kind: &'f str,
    /// From the root of the object.
    pointer: &'f str,
    place: Place,
}

impl<'f> Said<'f> {
    /// A finding that stands at `place`.
    pub fn new(finding: &'f Finding, place: Place) -> Self {
        Self {
            policy: &finding.policy,
            rule: &finding.rule,
            kind: finding.kind,
            pointer: finding.violation.pointer.as_str(),
            place,
        }
    }
}

/// What the comments and annotations of one file ask for. [`enter`](Self::enter) each object before its findings are
/// looked up.
#[derive(Debug, Default)]
pub struct Silences {
    comments: comments::Comments,
    /// Whether the file holds annotations of ours at all.
    annotated: bool,
    /// Those of the current object.
    annotations: annotation::Annotations,
    warnings: Vec<Warned>,
}

/// A warning that does not know its file yet.
#[derive(Debug)]
struct Warned {
    place: Place,
    message: String,
    help: Option<String>,
    minor: bool,
}

impl Silences {
    /// Reads the comments of a file.
    pub fn of(manifest: &Manifest) -> Self {
        let mut warnings = Vec::new();
        let comments = comments::Comments::of(manifest, &mut warnings);
        let text = manifest.text.as_str().as_bytes();
        let annotated = memmem::find(text, annotation::DOMAIN.as_bytes()).is_some();
        Self { comments, annotated, annotations: annotation::Annotations::new(), warnings }
    }

    /// Goes on to another object, and reads the annotations in it.
    pub fn enter(&mut self, document: &Document) {
        self.annotations.clear();
        if self.annotated {
            self.annotations = annotation::read(document, &mut self.warnings);
        }
    }

    /// What silences a finding of the current object.
    pub fn covers(&self, said: Said<'_>) -> Option<Silence> {
        let comment = self.comments.covers(&said);
        // Both did what they are there for, though the finding is counted once.
        let annotation = annotation::covers(&self.annotations, &said);
        let silence = |by, reason| Silence { by, reason };
        comment
            .map(|reason| silence(SilencedBy::Comment, reason))
            .or_else(|| annotation.map(|reason| silence(SilencedBy::Annotation, reason)))
    }

    /// Ends the current object: notes what its annotations name in vain.
    pub fn leave(&mut self, rules: Rules<'_>) {
        for (_, clause) in std::mem::take(&mut self.annotations) {
            clause.judge("this annotation", rules, &mut self.warnings);
        }
    }

    /// Ends the file: everything that is odd about its comments and annotations. Of comments only what is certain
    /// where a part of the file, the lines they are about perhaps, could not be read.
    pub fn into_warnings(mut self, file: &Path, whole: bool, rules: Rules<'_>) -> Vec<Warning> {
        for clause in self.comments.clauses() {
            clause.judge("this comment", rules, &mut self.warnings);
        }
        let Self { mut warnings, .. } = self;
        warnings.retain(|warned| whole || !warned.minor);
        let told = |Warned { place, message, help, minor }| Warning {
            error: ManifestError::new(Some(file), Some(place), message, help),
            minor,
        };
        warnings.into_iter().map(told).collect()
    }
}

/// The rules in force.
#[derive(Clone, Copy)]
pub struct Rules<'e> {
    policies: &'e PolicySet,
    undecided: &'e dyn Fn(&str) -> bool,
}

impl<'e> Rules<'e> {
    /// The rules of `policies`; `undecided` says of a policy that it could not be applied, so that nothing is known
    /// of what its rules would have found.
    pub fn new(policies: &'e PolicySet, undecided: &'e dyn Fn(&str) -> bool) -> Self {
        Self { policies, undecided }
    }
}

#[cfg(test)]
mod tests;
