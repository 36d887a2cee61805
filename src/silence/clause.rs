//! What a comment or an annotation says: the names of rules, and a reason.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Rules, Said, Warned};
use crate::decode::nearest;
use crate::manifest::Place;
use crate::rules::RuleKind;

/// Names that are offered where none is near the one that was written.
const OFFERED: usize = 12;

/// Rules that are not to be reported, and why.
#[derive(Debug)]
pub(super) struct Clause {
    names: Vec<Name>,
    pub(super) reason: Arc<str>,
}

/// One name of it.
#[derive(Debug)]
struct Name {
    written: Box<str>,
    place: Place,
    /// Whether it has silenced anything.
    used: Cell<bool>,
}

impl Clause {
    /// Names that are separated by commas, each with its place, and a reason.
    pub(super) fn new<'n>(names: impl Iterator<Item = (&'n str, Place)>, reason: &str) -> Self {
        let name = |(written, place): (&str, Place)| Name {
            written: written.into(),
            place,
            used: Cell::new(false),
        };
        Self { names: names.map(name).collect(), reason: reason.into() }
    }

    /// Whether it names the rule of a finding. All of its names that do are noted as used.
    pub(super) fn names(&self, said: &Said<'_>) -> bool {
        let mut found = false;
        for name in &self.names {
            if names_rule(&name.written, said.policy, said.rule, said.kind) {
                name.used.set(true);
                found = true;
            }
        }
        found
    }

    /// Warns of names that are unknown or silenced nothing.
    pub(super) fn judge(&self, what: &str, rules: Rules<'_>, warnings: &mut Vec<Warned>) {
        for Name { written, place, .. } in self.names.iter().filter(|name| !name.used.get()) {
            let (message, help, minor) = match rules.standing(written) {
                Standing::InForce => (
                    format!("{what} silences no finding of `{written}`"),
                    "remove it".to_owned(),
                    true,
                ),
                // What other policies, or the labels of a namespace, would make of it is not known.
                Standing::NotInForce => continue,
                Standing::Unknown(help) => {
                    let message =
                        format!("{what} names `{written}`, and no rule in force has that name");
                    (message, help, false)
                }
            };
            warnings.push(Warned {
                place: *place,
                message,
                help: Some(help).filter(|help| !help.is_empty()),
                minor,
            });
        }
    }
}

/// The names that a list holds, each with where it starts in the list.
pub(super) fn split(list: &str) -> impl Iterator<Item = (usize, &str)> {
    list.split(',').scan(0, |at, part| {
        let start = *at + part.len() - part.trim_start().len();
        *at += part.len() + 1;
        Some((start, part.trim()))
    })
}

/// What is known of a name.
enum Standing {
    InForce,
    NotInForce,
    Unknown(String),
}

impl Rules<'_> {
    fn standing(&self, name: &str) -> Standing {
        let mut standing = None;
        for policy in self.policies.policies() {
            let mut rules = policy.rules.iter();
            if rules.any(|rule| names_rule(name, &policy.name, &rule.name, rule.kind.meta.name)) {
                if !(self.undecided)(&policy.name) {
                    return Standing::InForce;
                }
                standing = Some(Standing::NotInForce);
            }
        }
        if RuleKind::find(name).is_some() {
            standing = standing.or(Some(Standing::NotInForce));
        }
        standing.unwrap_or_else(|| Standing::Unknown(self.help(name)))
    }

    /// What to write instead of a name that no rule has.
    fn help(&self, name: &str) -> String {
        let mut known = BTreeSet::new();
        for policy in self.policies.policies() {
            for rule in &policy.rules {
                if *policy.name == *name {
                    return format!("name a rule of the policy, as in `{name}/{}`", rule.name);
                }
                if name.contains('/') {
                    known.insert(format!("{}/{}", policy.name, rule.name));
                } else {
                    known.extend([rule.name.to_string(), rule.kind.meta.name.to_owned()]);
                }
            }
        }
        let help = nearest(name, known.iter().map(String::as_str));
        // Where nothing is near, all names are offered.
        help.filter(|help| known.len() <= OFFERED || help.starts_with("did you mean"))
            .unwrap_or_default()
    }
}

/// Whether a name is that of a rule: its own, its kind, or `policy/rule`.
fn names_rule(name: &str, policy: &str, rule: &str, kind: &str) -> bool {
    name == rule || name == kind || name.split_once('/') == Some((policy, rule))
}
