//! Forecasts of pods that really were judged.

mod hostile;

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::engine::{Engine, NamespaceFacts};
use crate::policy::PolicySet;
use crate::survey::{AsPodsTell, Seen, Survey, Surveyor};

/// A policy with one rule.
pub(super) fn policy(name: &str, action: &str, rule: &str, settings: Value) -> Value {
    json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": name},
           "spec": {"rules": [{"name": "it", "action": action, rule: settings}]}})
}

/// A pod of a Job on a node, with one container.
pub(super) fn pod(namespace: &str, job: &str, name: &str, node: &str) -> Value {
    let owner = json!({"apiVersion": "batch/v1", "kind": "Job", "name": job, "uid": "u", "controller": true});
    json!({"metadata": {"name": name, "namespace": namespace, "ownerReferences": [owner], "labels": {"job": job}},
           "spec": {"nodeName": node, "restartPolicy": "Never", "containers": [{"name": "base", "image": "app:1"}]},
           "status": {"phase": "Running", "startTime": "2025-10-09T10:00:00Z"}})
}

pub(super) fn survey(policies: &[Value], pods: &[(Value, Option<i64>)]) -> Survey {
    let policies: Vec<&Value> = policies.iter().collect();
    let engine = Engine::new(Arc::new(PolicySet::compile(&policies).unwrap()));
    let mut survey = Survey::new(true);
    for (pod, at) in pods {
        let object = pod.to_string();
        let seen = Seen {
            name: None,
            object: &object,
            namespace: pod["metadata"]["namespace"].as_str().unwrap(),
            user: None,
            facts: NamespaceFacts::default(),
            at: *at,
            now: None,
        };
        Surveyor { engine: &engine, before: None }.take(&seen, &AsPodsTell, &mut survey);
    }
    survey
}

pub(super) fn forecast_of(
    survey: &Survey,
    surroundings: &Surroundings,
    assumptions: &Assumptions,
) -> Forecast {
    forecast(&survey.tally, survey.observations.as_ref().unwrap(), surroundings, assumptions)
}

/// The figure with this name, about this subject.
#[track_caller]
pub(super) fn figure<'f>(forecast: &'f Forecast, id: &str, subject: Option<&str>) -> &'f Figure {
    let mut all = forecast.sections.iter().flat_map(|section| &section.figures);
    all.find(|figure| figure.id == id && figure.subject.as_deref() == subject)
        .unwrap_or_else(|| panic!("no {id} about {subject:?}"))
}

/// The bounds of a figure.
#[track_caller]
pub(super) fn value(forecast: &Forecast, id: &str) -> (f64, f64) {
    let value = figure(forecast, id, None).value.unwrap();
    (value.low, value.high)
}

/// Policies of every rule that forecasts are about.
pub(super) fn policies() -> Vec<Value> {
    vec![
        policy(
            "requests",
            "Patch",
            "resources",
            json!({"requests": {
            "cpu": {"required": true, "default": "250m"}, "memory": {"required": true, "default": "512Mi"}}}),
        ),
        policy("dns", "Patch", "dns", json!({"options": [{"name": "ndots", "value": "2"}]})),
        policy("pull", "Patch", "imagePullPolicy", json!({})),
        policy("spread", "Patch", "topologySpread", json!({})),
        policy("tags", "Deny", "imageTag", json!({"deny": ["latest"]})),
    ]
}

