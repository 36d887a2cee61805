//! What becomes of the pods of a file, and what is kept while they are judged.

use std::collections::HashSet;
use std::sync::Arc;

use crate::engine::Decision;
use crate::policy::Action;
use crate::report::{Diagnostic, Report, Summary};
use crate::silence::Silences;

/// What is known of the file around an object.
pub(super) struct Known {
    pub(super) texts: Texts,
    /// None where silences are not honoured.
    pub(super) silences: Option<Silences>,
}

/// Texts that are kept once, however often they are said: a file can have a million findings.
#[derive(Default)]
pub(super) struct Texts(HashSet<Arc<str>>);

impl Texts {
    pub(super) fn keep(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return Arc::clone(known);
        }
        let kept: Arc<str> = text.into();
        self.0.insert(Arc::clone(&kept));
        kept
    }
}

/// What becomes of a pod for what is reported of it.
pub(super) struct Outcome {
    denied: bool,
    warned: bool,
    patched: bool,
}

impl Outcome {
    /// Of a decision before its findings are told apart: one that cannot be read can be refused for that.
    pub(super) fn of(decision: &Decision) -> Self {
        let refused = decision.unreadable.as_ref().map(|found| found.action);
        Self { denied: refused == Some(Action::Deny), warned: false, patched: false }
    }

    /// Reports a finding.
    pub(super) fn take(&mut self, found: Diagnostic, report: &mut Report) {
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

    pub(super) fn count(self, summary: &mut Summary) {
        summary.denied += usize::from(self.denied);
        summary.warned += usize::from(self.warned);
        summary.patched += usize::from(self.patched);
    }
}
