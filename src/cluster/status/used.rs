//! That an exemption was used is said by a replica that saw it, which need not be the leader: an API server keeps its
//! connections, so all of its reviews may go to one replica.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kube::Client;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::sleep;

use super::condition::Holds;
use super::{BETWEEN_WRITES, USED, Wanted, is_true};
use crate::cluster::metrics::Metrics;

/// Who writes, as `metadata.managedFields` names it. Not the leader's: what that one applies without the condition
/// must not take it away, nor this what the leader wrote.
const FIELD_MANAGER: &str = "plimsoll-used";
/// How long others are waited for, the leader above all, before this replica says what they may have said by then.
const LEAST_PAUSE: Duration = Duration::from_secs(1);
/// What is waited beyond that, at most: replicas that saw the same are not to write in the same moment.
const MOST_JITTER: Duration = Duration::from_secs(4);

/// Says of exemptions that they were used here, where another replica leads and the object does not say it.
pub(in crate::cluster) struct Witness {
    pub(in crate::cluster) client: Client,
    pub(in crate::cluster) leading: watch::Receiver<bool>,
    pub(in crate::cluster) wanted: watch::Receiver<Arc<Vec<Wanted>>>,
    pub(in crate::cluster) metrics: Metrics,
}

impl Witness {
    /// Ends when nobody wants anything any more.
    pub(in crate::cluster) async fn run(mut self) {
        // What was said and has not come back by the watch: by uid, the version that was seen before.
        let mut said: HashMap<String, String> = HashMap::new();
        // The keeper repeats what is wanted every few seconds, so what fails is tried again.
        while self.wanted.changed().await.is_ok() {
            if !self.wanted.borrow_and_update().iter().any(|one| one.is_unsaid(&said)) {
                continue;
            }
            sleep(LEAST_PAUSE + jitter()).await;
            let wanted = Arc::clone(&self.wanted.borrow_and_update());
            said.retain(|uid, _| wanted.iter().any(|one| one.uid == *uid));
            for one in wanted.iter() {
                // The leader says it among the rest.
                if *self.leading.borrow() {
                    break;
                }
                if !one.is_unsaid(&said) {
                    continue;
                }
                let patch = one.patch_of_use(Timestamp::now());
                match one.apply(&self.client, &self.metrics, FIELD_MANAGER, patch).await {
                    Ok(_) => {
                        said.insert(one.uid.clone(), one.resource_version.clone());
                    }
                    Err(true) => {}
                    Err(false) => break,
                }
                sleep(BETWEEN_WRITES).await;
            }
        }
    }
}

impl Wanted {
    /// Whether it was used here, and neither the object nor this replica has said so.
    fn is_unsaid(&self, said: &HashMap<String, String>) -> bool {
        self.conditions.iter().any(|one| one.kind == USED && one.holds == Holds::True)
            && !is_true(&self.present, USED)
            && said.get(&self.uid) != Some(&self.resource_version)
    }

    /// The one condition, and nothing else of the status.
    fn patch_of_use(&self, now: Timestamp) -> Value {
        let used: Vec<_> = self.conditions.iter().filter(|one| one.kind == USED).cloned().collect();
        self.patch_of(&used, now)
    }
}

/// Another at each call.
fn jitter() -> Duration {
    let part = RandomState::new().build_hasher().finish() % 1_000;
    MOST_JITTER.mul_f64(part as f64 / 1_000.0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::status::condition::Condition;
    use crate::cluster::status::wanted::EXEMPTION;

    fn wanted(used: Holds, present: Vec<Value>) -> Wanted {
        let conditions = vec![
            Condition::new("Ready", true, "Compiled", "in force"),
            Condition::new(USED, used, "Reason", "message"),
        ];
        Wanted {
            kind: &EXEMPTION,
            name: "legacy".to_owned(),
            uid: "u".to_owned(),
            generation: 2,
            resource_version: "7".to_owned(),
            conditions,
            present,
        }
    }

    #[test]
    fn what_was_seen_here_alone_is_said_once() {
        let nothing = HashMap::new();
        let present = |status: &str| vec![json!({"type": "Used", "status": status})];
        assert!(wanted(Holds::True, Vec::new()).is_unsaid(&nothing));
        assert!(wanted(Holds::True, present("Unknown")).is_unsaid(&nothing));
        assert!(!wanted(Holds::True, present("True")).is_unsaid(&nothing), "another said it");
        assert!(!wanted(Holds::Unknown, Vec::new()).is_unsaid(&nothing), "nothing was seen");
        let said = |version: &str| HashMap::from([("u".to_owned(), version.to_owned())]);
        assert!(!wanted(Holds::True, Vec::new()).is_unsaid(&said("7")), "it is under way");
        assert!(wanted(Holds::True, Vec::new()).is_unsaid(&said("6")), "it was taken back");
    }

    #[test]
    fn it_is_the_one_condition_that_is_written() {
        let patch = wanted(Holds::True, Vec::new()).patch_of_use(Timestamp::UNIX_EPOCH);
        assert_eq!(patch["metadata"], json!({"name": "legacy", "uid": "u"}));
        let status = patch["status"].as_object().unwrap();
        assert_eq!(status.len(), 1);
        assert_eq!(status["conditions"].as_array().unwrap().len(), 1);
        assert_eq!(status["conditions"][0]["status"], "True");
    }

    /// The API server refuses what was decided before another replica said that the exemption was used.
    #[test]
    fn the_leader_takes_nothing_back() {
        let leader = |used| wanted(used, Vec::new()).patch(Timestamp::UNIX_EPOCH);
        assert_eq!(leader(Holds::Unknown)["metadata"]["resourceVersion"], "7");
        assert_eq!(leader(Holds::True)["metadata"].get("resourceVersion"), None);
    }

    #[test]
    fn replicas_wait_for_different_times() {
        let times: Vec<Duration> = (0..20).map(|_| jitter()).collect();
        assert!(times.iter().all(|time| *time < MOST_JITTER));
        assert!(times.iter().any(|time| *time != times[0]));
    }
}
