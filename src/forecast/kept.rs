//! Sums by a name, of which only so many are told apart.

use std::hash::Hash;

use serde::{Deserialize, Serialize};

use crate::tally::Bounded;

/// What adds up, in parts and in any order.
pub(super) trait Sum: Default {
    /// Adds another.
    fn add(&mut self, other: Self);
}

impl Sum for u64 {
    fn add(&mut self, other: Self) {
        *self = self.saturating_add(other);
    }
}

impl<const N: usize> Sum for [u64; N]
where
    Self: Default,
{
    fn add(&mut self, other: Self) {
        for (one, more) in self.iter_mut().zip(other) {
            one.add(more);
        }
    }
}

/// Sums by a name. Of more names than `MOST`, those with the lowest hashes are told apart; what the others come to is
/// added up together, so that nothing is lost.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[serde(bound(
    serialize = "K: Serialize, V: Serialize",
    deserialize = "K: Deserialize<'de> + Hash + Eq, V: Deserialize<'de>"
))]
pub(super) struct Kept<K, V, const MOST: usize> {
    told: Bounded<K, V>,
    others: V,
}

impl<K, V: Default, const MOST: usize> Default for Kept<K, V, MOST> {
    fn default() -> Self {
        Self { told: Bounded::default(), others: V::default() }
    }
}

impl<K: PartialEq, V: PartialEq, const MOST: usize> PartialEq for Kept<K, V, MOST> {
    fn eq(&self, other: &Self) -> bool {
        self.told == other.told && self.others == other.others
    }
}

impl<K: Hash + Eq, V: Sum, const MOST: usize> Kept<K, V, MOST> {
    /// Adds to the sum of a name. `like` hashes as the name does, and `name` is only asked for where it is new.
    pub(super) fn take(
        &mut self,
        like: &impl Hash,
        is: impl Fn(&K) -> bool,
        name: impl FnOnce() -> K,
        value: V,
    ) {
        match self.told.find_mut(like, is) {
            Some(there) => there.add(value),
            None => self.put(name(), value),
        }
    }

    fn put(&mut self, name: K, value: V) {
        if let Some((_, dropped)) = self.told.add(MOST, name, value, V::add) {
            self.others.add(dropped);
        }
    }

    /// The sum of a name.
    pub(super) fn get(&self, name: &K) -> Option<&V> {
        self.told.get(name)
    }
}

impl<K, V, const MOST: usize> Kept<K, V, MOST> {
    /// The sums that are told apart, in no order that means anything.
    pub(super) fn told(&self) -> impl Iterator<Item = (&K, &V)> {
        self.told.iter()
    }

    /// Every sum, that of the others last.
    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.told.iter().map(|(_, value)| value).chain(std::iter::once(&self.others))
    }

    /// The sum of what is not told apart.
    pub(super) const fn others(&self) -> &V {
        &self.others
    }

    /// How many are told apart.
    pub(super) fn len(&self) -> usize {
        self.told.len()
    }
}

impl<K: Hash + Eq, V: Sum, const MOST: usize> Sum for Kept<K, V, MOST> {
    fn add(&mut self, other: Self) {
        self.others.add(other.others);
        for (name, value) in other.told.into_entries() {
            // What is read from a file is bounded here, and what it holds by its own addition.
            let mut bounded = V::default();
            bounded.add(value);
            self.put(name, bounded);
        }
    }
}
