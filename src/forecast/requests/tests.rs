//! Amounts, nodes and quotas, computed by hand.

use serde_json::{Value, json};

use super::super::tests::{figure, forecast_of, pod, policy, survey, value};
use super::super::{Assumptions, Bound, Node, Quota, Range, Surroundings};
use crate::pod::kinds::{Object, PodKind};

use super::*;

fn amounts(spec: Value, overhead: [u64; 3]) -> Amounts {
    let object = json!({"spec": spec});
    let pod = PodKind::find("", "Pod").unwrap().read(Object::Value(&object)).unwrap();
    Amounts::of(&pod, &overhead)
}

fn cpu(request: &str) -> Value {
    json!({"name": "a", "resources": {"requests": {"cpu": request}}})
}

#[test]
fn pods_count_as_the_scheduler_counts_them() {
    let mut sidecar = cpu("300m");
    sidecar["restartPolicy"] = json!("Always");
    // Running: 100 + 200 + the sidecar's 300 = 600. Starting: the sidecar's 300 and, after it, 400 more = 700.
    let init = json!({"containers": [cpu("100m"), cpu("0.2")], "initContainers": [cpu("500m"), sidecar, cpu("400m")]});
    assert_eq!(amounts(init.clone(), [0; 3]).requests[0], 700);
    // And the overhead.
    assert_eq!(amounts(init.clone(), [50, 0, 0]).requests[0], 750);
    // What the pod states for all counts in place of them.
    let mut stated = init;
    stated["resources"] = json!({"requests": {"cpu": "1"}});
    let found = amounts(stated, [50, 0, 0]);
    assert_eq!((found.requests[0], found.without_request[0]), (1050, 0));
    // A limit is its own request; 0.1 millicores are rounded up.
    let limited = json!({"containers": [{"name": "a", "resources": {"limits": {"cpu": "100u", "memory": "1Ki"}}}]});
    let found = amounts(limited, [0; 3]);
    assert_eq!((found.requests, found.limits), ([1, 1024, 0], [1, 1024, 0]));
    assert_eq!((found.without_request, found.without_limit), ([0, 0, 1], [0, 0, 1]));
    // A pod-level limit alone is the request only where no container has one.
    let level =
        |request: Value| json!({"resources": {"limits": {"cpu": "2"}}, "containers": [request]});
    assert_eq!(amounts(level(cpu("1")), [0; 3]).requests[0], 1000);
    assert_eq!(amounts(level(json!({"name": "a"})), [0; 3]).requests[0], 2000);
}

fn injected() -> Vec<Value> {
    vec![
        policy(
            "requests",
            "Patch",
            "resources",
            json!({"requests": {"cpu": {"required": true, "default": "250m"}}}),
        ),
        policy("tags", "Deny", "imageTag", json!({"deny": ["latest"]})),
    ]
}

/// 8 pods without requests, of which 2 would be refused, and one that asks for 1 core.
fn pods() -> Vec<(Value, Option<i64>)> {
    let mut pods: Vec<_> =
        (0..8).map(|at| pod("etl", "load", &format!("p-{at}"), "node-0")).collect();
    for refused in &mut pods[..2] {
        refused["spec"]["containers"][0]["image"] = json!("app:latest");
    }
    let mut large = pod("etl", "load", "large", "node-0");
    large["spec"]["containers"][0]["resources"] = json!({"requests": {"cpu": "1"}});
    let mut ended = pod("etl", "load", "ended", "node-0");
    ended["spec"]["containers"][0]["resources"] = json!({"requests": {"cpu": "64"}});
    ended["status"]["phase"] = json!("Succeeded");
    pods.extend([large, ended]);
    pods.into_iter().map(|pod| (pod, None)).collect()
}

#[test]
fn injection_adds_what_is_missing_and_refused_pods_make_a_range() {
    let survey = survey(&injected(), &pods());
    let found = forecast_of(&survey, &Surroundings::default(), &Assumptions::default());
    assert_eq!(value(&found, "requests.cpu.now"), (1000.0, 1000.0));
    // 6 × 250 + 1000 without the refused, 8 × 250 + 1000 with them; what has ended counts nothing.
    assert_eq!(value(&found, "requests.cpu.after"), (2500.0, 3000.0));
    assert_eq!(value(&found, "requests.cpu.unstated"), (0.0, 0.0));
    let added = figure(&found, "requests.cpu.added", Some("etl"));
    assert_eq!(added.value, Some(Range::between(1500.0, 2000.0)));
    assert_eq!(
        added.how,
        "1 cores now, 2.5 cores to 3 cores afterwards, over 9 pods, of which 2 would be refused"
    );
}

