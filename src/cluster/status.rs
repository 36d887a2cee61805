//! The status of policies and exemptions: written by the leader, and only where it says something new. That an
//! exemption was used is said by whoever saw it.

mod condition;
pub(super) mod used;
pub(super) mod wanted;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kube::api::{DynamicObject, Patch, PatchParams};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Api, Client};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use self::condition::{Condition, Holds};
use super::client;
use super::events::{Events, Subject};
use super::metrics::Metrics;

/// Who writes, as `metadata.managedFields` names it.
pub const FIELD_MANAGER: &str = "plimsoll";
/// Between two writes: a thousand objects that turn at once must not be a thousand writes at once.
const BETWEEN_WRITES: Duration = Duration::from_millis(50);
/// After a write that failed, and twice that after the next.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// Where the conditions say it.
const READY: &str = "Ready";
const USED: &str = "Used";

/// A kind of object that has a status.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) kind: &'static str,
    pub(super) plural: &'static str,
}

impl Kind {
    pub(super) fn resource(&self) -> ApiResource {
        let gvk = GroupVersionKind::gvk("plimsoll.dev", "v1alpha1", self.kind);
        ApiResource::from_gvk_with_plural(&gvk, self.plural)
    }
}

/// What the status of one object is to say.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) kind: &'static Kind,
    pub(super) name: String,
    pub(super) uid: String,
    pub(super) generation: i64,
    pub(super) resource_version: String,
    conditions: Vec<Condition>,
    /// What it says, as far as is known.
    pub(super) present: Vec<Value>,
}

impl Wanted {
    fn is_written(&self) -> bool {
        self.conditions.iter().all(|one| one.stands_in(&self.present, self.generation))
    }

    /// What is wrong with this very version, where nobody has been told yet.
    fn news(&self) -> Option<&Condition> {
        let ready = self.conditions.iter().find(|one| one.kind == READY)?;
        let told = self.present.iter().any(|present| {
            present["type"] == READY
                && present["status"] == "False"
                && present["observedGeneration"] == self.generation
        });
        (ready.holds == Holds::False && !told).then_some(ready)
    }

    fn patch(&self, now: Timestamp) -> Value {
        let mut patch = self.patch_of(&self.conditions, now);
        patch["status"]["observedGeneration"] = self.generation.into();
        if self.conditions.iter().any(|one| one.kind == USED && one.holds != Holds::True) {
            // Another replica may say in this moment that it was used, which must not be taken back.
            patch["metadata"]["resourceVersion"] = self.resource_version.as_str().into();
        }
        patch
    }

    fn patch_of(&self, conditions: &[Condition], now: Timestamp) -> Value {
        let render = |one: &Condition| one.render(&self.present, self.generation, now);
        let conditions: Vec<Value> = conditions.iter().map(render).collect();
        let resource = self.kind.resource();
        json!({
            "apiVersion": resource.api_version,
            "kind": resource.kind,
            // With the uid, an object of the same name that was made since is left alone.
            "metadata": {"name": self.name, "uid": self.uid},
            "status": {"conditions": conditions},
        })
    }

    /// Applies a patch of the status. `Ok` says whether it was taken: an object that is gone, or another by now, is
    /// left to what the watch will say of it. `Err` says whether the API server answered at all.
    async fn apply(
        &self,
        client: &Client,
        metrics: &Metrics,
        manager: &str,
        patch: Value,
    ) -> Result<bool, bool> {
        let api: Api<DynamicObject> = Api::all_with(client.clone(), &self.kind.resource());
        let (params, patch) = (PatchParams::apply(manager).force(), Patch::Apply(patch));
        let written = timeout(REQUEST_TIMEOUT, api.patch_status(&self.name, &params, &patch));
        let error = match written.await {
            Ok(Ok(_)) => {
                metrics.count_status_write(true);
                return Ok(true);
            }
            Ok(Err(error)) if client::is_not_found(&error) || client::is_conflict(&error) => {
                return Ok(false);
            }
            Ok(Err(error)) => error,
            Err(_) => {
                metrics.count_status_write(false);
                tracing::warn!(name = %self.name, "the status could not be written in time");
                return Err(false);
            }
        };
        metrics.count_status_write(false);
        let (kind, text) = (self.kind.kind, client::explain(&error));
        tracing::warn!(kind, name = %self.name, error = text, "the status could not be written");
        Err(matches!(error, kube::Error::Api(_)))
    }
}

