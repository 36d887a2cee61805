//! What spread constraints are for, with the real scheduler: a crowd of bare pods on uneven nodes.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::cluster::process::{Progress, poll};
use crate::cluster::{Cluster, Options, skipped};
use crate::webhook::{Guarded, pod};

const NODES: usize = 6;
const PODS: usize = 36;

/// Creates a crowd and answers with the pods of the busiest node.
fn busiest(cluster: &Cluster, namespace: &str) -> usize {
    let items: Vec<Value> = (0..PODS)
        .map(|at| {
            let mut task = pod(&format!("task-{at}"), "app:1");
            task["metadata"]["namespace"] = json!(namespace);
            task["metadata"]["labels"] = json!({"task": format!("t{at}")});
            task["spec"]["restartPolicy"] = json!("Never");
            task["spec"]["containers"][0]["resources"] =
                json!({"requests": {"cpu": "100m", "memory": "64Mi"}});
            task
        })
        .collect();
    cluster
        .apply(&json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string())
        .unwrap();
    poll("the crowd to be scheduled", Duration::from_secs(60), || {
        let pods = cluster.get_json(&["pods", "-n", namespace])?;
        let mut per_node: BTreeMap<&str, usize> = BTreeMap::new();
        for pod in pods["items"].as_array().into_iter().flatten() {
            *per_node.entry(pod["spec"]["nodeName"].as_str().unwrap_or_default()).or_default() += 1;
        }
        let waiting = per_node.remove("").unwrap_or_default();
        if waiting > 0 || per_node.values().sum::<usize>() < PODS {
            return Ok(Progress::NotYet(format!("{waiting} pods wait")));
        }
        println!("{namespace}: {per_node:?}");
        Ok(Progress::Done(per_node.into_values().max().unwrap_or_default()))
    })
    .unwrap()
}

#[test]
fn a_crowd_is_spread_over_uneven_nodes() {
    if skipped("a_crowd_is_spread_over_uneven_nodes") {
        return;
    }
    let options = Options { scheduler: true, ..Options::default() };
    // Never dropped, as the shared one: it ends with the process.
    let cluster: &'static Cluster = Box::leak(Box::new(Cluster::start(&options).unwrap()));
    for at in 0..NODES {
        let (cpu, memory) = if at == 0 { ("64", "256Gi") } else { ("4", "16Gi") };
        cluster.add_node(&format!("node-{at}"), cpu, memory, &format!("zone-{}", at % 3)).unwrap();
    }
    let alone = cluster.create_namespace("alone", &[]).unwrap();
    let without = busiest(cluster, &alone);
    cluster
        .kubectl_ok(&["delete", "pods", "--all", "-n", &alone, "--force", "--grace-period=0"])
        .unwrap();

    let guarded = Guarded::on(cluster, "spread", &[]);
    let with = busiest(cluster, &guarded.namespace);
    let mean = PODS / NODES;
    assert!(with <= mean + 2, "{with} pods on one node, {mean} is the mean");
    assert!(without > with, "the scheduler alone did as well: {without} and {with}");
}
