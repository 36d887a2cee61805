//! A map with a bound on its entries, each of which has an end.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tokio::time::Instant;

/// At most so many values, each until it expires. Where room is needed, what expires first goes: so failures, which are
/// kept for seconds, never drive out more digests than there are failures.
pub(super) struct Expiring<V> {
    limit: usize,
    values: HashMap<Arc<str>, Kept<V>>,
    /// By the time of their end; the number tells apart what ends at the same time.
    ends: BTreeMap<(Instant, u64), Arc<str>>,
    next: u64,
}

struct Kept<V> {
    value: V,
    end: (Instant, u64),
}

impl<V> Expiring<V> {
    pub(super) fn new(limit: usize) -> Expiring<V> {
        Expiring { limit: limit.max(1), values: HashMap::new(), ends: BTreeMap::new(), next: 0 }
    }

    pub(super) fn get(&self, key: &str, now: Instant) -> Option<&V> {
        self.values.get(key).filter(|kept| kept.end.0 > now).map(|kept| &kept.value)
    }

    pub(super) fn insert(&mut self, key: &str, value: V, expires: Instant, now: Instant) {
        self.remove(key);
        if expires <= now {
            return;
        }
        while self.values.len() >= self.limit {
            let Some((_, key)) = self.ends.pop_first() else { break };
            self.values.remove(&key);
        }
        let key: Arc<str> = key.into();
        let end = (expires, self.next);
        self.next += 1;
        self.ends.insert(end, Arc::clone(&key));
        self.values.insert(key, Kept { value, end });
    }

    pub(super) fn remove(&mut self, key: &str) {
        if let Some(kept) = self.values.remove(key) {
            self.ends.remove(&kept.end);
        }
    }

    /// How many are held, those that have expired and stand in nobody's way included.
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_has_expired_is_not_there() {
        let now = Instant::now();
        let mut cache = Expiring::new(4);
        cache.insert("a", 1, now + Duration::from_secs(1), now);
        assert_eq!(cache.get("a", now), Some(&1));
        assert_eq!(cache.get("a", now + Duration::from_secs(1)), None);
        cache.insert("b", 2, now, now);
        assert_eq!(cache.get("b", now), None, "kept for no time");
        assert_eq!(cache.len(), 1);
    }

    #[test]
    fn what_expires_first_makes_room() {
        let now = Instant::now();
        let mut cache = Expiring::new(2);
        cache.insert("long", 1, now + Duration::from_secs(60), now);
        cache.insert("short", 2, now + Duration::from_secs(5), now);
        cache.insert("new", 3, now + Duration::from_secs(30), now);
        assert_eq!(
            ["long", "short", "new"].map(|key| cache.get(key, now)),
            [Some(&1), None, Some(&3)]
        );
        for number in 0..10_000 {
            cache.insert(&format!("many-{number}"), number, now + Duration::from_secs(60), now);
            assert!(cache.len() <= 2 && cache.ends.len() <= 2);
        }
    }

    #[test]
    fn a_key_has_one_value() {
        let now = Instant::now();
        let mut cache = Expiring::new(2);
        cache.insert("a", 1, now + Duration::from_secs(60), now);
        cache.insert("a", 2, now + Duration::from_secs(1), now);
        assert_eq!((cache.get("a", now), cache.len(), cache.ends.len()), (Some(&2), 1, 1));
    }
}
