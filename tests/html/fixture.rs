//! Clusters as audits find them, made up pod by pod and judged by the real engine, and a forecast with every kind of plot.

use std::ops::Range as Pods;
use std::path::Path;
use std::sync::Arc;

use plimsoll::engine::{Engine, NamespaceFacts};
use plimsoll::forecast::{Figure, Forecast, Plot, Range, Section, Series};
use plimsoll::policy_source;
use plimsoll::report::survey::{Cost, Overview, html};
use plimsoll::survey::{AsPodsTell, Problem, Seen, Survey, Surveyor};
use serde_json::{Value, json};

/// 2026-11-21 at midnight.
const NOW: i64 = 1_795_219_200;
const NAMESPACES: [&str; 14] = [
    "airflow-prod",
    "airflow-staging",
    "spark-jobs",
    "ci-runners",
    "notebooks",
    "shop",
    "payments",
    "search",
    "ingest",
    "ml-training",
    "reporting",
    "monitoring",
    "platform",
    "data-quality",
];
const NAMES: [&str; 16] = [
    "orders-etl",
    "churn-features",
    "nightly-dump",
    "web",
    "checkout",
    "indexer",
    "geo-tiles",
    "sessions",
    "invoices",
    "fraud-scores",
    "clickstream",
    "warehouse-sync",
    "mailer",
    "catalogue",
    "gateway",
    "report-builder",
];
const IMAGES: [&str; 7] = [
    "nginx:1.29.3",
    "apache/airflow:3.0.2",
    "registry.example.com/data/etl:latest",
    "registry.example.com/shop/web:1.44.0",
    "python:3.12-slim",
    "bitnami/spark:3.5",
    "registry.example.com/ml/train:2026-11-03",
];

/// A cluster with so many owners and so many pods of each.
pub(crate) struct Cluster {
    owners: usize,
    pods: usize,
    engine: Engine,
}

impl Cluster {
    pub(crate) fn of(owners: usize, pods: usize) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let sources = [folder.join("policies/default"), folder.join("tests/html/digests.yaml")];
        let policies = policy_source::load(&sources).map_err(|problems| problems.len()).unwrap();
        Self { owners, pods, engine: Engine::new(Arc::new(policies)) }
    }

    /// What comes of some of its pods.
    pub(crate) fn survey(&self, pods: Pods<usize>) -> Survey {
        let mut survey = Survey::new(false);
        let surveyor = Surveyor { engine: &self.engine, before: None };
        survey.sources.records = pods.len() as u64;
        survey.sources.bytes = 4_096 * pods.len() as u64;
        for at in pods {
            let (owner, number) = (at % self.owners, at / self.owners);
            let pod = pod(owner, number).to_string();
            let namespace = namespace(owner);
            let at = Some(NOW - 40 * at as i64 - 60);
            let seen = Seen {
                name: None,
                object: &pod,
                namespace,
                user: None,
                facts: NamespaceFacts::default(),
                at,
                now: Some(NOW),
            };
            surveyor.take(&seen, &AsPodsTell, &mut survey);
        }
        survey
    }

    /// The report of it, with a forecast.
    pub(crate) fn report(&self) -> String {
        let mut survey = self.survey(0..self.owners * self.pods);
        survey.problems.add(Problem {
            source: "pods in namespace vault".into(),
            line: None,
            message:
                "forbidden: User \"audit\" cannot list resource \"pods\" in the namespace \"vault\""
                    .to_owned(),
            help: Some("grant list on pods there, or leave the namespace out".to_owned()),
        });
        report(&survey, Some(&forecast()))
    }
}

pub(crate) fn overview<'r>(survey: &'r Survey, forecast: Option<&'r Forecast>) -> Overview<'r> {
    let cost = Cost { requests: 41, bytes: 88_213_004, retries: 2, milliseconds: 6_420 };
    Overview {
        ledger: None,
        source: "context prod-eu, https://kube.example.com:6443",
        at: NOW,
        survey,
        forecast,
        cost: Some(cost),
        fail_on: None,
    }
}

pub(crate) fn report(survey: &Survey, forecast: Option<&Forecast>) -> String {
    let mut text = Vec::new();
    html::write(&overview(survey, forecast), &mut text).unwrap();
    String::from_utf8(text).unwrap()
}

fn namespace(owner: usize) -> &'static str {
    NAMESPACES[owner * owner % 29 % NAMESPACES.len()]
}

