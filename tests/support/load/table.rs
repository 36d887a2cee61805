//! The counts, stage by stage.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::judge::Outcome;

/// What one stage has counted.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) name: String,
    began: Instant,
    ended: Option<Instant>,
    pub(crate) stored: u32,
    pub(crate) patched: u32,
    pub(crate) denied: u32,
    pub(crate) failed: u32,
    pub(crate) slipped: u32,
    pub(crate) unguarded: u32,
    /// Attempts that the API server did not answer, because it was away.
    pub(crate) unanswered: u32,
    /// Attempts that the API server put off for its own sake.
    pub(crate) throttled: u32,
    latencies: Vec<Duration>,
    /// What went wrong, and how often.
    pub(crate) problems: BTreeMap<String, u32>,
    /// When each problem came, for comparing with logs.
    pub(crate) problem_times: Vec<String>,
}

impl Row {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            began: Instant::now(),
            ended: None,
            stored: 0,
            patched: 0,
            denied: 0,
            failed: 0,
            slipped: 0,
            unguarded: 0,
            unanswered: 0,
            throttled: 0,
            latencies: Vec::new(),
            problems: BTreeMap::new(),
            problem_times: Vec::new(),
        }
    }

    /// All creates that were answered.
    pub(crate) fn total(&self) -> u32 {
        self.stored + self.patched + self.denied + self.failed + self.slipped + self.unguarded
    }

    /// Creates a second.
    pub(crate) fn rate(&self) -> f64 {
        let time = self.ended.unwrap_or_else(Instant::now) - self.began;
        f64::from(self.total()) / time.as_secs_f64().max(0.001)
    }

    /// The latency that this many of a thousand stay below.
    fn quantile(&self, thousandths: usize) -> Duration {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        let at = sorted.len() * thousandths / 1000;
        sorted.get(at.min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
    }
}

/// The counts of all stages; the last one goes on.
pub(crate) struct Table(Mutex<Vec<Row>>);

impl Table {
    pub(super) fn new() -> Self {
        Self(Mutex::new(vec![Row::new("begin")]))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Row>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn begin(&self, name: &str) {
        let mut rows = self.lock();
        if let Some(last) = rows.last_mut() {
            last.ended = Some(Instant::now());
        }
        rows.push(Row::new(name));
    }

    pub(super) fn end(&self) {
        if let Some(last) = self.lock().last_mut() {
            last.ended.get_or_insert_with(Instant::now);
        }
    }

    pub(super) fn rows(&self) -> Vec<Row> {
        self.lock().clone()
    }

    pub(super) fn unanswered(&self) {
        if let Some(row) = self.lock().last_mut() {
            row.unanswered += 1;
        }
    }

    pub(super) fn throttled(&self) {
        if let Some(row) = self.lock().last_mut() {
            row.throttled += 1;
        }
    }

    pub(super) fn count(&self, outcome: Outcome, latency: Duration) {
        let mut rows = self.lock();
        let Some(row) = rows.last_mut() else { return };
        row.latencies.push(latency);
        if matches!(outcome, Outcome::Failed(_) | Outcome::Slipped(_)) {
            row.problem_times.push(jiff::Timestamp::now().to_string());
        }
        match outcome {
            Outcome::Stored => row.stored += 1,
            Outcome::Patched => row.patched += 1,
            Outcome::Denied => row.denied += 1,
            Outcome::Unguarded => row.unguarded += 1,
            Outcome::Failed(problem) => {
                row.failed += 1;
                *row.problems.entry(problem).or_default() += 1;
            }
            Outcome::Slipped(problem) => {
                row.slipped += 1;
                *row.problems.entry(problem).or_default() += 1;
            }
        }
    }
}

/// Rows as a table, with the problems below it.
pub(crate) struct Shown<'a>(pub(crate) &'a [Row]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.0.iter().map(|row| row.name.len()).max().unwrap_or_default().max(5);
        writeln!(
            f,
            "{:width$}  creates  per s  stored  patched  denied  FAILED  SLIPPED  unguarded  unanswered  throttled  p50 ms  p99 ms  max ms",
            "stage"
        )?;
        for row in self.0 {
            let [p50, p99, max] = [500, 990, 1000].map(|q| row.quantile(q).as_millis());
            writeln!(
                f,
                "{:width$}  {:7}  {:5.0}  {:6}  {:7}  {:6}  {:6}  {:7}  {:9}  {:10}  {:9}  {p50:6}  {p99:6}  {max:6}",
                row.name,
                row.total(),
                row.rate(),
                row.stored,
                row.patched,
                row.denied,
                row.failed,
                row.slipped,
                row.unguarded,
                row.unanswered,
                row.throttled,
            )?;
        }
        for row in self.0 {
            if let (Some(first), Some(last)) = (row.problem_times.first(), row.problem_times.last())
            {
                writeln!(f, "  {}: from {first} to {last}", row.name)?;
            }
            for (problem, count) in row.problems.iter().take(8) {
                writeln!(f, "  {}: {count} × {problem}", row.name)?;
            }
        }
        Ok(())
    }
}
