//! How often things are tried, and written.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

const MOST_WRITES: usize = 20;
const WINDOW: Duration = Duration::from_secs(60);

/// Somebody who undoes every write, such as a tool that syncs Secrets, must not make a replica write
/// for ever.
#[derive(Default)]
pub(super) struct Allowance(VecDeque<Instant>);

impl Allowance {
    /// Takes one write, or says when there will be one again.
    pub(super) fn take(&mut self) -> Result<(), Duration> {
        let now = Instant::now();
        while self.0.front().is_some_and(|at| now.duration_since(*at) >= WINDOW) {
            self.0.pop_front();
        }
        match self.0.front() {
            Some(first) if self.0.len() >= MOST_WRITES => {
                Err(WINDOW.saturating_sub(now.duration_since(*first)))
            }
            _ => {
                self.0.push_back(now);
                Ok(())
            }
        }
    }
}

/// Between two attempts: longer and longer, but never so long that people would wait for it.
pub(super) struct Pauses(Duration);

impl Default for Pauses {
    fn default() -> Pauses {
        Pauses(Duration::from_millis(200))
    }
}

impl Pauses {
    pub(super) fn next(&mut self) -> Duration {
        let pause = self.0;
        self.0 = (pause * 2).min(Duration::from_secs(5));
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn writes_are_few_however_often_they_are_undone() {
        let mut allowance = Allowance::default();
        assert_eq!((0..100).filter(|_| allowance.take().is_ok()).count(), MOST_WRITES);
        let later = allowance.take().err().unwrap_or_default();
        assert!(later > Duration::ZERO && later <= WINDOW);
        tokio::time::advance(later).await;
        assert!(allowance.take().is_ok());
    }

    #[test]
    fn pauses_grow_and_stay_short() {
        let mut pauses = Pauses::default();
        let taken: Vec<_> = (0..10).map(|_| pauses.next()).collect();
        assert!(taken.is_sorted() && taken[9] == Duration::from_secs(5));
    }
}
