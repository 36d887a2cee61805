//! How often a configuration is written: at once, and ever more slowly where that does not settle it.

use std::time::Duration;

use tokio::time::Instant;

/// The pause after a write that settled things.
const SHORTEST: Duration = Duration::from_millis(250);
/// The pause between writes when something keeps undoing them, or the API server refuses them.
const LONGEST: Duration = Duration::from_secs(30);

/// When the next write may be.
#[derive(Debug)]
pub(super) struct Pace {
    pause: Duration,
    not_before: Instant,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self { pause: SHORTEST, not_before: Instant::now() }
    }

    /// How long to wait still; none where a write may be now.
    pub(super) fn wait(&self) -> Option<Duration> {
        let left = self.not_before.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }

    /// Something was written, or was to be.
    pub(super) fn wrote(&mut self) {
        let now = Instant::now();
        // One that was left alone for a while is not being fought over.
        let fought = now.saturating_duration_since(self.not_before) < self.pause * 4;
        self.pause = if fought { (self.pause * 2).min(LONGEST) } else { SHORTEST };
        self.not_before = now + self.pause;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_fight_is_slowed_down_and_peace_is_forgotten_about() {
        let mut pace = Pace::new();
        assert!(pace.wait().is_none(), "the first write is at once");
        let mut slowest = Duration::ZERO;
        for _ in 0..12 {
            pace.wrote();
            let wait = pace.wait().unwrap();
            slowest = slowest.max(wait);
            tokio::time::sleep(wait).await;
        }
        assert_eq!(slowest, LONGEST);
        tokio::time::sleep(LONGEST * 10).await;
        pace.wrote();
        assert_eq!(pace.wait(), Some(SHORTEST));
    }
}