#[test]
fn nodes_that_have_too_little_are_told() {
    let survey = survey(&injected(), &pods());
    let node = |name: &str, cpu, unschedulable| Node {
        name: name.to_owned(),
        allocatable: [cpu, 0, 0],
        unschedulable,
        ..Node::default()
    };
    let nodes = |all: Vec<Node>| Surroundings { nodes: Some(all), ..Surroundings::default() };
    // Two nodes of 1 core; the third takes no pods.
    let small = nodes(vec![node("a", 1000, false), node("b", 1000, false), node("c", 9000, true)]);
    let found = forecast_of(&survey, &small, &Assumptions::default());
    assert_eq!(value(&found, "nodes.cpu.share.now"), (1000.0 / 11000.0, 1000.0 / 11000.0));
    // 2500 of all 11000, where pods of c stay there; 3000 of 2000 were c drained.
    assert_eq!(value(&found, "nodes.cpu.share.after"), (2500.0 / 11000.0, 1.5));
    let alarm = figure(&found, "nodes.cpu.share.after", None).alarm.as_deref().unwrap();
    assert!(alarm.contains("may not have enough cpu: 22.7 % to 150 %"), "{alarm}");
    assert_eq!(value(&found, "nodes.cpu.unplaced"), (0.0, 9.0));
    // Without c.
    let small = nodes(vec![node("a", 1000, false), node("b", 1000, false)]);
    let found = forecast_of(&survey, &small, &Assumptions::default());
    assert_eq!(value(&found, "nodes.cpu.share.now"), (0.5, 0.5));
    assert_eq!(value(&found, "nodes.cpu.share.after"), (1.25, 1.5));
    // 500 too much is one pod of 1000 at least. What surely fits is 2000 - 2 × 1000 = 0, so of 3000 in pods of 250 all
    // 12 may be left over, but there are only 9.
    assert_eq!(value(&found, "nodes.cpu.unplaced"), (1.0, 9.0));
    let alarm = figure(&found, "nodes.cpu.share.after", None).alarm.as_deref().unwrap();
    assert!(alarm.contains("125 % to 150 %"), "{alarm}");
    // Two nodes of 3 cores: 6000 - 2 × 1000 = 4000 surely fit, and all are 3000.
    let large = nodes(vec![node("a", 3000, false), node("b", 3000, false)]);
    let found = forecast_of(&survey, &large, &Assumptions::default());
    assert_eq!(value(&found, "nodes.cpu.unplaced"), (0.0, 0.0));
    assert!(figure(&found, "nodes.cpu.unplaced", None).alarm.is_none());
}

#[test]
fn pods_on_cordoned_nodes_are_held_against_those_too() {
    // Three nodes of 4 cores, one cordoned; 9.23 cores are reserved by 71 pods of 130 millicores: 9230 of 12000.
    let pods = (0..71).map(|at| {
        let mut pod = pod("etl", "load", &format!("p-{at}"), &format!("node-{}", at % 3));
        pod["spec"]["containers"][0]["resources"] = json!({"requests": {"cpu": "130m"}});
        (pod, None)
    });
    let survey = survey(&[], &pods.collect::<Vec<_>>());
    let node = |at: usize| Node {
        name: format!("node-{at}"),
        allocatable: [4000, 0, 0],
        unschedulable: at == 2,
        ..Node::default()
    };
    let of = |nodes: Vec<Node>| Surroundings { nodes: Some(nodes), ..Surroundings::default() };
    let found = forecast_of(&survey, &of((0..3).map(node).collect()), &Assumptions::default());
    assert_eq!(value(&found, "nodes.cpu.share.now"), (9230.0 / 12000.0, 9230.0 / 12000.0));
    // Were the third drained, 9230 of 8000.
    assert_eq!(value(&found, "nodes.cpu.share.after"), (9230.0 / 12000.0, 9230.0 / 8000.0));
    // At least none; at most what is beyond 8000 - 2 × 130 = 7740: 1490 in pods of 130 are 11.
    assert_eq!(value(&found, "nodes.cpu.unplaced"), (0.0, 11.0));
    assert!(figure(&found, "nodes.cpu.unplaced", None).alarm.is_none());
    // Where all are cordoned, what is reserved now is told and nothing else.
    let found = forecast_of(&survey, &of(vec![node(2)]), &Assumptions::default());
    assert_eq!(value(&found, "nodes.cpu.share.now"), (9230.0 / 4000.0, 9230.0 / 4000.0));
    let mut ids =
        found.sections.iter().flat_map(|section| &section.figures).map(|figure| figure.id);
    assert!(!ids.any(|id| id == "nodes.cpu.share.after" || id == "nodes.cpu.unplaced"));
}

