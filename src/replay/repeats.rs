//! Reviews of one object that several webhooks were asked about.

use std::collections::{HashSet, VecDeque};
use std::fmt;

use memchr::memmem::{Finder, find};
use serde::Deserialize;

use super::record::is_created_pod;
use super::records::Records;
use crate::admission::Review;
use crate::json::Reader;
use crate::pod::kinds::Object;

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
                && let uid = object_uid(&review).unwrap_or_else(|| review.uid().to_owned())
                && uid.len() <= MAX_UID
                && !self.is_new(uid)
            {
                repeated.push(start);
            }
        }
        repeated
    }

    fn is_new(&mut self, uid: String) -> bool {
        if !self.seen.insert(uid.clone()) {
            return false;
        }
        self.order.push_back(uid);
        if self.order.len() > WINDOW
            && let Some(oldest) = self.order.pop_front()
        {
            self.seen.remove(&oldest);
        }
        true
    }
}

/// The uid of the pod under review. The API server gives it before it asks the first webhook, while every request to
/// a webhook has a uid of its own (apiserver/pkg/endpoints/handlers/create.go, .../webhook/request/admissionreview.go).
fn object_uid(review: &Review<'_>) -> Option<String> {
    #[derive(Deserialize)]
    struct Pod {
        metadata: Metadata,
    }
    #[derive(Deserialize)]
    struct Metadata {
        uid: String,
    }
    let Some(Object::Json(object)) = review.attributes().object else { return None };
    let pod: Pod = Reader::new(object).read().ok()?;
    Some(pod.metadata.uid).filter(|uid| !uid.is_empty())
}

impl fmt::Debug for Repeats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Repeats").field("remembered", &self.order.len()).finish_non_exhaustive()
    }
}
