//! Whether a registry is left alone for a while: a circuit breaker, and the pauses that it asks for itself.

use std::time::Duration;

use tokio::time::Instant;

use super::config::Breaker;
use super::statistics::BreakerState;

/// How long a registry is left alone that answers 429 and does not say for how long.
pub(super) const DEFAULT_PAUSE: Duration = Duration::from_secs(30);
/// The longest pause that a registry can ask for: a wrong clock or digit is not to stop it for days.
const MAX_PAUSE: Duration = Duration::from_secs(3_600);

/// The health of one registry. It opens after some failures in a row; after a pause one question goes through, and its
/// outcome closes it or begins the next pause.
#[derive(Debug)]
pub(super) struct Health {
    settings: Breaker,
    failures: u32,
    open: Option<Open>,
    /// Until when the registry asked for no questions.
    limited: Option<Instant>,
}

#[derive(Debug)]
struct Open {
    until: Instant,
    probing: bool,
    last: String,
}

impl Health {
    pub(super) fn new(settings: Breaker) -> Health {
        Health { settings, failures: 0, open: None, limited: None }
    }

    /// Why the registry is not asked just now, if it is not.
    pub(super) fn blocked(&self, now: Instant) -> Option<String> {
        if let Some(until) = self.limited.filter(|until| *until > now) {
            let left = seconds(until - now);
            return Some(format!("it asked for a pause, and is not asked for another {left} s"));
        }
        let open = self.open.as_ref().filter(|open| open.until > now)?;
        let left = seconds(open.until - now);
        let failures = self.failures;
        let last = &open.last;
        Some(format!("not asked for another {left} s, after {failures} failures in a row: {last}"))
    }

    /// Whether a question may be asked now. Where the breaker's pause is over, the first that asks is the probe, and
    /// all others wait for as long again, unless it ends well before.
    pub(super) fn admit(&mut self, now: Instant) -> Result<(), String> {
        if let Some(why) = self.blocked(now) {
            return Err(why);
        }
        if let Some(open) = &mut self.open {
            open.probing = true;
            open.until = now + Duration::from_secs(self.settings.pause_seconds);
        }
        Ok(())
    }

    /// The registry answered, if only that there is no such image.
    pub(super) fn answered(&mut self) {
        self.failures = 0;
        self.open = None;
    }

    pub(super) fn failed(&mut self, why: &str, now: Instant) {
        self.failures = self.failures.saturating_add(1);
        // What was begun before it opened does not make the pause longer.
        let closed = self.open.as_ref().is_none_or(|open| open.probing);
        if closed && self.failures >= self.settings.failures {
            let until = now + Duration::from_secs(self.settings.pause_seconds);
            self.open = Some(Open { until, probing: false, last: why.to_owned() });
        }
    }

    /// The registry asked for a pause.
    pub(super) fn limited(&mut self, pause: Option<Duration>, now: Instant) {
        let until = now + pause.unwrap_or(DEFAULT_PAUSE).min(MAX_PAUSE);
        self.limited = Some(self.limited.map_or(until, |before| before.max(until)));
    }

    pub(super) fn state(&self, now: Instant) -> BreakerState {
        match &self.open {
            None => BreakerState::Closed,
            Some(open) if open.probing || open.until <= now => BreakerState::HalfOpen,
            Some(_) => BreakerState::Open,
        }
    }
}

fn seconds(left: Duration) -> u64 {
    left.as_secs() + u64::from(left.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn health() -> Health {
        Health::new(Breaker { failures: 3, pause_seconds: 10 })
    }

    #[test]
    fn failures_in_a_row_open_it_and_one_probe_decides() {
        let now = Instant::now();
        let mut health = health();
        health.failed("a", now);
        health.failed("b", now);
        health.answered();
        health.failed("c", now);
        health.failed("d", now);
        assert_eq!(health.admit(now), Ok(()), "two in a row are not three");
        health.failed("connection refused", now);
        let why = "not asked for another 10 s, after 3 failures in a row: connection refused";
        assert_eq!(health.admit(now), Err(why.to_owned()));
        assert_eq!(health.state(now), BreakerState::Open);
        health.failed("late", now + 5 * SECOND);
        let later = now + 10 * SECOND;
        assert_eq!(health.state(later), BreakerState::HalfOpen);
        assert_eq!(health.admit(later), Ok(()), "the probe");
        assert!(health.admit(later).is_err(), "only one");
        assert_eq!(health.state(later), BreakerState::HalfOpen);
        health.failed("still", later + SECOND);
        assert!(health.admit(later + 10 * SECOND).is_err(), "the pause begins anew");
        let again = later + 11 * SECOND;
        assert_eq!(health.admit(again), Ok(()));
        health.answered();
        assert_eq!((health.state(again), health.admit(again)), (BreakerState::Closed, Ok(())));
    }

    #[test]
    fn a_lost_probe_does_not_block_for_ever() {
        let now = Instant::now();
        let mut health = health();
        (0..3).for_each(|_| health.failed("x", now));
        assert_eq!(health.admit(now + 10 * SECOND), Ok(()));
        assert_eq!(health.admit(now + 20 * SECOND), Ok(()), "nothing was heard of the first");
    }

    #[test]
    fn pauses_are_kept_and_bounded() {
        let now = Instant::now();
        let mut health = health();
        health.limited(Some(7 * SECOND), now);
        health.limited(Some(2 * SECOND), now);
        assert!(health.blocked(now).is_some_and(|why| why.contains("another 7 s")));
        assert_eq!(health.blocked(now + 7 * SECOND), None);
        health.limited(Some(Duration::MAX), now);
        assert_eq!(health.blocked(now + MAX_PAUSE), None);
        let mut other = self::health();
        other.limited(None, now);
        assert!(other.blocked(now + 29 * SECOND).is_some());
    }
}
