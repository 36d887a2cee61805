//! A question under way: one per image, however many wait for it, and not ended by those who leave.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use super::failure::{Failure, Kind};
use super::resolver::{Asked, Shared};
use crate::digests::Resolution;

/// A place among the flights; given back however the task ends.
struct Flight {
    shared: Arc<Shared>,
    asked: Asked,
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.shared.forget_flight(&self.asked.image);
    }
}

/// Begins a question, which lasts for twice the limit at most: once for its turn, once for the registry.
pub(super) fn start(
    shared: Arc<Shared>,
    asked: Asked,
    answer: watch::Sender<Option<Resolution>>,
    limit: Duration,
) {
    let flight = Flight { shared, asked };
    tokio::spawn(async move {
        let Flight { shared, asked } = &flight;
        let keyring = shared.keyring();
        let late = |_| Err(Failure::new(Kind::Busy, "the question took too long"));
        let found = timeout(limit * 2, shared.ask(asked, &keyring)).await.unwrap_or_else(late);
        let resolution = shared.land(asked, &keyring, found);
        // What is known is noted before the flight is forgotten: nobody asks a second time.
        drop(flight);
        answer.send_replace(Some(resolution));
    });
}
