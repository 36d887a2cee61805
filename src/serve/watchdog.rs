//! Drops connections on which nothing useful happens.
//!
//! hyper's own header timeout also ends idle keep-alive connections, and sets a timer per request. Here
//! a connection keeps two flags and a counter, and a slow tick looks at them: requests pay no timer and
//! no clock.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, MissedTickBehavior};

/// How often within the shorter timeout a connection is looked at.
const LOOKS_PER_TIMEOUT: u32 = 4;
/// A timeout of nothing must not become a tick of nothing, which tokio refuses.
const SHORTEST_PERIOD: Duration = Duration::from_millis(1);

/// What happens on a connection.
#[derive(Debug, Default)]
pub(super) struct Activity {
    /// Requests whose header is complete and whose response is not.
    in_flight: AtomicU32,
    /// Counts everything that shows life.
    events: AtomicU64,
    /// Bytes have come since the last request.
    head_begun: AtomicBool,
}

impl Activity {
    /// A request is in flight for as long as the guard lives.
    pub(super) fn begin_request(self: &Arc<Activity>) -> InFlight {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        self.head_begun.store(false, Ordering::Relaxed);
        InFlight(Arc::clone(self))
    }

    fn bytes_came(&self) {
        if self.in_flight.load(Ordering::Relaxed) == 0 && !self.head_begun.load(Ordering::Relaxed) {
            self.head_begun.store(true, Ordering::Relaxed);
            self.events.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// A request in flight.
pub(super) struct InFlight(Arc<Activity>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.events.fetch_add(1, Ordering::Relaxed);
        self.0.head_begun.store(false, Ordering::Relaxed);
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How long a connection may be without a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// While a header is on its way. None in HTTP/2, where bytes come without a request, too.
    pub(super) header: Option<Duration>,
    pub(super) idle: Duration,
}

/// Ends when the connection has been of no use for too long.
pub(super) async fn watch(activity: Arc<Activity>, patience: Patience) {
    let shortest = patience.header.map_or(patience.idle, |header| header.min(patience.idle));
    let period = (shortest / LOOKS_PER_TIMEOUT).max(SHORTEST_PERIOD);
    let mut ticks = tokio::time::interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut seen = activity.events.load(Ordering::Relaxed);
    let mut since = Instant::now();
    loop {
        let now = ticks.tick().await;
        let events = activity.events.load(Ordering::Relaxed);
        if events != seen || activity.in_flight.load(Ordering::Relaxed) > 0 {
            (seen, since) = (events, now);
            continue;
        }
        let patience = match patience.header {
            Some(header) if activity.head_begun.load(Ordering::Relaxed) => header,
            _ => patience.idle,
        };
        if now.duration_since(since) >= patience {
            return;
        }
    }
}

/// A stream that notes when bytes come.
#[derive(Debug)]
pub(super) struct Watched<S> {
    stream: S,
    activity: Arc<Activity>,
}

impl<S> Watched<S> {
    pub(super) fn new(stream: S, activity: Arc<Activity>) -> Watched<S> {
        Watched { stream, activity }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.activity.bytes_came();
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience =
        Patience { header: Some(Duration::from_secs(10)), idle: Duration::from_secs(100) };

    /// Seconds until the connection is dropped.
    async fn dropped_after(activity: &Arc<Activity>) -> u64 {
        let began = Instant::now();
        watch(Arc::clone(activity), PATIENCE).await;
        began.elapsed().as_secs()
    }

    #[tokio::test(start_paused = true)]
    async fn idle_connections_live_longer_than_slow_headers() {
        let activity = Arc::new(Activity::default());
        assert!((100..=105).contains(&dropped_after(&activity).await));
        activity.bytes_came();
        assert!((10..=15).contains(&dropped_after(&activity).await));
    }

    #[tokio::test(start_paused = true)]
    async fn trickling_bytes_do_not_extend_a_header() {
        let activity = Arc::new(Activity::default());
        let trickling = Arc::clone(&activity);
        tokio::spawn(async move {
            loop {
                trickling.bytes_came();
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
        assert!((10..=15).contains(&dropped_after(&activity).await));
    }

    #[tokio::test(start_paused = true)]
    async fn requests_in_flight_are_left_alone_and_idleness_counts_from_their_end() {
        let activity = Arc::new(Activity::default());
        activity.bytes_came();
        let request = activity.begin_request();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(1_000)).await;
            drop(request);
        });
        assert!((1_100..=1_105).contains(&dropped_after(&activity).await));
    }
}
