//! What each policy would do in each namespace.

use super::figure::{Figure, Range, Section};
use super::words::{float, share};
use crate::tally::{Outcomes, Tally};

/// Figures that are told; of more policies and namespaces, those with the most pods are.
const MOST: usize = 200;

pub(super) fn section(tally: &Tally) -> Section {
    let mut section = Section::new("verdicts", "Verdicts");
    let Outcomes { pods, denied, warned, patched, .. } = tally.outcomes;
    section.summary = format!(
        "Of {pods} pods, enforcing would refuse {denied} ({}), warn of {warned} ({}) and patch {patched} ({}).",
        share(denied, pods),
        share(warned, pods),
        share(patched, pods)
    );
    let whole = [
        ("verdicts.denied", "pods that would be refused", denied),
        ("verdicts.warned", "pods that would be taken with a warning", warned),
        ("verdicts.patched", "pods that would be patched", patched),
    ];
    for (id, label, count) in whole {
        let how = format!("{count} of {pods} pods that were judged: {}", share(count, pods));
        section.figures.push(Figure::new(id, label, Range::exactly(float(count)), "pods", how));
    }
    let mut parts: Vec<(u64, &str, &str, Figure)> = Vec::new();
    for (policy, namespaces) in &tally.policies {
        for (namespace, outcomes) in namespaces {
            let all = tally.namespaces.get(namespace).map_or(outcomes.pods, |all| all.pods);
            let counts = [
                ("verdicts.policy.denied", "would refuse", outcomes.denied),
                ("verdicts.policy.warned", "would warn of", outcomes.warned),
                ("verdicts.policy.patched", "would patch", outcomes.patched),
            ];
            for (id, does, count) in counts.into_iter().filter(|(_, _, count)| *count > 0) {
                let how = format!("{count} of {all} pods in {namespace}: {}", share(count, all));
                let label = format!("pods that {policy} {does} in {namespace}");
                let figure = Figure::new(id, label, Range::exactly(float(count)), "pods", how);
                parts.push((
                    count,
                    policy,
                    namespace,
                    figure.about(format!("{policy}/{namespace}")),
                ));
            }
        }
    }
    parts.sort_by(|a, b| (b.0, a.1, a.2, a.3.id).cmp(&(a.0, b.1, b.2, b.3.id)));
    let left = parts.len().saturating_sub(MOST);
    section.figures.extend(parts.into_iter().take(MOST).map(|(_, _, _, figure)| figure));
    if left > 0 {
        section.assumptions.push(format!(
            "{left} more figures of policies and namespaces, with fewer pods, are not listed here"
        ));
    }
    section.assumptions.push(
        "policies act when pods are created: what runs now goes on until it is replaced".to_owned(),
    );
    section
}
