//! The TLS webhook: the engine behind `POST /mutate` and `POST /validate`.
//!
//! A review's way: the listener takes the connection, tls speaks with the client, the router checks
//! method, type, size and deadline, and the engine answers inline, since that takes microseconds.

mod address;
mod admin;
mod asking;
mod body;
mod budget;
mod connection;
mod deadline;
mod error;
mod in_cluster;
mod keeping;
mod listener;
pub mod logging;
mod metrics;
mod options;
mod record;
mod registries;
mod router;
mod server;
mod signals;
mod state;
mod status;
mod tls;
mod watchdog;
mod welcome;

use std::sync::Arc;

pub use address::{AddressError, parse_address};
pub use admin::router as admin_router;
pub use deadline::{DelayError, parse_delay};
pub use error::ServeError;
pub use metrics::Metrics;
pub use options::{Admin, DEFAULT_ADMIN_LISTEN, DEFAULT_LISTEN, Drain, Limits, Options, TlsSource};
pub use registries::Registries;
pub use router::router;
pub use server::{Server, Shutdown};
pub use state::State;
pub use tls::{CertificateError, Certificates, SelfSigned};

use crate::engine::Engine;

/// Past this many threads more workers only cost memory: one answers tens of thousands of reviews a
/// second.
const MAX_WORKERS: usize = 4;

/// Serves until SIGTERM or SIGINT, then drains.
///
/// # Errors
/// When the webhook cannot start; once it listens, nothing but a signal ends it.
pub fn run(options: Options, engine: Arc<Engine>) -> Result<(), ServeError> {
    runtime()?.block_on(async {
        let mut signals = signals::Signals::new()?;
        let server = Server::bind(options, engine).await?;
        welcome::announce(&server);
        let drain = server.drain();
        let (stop, stopping) = tokio::sync::oneshot::channel();
        let mut serving = std::pin::pin!(server.run(async {
            // A sender that is gone means that this function has been left: stop as well.
            stopping.await.unwrap_or(Shutdown { delay: std::time::Duration::ZERO })
        }));
        let signal = tokio::select! {
            () = &mut serving => return Ok(()),
            signal = signals.next() => signal,
        };
        let delay = drain.delay(signal);
        tracing::info!(signal = signal.name(), delay = ?delay, "draining");
        // The receiver lives in `serving`, which is still awaited below.
        let _ = stop.send(Shutdown { delay });
        tokio::select! {
            () = &mut serving => tracing::info!("drained"),
            signal = signals.next() => {
                tracing::warn!(signal = signal.name(), "second signal: leaving without draining");
            }
        }
        Ok(())
    })
}

fn runtime() -> Result<tokio::runtime::Runtime, ServeError> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(MAX_WORKERS);
    let mut builder = if workers == 1 {
        // Without a second core, handing work between threads is nothing but cost.
        tokio::runtime::Builder::new_current_thread()
    } else {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(workers);
        builder
    };
    builder.enable_all().thread_name("plimsoll").build().map_err(ServeError::Runtime)
}
