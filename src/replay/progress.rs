//! How far a replay is, for whoever waits for it.

use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes that were read so far, and that there are, before decompression.
#[derive(Debug, Default)]
pub struct Progress {
    read: AtomicU64,
    total: AtomicU64,
}

impl Progress {
    /// So many bytes are to be read.
    pub(super) fn expect(&self, bytes: u64) {
        self.total.store(bytes, Ordering::Relaxed);
    }

    /// So many more were.
    pub(super) fn add(&self, bytes: u64) {
        self.read.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Bytes that were read, and those that there are; 0 where nobody knows, as of a stream.
    pub fn counts(&self) -> (u64, u64) {
        (self.read.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed))
    }
}
