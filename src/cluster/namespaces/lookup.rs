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
use tokio::time::{Instant, timeout};

use crate::cluster::client;
use crate::cluster::metrics::Metrics;

/// How long a review may wait for the answer; the API server gives up on the review soon after.
const TIMEOUT: Duration = Duration::from_millis(500);
/// How long an answer is good for. By then the watch knows the namespace, or there is none.
const FRESH: Duration = Duration::from_secs(2);
/// Namespaces asked for in that time; beyond, nobody is asked.
const MOST: usize = 256;

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
    metrics: Metrics,
}

type Answer = Shared<BoxFuture<'static, Found>>;

#[derive(Default)]
struct Asked(HashMap<String, (Answer, Instant)>);

impl Asked {
    /// The answer for a name, which is asked for where there is no fresh one. None where too many are.
    fn answer(&mut self, name: &str, now: Instant, ask: impl FnOnce() -> Answer) -> Option<Answer> {
        let is_fresh = |since: &Instant| now.duration_since(*since) < FRESH;
        if let Some((answer, since)) = self.0.get(name)
            && is_fresh(since)
            // An answer that never came is no answer: the next review asks again.
            && answer.peek() != Some(&Found::Unknown)
        {
            return Some(answer.clone());
        }
        if self.0.len() >= MOST {
            self.0.retain(|_, (_, since)| is_fresh(since));
        }
        if self.0.len() >= MOST && !self.0.contains_key(name) {
            return None;
        }
        let answer = ask();
        self.0.insert(name.to_owned(), (answer.clone(), now));
        Some(answer)
    }
}

impl Lookup {
    pub(in crate::cluster) fn new(client: Client, metrics: Metrics) -> Lookup {
        Lookup { api: Api::all(client), asked: Arc::default(), metrics }
    }

    /// What the API server says of a namespace, within half a second.
    pub async fn labels(&self, name: &str) -> Found {
        let answer = {
            let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            asked.answer(name, Instant::now(), || self.ask(name))
        };
        match answer {
            Some(answer) => answer.await,
            None => Found::Unknown,
        }
    }

    fn ask(&self, name: &str) -> Answer {
        let (api, name, metrics) = (self.api.clone(), name.to_owned(), self.metrics.clone());
        let asking = tokio::spawn(async move {
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
        asking.map(|found| found.unwrap_or(Found::Unknown)).boxed().shared()
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

    fn answer(found: Found) -> Answer {
        let answer = async { found }.boxed().shared();
        assert!(answer.clone().now_or_never().is_some());
        answer
    }

    fn absent() -> Answer {
        answer(Found::Absent)
    }

    fn never() -> Answer {
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
    async fn what_is_kept_is_bounded() {
        let mut asked = Asked::default();
        let now = Instant::now();
        let taken = (0..1_000).filter(|n| asked.answer(&n.to_string(), now, absent).is_some());
        assert_eq!(taken.count(), MOST);
        assert!(asked.answer("7", now, never).is_some());
        assert!(asked.answer("later", now + FRESH, absent).is_some());
        assert_eq!(asked.0.len(), 1);
    }
}
