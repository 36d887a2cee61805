//! What to do first: findings by the rule they break, the gravest and most frequent ahead.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::plain::plural;
use super::{Diagnostic, Report, gravity};
use crate::finding::Safety;
use crate::policy::Action;

/// Findings up to which a list of them says it all.
pub(super) const FEW: usize = 2;
/// Steps that are shown.
pub(super) const SHOWN: usize = 5;

/// All findings of one rule that have the same consequence.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step<'r> {
    /// One of them.
    pub(super) example: &'r Diagnostic,
    /// How many there are.
    pub(super) findings: usize,
    /// In how many objects.
    pub(super) objects: usize,
    /// How many of them have a fix.
    pub(super) fixable: usize,
    /// How many of those stand in files that `plimsoll fix` edits.
    editable: usize,
    /// How many of those fixes a person should look at.
    pub(super) unsafe_fixes: usize,
}

/// The steps, the first one first.
pub(super) fn steps(report: &Report) -> Vec<Step<'_>> {
    let mut at = HashMap::new();
    let mut steps: Vec<Step<'_>> = Vec::new();
    let mut seen = HashSet::new();
    for found in &report.findings {
        let key = (&*found.policy, &*found.rule, found.action);
        let index = *at.entry(key).or_insert_with(|| {
            steps.push(Step {
                example: found,
                findings: 0,
                objects: 0,
                fixable: 0,
                editable: 0,
                unsafe_fixes: 0,
            });
            steps.len() - 1
        });
        let Some(step) = steps.get_mut(index) else { continue };
        step.findings += 1;
        step.fixable += usize::from(found.fix.is_some());
        step.editable += usize::from(found.fix.is_some() && found.rendered.is_none());
        step.unsafe_fixes += usize::from(found.fix_safety == Some(Safety::Unsafe));
        step.objects += usize::from(seen.insert((index, Arc::as_ptr(&found.object))));
    }
    steps.sort_by_key(|step| {
        let found = step.example;
        (std::cmp::Reverse((gravity(found.action), step.findings)), (&found.policy, &found.rule))
    });
    steps
}

impl Step<'_> {
    /// `7 findings in 5 objects`.
    pub(super) fn count(&self) -> String {
        let (findings, objects) =
            (plural(self.findings, "finding"), plural(self.objects, "object"));
        format!("{findings} in {objects}")
    }

    /// How they go away, in the words of the command line.
    pub(super) fn remedy(&self) -> String {
        let kind = self.example.kind;
        let explain = format!("`plimsoll explain {kind}`");
        if self.fixable == 0 {
            return format!("no command mends it; see {explain}");
        }
        let command =
            if self.unsafe_fixes == 0 { "`plimsoll fix`" } else { "`plimsoll fix --unsafe-fixes`" };
        let some = match self.findings - self.fixable {
            0 => String::new(),
            _ => format!(" {} of them", self.fixable),
        };
        match self.example.action {
            // Templates, bases and patches are edited by people.
            Action::Patch if self.editable == 0 => format!("admission mends{some}; see {explain}"),
            _ if self.editable == 0 => format!("no command mends templates; see {explain}"),
            Action::Patch => format!("admission mends{some}, or {command}; see {explain}"),
            _ => format!("{command} mends{some}; see {explain}"),
        }
    }
}
