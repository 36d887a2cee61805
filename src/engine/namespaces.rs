//! What is known of many namespaces.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::NamespaceFacts;
use crate::pod::limit_range::LimitRange;

/// What is known of namespaces, by name. Copies share what they have in common.
#[derive(Clone, Debug, Default)]
pub struct Namespaces(HashMap<Arc<str>, Arc<Known>>);

/// What is known of one namespace.
#[derive(Clone, Debug, Default)]
struct Known {
    labels: Option<Value>,
    limit_ranges: Vec<LimitRange>,
}

impl Namespaces {
    /// Whether nothing is known of any namespace.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many namespaces something is known of.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// What is known of one namespace; of one that is not here, nothing.
    pub fn facts(&self, name: &str) -> NamespaceFacts<'_> {
        self.0.get(name).map_or_else(NamespaceFacts::default, |known| NamespaceFacts {
            labels: known.labels.as_ref(),
            limit_ranges: &known.limit_ranges,
        })
    }

    /// Sets the labels of a namespace, a map of text; none where they are not known any more.
    pub fn set_labels(&mut self, name: &str, labels: Option<Value>) {
        self.change(name, |known| known.labels = labels);
    }

    /// Sets all LimitRanges of a namespace.
    pub fn set_limit_ranges(&mut self, name: &str, limit_ranges: Vec<LimitRange>) {
        self.change(name, |known| known.limit_ranges = limit_ranges);
    }

    /// Adds a LimitRange to those of a namespace.
    pub fn add_limit_range(&mut self, name: &str, limit_range: LimitRange) {
        self.change(name, |known| known.limit_ranges.push(limit_range));
    }

    /// Forgets a namespace.
    pub fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// What both know. Where both know labels of one namespace, the other's count.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        for (name, found) in other.0 {
            let Known { labels, limit_ranges } = Arc::unwrap_or_clone(found);
            self.change(&name, |known| {
                known.labels = labels.or(known.labels.take());
                known.limit_ranges.extend(limit_ranges);
            });
        }
        self
    }

    fn change(&mut self, name: &str, change: impl FnOnce(&mut Known)) {
        let Some(known) = self.0.get_mut(name) else {
            let mut known = Known::default();
            change(&mut known);
            if !known.is_unknown() {
                self.0.insert(name.into(), Arc::new(known));
            }
            return;
        };
        let known = Arc::make_mut(known);
        change(known);
        if known.is_unknown() {
            self.0.remove(name);
        }
    }
}

impl Known {
    fn is_unknown(&self) -> bool {
        self.labels.is_none() && self.limit_ranges.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn range(name: &str) -> LimitRange {
        LimitRange { name: name.to_owned(), ..LimitRange::default() }
    }

    #[test]
    fn a_copy_shares_what_did_not_change() {
        let mut before = Namespaces::default();
        before.set_labels("a", Some(json!({"team": "one"})));
        before.set_labels("b", Some(json!({})));
        let mut after = before.clone();
        after.set_labels("a", Some(json!({"team": "two"})));
        assert_eq!(before.facts("a").labels, Some(&json!({"team": "one"})));
        assert_eq!(after.facts("a").labels, Some(&json!({"team": "two"})));
        assert!(Arc::ptr_eq(&before.0["b"], &after.0["b"]));
        after.remove("a");
        assert_eq!((after.facts("a").labels, after.len()), (None, 1));
    }

    #[test]
    fn nothing_known_leaves_no_trace() {
        let mut namespaces = Namespaces::default();
        namespaces.set_limit_ranges("a", vec![range("x")]);
        namespaces.add_limit_range("a", range("y"));
        assert_eq!((namespaces.facts("a").limit_ranges.len(), namespaces.len()), (2, 1));
        assert!(namespaces.facts("a").labels.is_none());
        namespaces.set_limit_ranges("a", Vec::new());
        namespaces.set_labels("b", None);
        assert!(namespaces.is_empty());
    }

    #[test]
    fn both_know_what_each_knew() {
        let (mut one, mut other) = (Namespaces::default(), Namespaces::default());
        one.set_labels("a", Some(json!({"x": "1"})));
        one.add_limit_range("a", range("x"));
        other.add_limit_range("a", range("y"));
        other.set_labels("b", Some(json!({})));
        let both = one.and(other);
        assert_eq!(both.facts("a").labels, Some(&json!({"x": "1"})));
        assert_eq!((both.facts("a").limit_ranges.len(), both.len()), (2, 2));
    }
}
