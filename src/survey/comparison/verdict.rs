//! What becomes of one pod.

use std::fmt::{self, Display};

use serde::{Deserialize, Serialize};

use crate::engine::Decision;
use crate::policy::Action;

/// What becomes of a pod: the gravest that is said of it, and whether it is patched. The lightest comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// `Deny`, `Warn` or `Audit`; none where nothing is said.
    pub action: Option<Action>,
    /// Whether it is patched, which one that is refused is not.
    pub patched: bool,
}

impl Verdict {
    /// What a decision comes to.
    pub fn of(decision: &Decision) -> Self {
        let found = decision.findings.iter().map(|finding| finding.action);
        let unreadable = decision.unreadable.as_ref().map(|found| found.action);
        let said = found.chain(unreadable).filter(|action| *action != Action::Patch);
        let action = said.max();
        let patched =
            action != Some(Action::Deny) && decision.by_action(Action::Patch).next().is_some();
        Self { action, patched }
    }

    /// Whether something happens that is at least as grave as this, by the order of `--fail-on`.
    pub fn reaches(self, line: Action) -> bool {
        let patched = self.patched.then_some(Action::Patch);
        self.action.into_iter().chain(patched).any(|action| weight(action) >= weight(line))
    }
}

/// To be warned is graver for whoever submits a pod than to have it patched.
const fn weight(action: Action) -> u8 {
    match action {
        Action::Audit => 0,
        Action::Patch => 1,
        Action::Warn => 2,
        Action::Deny => 3,
    }
}

impl Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.action, self.patched) {
            (Some(Action::Deny), _) => "denied",
            (Some(Action::Warn), false) => "warned",
            (Some(Action::Warn), true) => "warned and patched",
            (Some(Action::Audit), false) => "audited",
            (Some(Action::Audit), true) => "audited and patched",
            (Some(Action::Patch) | None, true) => "patched",
            (Some(Action::Patch) | None, false) => "allowed",
        })
    }
}
