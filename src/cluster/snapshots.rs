//! From watches to what is in force: changes are gathered for a moment and become one new snapshot.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use tokio::sync::{mpsc, watch};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::last_good::{self, Book, Compile, Seen};
use super::metrics::Metrics;
use super::namespaces::{Knowledge, Labelled, Ranged};
use super::status::{Wanted, wanted};
use super::watch::Delta;
use crate::engine::Namespaces;
use crate::policy::{CompiledExemption, CompiledPolicy, ExemptionSet, PolicySet};
use crate::readiness::Gate;

/// Changes that come together, as those of one `kubectl apply`, are one snapshot.
const GATHER: Duration = Duration::from_millis(30);
/// How often it is looked whether exemptions have expired or been used.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// What is said of an object whose compilation panicked.
const COMPILER_FAILED: &str = "it could not be compiled: a bug in Plimsoll, please report it";

/// Who puts in force what the cluster says.
pub trait Sink: Send + Sync + 'static {
    /// These policies and exemptions are in force from now on, and no others.
    fn put_in_force(&self, policies: Arc<PolicySet>, exemptions: Arc<ExemptionSet>);
    /// This is what is known of namespaces from now on.
    fn know(&self, namespaces: Arc<Namespaces>);
    /// The exemptions that have exempted a finding here since the process began; dry runs do not count.
    fn used(&self) -> BTreeSet<Arc<str>>;
}

/// One kind of object: its news, and the gate that opens once there was a list of it that is in force.
pub(super) struct Inbox<T> {
    pub(super) news: mpsc::Receiver<Delta<T>>,
    pub(super) gate: Gate,
}

/// What comes in.
pub(super) struct Inboxes {
    pub(super) policies: Inbox<Value>,
    pub(super) exemptions: Inbox<Value>,
    pub(super) namespaces: Inbox<Labelled>,
    pub(super) limit_ranges: Inbox<Ranged>,
}

/// Which lists have been complete once.
#[derive(Clone, Copy, Default)]
struct Listed {
    policies: bool,
    exemptions: bool,
    namespaces: bool,
    limit_ranges: bool,
}

/// What has changed since the last snapshot.
#[derive(Clone, Copy, Default)]
struct Changed {
    /// What is in force.
    rules: bool,
    /// What is known of namespaces.
    namespaces: bool,
    /// What there is to say of policies and exemptions.
    objects: bool,
}

/// Keeps what is in force up to date.
pub(super) struct Keeper {
    pub(super) sink: Arc<dyn Sink>,
    pub(super) metrics: Metrics,
    pub(super) wanted: watch::Sender<Arc<Vec<Wanted>>>,
    pub(super) in_force: watch::Sender<Arc<PolicySet>>,
}

#[derive(Default)]
struct Caches {
    policies: Book<CompiledPolicy>,
    exemptions: Book<CompiledExemption>,
    knowledge: Knowledge,
    exemption_set: Arc<ExemptionSet>,
    listed: Listed,
    changed: Changed,
}

