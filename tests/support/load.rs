//! Pods created at a steady rate, with a judgement of every answer.
//!
//! Each pod is one of a few samples, of which the test says what has to become of it: stored as it is, stored with a
//! patch, or denied. Whatever else the API server answers is a **failure**; a pod that is stored though it should
//! have been denied, or without its patch, has **slipped** through unjudged (or is counted apart, while nobody is there
//! yet to judge). An API server that does not answer at
//! all (it is being restarted) is asked again with the same pod.

#![allow(dead_code, reason = "each test binary uses its own part of the support code")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use crate::cluster::Cluster;

#[path = "load/judge.rs"]
mod judge;
#[path = "load/table.rs"]
mod table;

pub(crate) use self::judge::Expect;
use self::judge::{Answer, Outcome, judge};
use self::table::Table;
pub(crate) use self::table::{Row, Shown};

/// Creates that wait for an answer at once: a slow API server lowers the rate, and is not run over.
const IN_FLIGHT: usize = 48;
/// How often what has been created is deleted.
const SWEEPING: Duration = Duration::from_secs(3);
/// How long an API server may be away.
const AWAY: Duration = Duration::from_secs(60);

/// What an API server says that is about to end.
const LEAVING: &[u8] = b"apiserver is shutting down";

/// A pod to create again and again.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    /// For messages.
    pub(crate) name: &'static str,
    /// The pod; its name, namespace and scheduler are set here.
    pub(crate) pod: Value,
    pub(crate) expect: Expect,
}

/// A load that runs until [`Load::stop`].
pub(crate) struct Load {
    shared: Arc<Shared>,
    work: Vec<JoinHandle<()>>,
}

impl Drop for Load {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if std::thread::panicking() {
            eprintln!("{}", Shown(&self.rows()));
        }
    }
}

struct Shared {
    clients: Vec<Client>,
    namespace: String,
    samples: Vec<Sample>,
    next: AtomicUsize,
    stop: AtomicBool,
    guarded: AtomicBool,
    slots: Arc<Semaphore>,
    table: Table,
}

impl Load {
    /// Begins to create pods in `namespace`, `rate` a second, in the runtime of the test's node.
    pub(crate) fn start(
        runtime: &Runtime,
        cluster: &Cluster,
        namespace: &str,
        rate: u32,
        samples: Vec<Sample>,
    ) -> Result<Self, String> {
        // A client holds one connection or a few, according to its HTTP version.
        let clients = (0..4).map(|_| runtime.block_on(crate::node::client(cluster)));
        let shared = Arc::new(Shared {
            clients: clients.collect::<Result<_, _>>()?,
            namespace: namespace.to_owned(),
            samples,
            next: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            guarded: AtomicBool::new(true),
            slots: Arc::new(Semaphore::new(IN_FLIGHT)),
            table: Table::new(),
        });
        let pacing = runtime.spawn(pace(Arc::clone(&shared), Duration::from_secs(1) / rate));
        let sweeping = runtime.spawn(sweep(Arc::clone(&shared)));
        Ok(Self { shared, work: vec![pacing, sweeping] })
    }

    /// Answers that come from here on are counted under `name`.
    pub(crate) fn stage(&self, name: &str) {
        self.shared.table.begin(name);
    }

    /// Whether somebody is there to judge. Where not, a pod that passes has not slipped through.
    pub(crate) fn guarded(&self, guarded: bool) {
        self.shared.guarded.store(guarded, Ordering::Relaxed);
    }

    /// What has been counted so far.
    pub(crate) fn rows(&self) -> Vec<Row> {
        self.shared.table.rows()
    }

    /// Ends the load, waits for the last answers and for the pods to be deleted, and answers with the counts.
    pub(crate) fn stop(mut self, runtime: &Runtime) -> Vec<Row> {
        self.shared.stop.store(true, Ordering::Relaxed);
        runtime.block_on(async {
            for work in self.work.drain(..) {
                drop(work.await);
                self.shared.table.end();
            }
        });
        self.rows()
    }
}

