//! What is known of namespaces: labels from one watch, LimitRanges from another, in either order.

pub(super) mod lookup;

use std::collections::BTreeMap;

use kube::api::DynamicObject;
use serde_json::Value;

use super::watch::Delta;
use crate::engine::Namespaces;
use crate::pod::limit_range::LimitRange;

/// A namespace, as far as it is kept.
pub(super) type Labelled = (String, Value);

/// A LimitRange, as far as it is kept.
#[derive(Debug)]
pub(super) struct Ranged {
    namespace: String,
    name: String,
    range: LimitRange,
}

impl Ranged {
    pub(super) fn reduce(object: DynamicObject) -> Ranged {
        let namespace = object.metadata.namespace.unwrap_or_default();
        let name = object.metadata.name.unwrap_or_default();
        let range = match LimitRange::from_value(&object.data) {
            Ok(range) => range.unwrap_or_default(),
            Err(error) => {
                let place = error.pointer.field_path();
                tracing::warn!(namespace, name, place, %error, "a LimitRange cannot be read; it is passed over");
                LimitRange::default()
            }
        };
        Ranged { range: LimitRange { name: name.clone(), ..range }, namespace, name }
    }
}

/// What is known so far.
#[derive(Debug, Default)]
pub(super) struct Knowledge {
    namespaces: Namespaces,
    ranges: BTreeMap<String, BTreeMap<String, LimitRange>>,
}

impl Knowledge {
    pub(super) fn namespaces(&self) -> &Namespaces {
        &self.namespaces
    }

    pub(super) fn label(&mut self, delta: Delta<Labelled>) {
        match delta {
            Delta::All(all) => {
                // Nothing tells which of the known ones are gone.
                self.namespaces = Namespaces::default();
                for (name, labels) in all {
                    self.namespaces.set_labels(&name, Some(labels));
                }
                for (namespace, ranges) in &self.ranges {
                    self.namespaces.set_limit_ranges(namespace, ranges.values().cloned().collect());
                }
            }
            Delta::Set((name, labels)) => self.namespaces.set_labels(&name, Some(labels)),
            // Its LimitRanges are gone with it, or belong to a successor and are told of by their own watch.
            Delta::Gone((name, _)) => self.namespaces.set_labels(&name, None),
        }
    }

    pub(super) fn range(&mut self, delta: Delta<Ranged>) {
        match delta {
            Delta::All(all) => {
                let before = std::mem::take(&mut self.ranges);
                for Ranged { namespace, name, range } in all {
                    self.ranges.entry(namespace).or_default().insert(name, range);
                }
                let gone = before.keys().filter(|namespace| !self.ranges.contains_key(*namespace));
                let changed: Vec<String> = gone.chain(self.ranges.keys()).cloned().collect();
                changed.iter().for_each(|namespace| self.settle(namespace));
            }
            Delta::Set(Ranged { namespace, name, range }) => {
                self.ranges.entry(namespace.clone()).or_default().insert(name, range);
                self.settle(&namespace);
            }
            Delta::Gone(Ranged { namespace, name, .. }) => {
                if let Some(ranges) = self.ranges.get_mut(&namespace) {
                    ranges.remove(&name);
                    if ranges.is_empty() {
                        self.ranges.remove(&namespace);
                    }
                }
                self.settle(&namespace);
            }
        }
    }

    fn settle(&mut self, namespace: &str) {
        let ranges = self.ranges.get(namespace).into_iter().flat_map(BTreeMap::values);
        let ranges = ranges.cloned().collect();
        self.namespaces.set_limit_ranges(namespace, ranges);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn labelled(name: &str, team: &str) -> Labelled {
        (name.to_owned(), json!({"team": team}))
    }

    fn ranged(namespace: &str, name: &str) -> Ranged {
        let object = json!({
            "apiVersion": "v1", "kind": "LimitRange",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"limits": [{"type": "Container", "max": {"memory": "1Gi"}}]},
        });
        Ranged::reduce(serde_json::from_value(object).unwrap())
    }

    fn ranges(knowledge: &Knowledge, namespace: &str) -> Vec<String> {
        let facts = knowledge.namespaces().facts(namespace);
        facts.limit_ranges.iter().map(|range| range.name.clone()).collect()
    }

    #[test]
    fn labels_and_ranges_come_in_any_order_and_stay_through_new_lists() {
        let mut knowledge = Knowledge::default();
        knowledge.range(Delta::All(vec![ranged("a", "x"), ranged("a", "y"), ranged("b", "z")]));
        knowledge.label(Delta::All(vec![labelled("a", "one"), labelled("b", "two")]));
        assert_eq!(ranges(&knowledge, "a"), ["x", "y"]);
        let max = knowledge.namespaces().facts("a").limit_ranges[0].container.max.get("memory");
        assert!(max.is_some());
        knowledge.range(Delta::All(vec![ranged("a", "x")]));
        assert_eq!(
            (ranges(&knowledge, "a"), ranges(&knowledge, "b").len()),
            (vec!["x".to_owned()], 0)
        );
        assert_eq!(knowledge.namespaces().facts("b").labels, Some(&json!({"team": "two"})));
        knowledge.label(Delta::All(vec![labelled("a", "three")]));
        assert_eq!(ranges(&knowledge, "a"), ["x"]);
        assert_eq!(knowledge.namespaces().facts("a").labels, Some(&json!({"team": "three"})));
        assert!(knowledge.namespaces().facts("b").labels.is_none());
    }

    #[test]
    fn one_change_changes_one_namespace() {
        let mut knowledge = Knowledge::default();
        knowledge.label(Delta::All(vec![labelled("a", "one"), labelled("b", "two")]));
        knowledge.range(Delta::Set(ranged("a", "x")));
        knowledge.range(Delta::Set(ranged("a", "x")));
        assert_eq!((ranges(&knowledge, "a").len(), ranges(&knowledge, "b").len()), (1, 0));
        knowledge.range(Delta::Gone(ranged("a", "x")));
        knowledge.range(Delta::Gone(ranged("nowhere", "x")));
        assert!(ranges(&knowledge, "a").is_empty());
        knowledge.label(Delta::Gone(labelled("a", "one")));
        assert!(knowledge.namespaces().facts("a").labels.is_none());
        assert_eq!(knowledge.namespaces().len(), 1);
    }
}
