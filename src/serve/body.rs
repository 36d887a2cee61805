//! Reading a request body: never more than the limit, never longer than the deadline.

use axum::body::{Body, Bytes, HttpBody};
use http_body_util::BodyExt;
use tokio::time::Instant;

use super::budget::{self, Budget, Held};

/// How many times the limit is read and thrown away so that a client which is still sending gets to
/// read the answer; without it the kernel resets the connection, answer and all.
const DISCARD_FACTOR: usize = 4;

/// A body in memory.
pub(super) struct Received<'a> {
    pub(super) bytes: Bytes,
    /// Given back when the body is no longer needed.
    _held: Held<'a>,
}

/// Why there is no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyError {
    /// Over the limit.
    TooLarge,
    /// Not complete when the deadline came.
    Late,
    /// Other bodies took all the memory until the deadline came.
    Busy,
    /// The client broke off, or sent what is no HTTP.
    Broken,
}

/// How a body is read.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) limit: usize,
    pub(super) deadline: Instant,
    pub(super) budget: &'a Budget,
    /// The client waits for a `100 Continue`, so a body that is not wanted is never sent.
    pub(super) expects_continue: bool,
}

impl<'a> Reading<'a> {
    pub(super) async fn read(self, mut body: Body) -> Result<Received<'a>, BodyError> {
        let hint = body.size_hint();
        if hint.lower() > self.limit as u64 {
            self.discard(body).await;
            return Err(BodyError::TooLarge);
        }
        let declared = hint.exact().and_then(|bytes| usize::try_from(bytes).ok());
        let mut held = self.hold(declared.unwrap_or_default()).await?;
        let Some(first) = self.frame(&mut body).await? else {
            return Ok(Received { bytes: Bytes::new(), _held: held });
        };
        if body.is_end_stream() && first.len() <= self.limit {
            return Ok(Received { bytes: first, _held: held });
        }
        let mut bytes = Vec::with_capacity(declared.unwrap_or(first.len()).min(self.limit));
        let mut next = Some(first);
        while let Some(frame) = next {
            if bytes.len() + frame.len() > self.limit {
                self.discard(body).await;
                return Err(BodyError::TooLarge);
            }
            bytes.extend_from_slice(&frame);
            drop(frame);
            if bytes.len() > budget::UNCOUNTED && !held.is_counted() {
                held = self.hold(self.limit).await?;
            }
            next = self.frame(&mut body).await?;
        }
        Ok(Received { bytes: bytes.into(), _held: held })
    }

    /// Reads a body that nobody wants, so that the answer arrives.
    pub(super) async fn discard(self, mut body: Body) {
        if self.expects_continue {
            return;
        }
        let mut left = self.limit.saturating_mul(DISCARD_FACTOR);
        while let Ok(Some(frame)) = self.frame(&mut body).await {
            left = left.saturating_sub(frame.len());
            if left == 0 {
                return;
            }
        }
    }

    async fn hold(self, bytes: usize) -> Result<Held<'a>, BodyError> {
        let held = tokio::time::timeout_at(self.deadline, self.budget.hold(bytes)).await;
        held.map_err(|_| BodyError::Busy)
    }

    /// The next piece of the body, none at its end. Trailers are passed over.
    async fn frame(self, body: &mut Body) -> Result<Option<Bytes>, BodyError> {
        loop {
            let frame = tokio::time::timeout_at(self.deadline, body.frame());
            match frame.await.map_err(|_| BodyError::Late)? {
                None => return Ok(None),
                Some(Err(_)) => return Err(BodyError::Broken),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }
}
