//! What a review is judged by that neither it nor the snapshots hold, and what was asked for it.

use std::time::Duration;

use tokio::time::Instant;

use super::registries::Asker;
use super::state::State;
use crate::cluster::Found;
use crate::digests::Digests;

/// How often registries are asked for one review: each answer may lead to images that are asked about next.
const MAX_ROUNDS: usize = 3;
/// The most images of one review that registries are asked about. Pods of people have fewer; one with a hundred
/// thousand containers must not become as many requests.
const MAX_IMAGES: usize = 256;
/// The time an API server grants where it does not say (admissionregistration/v1, `timeoutSeconds`).
const GRANTED: Duration = Duration::from_secs(10);
/// What is kept of the granted time for the way back.
const MARGIN: Duration = Duration::from_millis(200);

/// What was asked for a review.
#[derive(Debug)]
pub(super) struct Asking {
    /// What the API server said of the namespace, where it was asked.
    pub(super) labels: Option<Found>,
    digests: Option<Digests>,
    rounds: usize,
    /// When the API server stops waiting, less the margin.
    ends: Instant,
    /// When registries are not waited for any more; none before the first is asked.
    deadline: Option<Instant>,
}

impl Asking {
    /// Nothing was asked yet, for a request that came just now; `granted` is what the API server said it would wait.
    pub(super) fn new(granted: Option<Duration>) -> Self {
        let granted = granted.unwrap_or(GRANTED).min(GRANTED * 6);
        Self {
            labels: None,
            digests: None,
            rounds: 0,
            ends: Instant::now() + granted.saturating_sub(MARGIN),
            deadline: None,
        }
    }

    /// What registries said, where they were asked.
    pub(super) fn digests(&self) -> Option<&Digests> {
        self.digests.as_ref()
    }

    /// Asks registries for the digests of images. After the last round there is an answer for every image.
    pub(super) async fn resolve(&mut self, state: &State, images: &[String]) {
        self.rounds += 1;
        let digests = self.digests.get_or_insert_default();
        let Some(Asker(resolver)) = &state.resolver else {
            digests.close("this webhook asks no registry");
            return;
        };
        let ends = self.ends;
        let deadline =
            *self.deadline.get_or_insert_with(|| ends.min(Instant::now() + resolver.timeout()));
        let (asked, others) = images.split_at(images.len().min(MAX_IMAGES));
        digests.extend(resolver.resolve(asked, deadline).await);
        if !others.is_empty() {
            digests.close("the pod has more images than registries are asked about at once");
        } else if self.rounds >= MAX_ROUNDS {
            digests.close("its image was still another one after the last question");
        }
    }
}
