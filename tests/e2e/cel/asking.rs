//! Asking the API server what expressions come to.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::corpus::{self, Answer, Case, LABEL, NAMESPACE, Objects, Operation, TOPIC};
use super::{PATIENCE, guard};
use crate::cluster::Cluster;

/// Asks the API server for the values.
pub(super) fn evaluate(
    cluster: &Cluster,
    corpus: &BTreeMap<String, Vec<Case>>,
    objects: &Objects,
    answers: &mut BTreeMap<String, Vec<Answer>>,
) {
    let asked: Vec<&Case> = corpus
        .values()
        .flatten()
        .filter(|case| answers[&case.topic][case.number].refused.is_none())
        .collect();
    // Policies take a while to be in force: the first expression of each topic is asked until it is answered.
    let probes: Vec<&Case> = corpus
        .keys()
        .filter_map(|topic| asked.iter().copied().find(|case| case.topic == *topic))
        .filter(|case| case.operation == Operation::Create)
        .collect();
    let until = Instant::now() + PATIENCE;
    while ask(cluster, &probes, objects).len() < probes.len() {
        assert!(Instant::now() < until, "the policies are not in force");
        std::thread::sleep(Duration::from_millis(500));
    }
    let mut groups: Vec<Vec<&Case>> = Vec::new();
    for topic in corpus.keys() {
        for operation in [Operation::Create, Operation::Update] {
            let group = asked.iter().filter(|c| c.topic == *topic && c.operation == operation);
            let group: Vec<&Case> = group.copied().collect();
            if topic == "bombs" {
                groups.extend(group.into_iter().map(|case| vec![case]));
            } else {
                groups.push(group);
            }
        }
    }
    // kubectl asks one after the other.
    let said: BTreeMap<String, String> = std::thread::scope(|scope| {
        let asking: Vec<_> =
            groups.iter().map(|group| scope.spawn(move || ask(cluster, group, objects))).collect();
        asking.into_iter().flat_map(|asked| asked.join().unwrap()).collect()
    });
    for case in asked {
        let answer = &mut answers.get_mut(&case.topic).unwrap()[case.number];
        let said = said.get(&case.id()).unwrap_or_else(|| panic!("no answer to {}", case.expr));
        if let Some((_, value)) = said.split_once('«') {
            let value = value.strip_prefix(&format!("{} ", case.id())).unwrap();
            answer.value = Some(value.rsplit_once('»').unwrap().0.to_owned());
        } else if let Some((_, error)) = said.rsplit_once("resulted in error: ") {
            answer.error = Some(error.trim().to_owned());
        } else if let Some((_, error)) = said.split_once("denied request: validation failed") {
            answer.error = Some(format!("validation failed{}", error.trim_end()));
        } else {
            // What cannot be printed, and messages that were not made.
            answer.value = Some("without a text".to_owned());
        }
    }
}

/// What the API server says of pods made for these cases, by case.
fn ask(cluster: &Cluster, cases: &[&Case], objects: &Objects) -> BTreeMap<String, String> {
    let Some(operation) = cases.first().map(|case| case.operation) else {
        return BTreeMap::new();
    };
    let (verb, from) = match operation {
        Operation::Create => ("create", corpus::pods()),
        Operation::Update => ("replace", objects.updated.clone()),
    };
    let pods: Vec<Value> = cases
        .iter()
        .map(|case| {
            let mut pod = from[&case.pod].clone();
            pod["metadata"]["namespace"] = json!(NAMESPACE);
            pod["metadata"]["name"] = json!(case.pod);
            pod["metadata"]["labels"][LABEL] = json!(case.id());
            pod["metadata"]["labels"][TOPIC] = json!(case.topic);
            pod
        })
        .collect();
    let start = Instant::now();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": pods}).to_string();
    let output = cluster
        .kubectl_within(PATIENCE, &[verb, "--dry-run=server", "-f", "-"], Some(&list))
        .unwrap();
    println!("{} {} {} in {:?}", cases.len(), cases[0].topic, cases[0].expr, start.elapsed());
    let mut said = BTreeMap::new();
    for part in output.stderr.split("ValidatingAdmissionPolicy 'cel-").skip(1) {
        let part = part.split("\nError from server").next().unwrap();
        let part = part.split("\nThe pods ").next().unwrap();
        let found = cases
            .iter()
            .filter(|_| cases.len() > 1)
            .find(|case| part.contains(&guard(case)) || part.contains(&format!("«{} ", case.id())));
        let case = found
            .or(cases.first().filter(|_| cases.len() == 1))
            .unwrap_or_else(|| panic!("whose answer is this? {part}"));
        said.insert(case.id(), part.to_owned());
    }
    if said.len() < cases.len() {
        println!("{}", output.stderr.lines().take(20).collect::<Vec<_>>().join("\n"));
    }
    said
}
