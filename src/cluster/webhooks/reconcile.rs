//! Keeps the configurations as they should be.
//!
//! Every replica watches them, so that whoever signs certificates knows what API servers trust; only the leader writes.
//! Policies are in force in the engine before they are here: a request that comes early or late is judged by what is
//! in force, and one that no policy is about is let through.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::{BoxStream, select_all};
use kube::Client;
use kube::api::DynamicObject;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{Error, watch_object};
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::Instant;

use super::apply::apply;
use super::configuration::{Configuration, FailurePolicy, Target};
use super::live::{Standing, Step, api, ca_bundle, next_step, own_or_put_aside};
use super::pace::Pace;
use super::probe::probe;
use crate::cluster::certificates::{CaBundle, ObservedBundles};
use crate::cluster::client::explain;
use crate::policy::PolicySet;
use crate::readiness::{Gate, Readiness};

/// How often it is looked whether policies are known.
const GATE_PAUSE: Duration = Duration::from_millis(100);
/// How often the Service is asked until it answers.
const PROBE_PAUSE: Duration = Duration::from_secs(1);
/// With failure policy Ignore, webhooks appear after this even if nobody answers from here: a NetworkPolicy may let
/// API servers in and nobody else.
const PROBE_PATIENCE: Duration = Duration::from_secs(30);

/// Told how each configuration stands, whenever that changes.
pub type Report = Arc<dyn Fn(Configuration, Standing) + Send + Sync>;

/// What the configurations follow.
pub struct Inputs {
    /// The cluster.
    pub client: Client,
    /// What all configurations share.
    pub target: Target,
    /// The policies in force.
    pub policies: watch::Receiver<Arc<PolicySet>>,
    /// Open once the policies are those of the cluster: before that, none is no reason to take webhooks away.
    pub policies_known: Gate,
    /// What API servers are to trust.
    pub ca_bundle: watch::Receiver<Option<CaBundle>>,
    /// Whether this replica writes.
    pub leading: watch::Receiver<bool>,
    /// Whether this replica answers: webhooks appear only then.
    pub readiness: Readiness,
    /// What the configurations carry, for whoever signs certificates.
    pub observed: watch::Sender<Option<ObservedBundles>>,
    /// Where to tell how things stand.
    pub report: Report,
}

impl std::fmt::Debug for Inputs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inputs").field("target", &self.target).finish_non_exhaustive()
    }
}

/// One configuration, as far as it is known.
struct Kept {
    configuration: Configuration,
    /// None until the first look.
    live: Option<Option<DynamicObject>>,
    pace: Pace,
    standing: Option<Standing>,
}

struct Reconciler {
    inputs: Inputs,
    kept: [Kept; Configuration::ALL.len()],
    /// Since when nobody answers behind the Service.
    unanswered: Option<Instant>,
}

type Seen = (Configuration, Result<Option<DynamicObject>, Error>);

/// Keeps the configurations as they should be, for ever.
pub async fn keep(inputs: Inputs) {
    let mut seen = select_all(Configuration::ALL.map(|one| watched(&inputs, one)));
    let mut policies = inputs.policies.clone();
    let mut ca_bundle = inputs.ca_bundle.clone();
    let mut leading = inputs.leading.clone();
    let kept = Configuration::ALL.map(|configuration| Kept {
        configuration,
        live: None,
        pace: Pace::new(),
        standing: None,
    });
    let mut reconciler = Reconciler { inputs, kept, unanswered: None };
    loop {
        let again = reconciler.round().await;
        tokio::select! {
            Some(seen) = seen.next() => reconciler.see(seen),
            Ok(()) = policies.changed() => {}
            Ok(()) = ca_bundle.changed() => {}
            Ok(()) = leading.changed() => {}
            () = tokio::time::sleep(again.unwrap_or(Duration::MAX)) => {}
        }
    }
}

fn watched(inputs: &Inputs, configuration: Configuration) -> BoxStream<'static, Seen> {
    let name = configuration.object_name(&inputs.target.name);
    watch_object(api(&inputs.client, configuration), &name)
        .default_backoff()
        .map(move |seen| (configuration, seen))
        .boxed()
}

impl Reconciler {
    fn see(&mut self, (configuration, seen): Seen) {
        let kept = &mut self.kept[configuration.index()];
        match seen {
            // What the own write was answered with may be newer than what the watch has come to.
            Ok(Some(object)) if kept.knows_newer_than(&object) => return,
            Ok(object) => kept.live = Some(object),
            Err(error) => {
                tracing::warn!(configuration = configuration.label(), %error, "a webhook configuration cannot be watched");
                return;
            }
        }
        self.publish();
    }