/// Whether a condition of this type is `True`.
fn is_true(conditions: &[Value], kind: &str) -> bool {
    conditions.iter().any(|one| one["type"] == kind && one["status"] == "True")
}

/// Writes what is wanted, while this replica leads.
pub(super) struct Writer {
    pub(super) client: Client,
    pub(super) leading: watch::Receiver<bool>,
    pub(super) wanted: watch::Receiver<Arc<Vec<Wanted>>>,
    pub(super) metrics: Metrics,
    pub(super) events: Events,
}

impl Writer {
    /// Ends when nobody wants anything any more.
    pub(super) async fn run(mut self) {
        // Objects whose write the watch has not shown yet: by uid, the version that was seen before.
        let mut under_way = HashMap::new();
        let mut pause = FIRST_PAUSE;
        loop {
            if self.leading.wait_for(|leading| *leading).await.is_err() {
                return;
            }
            let wanted = Arc::clone(&self.wanted.borrow_and_update());
            let complete = self.write_all(&wanted, &mut under_way).await;
            under_way.retain(|uid, _| wanted.iter().any(|one| one.uid == *uid));
            let changed = if complete {
                pause = FIRST_PAUSE;
                tokio::select! {
                    changed = self.wanted.changed() => changed,
                    changed = self.leading.changed() => changed,
                }
            } else {
                sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
                Ok(())
            };
            if changed.is_err() {
                return;
            }
        }
    }

    /// Writes what is not written, and tells whether nothing is left to do.
    async fn write_all(&self, wanted: &[Wanted], under_way: &mut HashMap<String, String>) -> bool {
        let mut complete = true;
        for one in wanted.iter().filter(|one| !one.is_written()) {
            if !*self.leading.borrow() {
                return true;
            }
            if under_way.get(&one.uid) == Some(&one.resource_version) {
                continue;
            }
            match self.write(one).await {
                Ok(()) => {
                    under_way.insert(one.uid.clone(), one.resource_version.clone());
                }
                Err(reachable) => {
                    complete = false;
                    if !reachable {
                        return false;
                    }
                }
            }
            sleep(BETWEEN_WRITES).await;
        }
        complete
    }

    /// `Err` says whether the API server answered at all.
    async fn write(&self, wanted: &Wanted) -> Result<(), bool> {
        let patch = wanted.patch(Timestamp::now());
        let taken = wanted.apply(&self.client, &self.metrics, FIELD_MANAGER, patch).await?;
        if let Some(bad) = wanted.news().filter(|_| taken) {
            self.tell(wanted, bad).await;
        }
        Ok(())
    }

    async fn tell(&self, wanted: &Wanted, bad: &Condition) {
        let resource = wanted.kind.resource();
        let subject = Subject {
            api_version: resource.api_version,
            kind: resource.kind,
            name: wanted.name.clone(),
            uid: wanted.uid.clone(),
            namespace: None,
        };
        let generation = wanted.generation.to_string();
        self.events.tell_once(&subject, &[&generation], bad.reason, "Compile", &bad.message).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static KIND: Kind = Kind { kind: "PodPolicy", plural: "podpolicies" };

    fn wanted(holds: bool, present: Vec<Value>) -> Wanted {
        Wanted {
            kind: &KIND,
            name: "a".to_owned(),
            uid: "u".to_owned(),
            generation: 2,
            resource_version: "7".to_owned(),
            conditions: vec![Condition::new(READY, holds, "Reason", "message")],
            present,
        }
    }

    #[test]
    fn what_was_written_is_not_written_again() {
        let patch = wanted(true, Vec::new()).patch(Timestamp::UNIX_EPOCH);
        assert_eq!(patch["apiVersion"], "plimsoll.dev/v1alpha1");
        let present = patch["status"]["conditions"].as_array().unwrap().clone();
        assert!(wanted(true, present.clone()).is_written());
        assert!(!wanted(false, present).is_written());
        assert!(!wanted(true, Vec::new()).is_written());
    }

    #[test]
    fn an_event_is_for_a_version_that_is_newly_bad() {
        assert!(wanted(true, Vec::new()).news().is_none());
        assert!(wanted(false, Vec::new()).news().is_some());
        let told = |generation: i64| {
            vec![json!({"type": READY, "status": "False", "observedGeneration": generation})]
        };
        assert!(wanted(false, told(2)).news().is_none());
        assert!(wanted(false, told(1)).news().is_some());
    }
}
