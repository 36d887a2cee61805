//! Which of several replicas writes: the one that holds a Lease (coordination.k8s.io/v1).
//!
//! The protocol is that of client-go's leaderelection, so that `kubectl get lease` reads as it does elsewhere. Two
//! things are done as client-go does them because a shortcut costs correctness: whether a Lease has run out is told
//! by the own clock alone, counted from the moment a renewal was *seen* (clocks of two nodes may differ by minutes);
//! and a leader that cannot renew steps down by itself before anybody else may take over.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::{ObjectMeta, PostParams};
use kube::{Api, Client};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::client::{self, is_conflict};

/// How long a leader that died keeps others from taking over.
const DURATION: Duration = Duration::from_secs(15);
/// A leader that has not renewed for so long is none any more: well before [`DURATION`] ends for the others.
const RENEW_DEADLINE: Duration = Duration::from_secs(10);
/// How often a leader renews.
const RENEW_EVERY: Duration = Duration::from_secs(4);
/// How soon a leader whose renewal failed tries again.
const RETRY_EVERY: Duration = Duration::from_secs(1);
/// How often the others look.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How long one request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(3);
/// How long giving the Lease back may hold up the end of the process.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(2);

/// What is competed for, and by whom.
#[derive(Clone, Debug)]
pub struct Candidacy {
    /// Namespace of the Lease.
    pub namespace: String,
    /// Name of the Lease.
    pub name: String,
    /// Who is named as holder; no two replicas may share it.
    pub identity: String,
}

/// A candidate, or the leader.
#[derive(Debug)]
pub struct Leadership {
    leading: watch::Receiver<bool>,
    resign: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Leadership {
    /// Begins to compete. Never gives up: without an API server nobody leads.
    pub fn seek(client: Client, candidacy: Candidacy) -> Leadership {
        let (tell, leading) = watch::channel(false);
        let (resign, resigned) = oneshot::channel();
        let candidate = Candidate {
            api: Api::namespaced(client, &candidacy.namespace),
            candidacy,
            seen: None,
            renewed: None,
            tell,
            complained: false,
        };
        let task = tokio::spawn(candidate.run(resigned));
        Leadership { leading, resign, task }
    }

    /// Whether this replica leads, and every change of it.
    pub fn watch(&self) -> watch::Receiver<bool> {
        self.leading.clone()
    }

    /// Stops competing and gives the Lease back, so that a successor needs not wait until it runs out.
    pub async fn resign(self) {
        // A candidate that is gone has nothing to give back.
        let _ = self.resign.send(());
        let _ = self.task.await;
    }
}

/// A Lease as it was last seen.
struct Seen {
    lease: Lease,
    /// When it was first seen like this, by the own clock.
    since: Instant,
}

struct Candidate {
    api: Api<Lease>,
    candidacy: Candidacy,
    seen: Option<Seen>,
    /// When the Lease was last renewed by this replica, as long as it leads.
    renewed: Option<Instant>,
    tell: watch::Sender<bool>,
    complained: bool,
}

/// What to do about a Lease.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// It is this replica's: renew it.
    Renew,
    /// It is nobody's, or its holder let it run out: take it.
    Take,
    /// Somebody else holds it.
    Wait,
}

impl Candidate {
    async fn run(mut self, mut resigned: oneshot::Receiver<()>) {
        loop {
            let pause = tokio::select! {
                // A sender that is gone means that the process is about to end: as good as a resignation.
                _ = &mut resigned => break,
                pause = self.round() => pause,
            };
            tokio::select! {
                _ = &mut resigned => break,
                () = sleep(pause) => {}
            }
        }
        if self.renewed.is_some() {
            // Nobody here writes as leader once another may lead.
            self.set_leading(false);
            if !matches!(timeout(RELEASE_TIMEOUT, self.release()).await, Ok(Ok(()))) {
                tracing::warn!(
                    "the Lease could not be given back; another replica leads once it runs out"
                );
            }
        }
    }

    /// Looks once, and says when to look again.
    async fn round(&mut self) -> Duration {
        let begun = Instant::now();
        let result = timeout(REQUEST_TIMEOUT, self.attempt(begun)).await;
        let error = match result {
            Ok(Ok(())) => {
                self.complained = false;
                None
            }
            Ok(Err(error)) if is_conflict(&error) => {
                // Somebody else was faster: read what they wrote.
                self.seen = None;
                None
            }
            Ok(Err(error)) => Some(client::explain(&error)),
            Err(_) => Some("the API server does not answer".to_owned()),
        };
        if let Some(error) = error
            && !std::mem::replace(&mut self.complained, true)
        {
            let Candidacy { namespace, name, .. } = &self.candidacy;
            tracing::warn!(%namespace, lease = %name, error, "the Lease cannot be had; trying on");
        }
        if self.renewed.is_some_and(|renewed| renewed.elapsed() >= RENEW_DEADLINE) {
            self.renewed = None;
            self.set_leading(false);
        }
        match self.renewed {
            Some(renewed) if renewed >= begun => RENEW_EVERY,
            Some(_) => RETRY_EVERY,
            None => LOOK_EVERY,
        }
    }

