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
    /// How many of them `plimsoll fix` mends.
    safe: usize,
    /// How many more `plimsoll fix --unsafe-fixes` mends.
    unsafe_fixes: usize,
    /// How many stand in what was rendered, whose templates are edited by people.
    rendered: usize,
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
                safe: 0,
                unsafe_fixes: 0,
                rendered: 0,
            });
            steps.len() - 1
        });
        let Some(step) = steps.get_mut(index) else { continue };
        step.findings += 1;
        let safety = found.fix.as_ref().and(found.fix_safety);
        match (&found.rendered, safety) {
            (Some(_), _) => step.rendered += 1,
            // What `fix` was asked for and left it cannot do.
            (None, Some(safety))
                if report.fixes.as_ref().is_some_and(|fixes| fixes.asked(safety)) => {}
            (None, Some(Safety::Unsafe)) => step.unsafe_fixes += 1,
            (None, Some(Safety::Safe)) => step.safe += 1,
            (None, None) => {}
        }
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
        let explain = format!("see `plimsoll explain {}`", self.example.kind);
        let command = self.command();
        let remedy = match (self.example.action, command) {
            // What admission patches has a fix, even where no file can be edited.
            (Action::Patch, None) => format!("admission mends {}", self.those(self.findings)),
            (Action::Patch, Some(command)) => {
                format!("admission mends {}; in the file, {command}", self.those(self.findings))
            }
            (_, Some(command)) => command,
            (_, None) if self.rendered > 0 => "no command mends templates".to_owned(),
            (_, None) => format!("no command mends {}", self.those(self.findings)),
        };
        format!("{remedy}; {explain}")
    }

    /// What `plimsoll fix` does about them.
    fn command(&self) -> Option<String> {
        let (safe, more) = (self.those(self.safe), self.those(self.unsafe_fixes));
        match (self.safe, self.unsafe_fixes) {
            (0, 0) => None,
            (_, 0) => Some(format!("`plimsoll fix` mends {safe}")),
            (0, _) => Some(format!("`plimsoll fix --unsafe-fixes` mends {more}")),
            (_, more) => {
                Some(format!("`plimsoll fix` mends {safe}, and {more} more with `--unsafe-fixes`"))
            }
        }
    }

    /// So many of the findings.
    fn those(&self, count: usize) -> String {
        match (count, self.findings) {
            (1, 1) => "it".to_owned(),
            (count, findings) if count == findings => "them".to_owned(),
            (count, _) => format!("{count} of them"),
        }
    }
}
