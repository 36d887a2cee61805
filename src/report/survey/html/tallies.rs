//! Charts of what was found: by policy, and by namespace.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::chart::{Chart, Line, colour};

use crate::report::plain::printable;
use crate::report::survey::units::{count, total};
use crate::tally::{Outcomes, Tally};

/// Bars of one chart; of more, the shortest are added up in one.
const MAX_BARS: usize = 20;
/// Policies that have a colour of their own.
const MAX_COLOURS: usize = 7;
const NOTE: &str = "A pod that two policies act on counts for both.";
/// What becomes of pods, with the classes of the colours.
const BECOMES: [(&str, &str); 4] =
    [("deny", "denied"), ("warn", "warned of"), ("patch", "patched"), ("audit", "recorded")];

/// Rows of the table of policies and namespaces.
#[derive(Debug)]
pub(super) struct PolicyRow<'r> {
    pub(super) policy: Cow<'r, str>,
    pub(super) namespace: Cow<'r, str>,
    /// Denied, warned, patched, recorded.
    pub(super) counts: [String; 4],
}

/// What each policy would do.
pub(super) fn by_policy(tally: &Tally) -> Chart<'_> {
    let mut rows: Vec<(Cow<'_, str>, [u64; 4])> = tally
        .policies
        .iter()
        .map(|(policy, namespaces)| (printable(policy), sum(namespaces.values())))
        .collect();
    rows.sort_by_key(|(_, counts)| Reverse(counts.iter().sum::<u64>()));
    let more = rows.split_off(rows.len().min(MAX_BARS));
    if !more.is_empty() {
        let name = format!("{} more policies", count(more.len() as u64));
        let counts = more.iter().fold([0; 4], |all, (_, counts)| add(all, *counts));
        rows.push((name.into(), counts));
    }
    let series = BECOMES.iter().enumerate().map(|(at, (class, label))| Line {
        class,
        label: (*label).into(),
        values: rows.iter().map(|(_, counts)| counts.get(at).copied().map_or(0.0, float)).collect(),
    });
    chart("Pods by policy, and what it would do with them", &rows, keep_told(series))
}

/// Which policies would act in each namespace.
pub(super) fn by_namespace(tally: &Tally) -> Chart<'_> {
    let mut policies: Vec<(&Arc<str>, u64)> = tally
        .policies
        .iter()
        .map(|(policy, namespaces)| (policy, total(sum(namespaces.values()))))
        .collect();
    policies.sort_by_key(|(_, pods)| Reverse(*pods));
    let others = policies.split_off(policies.len().min(MAX_COLOURS));
    let mut rows: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for (policy, namespaces) in &tally.policies {
        let at = policies.iter().position(|(told, _)| *told == policy).unwrap_or(MAX_COLOURS);
        for (namespace, outcomes) in namespaces {
            let row = rows.entry(namespace).or_insert_with(|| vec![0; MAX_COLOURS + 1]);
            if let Some(pods) = row.get_mut(at) {
                *pods = total(counts(outcomes).into_iter().chain([*pods]));
            }
        }
    }
    let mut rows: Vec<(Cow<'_, str>, Vec<u64>)> =
        rows.into_iter().map(|(namespace, pods)| (printable(namespace), pods)).collect();
    rows.sort_by_key(|(_, pods)| Reverse(total(pods.iter().copied())));
    let more = rows.split_off(rows.len().min(MAX_BARS));
    if !more.is_empty() {
        let name = format!("{} more namespaces", count(more.len() as u64));
        let mut pods = vec![0_u64; MAX_COLOURS + 1];
        for (_, row) in &more {
            pods.iter_mut().zip(row).for_each(|(all, one)| *all = all.saturating_add(*one));
        }
        rows.push((name.into(), pods));
    }
    let names = policies.iter().map(|(policy, _)| printable(policy));
    let rest = (!others.is_empty()).then_some(Cow::Borrowed("other policies"));
    let told = policies.len();
    let series = names.chain(rest).enumerate().map(|(at, label)| {
        let column = if at < told { at } else { MAX_COLOURS };
        let value = |row: &Vec<u64>| row.get(column).copied().map_or(0.0, float);
        Line {
            class: colour(column),
            label,
            values: rows.iter().map(|(_, row)| value(row)).collect(),
        }
    });
    chart("Pods by namespace, and the policies that act on them", &rows, series.collect())
}

/// Every number behind both charts.
pub(super) fn policy_rows(tally: &Tally) -> impl Iterator<Item = PolicyRow<'_>> {
    tally.policies.iter().flat_map(|(policy, namespaces)| {
        namespaces.iter().map(|(namespace, outcomes)| PolicyRow {
            policy: printable(policy),
            namespace: printable(namespace),
            counts: counts(outcomes).map(count),
        })
    })
}

fn chart<'r, V>(
    title: &'static str,
    rows: &[(Cow<'r, str>, V)],
    series: Vec<Line<'r>>,
) -> Chart<'r> {
    Chart {
        title: title.into(),
        note: Some(NOTE),
        unit: "pods",
        points: rows.iter().map(|(name, _)| name.clone()).collect(),
        series,
        limit: None,
        is_stacked: true,
    }
}

/// What happens to no pod needs no colour.
fn keep_told<'r>(series: impl Iterator<Item = Line<'r>>) -> Vec<Line<'r>> {
    series.filter(|line| line.values.iter().any(|value| *value > 0.0)).collect()
}

fn sum<'o>(all: impl Iterator<Item = &'o Outcomes>) -> [u64; 4] {
    all.fold([0; 4], |sum, outcomes| add(sum, counts(outcomes)))
}

fn add(mut one: [u64; 4], other: [u64; 4]) -> [u64; 4] {
    one.iter_mut().zip(other).for_each(|(one, other)| *one = one.saturating_add(other));
    one
}

const fn counts(outcomes: &Outcomes) -> [u64; 4] {
    [outcomes.denied, outcomes.warned, outcomes.patched, outcomes.audited]
}

#[expect(clippy::cast_precision_loss, reason = "a picture shows no differences of one in 2^52")]
const fn float(count: u64) -> f64 {
    count as f64
}
