//! What the offline doors found, in a form that every output format is made from.

pub mod compact;
pub mod excerpt;
mod fingerprint;
mod first;
mod fixes;
pub mod github;
pub mod gitlab;
pub mod json;
pub mod junit;
pub mod markdown;
mod placing;
mod plain;
mod repository;
mod rules;
pub mod sarif;
mod silencing;
mod stream;
pub mod survey;
pub mod text;
mod undecided;
mod uri;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

pub use excerpt::{Excerpt, Lines};
pub use fixes::{Fixes, Refused};
pub use repository::Repository;
pub use rules::{RuleInForce, rules_in_force};
pub use silencing::{Silence, Silenced, SilencedBy, Warning};

use crate::engine::Positions;
use crate::finding::Safety;
use crate::manifest::{ManifestError, Place, Replacement};
use crate::pointer::Pointer;
use crate::policy::Action;

/// Everything a run has to say.
#[derive(Debug, Default)]
pub struct Report {
    /// Findings, sorted by file, line, column, policy, rule.
    pub findings: Vec<Diagnostic>,
    /// What could not be judged.
    pub errors: Vec<Problem>,
    /// Files that hold no object of Kubernetes, and no error either.
    pub bare: Vec<Arc<PathBuf>>,
    /// Counts.
    pub summary: Summary,
    /// Policies that were not applied in some namespaces, or not in full, because too little is known there.
    pub undecided: BTreeMap<Arc<str>, BTreeSet<String>>,
    /// Policies that were applied in part, what their expressions lack, and where.
    pub lacking: BTreeMap<(Arc<str>, &'static str), BTreeSet<String>>,
    /// Images that rules did not judge, because their digests are not known: normalised references.
    pub unresolved: BTreeSet<String>,
    /// The policies that were about a pod of the run, by their positions in the set in force.
    pub about: Positions,
    /// Policies that the user named and that were about none of the pods; none where no pod was judged.
    pub unmatched: Vec<Arc<str>>,
    /// How many findings each exemption kept from having consequences; those that kept none are not here.
    pub exempted: BTreeMap<Arc<str>, usize>,
    /// What the user may want to know of the run, and that is no finding: charts that cannot be rendered by themselves.
    pub notes: Vec<String>,
    /// What became of the fixes, where they were to be written; the findings are then those that are left.
    pub fixes: Option<Fixes>,
    /// Findings that are silenced, and by what; empty unless the run was asked to keep them.
    pub silenced: Vec<(Diagnostic, Silence)>,
    /// What is probably not what its author means, in the order of files and lines.
    pub warnings: Vec<Warning>,
    /// The rules that were in force, whether they found something or not.
    pub rules: Vec<RuleInForce>,
    /// The objects with pods that were judged, in the order of their files; empty unless the run was asked for them.
    pub judged: Vec<Judged>,
    /// The lightest finding that makes the run fail; none stands for what admission refuses.
    pub fail_on: Option<Action>,
}

/// An object that was judged.
#[derive(Debug)]
pub struct Judged {
    /// What it is called; its findings share it.
    pub object: Arc<ObjectId>,
    /// The file as the user named it.
    pub file: Arc<PathBuf>,
}

/// A finding in a file.
#[derive(Debug)]
pub struct Diagnostic {
    /// Name of the policy.
    pub policy: Arc<str>,
    /// Name of the rule in it.
    pub rule: Arc<str>,
    /// Which rule it is: `imageTag`.
    pub kind: &'static str,
    /// What admission would do.
    pub action: Action,
    /// What is wrong. A run says few things, of many objects.
    pub message: Arc<str>,
    /// What to do.
    pub help: Arc<str>,
    /// What the fix does, where there is one.
    pub fix: Option<Arc<str>>,
    /// Whether a person should look at the fix, where there is one.
    pub fix_safety: Option<Safety>,
    /// What the fix writes into the file, each with its place; empty unless the run was asked for it.
    pub replacements: Vec<(Place, Replacement)>,
    /// The object it stands in.
    pub object: Arc<ObjectId>,
    /// The container, if it is about one.
    pub container: Option<Arc<str>>,
    /// Where, from the root of the document.
    pub path: Pointer,
    /// The file as the user named it.
    pub file: Arc<PathBuf>,
    /// Lines and columns.
    pub place: Place,
    /// The line it starts on.
    pub excerpt: Excerpt,
    /// For a finding in a chart or a kustomization: what it was rendered from, or through.
    pub rendered: Option<Arc<str>>,
    /// Whether `place` and `excerpt` are those in the rendered text, because those in `file` are not known.
    pub is_place_rendered: bool,
}

impl Diagnostic {
    /// The place in the file, for formats that lead there; none where only that in the rendered text is known.
    pub fn place_in_file(&self) -> Option<Place> {
        (!self.is_place_rendered).then_some(self.place)
    }
}

/// What an object is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectId {
    /// `apiVersion`.
    pub api_version: String,
    /// `kind`.
    pub kind: String,
    /// Namespace; none where the manifest names none.
    pub namespace: Option<String>,
    /// Name, or the prefix of a generated one.
    pub name: String,
}

