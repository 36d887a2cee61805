//! Judging pages while others are fetched, on a thread of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc::Receiver;

use super::owners::{Learnt, Table};
use super::page::{Item, Page};
use super::selection::Selection;
use crate::engine::{Engine, Namespaces};
use crate::pod::kinds::{Object, PodKind};
use crate::pod::workload::Workload;
use crate::survey::{Owners, Seen, Survey, Surveyor};

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
        while let Some(work) = work.blocking_recv() {
            match work {
                Work::Learn(learnt) => owners.learn(learnt),
                Work::Pods(page) => {
                    survey.sources.records += 1;
                    survey.sources.bytes += page.text.len() as u64;
                    for item in &page.items {
                        self.judge(page.item(item), item, &owners, &mut survey);
                        self.progress.judged.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
        }
        survey
    }

    fn judge(&self, object: &str, item: &Item, owners: &Table, survey: &mut Survey) {
        if !self.is_chosen(object, owners) {
            survey.sources.others += 1;
            return;
        }
        let seen = Seen {
            object,
            namespace: &item.namespace,
            name: None,
            // Who created a pod is not stored with it.
            user: None,
            facts: self.namespaces.facts(&item.namespace),
            at: item.at,
            now: Some(self.now),
        };
        if !self.selection.takes(&item.namespace) {
            survey.pass(&seen, owners);
            return;
        }
        let surveyor = Surveyor { engine: &self.engine, before: self.before.as_ref() };
        surveyor.take(&seen, owners, survey);
    }

    /// Whether the pod's owner and class are among those asked for. A pod that cannot be read is: nobody knows.
    fn is_chosen(&self, object: &str, owners: &Table) -> bool {
        let Selection { kinds, classes, .. } = &self.selection;
        if kinds.is_empty() && classes.is_empty() {
            return true;
        }
        let Some(kind) = PodKind::find("", "Pod") else { return true };
        let Ok(pod) = kind.read(Object::Json(object)) else { return true };
        let owner = owners.top(&pod);
        let of_kind = kinds.iter().any(|kind| kind.eq_ignore_ascii_case(&owner.kind));
        (kinds.is_empty() || of_kind)
            && (classes.is_empty() || classes.contains(&Workload::of(&pod, None).class))
    }
}
