//! Which parts of the policies the cases of a run exercise.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::read::Rules;
use super::run::Outcome;
use crate::manifest::{Document, Place};
use crate::pointer::Pointer;
use crate::policy::CompiledPolicy;
use crate::policy::document::Match;

/// What the cases exercise of all policies that they are about.
#[derive(Debug, Default)]
pub struct Coverage {
    /// The policies, in the order of their files.
    pub policies: Vec<Covered>,
    known: HashMap<(PathBuf, String), usize>,
}

/// What the cases exercise of a policy.
#[derive(Debug)]
pub struct Covered {
    /// The file, as the suite names it.
    pub file: PathBuf,
    /// Where it stands in it.
    pub place: Place,
    /// Its name.
    pub name: String,
    /// Whether its `match` held in a case.
    pub matched: bool,
    /// Whether its `match` did not hold in a case; none where there is none, and it holds always.
    pub excluded: Option<bool>,
    /// Its rules.
    pub rules: Vec<CoveredRule>,
}

/// What the cases exercise of a rule.
#[derive(Debug)]
pub struct CoveredRule {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// Whether it found something in a case.
    pub found: bool,
    /// Whether it found nothing in a case that its policy is about.
    pub silent: bool,
}

/// Something that no case exercises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The file.
    pub file: PathBuf,
    /// Where in it.
    pub place: Place,
    /// The policy, and the rule if it is one's.
    pub name: String,
    /// What no case does.
    pub message: &'static str,
}

impl Coverage {
    /// Makes room for policies, of which nothing is exercised yet.
    pub(super) fn expect(&mut self, rules: &Rules) {
        for policy in rules.engine.policies().policies() {
            let Some((file, document)) = source(rules, policy) else { continue };
            let index = self.policies.len();
            if *self.known.entry(key(file, policy)).or_insert(index) == index {
                self.policies.push(Covered::new(file, document, policy));
            }
        }
    }

    /// Counts what a case did.
    pub(super) fn count(&mut self, rules: &Rules, outcome: &Outcome) {
        for policy in rules.engine.policies().policies() {
            let known =
                source(rules, policy).and_then(|(file, _)| self.known.get(&key(file, policy)));
            let Some(covered) = known.and_then(|at| self.policies.get_mut(*at)) else { continue };
            if !outcome.matched.iter().any(|matched| matched.name == policy.name) {
                covered.excluded = covered.excluded.map(|_| true);
                continue;
            }
            covered.matched = true;
            for rule in &mut covered.rules {
                let all = outcome.found.iter().chain(&outcome.exempted);
                let mut of_rule =
                    all.filter(|one| *one.policy == *policy.name && *one.rule == *rule.name);
                match of_rule.next() {
                    Some(_) => rule.found = true,
                    None => rule.silent = true,
                }
            }
        }
    }

    /// Everything that no case exercises.
    pub fn gaps(&self) -> Vec<Gap> {
        self.policies.iter().flat_map(Covered::gaps).collect()
    }

    /// How many things there are to exercise.
    pub fn total(&self) -> usize {
        let of =
            |policy: &Covered| 1 + usize::from(policy.excluded.is_some()) + 2 * policy.rules.len();
        self.policies.iter().map(of).sum()
    }

    /// How many of them are exercised.
    pub fn covered(&self) -> usize {
        self.total() - self.gaps().len()
    }

    /// The share of what is exercised, in percent, rounded down; all of nothing is everything.
    pub fn percent(&self) -> usize {
        (self.covered() * 100).checked_div(self.total()).unwrap_or(100)
    }

    pub(super) fn sort(&mut self) {
        self.policies.sort_by(|a, b| (&a.file, a.place, &a.name).cmp(&(&b.file, b.place, &b.name)));
        self.known.clear();
    }
}

impl Covered {
    fn new(file: &Path, document: &Document, policy: &CompiledPolicy) -> Self {
        let rule = |(at, name): (usize, &str)| CoveredRule {
            name: name.to_owned(),
            place: document.locate(Pointer::new("/spec/rules").join(at).join("name").as_str()),
            found: false,
            silent: false,
        };
        Self {
            file: file.to_owned(),
            place: document.locate("/metadata/name"),
            name: policy.name.to_string(),
            matched: false,
            excluded: restricts(policy.matcher.written()).then_some(false),
            rules: policy.rules.iter().map(|rule| &*rule.name).enumerate().map(rule).collect(),
        }
    }

    fn gaps(&self) -> Vec<Gap> {
        let gap = |name: &str, place, message| Gap {
            file: self.file.clone(),
            place,
            name: name.to_owned(),
            message,
        };
        let mut gaps = Vec::new();
        if !self.matched {
            gaps.push(gap(&self.name, self.place, "its `match` holds in no case"));
        }
        if self.excluded == Some(false) {
            gaps.push(gap(&self.name, self.place, "its `match` holds in every case"));
        }
        for rule in &self.rules {
            let name = format!("{}/{}", self.name, rule.name);
            if !rule.found {
                gaps.push(gap(&name, rule.place, "no case makes it find anything"));
            }
            if !rule.silent {
                gaps.push(gap(
                    &name,
                    rule.place,
                    "no case that its policy is about leaves it silent",
                ));
            }
        }
        gaps
    }
}

/// Whether some pod may be left out.
fn restricts(written: &Match) -> bool {
    let Match {
        namespaces,
        namespace_selector,
        pod_selector,
        workloads,
        operations,
        users,
        groups,
    } = written;
    let lists = [namespaces, users, groups];
    let globs = lists
        .into_iter()
        .flatten()
        .any(|list| !list.include.is_empty() || !list.exclude.is_empty());
    globs
        || namespace_selector.is_some()
        || pod_selector.is_some()
        || workloads.is_some()
        || operations.is_some()
}

fn source<'r>(rules: &'r Rules, policy: &CompiledPolicy) -> Option<(&'r Path, &'r Document)> {
    let found = rules.documents.iter().find(|(_, document)| document.name() == Some(&policy.name));
    found.map(|(file, document)| (file.as_path(), document))
}

fn key(file: &Path, policy: &CompiledPolicy) -> (PathBuf, String) {
    let file = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    (file, policy.name.to_string())
}
