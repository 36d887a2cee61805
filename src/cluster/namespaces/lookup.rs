//! Asking for one namespace that the watch does not know yet: it was made a moment ago, and its first pod is here
//! already.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use k8s_openapi::api::core::v1::Namespace;
use kube::core::PartialObjectMeta;
use kube::{Api, Client};
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use crate::cluster::client;
use crate::cluster::metrics::Metrics;
use crate::cluster::names;

/// How long a review may wait for the answer; the API server gives up on the review soon after.
const TIMEOUT: Duration = Duration::from_millis(500);
/// How long an answer is good for. By then the watch knows the namespace, or there is none.
const FRESH: Duration = Duration::from_secs(2);
/// Answers that are kept, at most; no more can be fresh at the pace below.
const MOST: usize = 256;
/// Questions that wait for their answer at once. Beyond that and the next, the API server is spared: reviews can name
/// namespaces that nobody ever made.
const MOST_AT_ONCE: usize = 50;
/// Questions in a second, in the long run; as many as may wait at once can come at one blow.
const MOST_IN_A_SECOND: f64 = 100.0;

/// What the API server says of a namespace.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// These are its labels, a map of text.
    Labels(Arc<Value>),
    /// There is no such namespace.
    Absent,
    /// There was no answer in time.
    Unknown,
}

/// Asks for namespaces: once for each, however many reviews wait for it.
#[derive(Clone)]
pub struct Lookup {
    api: Api<PartialObjectMeta<Namespace>>,
    asked: Arc<Mutex<Asked>>,
    slots: Arc<Semaphore>,
    metrics: Metrics,
}

type Answer = Shared<BoxFuture<'static, Found>>;

#[derive(Default)]
struct Asked {
    answers: HashMap<String, (Answer, Instant)>,
    pace: Pace,
}

/// A bucket of questions, which fills as time goes by.
#[derive(Default)]
struct Pace {
    /// How many are left, and when that was so. None as long as nothing was asked.
    left: Option<(f64, Instant)>,
}

impl Pace {
    fn take(&mut self, now: Instant) -> bool {
        let full = MOST_AT_ONCE as f64;
        let left = self.left.map_or(full, |(left, since)| {
            let more = now.duration_since(since).as_secs_f64() * MOST_IN_A_SECOND;
            full.min(left + more)
        });
        let taken = left >= 1.0;
        self.left = Some((if taken { left - 1.0 } else { left }, now));
        taken
    }
}

impl Asked {
    /// The answer for a name, which is asked for where there is no fresh one. None where too many are.
    fn answer(
        &mut self,
        name: &str,
        now: Instant,
        ask: impl FnOnce() -> Option<Answer>,
    ) -> Option<Answer> {
        let is_fresh = |since: &Instant| now.duration_since(*since) < FRESH;
        if let Some((answer, since)) = self.answers.get(name)
            && is_fresh(since)
            // An answer that never came is no answer: the next review asks again.
            && answer.peek() != Some(&Found::Unknown)
        {
            return Some(answer.clone());
        }
        if self.answers.len() >= MOST {
            self.answers.retain(|_, (_, since)| is_fresh(since));
        }
        if !self.pace.take(now) {
            return None;
        }
        let answer = ask()?;
        self.answers.insert(name.to_owned(), (answer.clone(), now));
        Some(answer)
    }
}

impl Lookup {
    pub(in crate::cluster) fn new(client: Client, metrics: Metrics) -> Lookup {
        let slots = Arc::new(Semaphore::new(MOST_AT_ONCE));
        Lookup { api: Api::all(client), asked: Arc::default(), slots, metrics }
    }

    /// What the API server says of a namespace, within half a second.
    pub async fn labels(&self, name: &str) -> Found {
        if !names::is_label(name) {
            // There cannot be one, and a path of the API must not be made of it.
            return Found::Absent;
        }
        let answer = {
            let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            asked.answer(name, Instant::now(), || self.ask(name))
        };
        match answer {
            Some(answer) => answer.await,
            None => Found::Unknown,
        }
    }

