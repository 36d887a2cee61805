//! The table of findings, and what to do about the gravest of them first.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::class;
use super::units::{count, counted, minute};
use crate::finding::Safety;
use crate::policy::Action;
use crate::report::gravity;
use crate::report::plain::printable;
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
    /// `12 owners in 3 namespaces`.
    pub(super) extent: String,
    /// What to do, where that is the same everywhere; else of whom most is found.
    pub(super) remedy: Cow<'r, str>,
    /// How much of it has a fix.
    pub(super) fixes: String,
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

fn in_order(owned: &Owned) -> impl Iterator<Item = (&FindingKey, &Found)> {
    let mut all: Vec<_> = owned.findings.iter().chain(owned.others.iter()).collect();
    all.sort_by_key(|(key, _)| *key);
    all.into_iter()
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

/// The gravest first, then by policy and rule.
type Id<'r> = (Reverse<u8>, &'r str, &'r str);

/// What is known of all findings of one rule.
#[derive(Default)]
struct Sum<'r> {
    kind: &'r str,
    help: &'r str,
    is_one_help: bool,
    findings: u64,
    owners: u64,
    namespaces: BTreeSet<&'r str>,
    safe: u64,
    unsafe_fixes: u64,
}

/// What to do, the first first.
pub(super) fn steps(tally: &Tally) -> Vec<Step<'_>> {
    let mut sums: BTreeMap<Id<'_>, (Action, Sum<'_>)> = BTreeMap::new();
    for (namespace, _, owned) in tally.by_owner() {
        let mut seen = BTreeSet::new();
        for (key, found) in in_order(owned) {
            let id = (Reverse(gravity(found.action)), &*key.policy, &*key.rule);
            let help = &*found.example.help;
            let (_, sum) = sums.entry(id).or_insert_with(|| {
                let sum = Sum { kind: &found.kind, help, is_one_help: true, ..Sum::default() };
                (found.action, sum)
            });
            sum.is_one_help &= sum.help == help;
            sum.findings += 1;
            sum.owners += u64::from(seen.insert(id));
            sum.namespaces.insert(namespace);
            match found.example.fix_safety {
                Some(Safety::Safe) => sum.safe += 1,
                Some(Safety::Unsafe) => sum.unsafe_fixes += 1,
                None => {}
            }
        }
    }
    let mut all: Vec<_> = sums.into_iter().collect();
    all.sort_by_key(|((gravity, ..), (_, sum))| (*gravity, Reverse(sum.owners)));
    all.into_iter()
        .map(|((_, policy, rule), (action, sum))| sum.step(action, policy, rule))
        .collect()
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

impl<'r> Sum<'r> {
    fn step(&self, action: Action, policy: &'r str, rule: &'r str) -> Step<'r> {
        let namespaces = counted(self.namespaces.len() as u64, "namespace");
        Step {
            action,
            policy: printable(policy),
            rule: printable(rule),
            kind: printable(self.kind),
            extent: format!("{} in {namespaces}", counted(self.owners, "owner")),
            remedy: if self.is_one_help { text(self.help) } else { Cow::Borrowed("") },
            fixes: self.fixes(action),
        }
    }

    fn fixes(&self, action: Action) -> String {
        let mended = if action == Action::Patch { "admission mends" } else { "plimsoll fix mends" };
        let those = |some: u64| match (some, self.findings) {
            (1, 1) => "it".to_owned(),
            (some, all) if some == all => "all of it".to_owned(),
            (some, all) => format!("{} of {}", count(some), count(all)),
        };
        match (self.safe, self.unsafe_fixes) {
            (0, 0) => "no command mends it".to_owned(),
            (safe, 0) => format!("{mended} {}", those(safe)),
            (0, more) if action == Action::Patch => format!("{mended} {}", those(more)),
            (0, more) => format!("plimsoll fix --unsafe-fixes mends {}", those(more)),
            (safe, more) => {
                format!(
                    "{mended} {}, and {} more that a person should look at",
                    those(safe),
                    count(more)
                )
            }
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
