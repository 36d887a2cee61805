//! Kubernetes Events (events.k8s.io/v1): written under names that follow from what they tell, so that replicas and
//! restarts count on in one Event instead of adding more.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::api::events::v1::{Event, EventSeries};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::{ObjectMeta, Patch, PatchParams, PostParams};
use kube::{Api, Client};
use serde_json::json;
use tokio::time::timeout;

use super::client::{self, is_conflict, is_not_found};
use super::metrics::{EventResult, Metrics};
use super::names;

pub(super) mod pods;

/// Who reports.
const CONTROLLER: &str = "plimsoll.dev/plimsoll";
/// Where Events about objects without a namespace go: nowhere else are they taken.
const DEFAULT_NAMESPACE: &str = "default";
/// What the API server takes for a note, in bytes.
const MOST_OF_A_NOTE: usize = 1_000;
/// What it takes for the reporting instance.
const MOST_OF_AN_INSTANCE: usize = 128;
/// How often a merge is tried while others merge as well.
const ATTEMPTS: usize = 4;
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// The object that an Event is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Group and version.
    pub api_version: String,
    /// Kind.
    pub kind: String,
    /// Name.
    pub name: String,
    /// The very object of that name.
    pub uid: String,
    /// Its namespace, where it has one.
    pub namespace: Option<String>,
}

impl Subject {
    fn reference(&self) -> ObjectReference {
        ObjectReference {
            api_version: Some(self.api_version.clone()),
            kind: Some(self.kind.clone()),
            name: Some(self.name.clone()),
            uid: Some(self.uid.clone()),
            namespace: self.namespace.clone(),
            ..ObjectReference::default()
        }
    }

    /// Whether there can be such an object. Who sends reviews is not known, and so not what is in them.
    fn is_plausible(&self) -> bool {
        names::is_api_version(&self.api_version)
            && names::is_kind(&self.kind)
            && names::is_subdomain(&self.name)
            && names::is_uid(&self.uid)
            && self.namespace.as_deref().is_none_or(names::is_label)
    }

    /// Where its Events go.
    fn home(&self) -> &str {
        self.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE)
    }
}

/// The words of an Event.
struct Words<'w> {
    reason: &'w str,
    action: &'w str,
    note: &'w str,
}

/// Writes Events.
#[derive(Clone)]
pub(super) struct Events {
    pub(super) client: Client,
    pub(super) instance: String,
    pub(super) metrics: Metrics,
}

impl Events {
    /// Tells something that happens once. `what` tells apart what may be told of one object.
    pub(super) async fn tell_once(
        &self,
        subject: &Subject,
        what: &[&str],
        reason: &str,
        action: &str,
        note: &str,
    ) {
        let name = name(&subject.uid, what);
        let event = self.event(subject, &name, &Words { reason, action, note }, Timestamp::now());
        let api: Api<Event> = Api::namespaced(self.client.clone(), subject.home());
        let result =
            match timeout(REQUEST_TIMEOUT, api.create(&PostParams::default(), &event)).await {
                Ok(Ok(_)) => EventResult::Written,
                // Another leader, or this one before it started anew, has told it.
                Ok(Err(error)) if is_conflict(&error) => EventResult::Merged,
                Ok(Err(error)) => complain(&client::explain(&error)),
                Err(_) => complain("the API server does not answer"),
            };
        self.metrics.count_events(result, 1);
    }

    fn event(&self, subject: &Subject, name: &str, words: &Words<'_>, now: Timestamp) -> Event {
        Event {
            metadata: ObjectMeta {
                name: Some(name.to_owned()),
                namespace: Some(subject.home().to_owned()),
                ..ObjectMeta::default()
            },
            event_time: Some(MicroTime(now)),
            reporting_controller: Some(CONTROLLER.to_owned()),
            reporting_instance: Some(cut(&self.instance, MOST_OF_AN_INSTANCE).to_owned()),
            action: Some(words.action.to_owned()),
            reason: Some(words.reason.to_owned()),
            note: Some(cut(words.note, MOST_OF_A_NOTE).to_owned()),
            type_: Some("Warning".to_owned()),
            regarding: Some(subject.reference()),
            ..Event::default()
        }
    }

    /// Adds `count` occurrences to the Event of that name, or writes it.
    async fn merge(
        &self,
        subject: &Subject,
        name: &str,
        words: &Words<'_>,
        count: i32,
    ) -> Result<EventResult, kube::Error> {
        let api: Api<Event> = Api::namespaced(self.client.clone(), subject.home());
        let mut last = None;
        for _ in 0..ATTEMPTS {
            let now = Timestamp::now();
            let stands = match api.get_opt(name).await? {
                Some(stands) => stands,
                None => {
                    let mut event = self.event(subject, name, words, now);
                    event.series = series(count, now);
                    match api.create(&PostParams::default(), &event).await {
                        Ok(_) => return Ok(EventResult::Written),
                        Err(error) if is_conflict(&error) => {
                            last = Some(error);
                            continue;
                        }
                        Err(error) => return Err(error),
                    }
                }
            };
            // An Event without a series happened once.
            let before = stands.series.as_ref().map_or(1, |series| series.count);
            let patch = json!({
                // What was read, or there is a conflict: another replica counted on in between.
                "metadata": {"resourceVersion": stands.metadata.resource_version},
                "series": {
                    "count": before.saturating_add(count),
                    "lastObservedTime": MicroTime(now),
                },
            });
            match api.patch(name, &PatchParams::default(), &Patch::Merge(patch)).await {
                Ok(_) => return Ok(EventResult::Merged),
                Err(error) if is_conflict(&error) || is_not_found(&error) => last = Some(error),
                Err(error) => return Err(error),
            }
        }
        last.map_or(Ok(EventResult::Failed), Err)
    }
}

/// A series, which the API server takes from two on.
fn series(count: i32, now: Timestamp) -> Option<EventSeries> {
    (count > 1).then_some(EventSeries { count, last_observed_time: MicroTime(now) })
}

fn complain(error: &str) -> EventResult {
    tracing::debug!(error, "an Event could not be written");
    EventResult::Failed
}

/// The name of the Event that tells `what` of the object: the same on every replica, after every start, and in every
/// version of Plimsoll (FNV-1a).
fn name(uid: &str, what: &[&str]) -> String {
    let mut hash: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    for text in std::iter::once(&uid).chain(what) {
        // The zero tells `a`, `bc` from `ab`, `c`.
        for byte in text.bytes().chain([0]) {
            hash ^= u128::from(byte);
            hash = hash.wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        }
    }
    format!("plimsoll.{hash:032x}")
}

/// As much of a text as fits, in whole characters.
fn cut(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    text.get(..end.unwrap_or_default()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_from_what_is_told() {
        assert_eq!(name("uid", &["policy", "rule"]), name("uid", &["policy", "rule"]));
        assert_ne!(name("uid", &["policy", "rule"]), name("uid", &["policyr", "ule"]));
        assert_ne!(name("uid", &["policy", "rule"]), name("uid2", &["policy", "rule"]));
        // Names of Events that stand in clusters: a change would write each of them once more.
        assert_eq!(name("", &[]), "plimsoll.d228cb69101a8caf78912b704e4a147f");
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(cut("äöü", 3), "ä");
        assert_eq!(cut("abc", 10), "abc");
        assert_eq!(cut("", 10), "");
    }
}