async fn pace(load: Arc<Shared>, period: Duration) {
    let mut ticks = tokio::time::interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut creating = tokio::task::JoinSet::new();
    while !load.stop.load(Ordering::Relaxed) {
        ticks.tick().await;
        while creating.try_join_next().is_some() {}
        let waiting = Instant::now();
        let Ok(slot) = Arc::clone(&load.slots).acquire_owned().await else { break };
        if waiting.elapsed() > period * 20 {
            // What could not be created in time is not made up for.
            ticks.reset();
        }
        let load = Arc::clone(&load);
        creating.spawn(async move {
            create(&load).await;
            drop(slot);
        });
    }
    while creating.join_next().await.is_some() {}
}

async fn create(load: &Shared) {
    let number = load.next.fetch_add(1, Ordering::Relaxed);
    let sample = &load.samples[number % load.samples.len()];
    let client = &load.clients[number % load.clients.len()];
    let name = format!("load-{number}");
    let mut pod = sample.pod.clone();
    pod["metadata"]["name"] = json!(name);
    pod["metadata"]["namespace"] = json!(load.namespace);
    pod["metadata"]["labels"]["load"] = json!("load");
    // Nobody schedules them: the load is on admission.
    pod["spec"]["schedulerName"] = json!("nobody");
    let path = format!("/api/v1/namespaces/{}/pods", load.namespace);
    let began = Instant::now();
    let mut unanswered = 0;
    loop {
        let asked = Instant::now();
        let answer = ask(client, "POST", &path, Some(&pod)).await;
        let answer = match answer {
            // The answer to an earlier attempt was lost, the pod was not.
            Ok((409, _)) if unanswered > 0 => {
                ask(client, "GET", &format!("{path}/{name}"), None).await
            }
            other => other,
        };
        match answer {
            // The API server's own limits, not the webhook's doing; clients wait and ask again.
            Ok((429, _)) => load.table.throttled(),
            Ok((503, body)) if body.windows(LEAVING.len()).any(|part| part == LEAVING) => {
                unanswered += 1;
                load.table.unanswered();
            }
            Ok((code, body)) => {
                let answer = Answer { code, body };
                let guarded = load.guarded.load(Ordering::Relaxed);
                let outcome = match judge(sample, &answer) {
                    Outcome::Slipped(_) if !guarded => Outcome::Unguarded,
                    outcome => outcome,
                };
                return load.table.count(outcome, asked.elapsed());
            }
            Err(error) if began.elapsed() > AWAY => {
                let gone = format!("no API server: {error}");
                return load.table.count(Outcome::Failed(gone), asked.elapsed());
            }
            Err(_) => {
                unanswered += 1;
                load.table.unanswered();
            }
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// One request and its answer, whatever that is.
async fn ask(
    client: &Client,
    verb: &str,
    path: &str,
    body: Option<&Value>,
) -> Result<(u16, Vec<u8>), String> {
    use http_body_util::BodyExt;
    let request = hyper::Request::builder()
        .method(verb)
        .uri(path)
        .header("Content-Type", "application/json")
        .body(Body::from(body.map(|body| body.to_string().into_bytes()).unwrap_or_default()))
        .map_err(|e| e.to_string())?;
    let answer = client.send(request).await.map_err(|e| e.to_string())?;
    let code = answer.status().as_u16();
    let body = answer.into_body().collect().await.map_err(|e| e.to_string())?;
    Ok((code, body.to_bytes().to_vec()))
}

/// Deletes what has been created, so that the store stays small.
async fn sweep(load: Arc<Shared>) {
    let path = format!(
        "/api/v1/namespaces/{}/pods?labelSelector=load%3Dload&gracePeriodSeconds=0",
        load.namespace
    );
    let mut last = false;
    while !last {
        let until = Instant::now() + SWEEPING;
        while Instant::now() < until && !load.stop.load(Ordering::Relaxed) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        // Once more when nothing is created any more.
        last = load.stop.load(Ordering::Relaxed) && load.slots.available_permits() == IN_FLIGHT;
        drop(ask(&load.clients[0], "DELETE", &path, None).await);
    }
}