    /// None where too many wait.
    fn ask(&self, name: &str) -> Option<Answer> {
        let slot = Arc::clone(&self.slots).try_acquire_owned().ok()?;
        let (api, name, metrics) = (self.api.clone(), name.to_owned(), self.metrics.clone());
        let asking = tokio::spawn(async move {
            let _slot = slot;
            let found = match timeout(TIMEOUT, api.get_metadata_opt(&name)).await {
                Ok(Ok(Some(found))) => Found::Labels(Arc::new(labels(found.metadata.labels))),
                Ok(Ok(None)) => Found::Absent,
                Ok(Err(error)) => {
                    let error = client::explain(&error);
                    tracing::warn!(namespace = %name, error, "the namespace could not be read");
                    Found::Unknown
                }
                Err(_) => {
                    tracing::warn!(namespace = %name, "the namespace could not be read in time");
                    Found::Unknown
                }
            };
            metrics.count_namespace_lookup(match found {
                Found::Labels(_) => "found",
                Found::Absent => "absent",
                Found::Unknown => "failed",
            });
            found
        });
        // A task of its own: it goes on for the others where the review that asked first is gone.
        Some(asking.map(|found| found.unwrap_or(Found::Unknown)).boxed().shared())
    }
}

impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lookup").finish_non_exhaustive()
    }
}

/// Labels as the engine takes them.
pub(in crate::cluster) fn labels(
    labels: Option<std::collections::BTreeMap<String, String>>,
) -> Value {
    let labels = labels.into_iter().flatten();
    labels.map(|(key, value)| (key, Value::String(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(found: Found) -> Option<Answer> {
        let answer = async { found }.boxed().shared();
        assert!(answer.clone().now_or_never().is_some());
        Some(answer)
    }

    fn absent() -> Option<Answer> {
        answer(Found::Absent)
    }

    fn never() -> Option<Answer> {
        panic!("it is known")
    }

    #[tokio::test(start_paused = true)]
    async fn one_is_asked_for_all_who_wait_and_for_a_while_after() {
        let mut asked = Asked::default();
        let now = Instant::now();
        assert!(asked.answer("a", now, absent).is_some());
        assert!(asked.answer("a", now + FRESH / 2, never).is_some());
        let mut again = false;
        asked.answer("a", now + FRESH, || {
            again = true;
            absent()
        });
        assert!(again);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_is_not_kept() {
        let mut asked = Asked::default();
        let now = Instant::now();
        asked.answer("a", now, || answer(Found::Unknown));
        let again = asked.answer("a", now, absent).unwrap();
        assert_eq!(again.await, Found::Absent);
    }

    #[tokio::test(start_paused = true)]
    async fn invented_namespaces_do_not_flood_the_api_server() {
        let mut asked = Asked::default();
        let begun = Instant::now();
        assert!(asked.answer("known", begun, absent).is_some());
        let mut taken = 0.0;
        // 1,000 a second, for 16 seconds.
        for at in 0..16_000_u64 {
            let now = begun + Duration::from_millis(at);
            taken += f64::from(asked.answer(&at.to_string(), now, absent).is_some());
            assert!(asked.answers.len() <= MOST, "what is kept is bounded");
        }
        assert!(taken <= MOST_AT_ONCE as f64 + 16.0 * MOST_IN_A_SECOND, "{taken}");
        assert!(taken > 12.0 * MOST_IN_A_SECOND, "{taken}");
        assert_eq!(asked.answers.keys().filter(|name| *name == "known").count(), 0);
    }

    /// A client of an API server that takes connections and never says anything.
    async fn silent() -> (Lookup, tokio::net::TcpListener) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let client = Client::try_from(kube::Config::new(url)).unwrap();
        (Lookup::new(client, Metrics::default()), listener)
    }

    #[tokio::test]
    async fn only_so_many_wait_at_once_and_none_for_what_is_no_name() {
        let (lookup, _listener) = silent().await;
        assert_eq!(lookup.labels("../../apis").now_or_never(), Some(Found::Absent));
        assert_eq!(lookup.slots.available_permits(), MOST_AT_ONCE);
        let asked: Vec<_> = (0..MOST_AT_ONCE).map(|at| lookup.ask(&format!("n-{at}"))).collect();
        assert!(asked.iter().all(Option::is_some));
        assert!(lookup.ask("one-more").is_none());
        assert_eq!(lookup.labels("another").now_or_never(), Some(Found::Unknown));
        assert_eq!(asked[0].clone().unwrap().await, Found::Unknown);
        assert!(lookup.ask("later").is_some());
    }
}
