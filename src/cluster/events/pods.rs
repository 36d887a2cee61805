//! Events about pods that were refused or warned about, told on their owners: who creates a Deployment never sees the
//! answer that its ReplicaSet gets.
//!
//! One Event for each owner, policy and rule, however many pods there are, and a bounded number of writes. A pod
//! without a controller has its creator for a reader, who was answered already.
//!
//! Reviews can come from anybody who reaches the webhook, so nothing of the pod is in an Event: no more than which
//! owner, and which rule of which policy.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::{Events, REQUEST_TIMEOUT, Subject, Words, complain, name};
use crate::cluster::client;
use crate::cluster::metrics::{EventResult, Metrics};
use crate::rules::RuleKind;

/// Findings on their way from requests; beyond, they are dropped and counted.
const QUEUE: usize = 1_024;
/// Events that wait to be written; beyond, new ones are dropped and counted.
const MOST_PENDING: usize = 1_024;
/// How long occurrences are gathered before they are written: at most one write for each Event in that time.
const GATHER: Duration = Duration::from_secs(10);
/// Between two writes.
const BETWEEN_WRITES: Duration = Duration::from_millis(200);

/// A finding about a pod of an owner.
#[derive(Clone, Debug)]
pub struct Told {
    /// The owner.
    pub owner: Subject,
    /// The policy.
    pub policy: Arc<str>,
    /// The rule in it.
    pub rule: Arc<str>,
    /// Which rule it is: `imageTag`.
    pub kind: &'static str,
    /// The pod was refused; otherwise its creator was warned.
    pub denied: bool,
}

/// Where requests tell of findings. Never waits.
#[derive(Clone, Debug)]
pub struct Reporter {
    queue: mpsc::Sender<Told>,
    metrics: Metrics,
}

impl Reporter {
    /// Hands a finding on, or drops it where too many wait or there can be no such owner.
    pub fn tell(&self, told: Told) {
        if !told.owner.is_plausible() || self.queue.try_send(told).is_err() {
            self.metrics.count_events(EventResult::Dropped, 1);
        }
    }
}

/// Begins to write what requests tell. Ends when the last [`Reporter`] is gone.
pub(in crate::cluster) fn start(events: Events) -> Reporter {
    let (queue, told) = mpsc::channel(QUEUE);
    let metrics = events.metrics.clone();
    tokio::spawn(write(events, told));
    Reporter { queue, metrics }
}

async fn write(events: Events, mut told: mpsc::Receiver<Told>) {
    let mut pending = Pending::default();
    let mut ticks = interval(BETWEEN_WRITES);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            told = told.recv() => match told {
                Some(told) => {
                    if !pending.add(told, Instant::now()) {
                        events.metrics.count_events(EventResult::Dropped, 1);
                    }
                }
                None => return,
            },
            // Without anything to write there is nothing to wake up for.
            _ = ticks.tick(), if !pending.is_empty() => {
                if let Some((name, entry)) = pending.due(Instant::now()) {
                    events.write_one(&name, &entry).await;
                }
            }
        }
    }
}

impl Events {
    async fn write_one(&self, name: &str, entry: &Entry) {
        let Entry { told, count, .. } = entry;
        let (reason, action) =
            if told.denied { ("PodDenied", "Deny") } else { ("PodWarned", "Warn") };
        let words = Words { reason, action, note: &told.note() };
        let merged = self.merge(&told.owner, name, &words, *count);
        let result = match timeout(REQUEST_TIMEOUT, merged).await {
            Ok(Ok(result)) => result,
            Ok(Err(error)) => complain(&client::explain(&error)),
            Err(_) => complain("the API server does not answer"),
        };
        self.metrics.count_events(result, 1);
    }
}

impl Told {
    /// Policy and rule are names of what is in force; of the review there is the owner's kind alone.
    fn note(&self) -> String {
        let Self { owner, policy, rule, kind, denied } = self;
        let verb = if *denied { "are refused" } else { "are warned about" };
        let summary = RuleKind::find(kind).map_or("", |found| found.meta.summary);
        format!(
            "Pods of this {} {verb} by policy {policy}, rule {rule} ({kind}: {summary})",
            owner.kind
        )
    }
}

