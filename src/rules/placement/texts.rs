//! How requirements and tolerations are told to people.

use super::settings::{NodeRequirement, TolerationOperator};
use super::tolerations::Wanted;
use crate::pod::view;

/// Values of a list that are told; the rest is counted.
const SHOWN: usize = 4;

/// `node-pool In a, b`
pub(super) fn requirement(one: &NodeRequirement) -> String {
    let values: Vec<&str> = one.values().collect();
    told(&one.key, one.operator.name(), &values)
}

/// The same of a pod's own.
pub(super) fn requirement_of_pod(one: &view::NodeRequirement<'_>) -> String {
    let values: Vec<&str> = one.values.iter().flatten().map(|value| &**value).collect();
    let key = one.key.as_deref().unwrap_or_default();
    clean(&told(key, one.operator.as_deref().unwrap_or_default(), &values))
}

/// `node-pool Exists and node-pool NotIn a`: those of a pod on one label, the first few.
pub(super) fn requirements_of_pod<'p, 't: 'p>(
    all: impl Iterator<Item = &'p view::NodeRequirement<'t>>,
) -> String {
    all.take(SHOWN).map(requirement_of_pod).collect::<Vec<_>>().join(" and ")
}

fn told(key: &str, operator: &str, values: &[&str]) -> String {
    let mut text = format!("{key} {operator}");
    for (at, value) in values.iter().take(SHOWN).enumerate() {
        text += if at == 0 { " " } else { ", " };
        text += value;
    }
    if values.len() > SHOWN {
        text += &format!(" and {} more", values.len() - SHOWN);
    }
    text
}

/// `dedicated=batch:NoSchedule`, as kubectl shows it
pub(super) fn toleration(wanted: &Wanted) -> String {
    let written = &wanted.written;
    let operator = match written.operator {
        Some(TolerationOperator::Exists) => "Exists",
        Some(TolerationOperator::Lt) => "Lt",
        Some(TolerationOperator::Gt) => "Gt",
        Some(TolerationOperator::Equal) | None => "Equal",
    };
    shown(
        written.key.as_deref(),
        operator,
        written.value.as_deref(),
        written.effect.map(|effect| effect.name()),
        written.toleration_seconds,
    )
}

/// The same of a pod's own.
pub(super) fn toleration_of_pod(one: &view::Toleration<'_>) -> String {
    clean(&shown(
        one.key.as_deref(),
        one.operator.as_deref().unwrap_or_default(),
        one.value.as_deref(),
        one.effect.as_deref(),
        one.toleration_seconds,
    ))
}

fn shown(
    key: Option<&str>,
    operator: &str,
    value: Option<&str>,
    effect: Option<&str>,
    seconds: Option<i64>,
) -> String {
    let mut text = match key {
        Some(key) if !key.is_empty() => key.to_owned(),
        _ => "every taint".to_owned(),
    };
    let value = value.unwrap_or_default();
    text += &match operator {
        "Exists" => String::new(),
        "Lt" => format!("<{value}"),
        "Gt" => format!(">{value}"),
        _ => format!("={value}"),
    };
    if let Some(effect) = effect.filter(|effect| !effect.is_empty()) {
        text += &format!(":{effect}");
    }
    if let Some(seconds) = seconds {
        text += &format!(" for {seconds}s");
    }
    text
}

/// What a pod says, without what could end the backticks around it.
fn clean(text: &str) -> String {
    crate::finding::quoted(text).trim_matches('`').to_owned()
}
