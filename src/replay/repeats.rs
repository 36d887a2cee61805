//! Reviews of one object that several webhooks were asked about.

use std::collections::{HashSet, VecDeque};
use std::fmt;

use memchr::memmem::{Finder, find};

use super::record::is_created_pod;
use super::records::Records;
use crate::admission::Review;

/// Reviews that are remembered, by the order in which they stand. Between the two that `/mutate` and `/validate` of one
/// pod are asked lie some of the pods that were created at the same time.
const WINDOW: usize = 4096;
/// Longer uids are none of the API server's, which are 36 characters long.
const MAX_UID: usize = 64;

/// Finds the reviews that repeat another. Every source goes through it in its order, so that what is judged does not
/// depend on the threads.
pub(super) struct Repeats {
    kind: Finder<'static>,
    seen: HashSet<String>,
    order: VecDeque<String>,
}

impl Repeats {
    pub(super) fn new() -> Self {
        Self { kind: Finder::new("AdmissionReview"), seen: HashSet::new(), order: VecDeque::new() }
    }

    /// Where the reviews begin that are about a pod of which one was judged before.
    pub(super) fn of(&mut self, bytes: &[u8]) -> Vec<usize> {
        // Audit logs hold none, and are searched faster than they are read.
        if self.kind.find(bytes).is_none() {
            return Vec::new();
        }
        let mut repeated = Vec::new();
        for span in Records::of(bytes) {
            let start = span.range.start;
            let Some(record) = bytes.get(span.range) else { continue };
            if find(record, b"AdmissionReview").is_some()
                && let Ok(review) = Review::parse(record)
                && is_created_pod(&review)
                && review.uid().len() <= MAX_UID
                && !self.is_new(review.uid())
            {
                repeated.push(start);
            }
        }
        repeated
    }

    fn is_new(&mut self, uid: &str) -> bool {
        if !self.seen.insert(uid.to_owned()) {
            return false;
        }
        self.order.push_back(uid.to_owned());
        if self.order.len() > WINDOW
            && let Some(oldest) = self.order.pop_front()
        {
            self.seen.remove(&oldest);
        }
        true
    }
}

impl fmt::Debug for Repeats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Repeats").field("remembered", &self.order.len()).finish_non_exhaustive()
    }
}