/// Pods of every class; some have nothing wrong with them.
fn pod(owner: usize, number: usize) -> Value {
    let name = format!("{}-{}", NAMES[owner % NAMES.len()], owner / NAMES.len());
    let image = |at: usize| IMAGES[(owner * 5 + at * 3) % IMAGES.len()];
    let is_good = owner % 9 == 4;
    let container = |at: usize| {
        let image = if is_good {
            format!("registry.example.com/app@sha256:{:064x}", owner)
        } else {
            image(at).to_owned()
        };
        let policy =
            if is_good { "IfNotPresent" } else { ["Always", "IfNotPresent"][(owner + at) % 2] };
        let mut container = json!({"name": (["main", "sidecar", "proxy"][at]), "image": image, "imagePullPolicy": policy});
        if is_good || (owner + at).is_multiple_of(4) {
            container["resources"] = json!({"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}});
        }
        container
    };
    let containers: Vec<Value> = (0..1 + owner % 3).map(container).collect();
    let mut metadata = json!({"name": format!("{name}-{:05x}", owner * 977 + number), "namespace": namespace(owner)});
    let mut spec =
        json!({"containers": containers, "dnsPolicy": "ClusterFirst", "restartPolicy": "Always"});
    let controller = |kind: &str, api: &str, name: &str| {
        json!([{"apiVersion": api, "kind": kind, "name": name,
        "uid": "1", "controller": true}])
    };
    match owner % 4 {
        _ if is_good => metadata["ownerReferences"] = controller("StatefulSet", "apps/v1", &name),
        0 => {
            metadata["labels"] =
                json!({"kubernetes_executor": "True", "dag_id": name, "task_id": "load"});
            spec["restartPolicy"] = json!("Never");
        }
        1 => {
            metadata["labels"] = json!({"pod-template-hash": "7d4b9c6f5"});
            metadata["ownerReferences"] =
                controller("ReplicaSet", "apps/v1", &format!("{name}-7d4b9c6f5"));
        }
        2 => {
            metadata["ownerReferences"] =
                controller("Job", "batch/v1", &format!("{name}-29384760"));
            spec["restartPolicy"] = json!("OnFailure");
        }
        _ => metadata["ownerReferences"] = controller("DaemonSet", "apps/v1", &name),
    }
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
}

/// A survey in which everything that users choose is chosen to hurt.
pub(crate) fn hostile() -> String {
    let bad = "</script><script>window.hurt=1</script><img src=x onerror=\"window.hurt=1\">'\"&<!--\u{202e}\u{2028}\u{0}";
    let engine = Cluster::of(1, 1).engine;
    let mut survey = Survey::new(false);
    let object = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": bad, "labels": {"dag_id": bad, "kubernetes_executor": "True"}},
        "spec": {"restartPolicy": "Never", "containers": [{"name": bad, "image": format!("x/{bad}:latest"), "imagePullPolicy": bad}]}});
    let object = object.to_string();
    let seen = Seen {
        name: None,
        object: &object,
        namespace: bad,
        user: None,
        facts: NamespaceFacts::default(),
        at: Some(NOW),
        now: None,
    };
    Surveyor { engine: &engine, before: None }.take(&seen, &AsPodsTell, &mut survey);
    survey.problems.add(Problem {
        source: bad.into(),
        line: Some(3),
        message: bad.to_owned(),
        help: Some(bad.to_owned()),
    });
    survey.notes.add(Problem {
        source: bad.into(),
        line: None,
        message: bad.to_owned(),
        help: Some(bad.to_owned()),
    });
    let text = || bad.to_owned();
    let series = vec![
        Series { label: text(), values: vec![1.0, f64::NAN] },
        Series { label: text(), values: vec![f64::INFINITY] },
    ];
    let forecast = Forecast {
        sections: vec![Section {
            id: "hostile",
            title: text(),
            summary: text(),
            figures: vec![Figure {
                id: "x",
                subject: Some(text()),
                label: text(),
                value: None,
                unit: "pods",
                how: text(),
                alarm: Some(text()),
            }],
            plots: vec![Plot {
                id: "x",
                title: text(),
                unit: "pods",
                points: vec![text(), text()],
                series,
                limit: Some((text(), 3.0)),
            }],
            assumptions: vec![text()],
        }],
    };
    let mut out = Vec::new();
    html::write(&Overview { source: bad, ..overview(&survey, Some(&forecast)) }, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn series(label: &str, values: impl IntoIterator<Item = f64>) -> Series {
    Series { label: label.to_owned(), values: values.into_iter().collect() }
}

fn figure(
    label: &str,
    value: Option<Range>,
    unit: &'static str,
    how: &str,
    alarm: Option<&str>,
) -> Figure {
    let alarm = alarm.map(str::to_owned);
    Figure {
        id: "figure",
        subject: None,
        label: label.to_owned(),
        value,
        unit,
        how: how.to_owned(),
        alarm,
    }
}

/// A forecast with every kind of plot: bars with names, more bars than names, lines over times, with and without a limit.
pub(crate) fn forecast() -> Forecast {
    let wave = |at: usize, high: f64| high * (1.0 + (at as f64 / 3.6).sin()) / 2.0;
    let namespaces = || NAMESPACES[..8].iter().map(|name| (*name).to_owned()).collect();
    let memory =
        |factor: f64| (0..8).map(move |at| (14.0 - 1.6 * at as f64) * factor * 1_073_741_824.0);
    let quota = |used: &'static str| Figure {
        subject: Some("airflow-prod".to_owned()),
        ..figure(
            "CPU requests against the quota",
            Some(Range::between(19_200.0, 22_400.0)),
            "millicores",
            "requests of the pods that run, with those that patches add; the quota compute allows 20 cores",
            Some(used),
        )
    };
    let requests = Section {
        id: "requests",
        title: "Requests and limits".to_owned(),
        summary:
            "Patches add 41 cores and 63 GiB of requests; one namespace would reach its quota."
                .to_owned(),
        figures: vec![
            figure(
                "CPU requests added",
                Some(Range::exactly(41_200.0)),
                "millicores",
                "the sum over all pods of what the patches write, init containers as the scheduler counts them",
                None,
            ),
            figure(
                "Memory requests added",
                Some(Range::exactly(67_645_734_912.0)),
                "bytes",
                "the sum over all pods of what the patches write",
                None,
            ),
            quota("22.4 of 20 cores: pods beyond the quota would be refused by the API server"),
            figure(
                "Share of allocatable memory",
                Some(Range::between(0.41, 0.48)),
                "",
                "requests after patching, divided by what 60 nodes have to give",
                None,
            ),
        ],
        plots: vec![Plot {
            id: "requests",
            title: "Memory requests by namespace, before and after".to_owned(),
            unit: "bytes",
            points: namespaces(),
            series: vec![series("now", memory(0.6)), series("after", memory(1.0))],
            limit: Some(("quota of airflow-prod".to_owned(), 12.0 * 1_073_741_824.0)),
        }],
        assumptions: vec![],
    };
    let nodes = Section {
        id: "nodes",
        title: "Pods per node".to_owned(),
        summary: "The busiest node holds 2.9 times the mean; 31 crowds have no spread.".to_owned(),
        figures: vec![
            figure(
                "Hot-spot ratio",
                Some(Range::exactly(2.9)),
                "",
                "pods on the busiest node, divided by the mean over 60 nodes",
                Some("beyond 2: the busiest node starts most pods and pulls most images"),
            ),
            figure(
                "Crowds without a spread",
                Some(Range::exactly(31.0)),
                "crowds",
                "owners with three pods or more and no topologySpreadConstraints",
                None,
            ),
        ],
        plots: vec![Plot {
            id: "nodes",
            title: "Pods per node".to_owned(),
            unit: "pods",
            points: (0..60)
                .map(|at| format!("ip-10-0-{at}-17.eu-central-1.compute.internal"))
                .collect(),
            series: vec![series("now", (0..60).map(|at| (104.0 * 0.955_f64.powi(at)).round()))],
            limit: Some(("maxPods".to_owned(), 110.0)),
        }],
        assumptions: vec!["Pods that wait for a node are on none.".to_owned()],
    };
    let pulls = Section {
        id: "pulls",
        title: "Image pulls".to_owned(),
        summary:
            "Docker Hub's budget is reached between 02:00 and 05:00; with the patches it is not."
                .to_owned(),
        figures: vec![
            figure(
                "Pulls from Docker Hub, at most",
                Some(Range::between(240.0, 410.0)),
                "pulls/6h",
                "container starts whose policy is Always, and first starts of an image on a node, in the busiest six hours, for each address",
                Some("above the 100 of the budget: pulls would be refused with 429"),
            ),
            figure(
                "The same with the patches",
                Some(Range::between(18.0, 64.0)),
                "pulls/6h",
                "first starts of an image on a node only",
                None,
            ),
            figure(
                "Addresses that pull",
                None,
                "addresses",
                "nodes do not tell the address that they leave by",
                None,
            ),
        ],
        plots: vec![Plot {
            id: "pulls",
            title: "Pulls per hour and address, against Docker Hub's budget".to_owned(),
            unit: "pulls/h",
            points: (0..48)
                .map(|at| format!("2026-11-{:02} {:02}:00", 19 + at / 24, at % 24))
                .collect(),
            series: vec![
                series("now", (0..48).map(|at| 4.0 + wave(at, 36.0))),
                series("after", (0..48).map(|at| 1.0 + wave(at, 7.0))),
            ],
            limit: Some(("budget".to_owned(), 100.0 / 6.0)),
        }],
        assumptions: vec![
            "6 addresses (--egress-addresses 6).".to_owned(),
            "100 pulls in 6 hours, as for anonymous clients (--pull-limit 100).".to_owned(),
        ],
    };
    let dns = Section {
        id: "dns",
        title: "DNS queries".to_owned(),
        summary: "A lookup of an outside name costs 10 queries now, 2 after.".to_owned(),
        figures: vec![figure(
            "Queries per lookup",
            Some(Range::between(2.0, 10.0)),
            "queries/lookup",
            "the search path and ndots of each pod, for a name with two dots, A and AAAA",
            None,
        )],
        plots: vec![Plot {
            id: "dns",
            title: "Queries for one lookup, before and after".to_owned(),
            unit: "queries/lookup",
            points: NAMESPACES[..5].iter().map(|name| (*name).to_owned()).collect(),
            series: vec![
                series("now", [10.0, 10.0, 8.0, 10.0, 10.0]),
                series("after", [2.0, 2.0, 2.0, 8.0, 2.0]),
            ],
            limit: None,
        }],
        assumptions: vec!["Names of outside hosts have two dots.".to_owned()],
    };
    Forecast { sections: vec![requests, nodes, pulls, dns] }
}
