//! Crowds: many pods of one owner that the scheduler does not spread by itself.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::figure::{Figure, Range, Section};
use super::super::kept::{Kept, Sum};
use super::super::words::{count, float, range};
use crate::tally::Owner;

/// Nodes of one owner that are told apart.
const MOST_NODES: usize = 24;
/// Owners that figures are made of: those with the most pods on one node.
const MOST_TOLD: usize = 20;

/// The pods of one owner.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Crowd {
    /// Pods that have not ended.
    pods: u64,
    /// Those that have no spread constraint.
    alone_now: u64,
    /// Those that would have none.
    alone_after: u64,
    /// Those that run, by node.
    nodes: Kept<Arc<str>, u64, MOST_NODES>,
}

impl Sum for Crowd {
    fn add(&mut self, other: Self) {
        self.pods.add(other.pods);
        self.alone_now.add(other.alone_now);
        self.alone_after.add(other.alone_after);
        self.nodes.add(other.nodes);
    }
}

impl Crowd {
    pub(super) fn of_one(node: Option<&str>, alone_now: bool, alone_after: bool) -> Self {
        let mut crowd = Self {
            pods: 1,
            alone_now: alone_now.into(),
            alone_after: alone_after.into(),
            nodes: Kept::default(),
        };
        if let Some(node) = node {
            crowd.nodes.take(&node, |there| &**there == node, || node.into(), 1);
        }
        crowd
    }

    /// The most pods on one node: where not every node is told apart, between the most that is seen and all that are
    /// not.
    fn most_on_a_node(&self) -> Range {
        let seen = self.nodes.told().map(|(_, pods)| *pods).max().unwrap_or_default();
        Range::between(float(seen), float(seen.max(*self.nodes.others())))
    }

    fn running(&self) -> u64 {
        self.nodes.values().fold(0, |sum, pods| sum.saturating_add(*pods))
    }
}

/// Adds the figures; answers with the crowds that nothing spreads, now and after.
pub(super) fn section<const N: usize>(
    crowds: &Kept<Owner, Crowd, N>,
    live: bool,
    least: u64,
    section: &mut Section,
) -> (u64, u64) {
    let all = || crowds.told().filter(|(_, crowd)| crowd.pods >= least);
    let of = |part: fn(&Crowd) -> u64| {
        let alone = all().filter(|(_, crowd)| part(crowd) >= least);
        alone.fold((0, 0_u64), |(crowds, pods), (_, crowd)| {
            (crowds + 1, pods.saturating_add(part(crowd)))
        })
    };
    let (now, pods_now) = of(|crowd| crowd.alone_now);
    let (after, pods_after) = of(|crowd| crowd.alone_after);
    let owners = all().count() as u64;
    let mut push = |id, label: &str, value: u64, pods: u64| {
        let how = format!(
            "owners with {least} or more pods without a topologySpreadConstraint, {} of them, among {} of that size",
            count(pods, "pod"),
            count(owners, "owner")
        );
        let value = Range::exactly(float(value));
        section.figures.push(Figure::new(id, label, value, "crowds", how));
    };
    push("placement.crowds.now", "crowds that nothing spreads, now", now, pods_now);
    push("placement.crowds.after", "crowds that nothing would spread", after, pods_after);
    let others = crowds.others();
    if others.pods > 0 {
        section.assumptions.push(format!(
            "{} of more owners than are told apart are in no crowd here",
            count(others.pods, "pod")
        ));
    }
    if live {
        let mut worst: Vec<(&Owner, &Crowd)> =
            all().filter(|(_, crowd)| crowd.running() > 0).collect();
        worst.sort_by(|a, b| {
            let (one, other) = (a.1.most_on_a_node(), b.1.most_on_a_node());
            other.low.total_cmp(&one.low).then_with(|| a.0.cmp(b.0))
        });
        section.figures.extend(worst.into_iter().take(MOST_TOLD).map(|(owner, crowd)| {
            let on_one = crowd.most_on_a_node();
            let how = format!(
                "{} of {} running pods of {} are on one node; {} of its pods have no spread constraint, {} would have none",
                range(on_one),
                crowd.running(),
                owner.name,
                crowd.alone_now,
                crowd.alone_after
            );
            let subject = format!("{}/{}/{}", owner.namespace, owner.kind, owner.name);
            let label = format!("most pods of {subject} on one node, now");
            Figure::new("placement.concentration", label, on_one, "pods", how).about(subject)
        }));
    }
    (now, after)
}
