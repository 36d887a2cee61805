//! Hot nodes and crowds, computed by hand.

use serde_json::{Value, json};

use super::super::tests::{figure, forecast_of, pod, policy, survey, value};
use super::*;
use crate::forecast::Node;

/// 30 pods of a crowd: 20 on a, 9 on b, one on c; 5 of a small one on b.
fn pods() -> Vec<(Value, Option<i64>)> {
    let nodes = [("a", 20), ("b", 9), ("c", 1)];
    let crowd = nodes.into_iter().flat_map(|(node, pods)| {
        (0..pods).map(move |at| pod("etl", "load", &format!("{node}-{at}"), node))
    });
    let few = (0..5).map(|at| pod("etl", "few", &format!("few-{at}"), "b"));
    crowd.chain(few).map(|pod| (pod, None)).collect()
}

#[test]
fn the_busiest_node_is_held_against_the_mean() {
    let spread = [policy("spread", "Patch", "topologySpread", json!({}))];
    let survey = survey(&spread, &pods());
    let nodes = ["a", "b", "c", "d"].map(|name| Node { name: name.to_owned(), ..Node::default() });
    let surroundings = Surroundings { nodes: Some(nodes.into()), ..Surroundings::default() };
    let found = forecast_of(&survey, &surroundings, &Assumptions::default());
    // 35 pods on 4 nodes: 8.75 on average, 20 on the busiest; the nearest rank of 99 % of 4 is the 4th.
    assert_eq!(value(&found, "placement.mean"), (8.75, 8.75));
    assert_eq!(value(&found, "placement.hotspot").0, 20.0 / 8.75);
    assert_eq!(value(&found, "placement.hotspot.p99").0, 20.0 / 8.75);
    assert_eq!(value(&found, "placement.batch.most"), (20.0, 20.0));
    let plot = &found.sections[2].plots[0];
    assert_eq!(plot.points, ["a", "b", "c", "d"]);
    assert_eq!(plot.series[0].values, [20.0, 14.0, 1.0, 0.0]);
    let worst = figure(&found, "placement.concentration", Some("etl/Job/load"));
    assert_eq!(worst.value, Some(Range::exactly(20.0)));
    // Of the two crowds one is large enough.
    assert_eq!(value(&found, "placement.crowds.now"), (1.0, 1.0));
    // They have a node by now; their successors have none when they are created, and are spread.
    assert_eq!(value(&found, "placement.crowds.after"), (0.0, 0.0));
}

#[test]
fn one_hot_node_of_two_hundred_is_beyond_the_99th_percentile() {
    let pods: Vec<_> = (0..200)
        .flat_map(|node| {
            let pods = if node == 0 { 40 } else { 2 };
            (0..pods).map(move |at| {
                (pod("etl", "x", &format!("{node}-{at}"), &format!("n-{node}")), None)
            })
        })
        .collect();
    let survey = survey(&[], &pods);
    // Nodes are not listed, but counted by a flag: 438 pods on 219 nodes are 2 each.
    let assumptions = Assumptions { nodes: Some(219), ..Assumptions::default() };
    let found = forecast_of(&survey, &Surroundings::default(), &assumptions);
    assert_eq!(value(&found, "placement.hotspot"), (20.0, 20.0));
    assert_eq!(value(&found, "placement.hotspot.p99"), (1.0, 1.0));
    let plot = &found.sections[2].plots[0];
    assert_eq!((plot.points.len(), plot.points[99].as_str()), (100, "mean of 101 others"));
    assert_eq!(plot.series[0].values[99], 2.0);
    // More nodes than an owner has told apart: the most that is seen, to all that is not told.
    let worst = figure(&found, "placement.concentration", Some("etl/Job/x")).value.unwrap();
    assert!(worst.low >= 2.0 && worst.high >= 40.0, "{worst:?}");
}

#[test]
fn pods_that_are_created_with_a_node_are_left_alone() {
    let spread = [policy("spread", "Patch", "topologySpread", json!({}))];
    let mut pods = pods();
    for (pod, _) in &mut pods {
        pod["status"] = json!({"phase": "Pending"});
    }
    let survey = survey(&spread, &pods);
    let found = forecast_of(&survey, &Surroundings::default(), &Assumptions::default());
    assert_eq!(value(&found, "placement.crowds.after"), (1.0, 1.0));
}

#[test]
fn of_some_pods_nobody_tells_which_node_is_hot() {
    let survey = survey(&[], &pods());
    let of = |partial| {
        let surroundings = Surroundings { live: true, partial, ..Surroundings::default() };
        forecast_of(&survey, &surroundings, &Assumptions::default())
    };
    let ids = |found: &crate::forecast::Forecast| {
        found.sections[2].figures.iter().map(|figure| figure.id).collect::<Vec<_>>()
    };
    assert_eq!(value(&of(false), "placement.most"), (20.0, 20.0));
    let found = of(true);
    let told = ["placement.crowds.now", "placement.crowds.after", "placement.concentration"];
    assert_eq!(ids(&found), told);
    let section = &found.sections[2];
    assert!(section.plots.is_empty() && !section.summary.contains("busiest"), "{section:?}");
    assert!(section.assumptions.iter().any(|one| one.starts_with("only some pods were looked at")));
}
