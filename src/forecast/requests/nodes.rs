//! Whether the nodes have room for what would be reserved.

use super::super::amounts::{Resource, Side};
use super::super::figure::{Figure, Range};
use super::super::surroundings::Node;
use super::super::words::{amount, float, number, span};
use super::{Demand, Sizes, words};

const SHARES: [[&str; 2]; 3] = [
    ["nodes.cpu.share.now", "nodes.cpu.share.after"],
    ["nodes.memory.share.now", "nodes.memory.share.after"],
    ["nodes.ephemeral-storage.share.now", "nodes.ephemeral-storage.share.after"],
];
const UNPLACED: [&str; 3] =
    ["nodes.cpu.unplaced", "nodes.memory.unplaced", "nodes.ephemeral-storage.unplaced"];

pub(super) fn figures(nodes: &[Node], all: &Demand, sizes: &Sizes) -> Vec<Figure> {
    let open: Vec<&Node> = nodes.iter().filter(|node| !node.unschedulable).collect();
    let cordoned = nodes.len() - open.len();
    let mut figures = Vec::new();
    for (at, resource) in Resource::ALL.into_iter().enumerate() {
        let sum = |sum: u64, node: &Node| sum.saturating_add(node.allocatable[at]);
        let whole = nodes.iter().fold(0, sum);
        let of_open = open.iter().copied().fold(0, sum);
        let then = all.then(at, Side::Request);
        if whole == 0 || then.high == 0.0 {
            continue;
        }
        let (name, unit) = (resource.name(), resource.unit());
        let now = all.now.requests[at];
        let has = format!("{} that {} nodes have", amount(float(whole), unit), nodes.len());
        let ratio = |value: f64| value / float(whole);
        figures.push(Figure::new(
            SHARES[at][0],
            format!("part of the nodes' {name} that is reserved now"),
            Range::exactly(ratio(float(now))),
            "",
            format!("{} of the {has}", amount(float(now), unit)),
        ));
        if of_open == 0 {
            continue;
        }
        // Pods stay on a cordoned node until it is drained, and the others have to take them then.
        let mut how = format!("{} of the {has}", words(then, resource));
        if cordoned > 0 {
            how += &format!(
                ", {} of them cordoned; at most of the {} of the others, were those drained",
                cordoned,
                amount(float(of_open), unit)
            );
        }
        let after = Range::between(ratio(then.low), then.high / float(of_open));
        let alarm = beyond(after, name);
        figures.push(
            Figure::new(
                SHARES[at][1],
                format!("part of the nodes' {name} that would be reserved"),
                after,
                "",
                how,
            )
            .alarmed(alarm),
        );
        figures.push(unplaced(at, resource, [whole, of_open], open.len(), all, sizes));
    }
    figures
}

fn beyond(share: Range, name: &str) -> Option<String> {
    let percent = span(share, |share| format!("{} %", number((share * 1000.0).round() / 10.0)));
    if share.low > 1.0 {
        Some(format!("the nodes have not enough {name}: {percent} of it would be reserved"))
    } else if share.high > 1.0 {
        Some(format!("the nodes may not have enough {name}: {percent} of it would be reserved"))
    } else {
        None
    }
}

/// How many pods would find no node, by this resource alone.
///
/// At least as many as the excess over all nodes, the cordoned ones too, has room for the largest. A pod finds no node only where every node has less left
/// than the largest pod asks for; so what is placed then is more than all the nodes have but one such pod each, and the
/// rest, were it all of the smallest pods, is the most that is left over.
fn unplaced(
    at: usize,
    resource: Resource,
    [whole, of_open]: [u64; 2],
    nodes: usize,
    all: &Demand,
    sizes: &Sizes,
) -> Figure {
    let (most, least) = (float(sizes.most[at]), float(sizes.least[at]));
    let then = all.then(at, Side::Request);
    let [whole, of_open] = [whole, of_open].map(float);
    let low = ((then.low - whole).max(0.0) / most.max(1.0)).ceil();
    let surely_placed = (of_open - float(nodes as u64) * most).max(0.0);
    let rest = (then.high - surely_placed).max(0.0);
    let high = (rest / least.max(1.0)).floor().min(float(all.pods)).max(low);
    let unit = resource.unit();
    let how = format!(
        "at least the excess over {} in pods of the largest size, {}; at most what does not surely fit where each of \
         {nodes} schedulable nodes has less left than that, in pods of the smallest size, {}",
        amount(whole, unit),
        amount(most, unit),
        amount(least, unit)
    );
    let label = format!("pods of now that would find no node, by {} alone", resource.name());
    let alarm = (low > 0.0).then(|| {
        format!("at least {} pods would find no node with enough {}", number(low), resource.name())
    });
    Figure::new(UNPLACED[at], label, Range::between(low, high), "pods", how).alarmed(alarm)
}
