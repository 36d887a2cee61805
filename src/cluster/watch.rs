//! Keeping up with one kind of object: a list, then every change, for as long as the process lives.

use std::fmt::Debug;
use std::time::Duration;

use futures_util::StreamExt;
use kube::runtime::watcher::{self, Event};
use kube::{Api, Resource};
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use super::client;
use super::metrics::Metrics;
use super::pauses::Pauses;
use crate::readiness::Gate;

/// A watch is begun anew so often, and one whose connection died in silence is noticed by then.
const WATCH_SECONDS: u32 = 60;
/// Objects of a list that are in memory at once, in their whole length.
const PAGE: u32 = 100;

/// A watch that lasted so long had not broken for the reason for which it breaks now.
const WORKED_FOR: Duration = Duration::from_secs(30);

/// What happened to the objects of one kind.
#[derive(Debug)]
pub(super) enum Delta<T> {
    /// These are all there are.
    All(Vec<T>),
    /// One was made or changed.
    Set(T),
    /// One is gone.
    Gone(T),
}

/// One kind of object to keep up with.
pub(super) struct Followed<K> {
    /// What metrics, logs and readiness call it.
    pub(super) resource: &'static str,
    /// What to do where the API server does not know the kind.
    pub(super) unknown: Option<&'static str>,
    pub(super) api: Api<K>,
    pub(super) gate: Gate,
    pub(super) metrics: Metrics,
}

impl<K> Followed<K>
where
    K: Resource + Clone + DeserializeOwned + Debug + Send + 'static,
{
    /// Hands every change on, each object reduced to what is kept of it. Ends when nobody listens any more.
    ///
    /// The gate is told why there is no list yet. Once there was one, it is left alone: what is known stays in force,
    /// and a server that cannot ask for news still judges.
    pub(super) async fn follow<T>(self, reduce: impl Fn(K) -> T, out: mpsc::Sender<Delta<T>>) {
        let Self { resource, unknown, api, gate, metrics } = self;
        let config = watcher::Config::default().timeout(WATCH_SECONDS).page_size(PAGE);
        let mut events = std::pin::pin!(watcher::watcher(api, config));
        let mut pauses = Pauses::default();
        let mut broke: Option<Instant> = None;
        let mut listed = Vec::new();
        let mut full = false;
        let mut complaint: Option<String> = None;
        gate.close("waiting for the API server");
        while let Some(event) = events.next().await {
            let delta = match event {
                // A list is about to be asked for: nothing is known of how that ends.
                Ok(Event::Init) => {
                    listed.clear();
                    continue;
                }
                Ok(Event::InitApply(object)) => {
                    listed.push(reduce(object));
                    continue;
                }
                Ok(Event::InitDone) => {
                    full = true;
                    Delta::All(std::mem::take(&mut listed))
                }
                Ok(Event::Apply(object)) => Delta::Set(reduce(object)),
                Ok(Event::Delete(object)) => Delta::Gone(reduce(object)),
                Err(error) => {
                    metrics.count_watch_restart(resource);
                    let reason = explain(&error, unknown);
                    if !full {
                        gate.close(&*reason);
                    }
                    // Once for each reason, however long it lasts.
                    if complaint.as_ref() != Some(&reason) {
                        tracing::warn!(
                            resource,
                            error = &*reason,
                            "the watch broke; beginning again"
                        );
                        complaint = Some(reason);
                    }
                    // A watch on which nothing has happened does not say that it works.
                    if broke.is_some_and(|broke| broke.elapsed() >= WORKED_FOR) {
                        pauses = Pauses::default();
                    }
                    if let Some(pause) = pauses.next() {
                        sleep(pause).await;
                    }
                    broke = Some(Instant::now());
                    continue;
                }
            };
            pauses = Pauses::default();
            if complaint.take().is_some() {
                tracing::info!(resource, "the watch is back");
            }
            if out.send(delta).await.is_err() {
                return;
            }
        }
    }
}

fn explain(error: &watcher::Error, unknown: Option<&str>) -> String {
    let cause = match error {
        watcher::Error::InitialListFailed(cause)
        | watcher::Error::WatchStartFailed(cause)
        | watcher::Error::WatchFailed(cause) => cause,
        other => return other.to_string(),
    };
    match unknown {
        Some(unknown) if client::is_not_found(cause) => unknown.to_owned(),
        _ => client::explain(cause),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use k8s_openapi::api::core::v1::Namespace;
    use kube::{Client, Config};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::readiness::Readiness;

    /// An API server that refuses everything, and how often it was asked.
    async fn refusing() -> (Client, Arc<AtomicU32>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&asked);
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let counted = Arc::clone(&counted);
                tokio::spawn(async move {
                    let mut request = [0; 4096];
                    while stream.read(&mut request).await.is_ok_and(|read| read > 0) {
                        counted.fetch_add(1, Ordering::Relaxed);
                        let body = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",
                            "message":"no","reason":"Forbidden","code":403}"#;
                        let head = "HTTP/1.1 403 Forbidden\r\ncontent-type: application/json";
                        let answer =
                            format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
                        stream.write_all(answer.as_bytes()).await.unwrap();
                    }
                });
            }
        });
        let config = Config::new(url.parse().unwrap());
        (Client::try_from(config).unwrap(), asked)
    }

    #[tokio::test]
    async fn a_server_that_refuses_the_list_is_asked_ever_more_seldom() {
        let (client, asked) = refusing().await;
        let readiness = Readiness::default();
        let gate = readiness.gate("namespaces");
        let metrics = Metrics::default();
        let followed = Followed {
            resource: "namespaces",
            unknown: None,
            api: Api::<Namespace>::all(client),
            gate: gate.clone(),
            metrics,
        };
        let (out, _news) = mpsc::channel(1);
        let following = followed.follow(|object| object, out);
        assert!(tokio::time::timeout(Duration::from_secs(4), following).await.is_err());
        // 0.1 to 0.2 s, 0.2 to 0.4, 0.4 to 0.8, 0.8 to 1.6, 1.6 to 3.2
        let asked = asked.load(Ordering::Relaxed);
        assert!((3..=7).contains(&asked), "{asked} times in 4 s");
        assert!(!gate.is_open());
    }
}
