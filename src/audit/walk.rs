//! The way through the pods of a cluster: all at once, or namespace by namespace where that is all that is allowed.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::mpsc::Sender;

use super::failure::Failure;
use super::judge::{Progress, Work};
use super::lineage::Lineage;
use super::list::{List, Listed};
use super::page::{Item, key};
use super::problems::{Findings, problem};
use super::requests::{JSON, Requests};
use super::{Plan, sources};
use crate::survey::Problem;

/// Namespaces that are lost one after the other, whose API server fails: then it does for all.
const MOST_LOST_IN_A_ROW: u32 = 3;

/// A list of pods that is to be read.
#[derive(Clone, Debug, Default)]
struct Place {
    /// None: all namespaces.
    namespace: Option<String>,
    /// What is at or before this key was judged already.
    after: Option<String>,
}

/// The way through the pods.
pub(super) struct Walk<'w> {
    pub(super) requests: &'w mut Requests,
    pub(super) plan: &'w Plan,
    /// The namespaces that there are, where they may be listed.
    pub(super) names: Option<Vec<String>>,
    pub(super) judge: Sender<Work>,
    pub(super) progress: Arc<Progress>,
    pub(super) found: &'w mut Findings,
}

impl Walk<'_> {
    /// Reads everything that is selected, and hands it to the judge.
    pub(super) async fn run(mut self) {
        let mut lineage = Lineage::new(self.plan.page_size);
        let mut places = self.places();
        let mut lost = 0;
        while let Some(place) = places.pop_front() {
            let mut list = List::new(self.listed(&place), place.after.clone());
            let result = self.read(&place, &mut list, &mut lineage).await;
            let Err(failure) = result else {
                lost = 0;
                continue;
            };
            let after = list.last().map(str::to_owned);
            if failure.spares_parts()
                && place.namespace.is_none()
                && let Some(rest) = self.one_by_one(&after)
            {
                places.extend(rest);
                continue;
            }
            self.tell(&place, after.as_deref(), &failure);
            lost = if matches!(failure, Failure::Broken(_)) { lost + 1 } else { 0 };
            // The selectors are the same everywhere.
            let is_final = failure.is_final() || matches!(failure, Failure::Refused { .. });
            if is_final || lost == MOST_LOST_IN_A_ROW {
                self.give_up(&places);
                return;
            }
        }
    }

    fn places(&mut self) -> VecDeque<Place> {
        let alone = self.plan.selection.alone(self.names.as_deref());
        let Some(alone) = alone else { return [Place::default()].into() };
        if alone.is_empty() {
            self.found.problems.add(Problem {
                source: sources::NAMESPACES.into(),
                line: None,
                message: "there is no namespace that is selected".to_owned(),
                help: Some("check --namespace and --exclude-namespace".to_owned()),
            });
        }
        let (there, absent): (Vec<_>, Vec<_>) = alone
            .into_iter()
            .partition(|name| self.names.as_ref().is_none_or(|names| names.contains(name)));
        for name in absent {
            self.found.problems.add(Problem {
                source: sources::pods(Some(&name)).into(),
                line: None,
                message: "there is no such namespace".to_owned(),
                help: Some("check --namespace, and that this is the right cluster".to_owned()),
            });
        }
        there.into_iter().map(|name| Place { namespace: Some(name), after: None }).collect()
    }

    fn listed(&self, place: &Place) -> Listed {
        let selection = &self.plan.selection;
        let (path, fields) = match &place.namespace {
            Some(name) => (format!("/api/v1/namespaces/{name}/pods"), selection.fields.clone()),
            None if self.plan.reads_excluded() => ("/api/v1/pods".to_owned(), None),
            None => ("/api/v1/pods".to_owned(), selection.fields_of_all()),
        };
        let (labels, page_size) = (selection.labels.clone(), Some(self.plan.page_size));
        Listed { path, accept: JSON, labels, fields, page_size }
    }

    async fn read(
        &mut self,
        place: &Place,
        list: &mut List,
        lineage: &mut Lineage,
    ) -> Result<(), Failure> {
        while let Some(mut page) = list.next(self.requests).await? {
            let (_, expected) = self.progress.counts();
            // Of one namespace, that says nothing of the others.
            if expected == 0 && place.namespace.is_none() {
                let here = page.items.len() as u64;
                self.progress.expect(page.remaining.map_or(0, |remaining| here + remaining));
            }
            let takes = |item: &Item| self.plan.selection.takes(&item.namespace);
            let (taken, excluded) = page.items.into_iter().partition(takes);
            page.items = taken;
            let namespace = place.namespace.as_deref();
            // Nothing more is asked for those that are not judged.
            lineage.follow(self.requests, &page, namespace, &self.judge, self.found).await;
            if self.plan.reads_excluded() {
                page.items.extend::<Vec<Item>>(excluded);
            }
            // It is gone only where it broke, which is told when it is asked for its result.
            let _ = self.judge.send(Work::Pods(page)).await;
        }
        Ok(())
    }

    /// The namespaces that are left where a list of all was refused, or lost after a key.
    fn one_by_one(&self, after: &Option<String>) -> Option<Vec<Place>> {
        let is_left = |name: &&String| {
            let end = key(name, "\u{10ffff}");
            (self.plan.selection.takes(name) || self.plan.reads_excluded())
                && after.as_ref().is_none_or(|after| *after < end)
        };
        let mut names: Vec<&String> = self.names.as_ref()?.iter().filter(is_left).collect();
        // In the order of the keys, in which `a-b/` comes before `a/`.
        names.sort_by_key(|name| key(name, ""));
        let place = |name: &String| {
            let within = after.clone().filter(|after| after.starts_with(&key(name, "")));
            Place { namespace: Some(name.clone()), after: within }
        };
        Some(names.into_iter().map(place).collect())
    }

    fn tell(&mut self, place: &Place, after: Option<&str>, failure: &Failure) {
        let mut told = problem(source(place), failure);
        if let Some(after) = after {
            told.message = format!("{failure}; what follows pod {after} was not judged");
        }
        if place.namespace.is_none() && matches!(failure, Failure::Forbidden(_)) {
            told.help = Some(
                "grant list on pods, or name the namespaces that you may list with --namespace"
                    .to_owned(),
            );
        }
        // Those would not have been judged: only the forecast knows less.
        let is_excluded =
            place.namespace.as_ref().is_some_and(|name| !self.plan.selection.takes(name));
        if is_excluded { &mut self.found.notes } else { &mut self.found.problems }.add(told);
    }

    fn give_up(&mut self, left: &VecDeque<Place>) {
        for place in left {
            self.found.problems.add(Problem {
                source: source(place).into(),
                line: None,
                message: "not judged, because the request before failed".to_owned(),
                help: None,
            });
        }
    }
}

fn source(place: &Place) -> String {
    sources::pods(place.namespace.as_deref())
}