/// Something that could not be judged.
#[derive(Clone, Debug)]
pub struct Problem {
    /// What and where.
    pub error: ManifestError,
    /// The line it is on, where there is one.
    pub excerpt: Option<Excerpt>,
}

impl Problem {
    /// Errors with the lines of the text that they are about.
    pub fn in_text(errors: Vec<ManifestError>, text: &str) -> Vec<Self> {
        if errors.is_empty() {
            return Vec::new();
        }
        let lines = Lines::new(text);
        let problem = |error: ManifestError| Self {
            excerpt: error.place.and_then(|place| lines.excerpt(place)),
            error,
        };
        errors.into_iter().map(problem).collect()
    }
}

impl From<ManifestError> for Problem {
    fn from(error: ManifestError) -> Self {
        Self { error, excerpt: None }
    }
}

/// Counts of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Files read.
    pub files: usize,
    /// Kubernetes objects in them.
    pub objects: usize,
    /// Pods and pod templates that were judged.
    pub pods: usize,
    /// Findings.
    pub findings: usize,
    /// Pods that would be refused.
    pub denied: usize,
    /// Pods that would be taken with a warning.
    pub warned: usize,
    /// Pods that would be patched.
    pub patched: usize,
    /// Findings with a fix.
    pub fixable: usize,
    /// Those of them whose fix a person should look at.
    pub unsafe_fixes: usize,
    /// Findings that are not told, because nothing they are about was changed. They are not among the others.
    pub unchanged: usize,
    /// Findings that an exemption kept from having consequences. They are not among the others.
    pub exempted: usize,
    /// Findings that comments, annotations and the baseline keep quiet. They are not among the others either.
    pub silenced: Silenced,
}

impl Report {
    /// The report of both.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        if self.findings.is_empty() {
            // Most of a run's findings may be those of one file, and need no second place in memory.
            self.findings = other.findings;
        } else {
            self.findings.extend(other.findings);
        }
        self.errors.extend(other.errors);
        self.bare.extend(other.bare);
        self.notes.extend(other.notes);
        self.summary = self.summary.and(other.summary);
        self.about.merge(&other.about);
        undecided::merge(&mut self, other.undecided, other.lacking);
        self.unresolved.extend(other.unresolved);
        for (exemption, count) in other.exempted {
            *self.exempted.entry(exemption).or_default() += count;
        }
        self.fixes = match (self.fixes, other.fixes) {
            (Some(one), Some(more)) => Some(one.and(more)),
            (one, more) => one.or(more),
        };
        self.judged.extend(other.judged);
        self.silenced.extend(other.silenced);
        self.warnings.extend(other.warnings);
        self
    }

    /// Puts findings and errors into their order.
    pub fn sort(&mut self) {
        self.findings.sort_by(Diagnostic::in_order);
        self.silenced.sort_by(|(a, _), (b, _)| a.in_order(b));
        self.warnings
            .sort_by(|a, b| (&a.error.file, a.error.place).cmp(&(&b.error.file, b.error.place)));
        self.errors
            .sort_by(|a, b| (&a.error.file, a.error.place).cmp(&(&b.error.file, b.error.place)));
        if let Some(fixes) = &mut self.fixes {
            fixes.sort();
        }
    }

    /// Whether a finding makes the run fail.
    pub fn fails(&self, found: &Diagnostic) -> bool {
        gravity(found.action) >= gravity(self.fail_on.unwrap_or(Action::Deny))
    }

    /// Whether a finding is at least as grave as `action`: Deny, then Warn, Patch and Audit.
    pub fn reaches(&self, action: Action) -> bool {
        self.findings.iter().any(|finding| gravity(finding.action) >= gravity(action))
    }
}

impl Diagnostic {
    /// By file, line, column, policy, rule.
    fn in_order(&self, other: &Self) -> Ordering {
        let key = |found: &Self| (found.place.line, found.place.column);
        (self.file.cmp(&other.file))
            .then_with(|| key(self).cmp(&key(other)))
            .then_with(|| (&self.policy, &self.rule).cmp(&(&other.policy, &other.rule)))
            .then_with(|| self.path.cmp(&other.path))
    }
}

/// Gravity for `--fail-on`: what admission mends weighs less than what it warns of.
const fn gravity(action: Action) -> u8 {
    match action {
        Action::Audit => 0,
        Action::Patch => 1,
        Action::Warn => 2,
        Action::Deny => 3,
    }
}

impl Summary {
    fn and(self, other: Self) -> Self {
        Self {
            files: self.files + other.files,
            objects: self.objects + other.objects,
            pods: self.pods + other.pods,
            findings: self.findings + other.findings,
            denied: self.denied + other.denied,
            warned: self.warned + other.warned,
            patched: self.patched + other.patched,
            fixable: self.fixable + other.fixable,
            unsafe_fixes: self.unsafe_fixes + other.unsafe_fixes,
            exempted: self.exempted + other.exempted,
            unchanged: self.unchanged + other.unchanged,
            silenced: self.silenced.and(other.silenced),
        }
    }
}
