//! A map of at most so many entries, which keeps the same ones in whatever order they come.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A map that keeps the entries whose keys have the lowest hashes.
///
/// An entry is among the lowest of all only if it is among the lowest of every part of them. So nothing of it was ever
/// dropped, and parts that are merged in any order come to the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Bounded<K, V> {
    /// By hash; nearly always one entry each.
    entries: BTreeMap<u64, Vec<(K, V)>>,
    len: usize,
}

impl<K, V> Default for Bounded<K, V> {
    fn default() -> Self {
        Self { entries: BTreeMap::new(), len: 0 }
    }
}

impl<K: Hash + Eq, V> Bounded<K, V> {
    /// Adds a value to the one that is there; answers with the entry that there is no room for, which may be this one.
    pub fn add(
        &mut self,
        bound: usize,
        key: K,
        value: V,
        merge: impl FnOnce(&mut V, V),
    ) -> Option<(K, V)> {
        let entries = self.entries.entry(hash(&key)).or_default();
        if let Some((_, there)) = entries.iter_mut().find(|(there, _)| *there == key) {
            merge(there, value);
            return None;
        }
        entries.push((key, value));
        self.len += 1;
        if self.len <= bound {
            return None;
        }
        let mut last = self.entries.last_entry()?;
        // Equal hashes are not worth an order of their own, which would have to be the same everywhere.
        let dropped = last.get_mut().pop();
        if last.get().is_empty() {
            last.remove();
        }
        self.len -= 1;
        dropped
    }

    /// The value of a key, which is told by what it hashes as, and by whether it is this one.
    pub fn find_mut(&mut self, like: &impl Hash, is: impl Fn(&K) -> bool) -> Option<&mut V> {
        let entries = self.entries.get_mut(&hash(like))?;
        entries.iter_mut().find(|(key, _)| is(key)).map(|(_, value)| value)
    }

    /// The value of a key.
    pub fn get(&self, key: &K) -> Option<&V> {
        let entries = self.entries.get(&hash(key))?;
        entries.iter().find(|(there, _)| there == key).map(|(_, value)| value)
    }
}

impl<K, V> Bounded<K, V> {
    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The entries, in no order that means anything.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.entries.values().flatten().map(|(key, value)| (key, value))
    }

    /// The entries themselves.
    pub fn into_entries(self) -> impl Iterator<Item = (K, V)> {
        self.entries.into_values().flatten()
    }
}

impl<K: Serialize, V: Serialize> Serialize for Bounded<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de, K: Deserialize<'de> + Hash + Eq, V: Deserialize<'de>> Deserialize<'de> for Bounded<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut read = Self::default();
        for (key, value) in Vec::<(K, V)>::deserialize(deserializer)? {
            read.add(usize::MAX, key, value, |there, value| *there = value);
        }
        Ok(read)
    }
}

/// The same hash in every process, which the standard library does not promise.
fn hash(key: &impl Hash) -> u64 {
    /// FNV-1a of 64 bits.
    struct Fnv(u64);

    impl Hasher for Fnv {
        fn write(&mut self, bytes: &[u8]) {
            for byte in bytes {
                self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }

        fn finish(&self) -> u64 {
            // The last bytes of a key change only the low bits of its FNV; this spreads them (the finalizer of
            // MurmurHash3).
            let mut hash = self.0;
            hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
            hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
            hash ^ (hash >> 33)
        }
    }

    let mut hasher = Fnv(0xcbf2_9ce4_8422_2325);
    key.hash(&mut hasher);
    hasher.finish()
}
