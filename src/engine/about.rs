//! Which policies a request is about, whether they find anything or not.

use std::sync::Arc;

use super::{Attributes, Engine, Scope, Stage};
use crate::cel::scene::Setting;
use crate::pod::workload::Workload;
use crate::policy::CompiledPolicy;
use crate::policy::document::Verb;
use crate::policy::matching::RequestFacts;

/// Positions of policies in their set. Sixty-four of them need no memory of their own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Positions {
    first: u64,
    more: Vec<u64>,
}

/// How many positions a word holds.
const WORD: usize = u64::BITS as usize;

impl Positions {
    /// None.
    pub(super) const NONE: Self = Self { first: 0, more: Vec::new() };

    /// Adds one.
    pub fn insert(&mut self, at: usize) {
        let bit = 1 << (at % WORD);
        let Some(word) = (at / WORD).checked_sub(1) else {
            self.first |= bit;
            return;
        };
        if self.more.len() <= word {
            self.more.resize(word + 1, 0);
        }
        if let Some(word) = self.more.get_mut(word) {
            *word |= bit;
        }
    }

    /// Whether one is among them.
    pub fn contains(&self, at: usize) -> bool {
        let word = match (at / WORD).checked_sub(1) {
            None => self.first,
            Some(word) => self.more.get(word).copied().unwrap_or_default(),
        };
        word & (1 << (at % WORD)) != 0
    }

    /// Adds those of another.
    pub fn merge(&mut self, other: &Self) {
        self.first |= other.first;
        if self.more.len() < other.more.len() {
            self.more.resize(other.more.len(), 0);
        }
        for (mine, theirs) in self.more.iter_mut().zip(&other.more) {
            *mine |= theirs;
        }
    }
}

impl Scope<'_, '_> {
    /// The policies that are about the pod.
    pub(super) fn about(&self) -> Positions {
        let mut about = Positions::default();
        self.matched.iter().for_each(|matched| about.insert(matched.at));
        self.failed.iter().for_each(|failed| about.insert(failed.matched.at));
        about
    }
}

impl Engine {
    /// The namespace in which nothing is judged; empty where there is none.
    pub fn own_namespace(&self) -> &str {
        &self.own_namespace
    }

    /// The policies in force that are about the pod of a request, in the order of the set; none where the request
    /// is not judged, or where its pod cannot be read.
    pub fn policies_about(&self, attributes: &Attributes<'_>) -> Vec<Arc<CompiledPolicy>> {
        let Some((kind, verb)) = self.judged(attributes, Stage::Whole) else { return Vec::new() };
        // A pod that is read here carries its object along.
        let Some(Ok(pod)) = attributes.object.map(|object| kind.read(object)) else {
            return Vec::new();
        };
        if super::is_mirror(&pod, attributes.user.as_ref()) {
            return Vec::new();
        }
        let request = request(attributes, verb);
        let workload = Workload::of(&pod, kind.pods_owned_by);
        let setting = Setting::new(attributes, kind);
        let about = |policy: &&Arc<CompiledPolicy>| {
            policy.matcher.matches_request(&request)
                && policy.matcher.matches_pod(|key| pod.label(key), &workload)
                && policy.conditions.evaluate(&pod, &setting).may_hold()
        };
        self.policies.policies().iter().filter(about).map(Arc::clone).collect()
    }
}

/// What a request says before its object is read.
pub(super) fn request<'r>(attributes: &'r Attributes<'_>, verb: Verb) -> RequestFacts<'r> {
    let groups: &[&str] = attributes.user.as_ref().map_or(&[], |user| user.groups.as_slice());
    RequestFacts {
        verb,
        namespace: attributes.namespace,
        namespace_labels: attributes.facts.labels,
        user: attributes.user.as_ref().map(|user| user.name),
        groups,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_kept_however_many_there_are() {
        let (mut one, mut other) = (Positions::default(), Positions::default());
        [0, 63, 64].into_iter().for_each(|at| one.insert(at));
        [5, 300].into_iter().for_each(|at| other.insert(at));
        assert!(one.more.len() == 1 && !one.contains(300) && !one.contains(5));
        one.merge(&other);
        let held: Vec<_> = (0..1000).filter(|at| one.contains(*at)).collect();
        assert_eq!(held, [0, 5, 63, 64, 300]);
    }
}
