//! Requests and limits in words.

use super::super::amounts::{Resource, Side};
use super::super::figure::{Figure, Plot, Range, Series};
use super::super::surroundings::Surroundings;
use super::super::words::{amount, float, range};
use super::{Demand, added, words};

/// Names for scripts, by resource: now, after, added.
const REQUESTS: [[&str; 3]; 3] = [
    ["requests.cpu.now", "requests.cpu.after", "requests.cpu.added"],
    ["requests.memory.now", "requests.memory.after", "requests.memory.added"],
    [
        "requests.ephemeral-storage.now",
        "requests.ephemeral-storage.after",
        "requests.ephemeral-storage.added",
    ],
];
const LIMITS: [[&str; 2]; 3] = [
    ["limits.cpu.now", "limits.cpu.after"],
    ["limits.memory.now", "limits.memory.after"],
    ["limits.ephemeral-storage.now", "limits.ephemeral-storage.after"],
];
const WITHOUT: [[&str; 2]; 3] = [
    ["requests.cpu.unstated", "limits.cpu.unstated"],
    ["requests.memory.unstated", "limits.memory.unstated"],
    ["requests.ephemeral-storage.unstated", "limits.ephemeral-storage.unstated"],
];

pub(super) fn cluster(all: &Demand) -> Vec<Figure> {
    let mut figures = Vec::new();
    let mut push = |ids: [&'static str; 2], side, noun: &str, at: usize, resource: Resource| {
        let (name, unit) = (resource.name(), resource.unit());
        let now = all.now.side(side)[at];
        let then = all.then(at, side);
        let sum = format!("the sum over {} pods that have not ended", all.pods);
        let label = format!("{name} {noun} now");
        figures.push(Figure::new(ids[0], label, Range::exactly(float(now)), unit, sum));
        let how = format!(
            "the same pods with the patches of policies: {} now, {} afterwards; the least is without the {} that \
             would be refused, the most with them",
            amount(float(now), unit),
            words(then, resource),
            all.refused
        );
        figures.push(Figure::new(ids[1], format!("{name} {noun} after"), then, unit, how));
        let without = all.now.without(side)[at];
        if without > 0 {
            let then = all.then_without(at, side);
            let how = format!(
                "{without} of {} pods have a container without; {} would have one afterwards",
                all.pods,
                range(then)
            );
            let id = WITHOUT[at][usize::from(side == Side::Limit)];
            let label = format!(
                "pods in which a container would have no {name} {}",
                &noun[..noun.len() - 1]
            );
            figures.push(Figure::new(id, label, then, "pods", how));
        }
    };
    for (at, resource) in Resource::ALL.into_iter().enumerate() {
        push([REQUESTS[at][0], REQUESTS[at][1]], Side::Request, "requests", at, resource);
        push(LIMITS[at], Side::Limit, "limits", at, resource);
    }
    figures
}

pub(super) fn of_namespace(name: &str, demand: &Demand, at: usize, resource: Resource) -> Figure {
    let value = added(demand, at, Side::Request);
    let now = float(demand.now.requests[at]);
    let how = format!(
        "{} now, {} afterwards, over {} pods, of which {} would be refused",
        amount(now, resource.unit()),
        words(demand.then(at, Side::Request), resource),
        demand.pods,
        demand.refused
    );
    let label = format!("{} requests added in {name}", resource.name());
    Figure::new(REQUESTS[at][2], label, value, resource.unit(), how).about(name)
}

pub(super) fn plot(told: &[(&str, &Demand)], at: usize, resource: Resource) -> Option<Plot> {
    let changed = told.iter().any(|(_, demand)| added(demand, at, Side::Request) != Range::NONE);
    changed.then(|| Plot {
        id: ["requests.cpu", "requests.memory", "requests.ephemeral-storage"][at],
        title: format!("{} requests by namespace", resource.name()),
        unit: resource.unit(),
        points: told.iter().map(|(name, _)| (*name).to_owned()).collect(),
        series: vec![
            Series {
                label: "now".to_owned(),
                values: told.iter().map(|(_, demand)| float(demand.now.requests[at])).collect(),
            },
            Series {
                label: "after".to_owned(),
                values: told
                    .iter()
                    .map(|(_, demand)| demand.then(at, Side::Request).high)
                    .collect(),
            },
        ],
        limit: None,
    })
}

pub(super) fn summary(all: &Demand, alarms: usize) -> String {
    let part = |at: usize| {
        let value = added(all, at, Side::Request);
        format!("{} of {}", words(value, Resource::ALL[at]), Resource::ALL[at].name())
    };
    let mut text = format!("Policies would add {} and {} to requests", part(0), part(1));
    match alarms {
        0 => text += ".",
        1 => text += "; one bound of a quota or of the nodes is in the way.",
        more => text += &format!("; {more} bounds of quotas or of the nodes are in the way."),
    }
    text
}

pub(super) fn assumptions(live: bool, surroundings: &Surroundings, refused: u64) -> Vec<String> {
    let mut told = vec![
        "a pod counts as the scheduler counts it: the sum of its containers and sidecars, or its largest moment of \
         initialisation, or what it states for the whole pod, and its overhead"
            .to_owned(),
    ];
    if refused > 0 {
        told.push(
            "pods that would be refused are in no least, and in every most: as if mended in what they are refused for"
                .to_owned(),
        );
    }
    if !live {
        told.push(
            "these pods were recorded as they were created: sums are over all of them, not over those that ran at one \
             time, and are not held against nodes and quotas"
                .to_owned(),
        );
        return told;
    }
    if surroundings.partial {
        told.push(
            "only some pods were looked at: what the others reserve is not in these sums, which are not held against \
             nodes; quotas count all pods"
                .to_owned(),
        );
    } else if surroundings.nodes.is_none() {
        told.push("nodes could not be read: nothing is held against what they have".to_owned());
    } else {
        told.push(
            "every pod may go to every node: taints and selectors are not looked at".to_owned(),
        );
    }
    if surroundings.quotas.is_none() {
        told.push("quotas could not be read: nothing is held against them".to_owned());
    }
    told
}
