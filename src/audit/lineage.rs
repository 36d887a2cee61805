//! Asking for the owners of pods, and for theirs: metadata alone, each kind once, and only kinds that are met.

use std::collections::{BTreeSet, HashSet};

use tokio::sync::mpsc::Sender;

use super::failure::Failure;
use super::judge::Work;
use super::kinds::Kinds;
use super::list::{List, Listed};
use super::owners::Learnt;
use super::page::{Item, Page};
use super::problems::{Findings, problem};
use super::requests::{METADATA, Requests};

/// `group/version` and kind.
type Kind = (String, String);

/// What was asked for already.
#[derive(Debug)]
pub(super) struct Lineage {
    page_size: u32,
    kinds: Kinds,
    /// By namespace; none: of all.
    asked: HashSet<(Option<String>, Kind)>,
    /// Kinds that are not known, and that were named.
    noted: HashSet<Kind>,
}

impl Lineage {
    pub(super) fn new(page_size: u32) -> Self {
        Self { page_size, kinds: Kinds::default(), asked: HashSet::new(), noted: HashSet::new() }
    }

    /// Asks for what is not known of the owners of these pods, and has the judge learn it.
    pub(super) async fn follow(
        &mut self,
        requests: &mut Requests,
        pods: &Page,
        namespace: Option<&str>,
        judge: &Sender<Work>,
        found: &mut Findings,
    ) {
        let mut to_ask = BTreeSet::new();
        self.meet(&pods.items, namespace, &mut to_ask);
        while let Some(kind) = to_ask.pop_first() {
            self.asked.insert((namespace.map(str::to_owned), kind.clone()));
            let result = self.list(requests, &kind, namespace, judge, &mut to_ask).await;
            if let Err(failure) = result
                && self.noted.insert(kind.clone())
            {
                let (api_version, kind) = kind;
                let mut note = problem(format!("owners of kind {kind} ({api_version})"), &failure);
                note.help = Some(
                    "pods are attributed as far as they tell themselves; grant list on that resource to have them \
                     attributed to what owns these"
                        .to_owned(),
                );
                found.notes.add(note);
            }
        }
    }

    async fn list(
        &mut self,
        requests: &mut Requests,
        (api_version, kind): &Kind,
        namespace: Option<&str>,
        judge: &Sender<Work>,
        to_ask: &mut BTreeSet<Kind>,
    ) -> Result<(), Failure> {
        let path = self.kinds.path(requests, (api_version, kind), namespace).await?;
        let page_size = Some(self.page_size);
        let listed = Listed { path, accept: METADATA, page_size, ..Listed::default() };
        let mut list = List::new(listed, None);
        while let Some(page) = list.next(requests).await? {
            self.meet(&page.items, namespace, to_ask);
            let (api_version, kind) = (api_version.clone(), kind.clone());
            let learnt = Learnt { api_version, kind, objects: page.items };
            // A judge that is gone needs to learn nothing.
            let _ = judge.send(Work::Learn(learnt)).await;
        }
        Ok(())
    }

    /// Notes kinds of controllers that were not met before.
    fn meet(&self, items: &[Item], namespace: Option<&str>, to_ask: &mut BTreeSet<Kind>) {
        let mut last: Option<(&str, &str)> = None;
        for controller in items.iter().filter_map(|item| item.controller.as_ref()) {
            let kind = (&*controller.api_version, &*controller.kind);
            // Nodes own static pods and belong to nobody. Neighbours are mostly of one kind.
            if kind == ("v1", "Node") || last == Some(kind) {
                continue;
            }
            last = Some(kind);
            let kind = (kind.0.to_owned(), kind.1.to_owned());
            let place = (namespace.map(str::to_owned), kind);
            if !self.asked.contains(&place) {
                to_ask.insert(place.1);
            }
        }
    }
}
