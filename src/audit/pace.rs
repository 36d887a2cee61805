//! Requests in a second.

use std::time::{Duration, Instant};

/// A bucket of requests that fills as time goes by: as many as are allowed in a second can be sent at once.
#[derive(Debug)]
pub(super) struct Pace {
    /// In a second; none: as many as there are.
    per_second: Option<f64>,
    left: f64,
    since: Instant,
}

impl Pace {
    /// Zero stands for no limit.
    pub(super) fn new(per_second: f64, now: Instant) -> Self {
        let per_second = (per_second > 0.0).then_some(per_second);
        Self { per_second, left: per_second.unwrap_or_default().max(1.0), since: now }
    }

    /// Takes a request out of the bucket: how long it is to wait.
    pub(super) fn take(&mut self, now: Instant) -> Duration {
        let Some(per_second) = self.per_second else { return Duration::ZERO };
        let more = now.saturating_duration_since(self.since).as_secs_f64() * per_second;
        // Requests that wait are debts.
        self.left = (self.left + more).min(per_second.max(1.0)) - 1.0;
        self.since = now;
        Duration::try_from_secs_f64((-self.left).max(0.0) / per_second).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_is_given_at_once_and_then_the_rate_holds() {
        let begun = Instant::now();
        let mut pace = Pace::new(10.0, begun);
        assert!((0..10).all(|_| pace.take(begun).is_zero()));
        let tenth = Duration::from_millis(100);
        let close = |one: Duration, other| one.abs_diff(other) < Duration::from_millis(1);
        assert!(close(pace.take(begun), tenth));
        assert!(close(pace.take(begun + tenth), tenth));
        assert!(pace.take(begun + Duration::from_secs(9)).is_zero(), "it fills again");
        let mut slow = Pace::new(0.5, begun);
        assert!(slow.take(begun).is_zero());
        assert!(close(slow.take(begun), Duration::from_secs(2)));
        let mut unbounded = Pace::new(0.0, begun);
        assert!((0..1000).all(|_| unbounded.take(begun).is_zero()));
    }
}
