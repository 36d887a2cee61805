//! Pulls in a window, counted by hand.

use serde_json::{Value, json};

use super::super::tests::{figure, forecast_of, pod, policy, survey, value};
use super::super::{Assumptions, Forecast, Runtime, Surroundings};

fn task(at: i64, policy: &str, image: &str) -> (Value, Option<i64>) {
    let mut pod = pod("etl", "load", &format!("p-{at}"), "");
    pod["spec"]["containers"][0]["imagePullPolicy"] = json!(policy);
    pod["spec"]["containers"][0]["image"] = json!(image);
    pod["status"]["phase"] = json!("Pending");
    (pod, Some(at))
}

/// 8 hours of recorded traffic: 10 tasks in the first, 100 in the third, 50 in the eighth, and some of another registry.
fn day() -> Vec<(Value, Option<i64>)> {
    let hours = [(0, 10), (2, 100), (7, 50)];
    let tasks = hours.into_iter().flat_map(|(hour, count)| {
        (0..count).map(move |at| task(hour * 3600 + at, "Always", "team/app:1"))
    });
    tasks.chain((0..30).map(|at| task(3600 + at, "Always", "ghcr.io/team/app:1"))).collect()
}

fn found(assumptions: Assumptions) -> Forecast {
    let survey = survey(&[policy("pull", "Patch", "imagePullPolicy", json!({}))], &day());
    forecast_of(&survey, &Surroundings::default(), &assumptions)
}

#[test]
fn the_busiest_six_hours_are_held_against_the_window() {
    let runtime = Some(Runtime::CriO);
    let one = Assumptions {
        egress_addresses: Some(1),
        nodes: Some(20),
        runtime,
        ..Assumptions::default()
    };
    let forecast = found(one);
    // Hours 2 to 7 hold 100 + 50; every start with Always is a GET.
    assert_eq!(value(&forecast, "pulls.address.now"), (150.0, 150.0));
    let alarm = figure(&forecast, "pulls.address.now", None).alarm.as_deref().unwrap();
    assert_eq!(alarm, "Docker Hub would refuse pulls (429): 150 in 6 hours by address");
    // IfNotPresent: one image, which 20 nodes may lack.
    assert_eq!(value(&forecast, "pulls.address.after"), (0.0, 20.0));
    assert!(figure(&forecast, "pulls.address.after", None).alarm.is_none());
    assert_eq!(value(&forecast, "pulls.address.always"), (150.0, 150.0));
    assert_eq!(value(&forecast, "pulls.address.present"), (0.0, 20.0));
    // 160 in 8 hours are 120 in 6.
    assert_eq!(value(&forecast, "pulls.mean.now"), (120.0, 120.0));
    // 30 of the other registry, which has no part in this.
    assert_eq!(
        figure(&forecast, "pulls.registry", Some("ghcr.io")).how.split(',').next(),
        Some("30 starts with Always and 0 with IfNotPresent now")
    );
    let plot = &forecast.sections[4].plots[0];
    assert_eq!(plot.series[0].values, [10.0, 0.0, 100.0, 0.0, 0.0, 0.0, 0.0, 50.0]);
    assert_eq!(plot.points[2], "1970-01-01 02:00");
    assert_eq!(plot.limit.as_ref().unwrap().1, 100.0 / 6.0);
}

#[test]
fn what_is_not_known_makes_a_range() {
    // Neither the runtime nor the addresses: none to every start, by 1 to 20 addresses.
    let forecast = found(Assumptions { nodes: Some(20), ..Assumptions::default() });
    assert_eq!(value(&forecast, "pulls.address.now"), (0.0, 150.0));
    let alarm = figure(&forecast, "pulls.address.now", None).alarm.as_deref().unwrap();
    assert!(alarm.contains("may refuse pulls (429): 0 to 150"), "{alarm}");
    // containerd asks by HEAD: at most what the nodes lack.
    let runtime = Some(Runtime::Containerd);
    let forecast = found(Assumptions { nodes: Some(20), runtime, ..Assumptions::default() });
    assert_eq!(value(&forecast, "pulls.address.now"), (0.0, 20.0));
    // CRI-O and 1 to 20 addresses: 150 / 20 to 150.
    let runtime = Some(Runtime::CriO);
    let forecast = found(Assumptions { nodes: Some(20), runtime, ..Assumptions::default() });
    assert_eq!(value(&forecast, "pulls.address.now"), (7.5, 150.0));
}

#[test]
fn churn_that_is_stated_is_taken() {
    let runtime = Some(Runtime::CriO);
    let assumptions = Assumptions {
        churn: Some(60),
        egress_addresses: Some(3),
        runtime,
        pull_limit: 200,
        ..Assumptions::default()
    };
    let forecast = found(assumptions);
    // 6 × 60 pods, of which 160 of 190 start an image of Docker Hub, by 3 addresses.
    let expected = 360.0 * 160.0 / 190.0 / 3.0;
    assert_eq!(value(&forecast, "pulls.address.now"), (expected, expected));
}

#[test]
fn restarts_of_always_are_pulls_too() {
    let (mut pod, at) = task(0, "Always", "team/app:1");
    pod["spec"]["nodeName"] = json!("a");
    pod["status"] = json!({"phase": "Running", "containerStatuses": [
        {"name": "base", "restartCount": 4, "state": {"running": {"startedAt": "1970-01-01T03:30:00Z"}}}]});
    let survey = survey(&[], &[(pod, at)]);
    let assumptions = Assumptions {
        egress_addresses: Some(1),
        runtime: Some(Runtime::CriO),
        ..Assumptions::default()
    };
    let forecast = forecast_of(&survey, &Surroundings::default(), &assumptions);
    // 5 starts; of the restarts, the time of the last is known.
    assert_eq!(figure(&forecast, "pulls.registry", Some("docker.io")).value.unwrap().high, 5.0);
    assert_eq!(value(&forecast, "pulls.address.now"), (2.0, 2.0));
    assert_eq!(forecast.sections[4].plots[0].series[0].values, [1.0, 0.0, 0.0, 1.0]);
}

/// One pod, and a churn of pods like it: every start of the window may be the first of a node.
#[test]
fn churn_is_bounded_by_the_nodes_and_not_by_the_pods_that_were_seen() {
    let survey = survey(&[], &[task(0, "Always", "nginx:latest")]);
    let of = |churn, nodes| Assumptions {
        churn: Some(churn),
        nodes,
        egress_addresses: Some(1),
        runtime: Some(Runtime::Containerd),
        ..Assumptions::default()
    };
    let found = |churn, nodes| forecast_of(&survey, &Surroundings::default(), &of(churn, nodes));
    // 6 × 1000 starts; one image, which 500 nodes lack once each.
    let forecast = found(1000, Some(500));
    assert_eq!(value(&forecast, "pulls.address.now"), (0.0, 500.0));
    assert_eq!(value(&forecast, "pulls.address.present"), (0.0, 500.0));
    let alarm = figure(&forecast, "pulls.address.now", None).alarm.as_deref().unwrap();
    assert_eq!(alarm, "Docker Hub may refuse pulls (429): 0 to 500 in 6 hours by address");
    // 6 × 20 starts are fewer than the nodes.
    assert_eq!(value(&found(20, Some(500)), "pulls.address.now"), (0.0, 120.0));
    // Nobody knows how many nodes there are: every start.
    let forecast = found(1000, None);
    assert_eq!(value(&forecast, "pulls.address.now"), (0.0, 6000.0));
    let how = &figure(&forecast, "pulls.address.present", None).how;
    assert!(how.contains("6000 starts, of which nodes lack 6000 at most"), "{how}");
}