/// What waits to be written, the oldest first.
#[derive(Default)]
struct Pending {
    entries: HashMap<String, Entry>,
    order: VecDeque<String>,
}

struct Entry {
    /// The first that was told of it.
    told: Told,
    count: i32,
    since: Instant,
}

impl Pending {
    fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Counts a finding; false where there is no room.
    fn add(&mut self, told: Told, now: Instant) -> bool {
        let action = if told.denied { "Deny" } else { "Warn" };
        let name = name(&told.owner.uid, &[&told.policy, &told.rule, action]);
        if let Some(entry) = self.entries.get_mut(&name) {
            entry.count = entry.count.saturating_add(1);
            return true;
        }
        if self.entries.len() >= MOST_PENDING {
            return false;
        }
        self.order.push_back(name.clone());
        self.entries.insert(name, Entry { told, count: 1, since: now });
        true
    }

    /// The oldest, where it has gathered long enough.
    fn due(&mut self, now: Instant) -> Option<(String, Entry)> {
        let oldest = self.entries.get(self.order.front()?)?;
        if now.duration_since(oldest.since) < GATHER {
            return None;
        }
        self.entries.remove_entry(&self.order.pop_front()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(owner: usize, rule: &str) -> Told {
        Told {
            owner: Subject {
                api_version: "apps/v1".to_owned(),
                kind: "ReplicaSet".to_owned(),
                name: "web".to_owned(),
                uid: format!("uid-{owner}"),
                namespace: Some("shop".to_owned()),
            },
            policy: "images".into(),
            rule: rule.into(),
            kind: "imageTag",
            denied: true,
        }
    }

    #[test]
    fn notes_name_the_rule_and_say_what_it_is_for() {
        assert_eq!(
            told(1, "tags").note(),
            "Pods of this ReplicaSet are refused by policy images, rule tags (imageTag: Images are named by a tag \
             that does not move, or by a digest.)"
        );
        assert!(Told { denied: false, ..told(1, "tags") }.note().contains("are warned about"));
    }

    #[tokio::test]
    async fn owners_that_cannot_be_are_not_told() {
        let (queue, mut queued) = mpsc::channel(QUEUE);
        let reporter = Reporter { queue, metrics: Metrics::default() };
        let tell = |change: fn(&mut Subject)| {
            let mut told = told(1, "tags");
            change(&mut told.owner);
            reporter.tell(told);
        };
        tell(|owner| owner.kind = "Visit http://example.com".to_owned());
        tell(|owner| owner.name = "../../x".to_owned());
        tell(|owner| owner.uid = "u".repeat(1_000));
        tell(|owner| owner.api_version = "see/this/now".to_owned());
        tell(|owner| owner.namespace = Some("shop/../kube-system".to_owned()));
        assert!(queued.try_recv().is_err());
        tell(|_| ());
        assert!(queued.try_recv().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn pods_of_one_owner_are_one_event_for_each_rule() {
        let mut pending = Pending::default();
        let begun = Instant::now();
        for _ in 0..1_000 {
            assert!(pending.add(told(1, "tags"), begun));
            assert!(pending.add(told(1, "pulls"), begun));
        }
        assert!(pending.due(begun + GATHER / 2).is_none(), "it gathers");
        let (first, entry) = pending.due(begun + GATHER).unwrap();
        let (second, _) = pending.due(begun + GATHER).unwrap();
        assert_eq!(entry.count, 1_000);
        assert_ne!(first, second);
        assert!(pending.due(begun + GATHER).is_none() && pending.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn what_waits_is_bounded() {
        let mut pending = Pending::default();
        let taken = (0..10_000).filter(|owner| pending.add(told(*owner, "tags"), Instant::now()));
        assert_eq!(taken.count(), MOST_PENDING);
        assert_eq!(pending.order.len(), MOST_PENDING);
        assert!(pending.add(told(5, "tags"), Instant::now()), "it is counted on all the same");
    }
}