    /// Tells what the configurations carry, once all have been looked at.
    fn publish(&self) {
        let mut observed = ObservedBundles::default();
        for kept in &self.kept {
            let Some(live) = &kept.live else { return };
            for object in live.iter() {
                let Kept { configuration, .. } = kept;
                let object_name = configuration.object_name(&self.inputs.target.name);
                for entry in own_or_put_aside(object, *configuration).iter() {
                    let name = format!(
                        "{}/{object_name}/{}",
                        configuration.kind(),
                        configuration.webhook()
                    );
                    observed.entries.insert(name, ca_bundle(entry));
                }
            }
        }
        self.inputs.observed.send_if_modified(|before| {
            let changed = before.as_ref() != Some(&observed);
            *before = Some(observed);
            changed
        });
    }

    /// Does what is to be done now; answers after what time to come again, if at all.
    async fn round(&mut self) -> Option<Duration> {
        let policies = Arc::clone(&self.inputs.policies.borrow());
        let ca = self.inputs.ca_bundle.borrow().clone();
        let leading = *self.inputs.leading.borrow();
        if !self.inputs.policies_known.is_open() {
            return Some(GATE_PAUSE);
        }
        let mut answers = None;
        let mut again: Option<Duration> = None;
        let mut come_again =
            |after: Duration| again = Some(again.map_or(after, |first| first.min(after)));
        for at in 0..self.kept.len() {
            let Kept { configuration, ref live, ref pace, .. } = self.kept[at];
            let Some(live) = live else { continue };
            let wait = pace.wait();
            let step = next_step(
                configuration,
                live.as_ref(),
                &policies,
                &self.inputs.target,
                ca.as_ref(),
            );
            let (wanted, appears) = match step {
                Step::Leave(standing) => {
                    self.stands(at, standing);
                    continue;
                }
                Step::WaitForCa => {
                    self.stands(at, Standing::Differs);
                    continue;
                }
                Step::Appear(wanted) => (wanted, true),
                Step::Apply(wanted) => (wanted, false),
            };
            self.stands(at, Standing::Differs);
            if !leading {
                continue;
            }
            if appears {
                if answers.is_none() {
                    answers = Some(self.answers(ca.as_ref()).await);
                }
                if answers != Some(true) {
                    come_again(PROBE_PAUSE);
                    continue;
                }
            }
            if let Some(wait) = wait {
                come_again(wait);
                continue;
            }
            self.write(at, wanted).await;
            come_again(self.kept[at].pace.wait().unwrap_or_default());
        }
        again
    }

    /// Whether an API server would be answered.
    async fn answers(&mut self, ca: Option<&CaBundle>) -> bool {
        let Inputs { client, target, readiness, .. } = &self.inputs;
        let Some(ca) = ca.filter(|_| readiness.is_ready()) else { return false };
        let Err(error) = probe(client, target, ca).await else {
            self.unanswered = None;
            return true;
        };
        let first = self.unanswered.is_none();
        let since = *self.unanswered.get_or_insert_with(Instant::now);
        let given_up =
            target.failure_policy == FailurePolicy::Ignore && since.elapsed() > PROBE_PATIENCE;
        if given_up {
            tracing::warn!(%error, "webhooks are registered though nobody answered from here: their failure policy is Ignore");
        } else if first {
            tracing::warn!(%error, "webhooks are not registered yet: nobody answers behind the Service");
        }
        given_up
    }

    async fn write(&mut self, at: usize, wanted: Vec<Value>) {
        let kept = &mut self.kept[at];
        let configuration = kept.configuration;
        kept.pace.wrote();
        match apply(&self.inputs.client, &self.inputs.target.name, configuration, &wanted).await {
            Ok(object) => {
                tracing::info!(
                    configuration = configuration.label(),
                    webhooks = wanted.len(),
                    "webhook configuration written"
                );
                kept.live = Some(Some(object));
                self.stands(at, Standing::InPlace);
                self.publish();
            }
            Err(error) => {
                tracing::warn!(
                    configuration = configuration.label(),
                    error = explain(&error),
                    "webhook configuration not written"
                );
            }
        }
    }

    fn stands(&mut self, at: usize, standing: Standing) {
        let kept = &mut self.kept[at];
        if kept.standing.replace(standing) == Some(standing) {
            return;
        }
        let (configuration, kind) = (kept.configuration, kept.configuration.kind());
        let name = configuration.object_name(&self.inputs.target.name);
        match standing {
            Standing::Missing => {
                tracing::warn!(
                    kind,
                    name,
                    "the webhook configuration is not there, and is not made anew: helm upgrade brings it back"
                );
            }
            Standing::Off => {
                tracing::warn!(
                    kind,
                    name,
                    "the webhook configuration is switched off: plimsoll emergency-on switches it on again"
                );
            }
            Standing::InPlace | Standing::Differs => {}
        }
        (self.inputs.report)(configuration, standing);
    }
}

impl Kept {
    fn knows_newer_than(&self, object: &DynamicObject) -> bool {
        let version =
            |object: &DynamicObject| object.metadata.resource_version.as_ref()?.parse::<u64>().ok();
        let known = self.live.as_ref().and_then(Option::as_ref);
        known.filter(|known| known.metadata.uid == object.metadata.uid).and_then(version)
            > version(object)
    }
}
