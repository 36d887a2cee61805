//! Judging pages while others are fetched, on a thread of its own.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc::Receiver;

use super::kinds::is_known;
use super::owners::{Learnt, Table};
use super::page::{Controller, Item, Page};
use super::selection::Selection;
use crate::engine::{Engine, Namespaces};
use crate::pod::kinds::{Object, PodKind};
use crate::pod::view::{Annotations, Pod};
use crate::pod::workload::Workload;
use crate::survey::{Owners, Problem, Seen, Survey, Surveyor};

/// What the judge is handed, in order.
#[derive(Debug)]
pub(super) enum Work {
    /// Pods to judge.
    Pods(Page),
    /// Who belongs to whom.
    Learn(Learnt),
}

/// How far an audit is.
#[derive(Debug, Default)]
pub struct Progress {
    judged: AtomicU64,
    expected: AtomicU64,
}

impl Progress {
    /// Pods that were judged, and how many there are; zero where nobody said.
    pub fn counts(&self) -> (u64, u64) {
        (self.judged.load(Ordering::Relaxed), self.expected.load(Ordering::Relaxed))
    }

    pub(super) fn expect(&self, pods: u64) {
        self.expected.store(pods, Ordering::Relaxed);
    }
}

/// What judges pods.
pub(super) struct Judge {
    pub(super) engine: Engine,
    /// What judged them before, where that is to be compared.
    pub(super) before: Option<Engine>,
    pub(super) namespaces: Namespaces,
    pub(super) selection: Selection,
    /// The time, in seconds since 1970.
    pub(super) now: i64,
    pub(super) progress: Arc<Progress>,
}

impl Judge {
    /// Judges what comes, until nothing does.
    pub(super) fn run(self, mut work: Receiver<Work>, mut survey: Survey) -> Survey {
        let mut owners = Table::default();
        let mut kinds = BTreeSet::new();
        while let Some(work) = work.blocking_recv() {
            match work {
                Work::Learn(learnt) => owners.learn(learnt),
                Work::Pods(page) => {
                    survey.sources.records += 1;
                    survey.sources.bytes += page.text.len() as u64;
                    for item in &page.items {
                        let object = page.item(item);
                        let seen = self.seen(object, item);
                        if !self.is_judged(object, item) {
                            survey.sources.others += 1;
                            // It runs all the same, and takes its room on a node.
                            survey.pass(&seen, &owners);
                        } else if !self.is_chosen(object, &owners, &mut kinds) {
                            survey.sources.others += 1;
                        } else {
                            self.judge(&seen, &owners, &mut survey);
                        }
                        self.progress.judged.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
        }
        for kind in self.selection.kinds.iter().filter(|kind| !is_known(kind)) {
            if !kinds.iter().any(|found| found.eq_ignore_ascii_case(kind)) {
                survey.problems.add(nothing_of(kind, &kinds));
            }
        }
        survey
    }

    fn seen<'a>(&'a self, object: &'a str, item: &'a Item) -> Seen<'a> {
        Seen {
            object,
            namespace: &item.namespace,
            name: None,
            // Who created a pod is not stored with it.
            user: None,
            facts: self.namespaces.facts(&item.namespace),
            at: item.at,
            now: Some(self.now),
        }
    }

    fn judge(&self, seen: &Seen<'_>, owners: &Table, survey: &mut Survey) {
        if !self.selection.takes(seen.namespace) {
            survey.pass(seen, owners);
            return;
        }
        let surveyor = Surveyor { engine: &self.engine, before: self.before.as_ref() };
        surveyor.take(seen, owners, survey);
    }

    /// Whether the webhook would judge the pod: those of its own namespace and mirrors it lets through.
    fn is_judged(&self, object: &str, item: &Item) -> bool {
        item.namespace != self.engine.own_namespace() && !is_mirror(object, item)
    }

    /// Whether the pod's owner and class are among those asked for. A pod that cannot be read is: nobody knows. Kinds
    /// of owners that are met are added, where kinds are asked for.
    fn is_chosen(&self, object: &str, owners: &Table, met: &mut BTreeSet<String>) -> bool {
        let Selection { kinds, classes, .. } = &self.selection;
        if kinds.is_empty() && classes.is_empty() {
            return true;
        }
        let Some(pod) = read(object) else { return true };
        let owner = owners.top(&pod);
        let of_kind = kinds.iter().any(|kind| kind.eq_ignore_ascii_case(&owner.kind));
        if !kinds.is_empty() && !met.contains(&*owner.kind) {
            met.insert(owner.kind.clone().into_owned());
        }
        (kinds.is_empty() || of_kind)
            && (classes.is_empty() || classes.contains(&Workload::of(&pod, None).class))
    }
}

fn read(object: &str) -> Option<Pod<'_>> {
    PodKind::find("", "Pod")?.read(Object::Json(object)).ok()
}

/// Whether a kubelet reports a static pod by it: of those, nobody remembers that a node created them, but they belong to
/// the node they run on. Anyone can write the annotation alone.
fn is_mirror(object: &str, item: &Item) -> bool {
    let is_node = |owner: &&Controller| (&*owner.api_version, &*owner.kind) == ("v1", "Node");
    let Some(node) = item.controller.as_ref().filter(is_node) else { return false };
    read(object).is_some_and(|pod| {
        let runs_on = pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref());
        pod.annotation(Annotations::MIRROR).is_some() && runs_on == Some(&*node.name)
    })
}

/// A kind was asked for that may be misspelt.
fn nothing_of(kind: &str, met: &BTreeSet<String>) -> Problem {
    let met: Vec<&str> = met.iter().map(String::as_str).collect();
    let met = if met.is_empty() { "no pods at all".to_owned() } else { met.join(", ") };
    Problem {
        source: "--kind".into(),
        line: None,
        message: format!("no pod belongs to an owner of kind {kind}"),
        help: Some(format!("check its spelling; there are: {met}")),
    }
}