/// A cluster of some sizes: crowds of tasks, services, and a few pods that would be refused.
fn cluster() -> Vec<(Value, Option<i64>)> {
    let mut pods = Vec::new();
    for at in 0..60_usize {
        let mut task = pod(
            "etl",
            &format!("load-{}", at % 3),
            &format!("task-{at}"),
            &format!("node-{}", at % 7 % 4),
        );
        task["spec"]["containers"][0]["imagePullPolicy"] = json!("Always");
        if at % 10 == 0 {
            task["spec"]["containers"][0]["image"] = json!("team/app:latest");
        }
        pods.push((task, Some(1_760_000_000 + 700 * at as i64)));
    }
    for at in 0..12_usize {
        let owner = json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-5d9c7", "uid": "u", "controller": true});
        let web = json!({"metadata": {"name": format!("web-{at}"), "namespace": "web", "ownerReferences": [owner],
                                      "labels": {"pod-template-hash": "5d9c7"}},
            "spec": {"nodeName": format!("node-{}", at % 5), "containers": [{"name": "web", "image": "registry.example.com/web:2",
                "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"memory": "1Gi"}}}]},
            "status": {"phase": "Running", "startTime": "2025-10-09T10:00:00Z", "containerStatuses": [{"name": "web", "restartCount": at % 2,
                "state": {"running": {"startedAt": "2025-10-09T10:00:00Z"}}}]}});
        pods.push((web, Some(1_759_000_000)));
    }
    pods
}

fn surroundings() -> Surroundings {
    let node = |at: usize| Node {
        name: format!("node-{at}"),
        allocatable: [4_000, 16 << 30, 100 << 30],
        pods: 110,
        unschedulable: at == 5,
        runtime: "containerd://2.1.4".to_owned(),
    };
    let bounds = [("requests.cpu".to_owned(), Bound { hard: 10_000, used: 0 })].into();
    let quota = Quota { namespace: "etl".into(), name: "team".into(), scoped: false, bounds };
    Surroundings {
        nodes: Some((0..6).map(node).collect()),
        quotas: Some(vec![quota]),
        live: true,
        partial: false,
    }
}

/// Every figure and plot of a cluster, as scripts get them. What changes here is to be looked at, and accepted with
/// PLIMSOLL_UPDATE=1.
#[test]
fn a_cluster_has_the_forecast_that_it_had() {
    let survey = survey(&policies(), &cluster());
    let found = forecast_of(&survey, &surroundings(), &Assumptions::default());
    let found = serde_json::to_string_pretty(&found).unwrap() + "\n";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/forecast/tests/cluster.json");
    if std::env::var_os("PLIMSOLL_UPDATE").is_some() {
        std::fs::write(path, &found).unwrap();
    }
    assert_eq!(found, std::fs::read_to_string(path).unwrap());
}

#[test]
fn a_forecast_of_nothing_has_every_section() {
    let empty = Survey::new(true);
    let found = forecast_of(&empty, &Surroundings::default(), &Assumptions::default());
    let ids: Vec<&str> = found.sections.iter().map(|section| section.id).collect();
    assert_eq!(ids, ["verdicts", "requests", "placement", "dns", "pulls"]);
    for figure in found.sections.iter().flat_map(|section| &section.figures) {
        let value = figure.value.unwrap();
        assert!(value.low.is_finite() && value.high.is_finite(), "{figure:?}");
        assert!(figure.alarm.is_none(), "{figure:?}");
    }
}

#[test]
fn verdicts_are_told_by_policy_and_namespace() {
    let survey = survey(&policies(), &cluster());
    let found = forecast_of(&survey, &surroundings(), &Assumptions::default());
    // Every tenth of 60 tasks has the tag latest.
    let denied = figure(&found, "verdicts.policy.denied", Some("tags/etl"));
    assert_eq!(denied.value, Some(Range::exactly(6.0)));
    assert_eq!(denied.how, "6 of 60 pods in etl: 10 %");
    assert_eq!(figure(&found, "verdicts.denied", None).how, "6 of 72 pods that were judged: 8.3 %");
}

/// Bounds hold the right way round, and every figure says how it was made.
fn is_sound(forecast: &Forecast) {
    for section in &forecast.sections {
        assert!(!section.summary.is_empty() && !section.assumptions.is_empty(), "{section:?}");
        for figure in &section.figures {
            let value = figure.value.unwrap();
            assert!(value.low <= value.high && value.high.is_finite(), "{figure:?}");
            assert!(!figure.how.is_empty(), "{figure:?}");
        }
        for plot in &section.plots {
            assert!(plot.points.len() <= 200);
            for series in &plot.series {
                assert_eq!(series.values.len(), plot.points.len(), "{}", plot.id);
            }
        }
    }
}

/// Pods of many shapes: any phase, any policy of pulls and names, restarts, odd amounts.
fn some_pod() -> impl Strategy<Value = (Value, Option<i64>)> {
    let (places, times) = ((0..4_u8, 0..40_u8, 0..30_u8), 0..2_000_000_i64);
    let words = (
        prop::sample::select(vec!["Running", "Pending", "Succeeded", "Failed", ""]),
        prop::sample::select(vec!["app:1", "team/app", "ghcr.io/a/b:2", "???", ""]),
        prop::sample::select(vec!["Always", "IfNotPresent", "Never", ""]),
        prop::sample::select(vec!["ClusterFirst", "Default", "None", ""]),
        prop::sample::select(vec!["100m", "2", "1e30", "-1", "x"]),
    );
    (places, words, times, 0..4_u64, any::<bool>()).prop_map(
        |((namespace, job, node), (phase, image, policy, dns, cpu), at, restarts, dated)| {
            let mut pod = pod(&format!("ns-{namespace}"), &format!("job-{job}"), "x", &format!("node-{node}"));
            pod["status"] = json!({"phase": phase, "containerStatuses": [{"name": "base", "restartCount": restarts,
                "state": {"running": {"startedAt": "2025-10-09T10:00:00Z"}}}]});
            pod["spec"]["dnsPolicy"] = json!(dns);
            pod["spec"]["containers"] = json!([{"name": "base", "image": image, "imagePullPolicy": policy,
                "resources": {"requests": {"cpu": cpu}}}]);
            (pod, dated.then_some(at))
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parts_in_any_order_come_to_the_same(
        pods in proptest::collection::vec(some_pod(), 1..80),
        cuts in proptest::collection::vec(1_usize..9, 1..6),
    ) {
        let whole = survey(&policies(), &pods);
        let mut parts: Vec<Survey> = Vec::new();
        let mut rest: Vec<_> = pods.iter().rev().cloned().collect();
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let part = survey(&policies(), &rest.drain(..rest.len().min(*cut)).collect::<Vec<_>>());
            // As it is stored between.
            let text = serde_json::to_string(&part).unwrap();
            let read: Survey = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(&read, &part);
            parts.push(read);
        }
        // In pairs, so that not only sums on the left are added to.
        while parts.len() > 1 {
            let mut last = parts.remove(0);
            last.merge(parts.remove(0));
            parts.push(last);
        }
        prop_assert_eq!(&parts[0].observations, &whole.observations);
        for assumptions in [Assumptions::default(), Assumptions { nodes: Some(9), churn: Some(60), ..Default::default() }] {
            for surroundings in [Surroundings::default(), surroundings()] {
                is_sound(&forecast_of(&whole, &surroundings, &assumptions));
            }
        }
    }
}

#[test]
fn names_beyond_the_bound_are_added_up_together() {
    use super::kept::Kept;
    let of = |names: &mut dyn Iterator<Item = u64>| {
        let mut kept: Kept<u64, u64, 10> = Kept::default();
        names.for_each(|name| kept.take(&name, |there| *there == name, || name, name));
        kept
    };
    let whole = of(&mut (0..100));
    assert_eq!((whole.len(), whole.values().sum::<u64>()), (10, 4950));
    let mut parts = of(&mut (50..100).rev());
    parts.add(of(&mut (0..50)));
    assert_eq!(parts, whole);
}
