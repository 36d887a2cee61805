//! Reviews that are kept, for `plimsoll replay`: each a line of JSON, an AdmissionReview of admission.k8s.io/v1.
//!
//! A request's thread copies the bytes into a queue. One thread of its own takes out what may be secret and writes. What
//! the queue has no room for is dropped and counted: no review ever waits, or fails, because of a record.
//!
//! What is kept: creations and updates that will be stored. A pod that is created is kept as `/mutate` was sent it,
//! before Plimsoll's own patches; from `/validate` it is kept only where nothing is sent to `/mutate`. An API server
//! asks each webhook under a uid of its own, so records of both could not be told to be of one pod by it.

mod files;
mod metrics;
mod scrub;
mod share;
#[cfg(test)]
mod tests;
mod writer;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

pub use metrics::{Loss, Metrics};
pub use scrub::{Keep, scrub};
pub use share::{Share, ShareError};

use crate::admission::{Endpoint, Record};
use crate::engine::Operation;

/// Bytes of all files together unless told otherwise, as a quantity.
pub const DEFAULT_MAX_BYTES: &str = "256Mi";
/// Bytes of all files together at least: sixteen files, of which one holds a large review.
pub const MIN_MAX_BYTES: u64 = 1 << 20;

/// Reviews that wait to be written.
const MAX_QUEUED: usize = 1_024;
/// Bytes of reviews that wait to be written, whatever their number.
const MAX_QUEUED_BYTES: usize = 16 << 20;

/// What is kept of reviews, and where.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The folder of the files (`--record`); it is created where it is missing.
    pub folder: PathBuf,
    /// Which share of reviews (`--record-sample`).
    pub share: Share,
    /// Bytes of all files together (`--record-max-bytes`).
    pub max_bytes: u64,
    /// What is not taken out (`--record-keep`).
    pub keep: Keep,
}

/// Takes reviews to the thread that writes them.
#[derive(Debug)]
pub struct Recorder {
    queue: SyncSender<Message>,
    queued_bytes: Arc<AtomicUsize>,
    share: Share,
    /// Whether anything has been sent to `/mutate`.
    mutates: AtomicBool,
    metrics: Metrics,
    writer: Mutex<Option<JoinHandle<()>>>,
}

/// What is sent to the writer.
enum Message {
    /// The body of a review.
    Review(Vec<u8>),
    /// Nothing more will come.
    End,
}

impl Recorder {
    /// Starts the thread that writes.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(settings: Settings, metrics: Metrics) -> std::io::Result<Self> {
        let (queue, messages) = sync_channel(MAX_QUEUED);
        let queued_bytes = Arc::new(AtomicUsize::new(0));
        let share = settings.share;
        let writer = {
            let (queued_bytes, metrics) = (Arc::clone(&queued_bytes), metrics.clone());
            std::thread::Builder::new()
                .name("recording".to_owned())
                .spawn(move || writer::run(settings, &messages, &queued_bytes, &metrics))?
        };
        let writer = Mutex::new(Some(writer));
        let mutates = AtomicBool::new(false);
        Ok(Self { queue, queued_bytes, share, mutates, metrics, writer })
    }

    /// Takes a review that has been answered, if it is one to keep.
    pub fn take(&self, endpoint: Endpoint, record: &Record<'_>, body: &[u8]) {
        if !self.keeps(endpoint, record) {
            return;
        }
        let before = self.queued_bytes.fetch_add(body.len(), Ordering::Relaxed);
        // One that is larger than the bound alone waits for an empty queue.
        let has_room = before == 0 || before.saturating_add(body.len()) <= MAX_QUEUED_BYTES;
        let sent = has_room && self.queue.try_send(Message::Review(body.to_vec())).is_ok();
        if !sent {
            self.queued_bytes.fetch_sub(body.len(), Ordering::Relaxed);
            self.metrics.count_loss(Loss::Busy);
        }
    }

    fn keeps(&self, endpoint: Endpoint, record: &Record<'_>) -> bool {
        let creates_pod = record.operation == Operation::Create && &*record.kind == "Pod";
        let is_its_place = match endpoint {
            Endpoint::Mutate => {
                if !self.mutates.load(Ordering::Relaxed) {
                    self.mutates.store(true, Ordering::Relaxed);
                }
                creates_pod
            }
            Endpoint::Validate => !creates_pod || !self.mutates.load(Ordering::Relaxed),
            Endpoint::Policies => false,
        };
        is_its_place
            && !record.dry_run
            && matches!(record.operation, Operation::Create | Operation::Update)
            && self.share.holds(&record.uid)
    }

    /// Writes what is queued and ends; takes as long as the disk does. What comes afterwards is dropped.
    pub fn close(&self) {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            // Without a receiver it has ended already.
            let _ = self.queue.send(Message::End);
            let _ = writer.join();
        }
    }
}
