//! The thread that writes reviews.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use super::files::Files;
use super::metrics::{Loss, Metrics};
use super::{Message, Settings, scrub};

/// How often it is said that writing fails.
const COMPLAIN: Duration = Duration::from_secs(60);
/// Pods whose creation was written, so that one that a webhook is asked about again (`reinvocationPolicy`) is
/// written once. The second time comes within a second.
const REMEMBERED: usize = 1_024;

/// Writes reviews until the last one.
pub(super) fn run(
    settings: Settings,
    messages: &Receiver<Message>,
    queued_bytes: &AtomicUsize,
    metrics: &Metrics,
) {
    let mut writer = Writer {
        files: Files::new(settings.folder.clone(), settings.max_bytes),
        settings,
        seen: VecDeque::with_capacity(REMEMBERED),
        complained: None,
    };
    while let Ok(Message::Review(body)) = messages.recv() {
        // A panic would be a bug; the next review is recorded all the same.
        let kept = catch_unwind(AssertUnwindSafe(|| writer.keep(&body)));
        queued_bytes.fetch_sub(body.len(), Ordering::Relaxed);
        match kept {
            Ok(Ok(Some(bytes))) => metrics.count_recorded(bytes),
            Ok(Ok(None)) => {}
            Ok(Err(loss)) => metrics.count_loss(loss),
            Err(_) => metrics.count_loss(Loss::Unreadable),
        }
    }
    if let Err(error) = writer.files.sync() {
        writer.complain(&error);
    }
}

struct Writer {
    settings: Settings,
    files: Files,
    seen: VecDeque<String>,
    complained: Option<Instant>,
}

impl Writer {
    /// Writes a review; answers with the bytes that were written, none where it was written before.
    fn keep(&mut self, body: &[u8]) -> Result<Option<u64>, Loss> {
        let (line, created) = scrub(body, self.settings.keep).map_err(|_| Loss::Unreadable)?;
        if created.as_ref().is_some_and(|uid| self.seen.contains(uid)) {
            return Ok(None);
        }
        if line.len() as u64 > self.settings.max_bytes {
            return Err(Loss::TooLarge);
        }
        if let Err(error) = self.files.write(&line) {
            self.complain(&error);
            return Err(Loss::Failed);
        }
        if let Some(uid) = created {
            if self.seen.len() >= REMEMBERED {
                self.seen.pop_front();
            }
            self.seen.push_back(uid);
        }
        Ok(Some(line.len() as u64))
    }

    fn complain(&mut self, error: &io::Error) {
        if self.complained.is_none_or(|at| at.elapsed() >= COMPLAIN) {
            self.complained = Some(Instant::now());
            tracing::warn!(
                folder = &*self.settings.folder.to_string_lossy(),
                %error,
                "reviews cannot be recorded; see plimsoll_recording_dropped_reviews_total for how many"
            );
        }
    }
}
