//! Recorded traffic judged: every pod that an audit log, or a capture of reviews, saw created.
//!
//! The way of a pod: one thread reads and decompresses (`reading`) and cuts text into chunks of whole records
//! (`cutter`, `records`); others read of each record what it takes to know whether a pod was created (`record`,
//! `event`), and have it judged and added up (`judge`). Surveys of threads add up exactly, so that neither their
//! number nor their pace shows in the result.

mod cutter;
mod event;
mod growing;
mod inputs;
mod judge;
mod portion;
mod progress;
mod reading;
mod record;
mod records;
mod repeats;
mod source;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use cutter::{Chunk, Part};
use judge::Judge;
pub use progress::Progress;

use crate::engine::{Engine, Namespaces};
use crate::survey::{Problem, Shard, Survey, Surveyor};

/// How often an interrupt is looked for.
const TICK: Duration = Duration::from_millis(50);
/// For how long what was written before an interrupt is still read.
const GRACE: Duration = Duration::from_secs(2);
/// Chunks that wait for each thread: enough that none has to, few enough that memory stays small.
const WAITING: usize = 2;

/// What is replayed, and how.
#[derive(Clone, Debug)]
pub struct Replay<'r> {
    /// What judges the pods.
    pub engine: &'r Engine,
    /// What judged them before, where that is to be compared.
    pub before: Option<&'r Engine>,
    /// What is known of namespaces.
    pub known: &'r Namespaces,
    /// The time by which exemptions expire for what tells no time of its own, in seconds since 1970.
    pub now: Option<i64>,
    /// Whether to keep what forecasts are made from.
    pub forecasting: bool,
    /// Threads that judge; one more reads.
    pub threads: NonZeroUsize,
    /// The part of the work that is to be done here; none for all.
    pub shard: Option<Shard>,
    /// Whether to wait for more at the end of the last file, until an interrupt.
    pub follow: bool,
    /// Set to end with what was judged so far.
    pub interrupted: Arc<AtomicBool>,
    /// How far it is.
    pub progress: Arc<Progress>,
}

impl Replay<'_> {
    /// Reads files, folders and standard input (`-`), and judges what was created.
    pub fn run(&self, paths: &[PathBuf]) -> Survey {
        let (out, parts) = mpsc::sync_channel(WAITING);
        let reading = reading::Reading {
            paths: paths.to_vec(),
            shard: self.shard,
            follow: self.follow,
            interrupted: Arc::clone(&self.interrupted),
            progress: Arc::clone(&self.progress),
            out,
        };
        // It may wait for input that never comes, and then ends with the process.
        thread::spawn(|| reading.run());
        let mut judge = self.judge();
        let (sender, chunks) = mpsc::sync_channel(self.threads.get());
        let chunks = Arc::new(Mutex::new(chunks));
        thread::scope(|scope| {
            let threads: Vec<_> = (0..self.threads.get())
                .map(|_| {
                    let chunks = Arc::clone(&chunks);
                    scope.spawn(move || self.judge().all(&chunks))
                })
                .collect();
            // Only those who judge hold it, so that nobody waits for one who is gone.
            drop(chunks);
            self.hand_on(&parts, &mut judge, |chunk| sender.send(chunk).is_ok());
            drop(sender);
            for thread in threads {
                match thread.join() {
                    Ok(survey) => judge.survey.merge(survey),
                    // A bug, and no reason to say less than is known of it.
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
        });
        judge.survey
    }

    fn judge(&self) -> Judge<'_> {
        Judge {
            surveyor: Surveyor { engine: self.engine, before: self.before },
            known: self.known,
            now: self.now,
            survey: Survey::new(self.forecasting),
        }
    }

    /// Hands chunks to the threads, until nothing follows or it is time to end.
    fn hand_on(&self, parts: &Receiver<Part>, judge: &mut Judge<'_>, send: impl Fn(Chunk) -> bool) {
        let mut ends: Option<Instant> = None;
        let mut last = None;
        loop {
            match parts.recv_timeout(TICK) {
                Ok(Part::Chunk(chunk)) => {
                    last = Some((Arc::clone(&chunk.source), chunk.line));
                    if !send(chunk) {
                        return;
                    }
                }
                Ok(Part::Fault(fault)) => judge.fail(fault),
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if !self.interrupted.load(Ordering::Relaxed) {
                continue;
            }
            if !self.follow {
                judge.survey.problems.add(interrupted(last));
                return;
            }
            if *ends.get_or_insert_with(|| Instant::now() + GRACE) < Instant::now() {
                judge.survey.problems.add(interrupted(last));
                return;
            }
        }
    }
}

/// What is said of a run that did not come to its end.
fn interrupted(last: Option<(Arc<str>, u64)>) -> Problem {
    let (source, message) = match last {
        Some((source, line)) => (
            source,
            format!("interrupted: what follows line {line} was not judged, or not all of it"),
        ),
        None => ("the input".into(), "interrupted: nothing was judged".to_owned()),
    };
    Problem { source, line: None, message, help: None }
}

impl Judge<'_> {
    /// Judges what comes, and answers with what it came to.
    fn all(mut self, chunks: &Mutex<Receiver<Chunk>>) -> Survey {
        loop {
            let next = chunks.lock().unwrap_or_else(PoisonError::into_inner).recv();
            match next {
                Ok(chunk) => self.take(&chunk),
                Err(_) => return self.survey,
            }
        }
    }
}

#[cfg(test)]
mod tests;
