//! Pauses before something is tried again.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// After the first failure.
const SHORTEST_PAUSE: Duration = Duration::from_millis(200);
/// While the API server stays away: short, because policies that changed meanwhile wait for it.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Pauses that grow from 0.2 s to 5 s, with some chance in them, so that many do not come back all at once.
#[derive(Debug)]
pub struct Pauses {
    next: Duration,
}

impl Default for Pauses {
    fn default() -> Self {
        Self { next: SHORTEST_PAUSE }
    }
}

impl Iterator for Pauses {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let pause = self.next;
        self.next = (pause * 2).min(LONGEST_PAUSE);
        let chance = u32::from(RandomState::new().hash_one(()) as u8);
        Some(pause / 2 + pause / 512 * chance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound_and_begin_anew() {
        let mut pauses = Pauses::default();
        assert!(pauses.next().is_some_and(|pause| pause <= SHORTEST_PAUSE));
        for pause in pauses.by_ref().take(100) {
            assert!(pause <= LONGEST_PAUSE);
        }
        assert!(pauses.next().is_some_and(|pause| pause >= LONGEST_PAUSE / 2));
    }
}