impl Keeper {
    /// Ends when no watch is left.
    pub(super) async fn run(self, mut inboxes: Inboxes) {
        let mut caches = Caches::default();
        let mut due: Option<Instant> = None;
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let Inboxes { policies, exemptions, namespaces, limit_ranges } = &mut inboxes;
            tokio::select! {
                Some(delta) = policies.news.recv() => {
                    caches.listed.policies |= matches!(delta, Delta::All(_));
                    caches.changed.rules |= take(&mut caches.policies, delta).await;
                    caches.changed.objects = true;
                }
                Some(delta) = exemptions.news.recv() => {
                    caches.listed.exemptions |= matches!(delta, Delta::All(_));
                    caches.changed.rules |= take(&mut caches.exemptions, delta).await;
                    caches.changed.objects = true;
                }
                Some(delta) = namespaces.news.recv() => {
                    caches.listed.namespaces |= matches!(delta, Delta::All(_));
                    caches.knowledge.label(delta);
                    caches.changed.namespaces = true;
                }
                Some(delta) = limit_ranges.news.recv() => {
                    caches.listed.limit_ranges |= matches!(delta, Delta::All(_));
                    caches.knowledge.range(delta);
                    caches.changed.namespaces = true;
                }
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    due = None;
                    self.publish(&mut caches, &inboxes);
                    continue;
                }
                _ = looks.tick(), if caches.exemptions.entries().next().is_some() => {
                    self.say(&caches);
                    continue;
                }
                else => return,
            }
            // From the first change on, so that a stream of them cannot put it off.
            due.get_or_insert_with(|| Instant::now() + GATHER);
        }
    }

    fn publish(&self, caches: &mut Caches, inboxes: &Inboxes) {
        let changed = std::mem::take(&mut caches.changed);
        let listed = caches.listed;
        if listed.namespaces && listed.limit_ranges && changed.namespaces {
            let namespaces = caches.knowledge.namespaces();
            self.metrics.set_namespaces(namespaces.len());
            self.sink.know(Arc::new(namespaces.clone()));
        }
        let complete = listed.policies && listed.exemptions;
        if complete && (changed.rules || !inboxes.policies.gate.is_open()) {
            let policies = Arc::new(PolicySet::of(caches.policies.in_force()));
            caches.exemption_set = Arc::new(ExemptionSet::of(caches.exemptions.in_force()));
            self.warn_of_conflicts(&policies);
            let (count, exemptions) = (policies.policies().len(), &caches.exemption_set);
            self.sink.put_in_force(Arc::clone(&policies), Arc::clone(exemptions));
            self.in_force.send_replace(policies);
            tracing::info!(
                policies = count,
                exemptions = exemptions.exemptions().len(),
                "policies in force"
            );
        } else {
            // Not in force yet: the list that is missing brings it.
            caches.changed.rules = changed.rules && !complete;
        }
        if complete && changed.objects {
            self.count(caches);
            self.say(caches);
        }
        let known = listed.namespaces && listed.limit_ranges;
        for (gate, ready) in [
            (&inboxes.policies.gate, complete),
            (&inboxes.exemptions.gate, complete),
            (&inboxes.namespaces.gate, known),
            (&inboxes.limit_ranges.gate, known),
        ] {
            if ready {
                gate.open();
            }
        }
        if !known {
            caches.changed.namespaces = changed.namespaces;
        }
        for (gate, listed) in [
            (&inboxes.policies.gate, listed.policies),
            (&inboxes.exemptions.gate, listed.exemptions),
            (&inboxes.namespaces.gate, listed.namespaces),
            (&inboxes.limit_ranges.gate, listed.limit_ranges),
        ] {
            if listed && !gate.is_open() {
                gate.close("listed; waiting for the others");
            }
        }
    }

    fn count(&self, caches: &Caches) {
        self.metrics.set_policies(
            caches.policies.entries().map(|(name, entry)| (name, entry.error.is_none())),
        );
    }

    fn say(&self, caches: &Caches) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok();
        let now = now.and_then(|since| i64::try_from(since.as_secs()).ok());
        let policies =
            caches.policies.entries().map(|(name, entry)| wanted::of_policy(name, entry));
        let in_force = self.in_force.borrow();
        let used = self.sink.used();
        let strays = caches.exemption_set.strays(&in_force);
        let exemptions = caches.exemptions.entries().map(|(name, entry)| {
            let strays = strays.iter().filter(|stray| &*stray.exemption == name);
            wanted::of_exemption(name, entry, strays, used.contains(name), now)
        });
        self.wanted.send_replace(Arc::new(policies.chain(exemptions).collect()));
    }

    fn warn_of_conflicts(&self, policies: &PolicySet) {
        let before: HashSet<String> =
            self.in_force.borrow().conflicts().iter().map(ToString::to_string).collect();
        for conflict in policies.conflicts().iter().map(ToString::to_string) {
            if !before.contains(&conflict) {
                tracing::warn!(conflict, "two rules want different values");
            }
        }
    }
}

/// Takes news of objects, and tells whether something else is in force.
async fn take<T: Compile>(book: &mut Book<T>, delta: Delta<Value>) -> bool {
    let name = |object: &Value| {
        object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    match delta {
        Delta::All(objects) => {
            let names: Vec<String> = objects.iter().map(name).collect();
            let mut changed = book.retain(&names.iter().map(String::as_str).collect());
            for object in objects {
                changed |= enter(book, object).await;
            }
            changed
        }
        Delta::Set(object) => enter(book, object).await,
        Delta::Gone(object) => book.remove(&name(&object)),
    }
}

/// Compiles what has not been compiled before, aside from the threads that answer reviews: it can take seconds.
async fn enter<T: Compile>(book: &mut Book<T>, object: Value) -> bool {
    let seen = Seen::of(&object);
    if book.knows(&seen) {
        book.note(seen);
        return false;
    }
    let compiled = spawn_blocking(move || last_good::compile(&object)).await;
    book.enter(seen, compiled.unwrap_or_else(|_| Err(COMPILER_FAILED.to_owned())))
}

#[cfg(test)]
mod tests;
