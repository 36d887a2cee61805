//! The table of findings, and what to do about the gravest of them first.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::class;

use super::units::minute;
use crate::finding::Safety;
use crate::policy::Action;
use crate::report::plain::printable;
use crate::report::survey::units::{count, many};
use crate::report::survey::{in_order, steps as shared};
use crate::tally::{FindingKey, Found, Owned, Owner, Tally};

/// Characters of one text. A message can quote a name of any length.
const TEXT: usize = 1_000;

/// What one rule found in one container of an owner's pods.
#[derive(Debug)]
pub(super) struct Row<'r> {
    pub(super) action: Action,
    pub(super) namespace: Cow<'r, str>,
    /// Kind and name; none for the owners that are not told apart.
    pub(super) owner: Option<(Cow<'r, str>, Cow<'r, str>)>,
    pub(super) class: &'static str,
    pub(super) policy: Cow<'r, str>,
    pub(super) rule: Cow<'r, str>,
    pub(super) kind: Cow<'r, str>,
    pub(super) container: Option<Cow<'r, str>>,
    pub(super) count: String,
    pub(super) first: Option<String>,
    pub(super) last: Option<String>,
    pub(super) message: Cow<'r, str>,
    /// What to do; none where there is a fix, and the step for the rule says the same.
    pub(super) help: Option<Cow<'r, str>>,
    pub(super) fix: Option<Cow<'r, str>>,
    pub(super) safety: Option<&'static str>,
    pub(super) path: Cow<'r, str>,
    pub(super) pod: Cow<'r, str>,
}

/// All findings of one rule that have the same consequence.
#[derive(Debug)]
pub(super) struct Step<'r> {
    pub(super) action: Action,
    pub(super) policy: Cow<'r, str>,
    pub(super) rule: Cow<'r, str>,
    pub(super) kind: Cow<'r, str>,
    /// `40 findings of 12 owners in 3 namespaces`.
    pub(super) extent: String,
    /// What to do, where that is the same everywhere; else nothing.
    pub(super) remedy: Cow<'r, str>,
    /// Who mends them.
    pub(super) fixes: &'static str,
}

/// The rows: the gravest first, then by namespace, owner, policy, rule and container.
pub(super) fn rows<'r>(tally: &'r Tally, steps: &'r [Step<'r>]) -> impl Iterator<Item = Row<'r>> {
    // One pass for each action needs no second list of all findings.
    let all = [Action::Deny, Action::Warn, Action::Patch, Action::Audit];
    all.into_iter().flat_map(move |action| {
        tally.by_owner().into_iter().flat_map(move |(namespace, owner, owned)| {
            in_order(owned)
                .filter(move |(_, found)| found.action == action)
                .map(move |(key, found)| row(namespace, owner, owned, key, found, steps))
        })
    })
}

/// How many rows there are.
pub(super) fn number(tally: &Tally) -> u64 {
    tally.by_owner().iter().map(|(_, _, owned)| in_order(owned).count() as u64).sum()
}

fn row<'r>(
    namespace: &'r str,
    owner: Option<&'r Owner>,
    owned: &'r Owned,
    key: &'r FindingKey,
    found: &'r Found,
    steps: &[Step<'_>],
) -> Row<'r> {
    let Found { example, .. } = found;
    let help = text(&example.help);
    let is_told = |step: &Step<'_>| step.is_of(key, found.action) && step.remedy == help;
    let is_told = example.fix.is_some() && steps.iter().any(is_told);
    Row {
        action: found.action,
        namespace: printable(namespace),
        owner: owner.map(|owner| (printable(&owner.kind), text(&owner.name))),
        class: owned.class.map_or("", |class| class.name()),
        policy: printable(&key.policy),
        rule: printable(&key.rule),
        kind: printable(&found.kind),
        container: key.container.as_deref().map(text),
        count: count(found.count),
        first: found.seen.first.map(minute),
        last: found.seen.last.map(minute),
        message: text(&example.message),
        help: (!is_told).then_some(help),
        fix: example.fix.as_deref().map(text),
        safety: example.fix_safety.map(Safety::name),
        path: text(&example.path),
        pod: text(&example.name),
    }
}

/// What to do, the first first.
pub(super) fn steps(tally: &Tally) -> Vec<Step<'_>> {
    shared::steps(tally).iter().map(Step::of).collect()
}

impl Row<'_> {
    /// The class that gives the action its colour.
    pub(super) const fn colour(&self) -> &'static str {
        class(self.action)
    }
}

impl Step<'_> {
    fn is_of(&self, key: &FindingKey, action: Action) -> bool {
        (self.action, &*self.policy, &*self.rule) == (action, &*key.policy, &*key.rule)
    }

    /// The class that gives the action its colour.
    pub(super) const fn colour(&self) -> &'static str {
        class(self.action)
    }
}

impl<'r> Step<'r> {
    fn of(step: &shared::Step<'r>) -> Self {
        let all = || step.owners.iter().flat_map(|concerned| &concerned.found);
        let is_one_help = all().all(|(_, found)| *found.example.help == *step.help);
        let namespaces: BTreeSet<&str> = step.owners.iter().map(|owner| owner.namespace).collect();
        let fixes = match (step.action, step.fixable) {
            (Action::Patch, _) => "admission mends them",
            (_, 0) => "no command mends them",
            _ => "plimsoll fix mends such in manifests",
        };
        Self {
            action: step.action,
            policy: printable(step.policy),
            rule: printable(step.rule),
            kind: printable(step.kind),
            extent: format!(
                "{} of {} in {}",
                many(step.findings, "finding"),
                many(step.owners.len() as u64, "owner"),
                many(namespaces.len() as u64, "namespace")
            ),
            remedy: if is_one_help { text(step.help) } else { Cow::Borrowed("") },
            fixes,
        }
    }
}

/// A text on one line, with an end.
pub(super) fn text(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(TEXT) {
        None => printable(text),
        Some((end, _)) => {
            let start = text.get(..end).unwrap_or_default();
            Cow::Owned(format!("{}…", printable(start)))
        }
    }
}
