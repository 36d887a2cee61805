//! Asking for the owners of pods, and for theirs: metadata alone, each kind once, and only kinds that are met.

use std::collections::{BTreeSet, HashSet};

use tokio::sync::mpsc::Sender;

use super::failure::Failure;
use super::judge::Work;
use super::kinds::{Asking, Kinds, asking};
use super::list::{List, Listed};
use super::owners::Learnt;
use super::page::{Item, Page};
use super::problems::{Findings, problem};
use super::requests::{METADATA, Requests};
use crate::survey::Problem;

/// Kinds of others that are looked up. Clusters have a few; without a bound, whoever makes pods could have thousands of
/// requests sent.
const MOST_FOREIGN: usize = 32;

/// `group/version` and kind.
type Kind = (String, String);

const AS_FAR: &str = "pods are attributed as far as they tell themselves";

/// What was asked for already.
#[derive(Debug)]
pub(super) struct Lineage {
    page_size: u32,
    kinds: Kinds,
    /// By namespace; none: of all.
    asked: HashSet<(Option<String>, Kind)>,
    /// Kinds of others that were met.
    foreign: HashSet<Kind>,
    /// Kinds that are not known, and that were named.
    noted: HashSet<Kind>,
    /// Kinds that the API server does not have, in whatever namespace.
    absent: HashSet<Kind>,
    /// There are more kinds of others than are looked up.
    is_beyond: bool,
    /// That was told.
    is_beyond_told: bool,
}

impl Lineage {
    pub(super) fn new(page_size: u32) -> Self {
        Self {
            page_size,
            kinds: Kinds::default(),
            asked: HashSet::new(),
            foreign: HashSet::new(),
            noted: HashSet::new(),
            absent: HashSet::new(),
            is_beyond: false,
            is_beyond_told: false,
        }
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
            let Err(failure) = result else { continue };
            let is_absent = matches!(failure, Failure::NotFound(_));
            if is_absent {
                self.absent.insert(kind.clone());
            }
            if self.noted.insert(kind.clone()) {
                let (api_version, kind) = kind;
                let mut note = problem(format!("owners of kind {kind} ({api_version})"), &failure);
                let more = match is_absent {
                    true => "",
                    false => {
                        "; grant list on that resource to have them attributed to what owns these"
                    }
                };
                note.help = Some(format!("{AS_FAR}{more}"));
                found.notes.add(note);
            }
        }
        if self.is_beyond && !self.is_beyond_told {
            self.is_beyond_told = true;
            found.notes.add(Problem {
                source: "owners of further kinds".into(),
                line: None,
                message: format!(
                    "more than {MOST_FOREIGN} kinds of others are named as owners of pods"
                ),
                help: Some(format!("of the further ones, {AS_FAR}")),
            });
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
    fn meet(&mut self, items: &[Item], namespace: Option<&str>, to_ask: &mut BTreeSet<Kind>) {
        let mut last: Option<(&str, &str)> = None;
        for controller in items.iter().filter_map(|item| item.controller.as_ref()) {
            let kind = (&*controller.api_version, &*controller.kind);
            // Neighbours are mostly of one kind.
            if last == Some(kind) {
                continue;
            }
            last = Some(kind);
            // Nodes own static pods and belong to nobody. To follow pods that own pods, as drivers of Spark do, all pods
            // would have to be listed once more, and their systems' labels tell more.
            let asking = asking(kind.0, kind.1);
            let kind = (kind.0.to_owned(), kind.1.to_owned());
            if asking == Asking::Never || self.absent.contains(&kind) {
                continue;
            }
            if asking == Asking::Foreign && !self.foreign.contains(&kind) {
                if self.foreign.len() == MOST_FOREIGN {
                    self.is_beyond = true;
                    continue;
                }
                self.foreign.insert(kind.clone());
            }
            let place = (namespace.map(str::to_owned), kind);
            if !self.asked.contains(&place) {
                to_ask.insert(place.1);
            }
        }
    }
}