fn quota(name: &str, scoped: bool, bounds: &[(&str, u64, u64)]) -> Quota {
    let bounds = bounds
        .iter()
        .map(|(name, hard, used)| ((*name).to_owned(), Bound { hard: *hard, used: *used }));
    Quota { namespace: "etl".into(), name: name.into(), scoped, bounds: bounds.collect() }
}

#[test]
fn quotas_that_would_be_exceeded_are_named() {
    let survey = survey(&injected(), &pods());
    let quotas = vec![
        quota("tight", false, &[("requests.cpu", 2400, 1000)]),
        quota("close", false, &[("cpu", 2800, 1000)]),
        quota("wide", false, &[("requests.cpu", 9000, 1000), ("limits.memory", 5, 5)]),
        quota("part", true, &[("requests.cpu", 2400, 1000)]),
        Quota { namespace: "elsewhere".into(), ..quota("x", false, &[("cpu", 1, 2)]) },
    ];
    let surroundings = Surroundings { quotas: Some(quotas), ..Surroundings::default() };
    let found = forecast_of(&survey, &surroundings, &Assumptions::default());
    let used = |subject: &str| {
        let figure = figure(&found, "quota.used", Some(subject));
        (figure.value.unwrap(), figure.alarm.clone().unwrap_or_default())
    };
    // 1000 used and 1500 or 2000 added.
    let (tight, alarm) = used("etl/tight/requests.cpu");
    assert_eq!(tight, Range::between(2500.0, 3000.0));
    assert_eq!(
        alarm,
        "quota tight in etl would be exceeded: requests.cpu by 0.1 cores or more; pods there would no longer be created \
         (403, exceeded quota)"
    );
    assert!(used("etl/close/cpu").1.contains("may be exceeded: cpu by up to 0.2 cores"));
    assert_eq!(used("etl/wide/requests.cpu").1, "");
    assert_eq!(used("etl/part/requests.cpu").0, Range::between(1000.0, 3000.0));
    // Nobody states a memory limit, now or after: no news, but a figure.
    let unstated = figure(&found, "quota.unstated", Some("etl/wide/limits.memory"));
    assert_eq!((unstated.value.unwrap(), &unstated.alarm), (Range::between(7.0, 9.0), &None));
}

#[test]
fn limits_that_a_quota_asks_for_are_not_taken_away_unnoticed() {
    let policies = [policy(
        "no-limits",
        "Patch",
        "resources",
        json!({"limits": {"cpu": {"forbidden": true}}}),
    )];
    let mut limited = pod("etl", "load", "p", "node-0");
    limited["spec"]["containers"][0]["resources"] =
        json!({"requests": {"cpu": "1"}, "limits": {"cpu": "2"}});
    let survey = survey(&policies, &[(limited, None)]);
    let quotas = vec![quota("q", false, &[("limits.cpu", 4000, 2000)])];
    let surroundings = Surroundings { quotas: Some(quotas), ..Surroundings::default() };
    let found = forecast_of(&survey, &surroundings, &Assumptions::default());
    assert_eq!(value(&found, "limits.cpu.after"), (0.0, 0.0));
    let unstated = figure(&found, "quota.unstated", Some("etl/q/limits.cpu"));
    assert!(unstated.alarm.as_deref().unwrap().contains("do not state limits.cpu"), "{unstated:?}");
}
