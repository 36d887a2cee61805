//! Keeps one replica's certificate and the Secret in step, for as long as the process lives.
//!
//! Without an API server nothing changes: what is in memory is shown on. A watch only says that there
//! is something to see; what is there is then asked for, and once more before each write, because the
//! answer carries the API server's time: its clock is the one that certificates are judged by.

mod allowance;
mod secret;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::StreamExt;
use kube::Client;
use kube::runtime::watcher::{self, Event};
use tokio::sync::watch;
use tokio::time::Instant;

use self::allowance::{Allowance, Pauses};
use self::secret::{Secrets, Seen};
use super::bundle::{CaBundle, ObservedBundles};
use super::issue::IssueError;
use super::material::Leaf;
use super::plan::{self, Memory, Now, Plan};
use super::settings::Settings;
use crate::cluster::client::{explain, is_conflict};

/// Clocks that differ by less are in order.
const TOLERATED: i64 = 60;
/// A look without a reason, in case a watch has died in silence.
const REFRESH: Duration = Duration::from_secs(60);

/// What a replica is to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The certificate and its key, as stored.
    pub leaf: Leaf,
    /// When the CA that signed it expires, in seconds since 1970.
    pub ca_expiry: i64,
}

/// What the rest of a replica learns of the managed certificate.
#[derive(Debug, Clone)]
pub struct Managed {
    /// What to show; `None` until the Secret has been read for the first time.
    pub shown: watch::Receiver<Option<Arc<Shown>>>,
    /// What every `caBundle` has to carry. `None` means that it is not known: leave them alone.
    pub bundle: watch::Receiver<Option<CaBundle>>,
}

/// The certificate of this Service, and the work that keeps it: run it for as long as the process lives.
/// `observed` says what the webhook configurations carry; without it no CA is ever replaced.
pub fn manage(
    client: Client,
    settings: Settings,
    observed: watch::Receiver<Option<ObservedBundles>>,
) -> (Managed, impl Future<Output = ()> + Send + use<>) {
    let (tell_shown, shown) = watch::channel(None);
    let (tell_bundle, bundle) = watch::channel(None);
    let keeper = Keeper {
        secrets: Secrets::new(client, &settings),
        settings,
        observed,
        memory: Memory::default(),
        seen: None,
        offset: 0,
        started: Instant::now(),
        allowance: Allowance::default(),
        complaint: None,
        tell_shown,
        tell_bundle,
    };
    (Managed { shown, bundle }, keeper.run())
}

struct Keeper {
    secrets: Secrets,
    settings: Settings,
    observed: watch::Receiver<Option<ObservedBundles>>,
    memory: Memory,
    /// The last answer; the inner `None` is "there is none".
    seen: Option<Option<Seen>>,
    /// What to add to the own clock to get the API server's.
    offset: i64,
    started: Instant,
    allowance: Allowance,
    complaint: Option<String>,
    tell_shown: watch::Sender<Option<Arc<Shown>>>,
    tell_bundle: watch::Sender<Option<CaBundle>>,
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{}", explain(.0))]
    Kube(#[from] kube::Error),
    #[error(transparent)]
    Issue(#[from] IssueError),
}

impl Keeper {
    async fn run(mut self) {
        let config = watcher::Config::default().fields(&self.secrets.selector());
        let mut changes = watcher::watcher(self.secrets.api(), config).boxed();
        let mut pauses = Pauses::default();
        // When the Secret was read last, unless there is a reason to read it again.
        let mut fresh: Option<Instant> = None;
        loop {
            if fresh.is_none_or(|read| read.elapsed() >= REFRESH) {
                fresh = match self.refresh().await {
                    Ok(()) => {
                        pauses = Pauses::default();
                        Some(Instant::now())
                    }
                    Err(error) => {
                        self.complain(&error);
                        None
                    }
                }
            }
            let mut wait = if fresh.is_some() { REFRESH } else { pauses.next() };
            if self.seen.is_some() {
                let Plan { write, wake, .. } = self.look();
                wait = wait.min(wake);
                if write.is_some() {
                    match self.allowance.take() {
                        Err(later) => wait = later,
                        Ok(()) => match self.change().await {
                            Ok(()) => wait = Duration::ZERO,
                            Err(error) => {
                                self.complain(&error);
                                wait = pauses.next();
                                fresh = None;
                            }
                        },
                    }
                }
            }
            tokio::select! {
                change = changes.next() => match change {
                    Some(Ok(Event::Init | Event::InitApply(_))) => {}
                    Some(Ok(_)) => fresh = None,
                    // The watcher begins anew when it is asked again: not at once.
                    Some(Err(_)) | None => {
                        fresh = None;
                        tokio::time::sleep(pauses.next()).await;
                    }
                },
                Ok(()) = self.observed.changed() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Asks what is stored, and what time it is.
    async fn refresh(&mut self) -> Result<(), kube::Error> {
        let answer = self.secrets.get().await?;
        if let Some(time) = answer.time {
            let offset = time.saturating_sub(local_time());
            if offset.abs() > TOLERATED && self.offset.abs() <= TOLERATED {
                tracing::warn!(
                    seconds = -offset,
                    "the clock differs from the API server's, whose time is used for certificates; \
                     set this machine's clock right"
                );
            }
            self.offset = offset;
        }
        if self.complaint.take().is_some() {
            tracing::info!(secret = self.secrets.name(), "the Secret can be read again");
        }
        self.seen = Some(answer.secret);
        Ok(())
    }

    /// Decides anew, and tells what has changed for this replica.
    fn look(&mut self) -> Plan {
        let now =
            Now { wall: local_time().saturating_add(self.offset), steady: self.started.elapsed() };
        let stored = self.seen.as_ref().and_then(Option::as_ref).map(|seen| &seen.stored);
        let observed = self.observed.borrow().clone();
        let plan = plan::decide(&mut self.memory, stored, observed.as_ref(), now, &self.settings);
        let shown = self
            .memory
            .held
            .as_ref()
            .map(|held| Shown { leaf: held.leaf.clone(), ca_expiry: held.ca.validity.not_after });
        self.tell_shown.send_if_modified(|before| {
            let changed = before.as_deref() != shown.as_ref();
            if changed {
                *before = shown.map(Arc::new);
            }
            changed
        });
        self.tell_bundle.send_if_modified(|before| {
            let changed = *before != plan.bundle;
            if changed {
                before.clone_from(&plan.bundle);
            }
            changed
        });
        plan
    }

    /// Changes the Secret, where that is still the thing to do once it has been read again.
    async fn change(&mut self) -> Result<(), Failure> {
        self.refresh().await?;
        let Some(write) = self.look().write else { return Ok(()) };
        let (done, why) = (write.action.name(), write.why);
        let now = local_time().saturating_add(self.offset);
        let material = write.action.perform(&self.settings, now)?;
        let before = self.seen.as_ref().and_then(Option::as_ref);
        match self.secrets.put(before, &material, write.request).await {
            Ok(seen) => {
                self.seen = Some(Some(seen));
                tracing::info!(secret = self.secrets.name(), why, done, "certificates changed");
                Ok(())
            }
            Err(error) if is_conflict(&error) => {
                tracing::debug!("another replica was quicker");
                self.refresh().await?;
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Once for each reason, however long it lasts.
    fn complain(&mut self, error: &impl std::fmt::Display) {
        let error = error.to_string();
        if self.complaint.as_ref() != Some(&error) {
            let secret = self.secrets.name();
            tracing::error!(secret, error, "certificates cannot be kept; trying again");
            self.complaint = Some(error);
        }
    }
}

fn local_time() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX)
}
