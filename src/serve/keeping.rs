//! What the webhook keeps of what it saw: the ledger, and recordings.

use std::sync::Arc;
use std::time::Duration;

use super::error::ServeError;
use super::router::now;
use super::state::State;
use crate::ledger::Ledger;
use crate::recording::Settings;

/// How long the end waits for the reviews that are queued for their recording.
const RECORDING_TIMEOUT: Duration = Duration::from_secs(3);

/// The same state, which keeps what it is told to.
pub(super) fn keep(
    mut state: State,
    (ledger_owners, replica): (usize, String),
    recording: Option<Settings>,
) -> Result<State, ServeError> {
    if ledger_owners > 0 {
        let since = now().unwrap_or_default();
        state = state.with_ledger(Ledger::new(ledger_owners, since, replica));
    }
    if let Some(settings) = recording {
        state = state.with_recording(settings).map_err(ServeError::Runtime)?;
    }
    Ok(state)
}

/// Writes what is queued: a disk that hangs must not keep the process from ending.
pub(super) async fn close(state: Arc<State>) {
    if state.recorder.is_none() {
        return;
    }
    let closing = tokio::task::spawn_blocking(move || {
        if let Some(recorder) = &state.recorder {
            recorder.close();
        }
    });
    if tokio::time::timeout(RECORDING_TIMEOUT, closing).await.is_err() {
        tracing::warn!("reviews were still queued for their recording");
    }
}