    async fn attempt(&mut self, now: Instant) -> Result<(), kube::Error> {
        let found = match self.api.get_opt(&self.candidacy.name).await? {
            Some(lease) => lease,
            None => {
                let lease = self.mine(Lease::default(), true);
                let lease = self.api.create(&PostParams::default(), &lease).await?;
                self.lead(lease, now);
                return Ok(());
            }
        };
        let seen = self.seen.take().filter(|seen| same(&seen.lease, &found));
        let seen = Seen { since: seen.map_or(now, |seen| seen.since), lease: found };
        let step = step(seen.lease.spec.as_ref(), &self.candidacy.identity, now - seen.since);
        let lease = seen.lease.clone();
        self.seen = Some(seen);
        if step == Step::Wait {
            self.renewed = None;
            self.set_leading(false);
            return Ok(());
        }
        let lease = self.mine(lease, step == Step::Take);
        // With the resourceVersion that was read: of two who take it, one gets a conflict.
        let lease = self.api.replace(&self.candidacy.name, &PostParams::default(), &lease).await?;
        self.lead(lease, now);
        Ok(())
    }

    /// The Lease with this replica as its holder.
    fn mine(&self, lease: Lease, taken: bool) -> Lease {
        let now = MicroTime(Timestamp::now());
        let spec = lease.spec.unwrap_or_default();
        let transitions = spec.lease_transitions.unwrap_or(0).saturating_add(i32::from(taken));
        Lease {
            metadata: ObjectMeta { name: Some(self.candidacy.name.clone()), ..lease.metadata },
            spec: Some(LeaseSpec {
                holder_identity: Some(self.candidacy.identity.clone()),
                lease_duration_seconds: i32::try_from(DURATION.as_secs()).ok(),
                acquire_time: if taken { Some(now.clone()) } else { spec.acquire_time },
                renew_time: Some(now),
                lease_transitions: Some(transitions),
                ..LeaseSpec::default()
            }),
        }
    }

    /// `begun` is from before the renewal was sent: from then on the others count.
    fn lead(&mut self, lease: Lease, begun: Instant) {
        self.seen = Some(Seen { lease, since: begun });
        self.renewed = Some(begun);
        self.set_leading(true);
    }

    fn set_leading(&self, leading: bool) {
        let changed = self.tell.send_if_modified(|now| std::mem::replace(now, leading) != leading);
        if changed {
            tracing::info!(identity = %self.candidacy.identity, leading, "leadership changed");
        }
    }

    /// As client-go releases: no holder, and a duration that has run out for whoever does not look at the holder.
    async fn release(&mut self) -> Result<(), kube::Error> {
        let Some(mut lease) = self.api.get_opt(&self.candidacy.name).await? else { return Ok(()) };
        let spec = lease.spec.take().unwrap_or_default();
        if spec.holder_identity.as_deref() != Some(&*self.candidacy.identity) {
            return Ok(());
        }
        lease.spec = Some(LeaseSpec {
            holder_identity: Some(String::new()),
            lease_duration_seconds: Some(1),
            ..spec
        });
        self.api.replace(&self.candidacy.name, &PostParams::default(), &lease).await.map(drop)
    }
}

/// Whether nobody has renewed or taken a Lease between two looks at it.
fn same(before: &Lease, after: &Lease) -> bool {
    before.metadata.resource_version == after.metadata.resource_version
        && before.metadata.uid == after.metadata.uid
}

/// What to do about a Lease that has been like this for `unchanged`.
fn step(spec: Option<&LeaseSpec>, identity: &str, unchanged: Duration) -> Step {
    let holder = spec.and_then(|spec| spec.holder_identity.as_deref()).unwrap_or_default();
    if holder == identity {
        return Step::Renew;
    }
    let duration = spec.and_then(|spec| spec.lease_duration_seconds);
    let duration =
        duration.and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs);
    if holder.is_empty() || unchanged > duration.unwrap_or(DURATION) {
        Step::Take
    } else {
        Step::Wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held_by(holder: &str) -> LeaseSpec {
        LeaseSpec {
            holder_identity: Some(holder.to_owned()),
            lease_duration_seconds: Some(15),
            ..LeaseSpec::default()
        }
    }

    #[test]
    fn a_lease_is_taken_when_it_is_free_or_was_not_renewed_in_sight() {
        let seconds = Duration::from_secs;
        for (spec, unchanged, expected) in [
            (None, 0, Step::Take),
            (Some(held_by("")), 0, Step::Take),
            (Some(held_by("a")), 0, Step::Renew),
            (Some(held_by("a")), 100, Step::Renew),
            (Some(held_by("b")), 0, Step::Wait),
            (Some(held_by("b")), 15, Step::Wait),
            (Some(held_by("b")), 16, Step::Take),
            // Without a duration, as if it were ours.
            (Some(LeaseSpec { lease_duration_seconds: None, ..held_by("b") }), 14, Step::Wait),
            (Some(LeaseSpec { lease_duration_seconds: Some(-1), ..held_by("b") }), 16, Step::Take),
        ] {
            assert_eq!(
                step(spec.as_ref(), "a", seconds(unchanged)),
                expected,
                "{spec:?} {unchanged}"
            );
        }
    }

    #[test]
    fn a_leader_steps_down_before_others_may_take_over() {
        assert!(RENEW_DEADLINE + REQUEST_TIMEOUT + RETRY_EVERY < DURATION);
        assert!(RENEW_EVERY + REQUEST_TIMEOUT < RENEW_DEADLINE);
    }
}
