//! Requests, limits and the form of quantities.

use serde_json::{Value, json};

use super::LISTS;
use super::members::{Members, elements, fill, members_of};
use crate::quantity::Quantity;

/// Nano-units in a milli-unit, to which resources are rounded up (`SetDefaults_ResourceList`).
const MILLI: i128 = 1_000_000;

/// `in_pod`: a limit is its own request (`SetDefaults_Pod`).
pub(super) fn default_container(resources: &mut Members, in_pod: bool) {
    for list in ["limits", "requests"] {
        if let Some(list) = members_of(resources, list) {
            canonical(list);
        }
    }
    if in_pod {
        limits_as_requests(resources, |_| true);
    }
}

fn limits_as_requests(resources: &mut Members, is_meant: impl Fn(&str) -> bool) {
    let Some(limits) = list_of(resources, "limits") else { return };
    let requests = list_of(resources, "requests");
    let lacks = |key: &str| requests.is_none_or(|requests| !requests.contains_key(key));
    let missing = limits.iter().filter(|(key, _)| lacks(key) && is_meant(key));
    let missing: Vec<_> = missing.map(|(key, amount)| (key.clone(), amount.clone())).collect();
    if !missing.is_empty() {
        fill(resources, "requests", json!({}));
        if let Some(requests) = members_of(resources, "requests") {
            requests.extend(missing);
        }
    }
}

/// Brings the quantities of a list into the form in which they are encoded.
pub(super) fn canonical(list: &mut Members) {
    for (_, amount) in list.iter_mut() {
        if let Some(quantity) = parse(amount) {
            write(amount, round_up(quantity));
        }
    }
}

/// The same for one member, which is not rounded.
pub(super) fn canonical_member(members: &mut Members, key: &str) {
    if let Some(amount) = members.get_mut(key)
        && let Some(quantity) = parse(amount)
    {
        write(amount, quantity);
    }
}

/// The divisor of `resourceFieldRef`, which is encoded even where it is zero.
pub(super) fn divisor(reference: &mut Members) {
    fill(reference, "divisor", "0");
    canonical_member(reference, "divisor");
}

fn parse(amount: &Value) -> Option<Quantity> {
    match amount {
        Value::String(text) => Quantity::parse(text).ok(),
        Value::Number(number) => Quantity::parse(&number.to_string()).ok(),
        _ => None,
    }
}

fn write(amount: &mut Value, quantity: Quantity) {
    *amount = quantity.to_string().into();
}

fn round_up(quantity: Quantity) -> Quantity {
    let nanos = quantity.nanos();
    match nanos.rem_euclid(MILLI) {
        0 => quantity,
        rest if nanos > 0 => Quantity::from_nanos(nanos - rest + MILLI, quantity.format()),
        rest => Quantity::from_nanos(nanos - rest, quantity.format()),
    }
}

/// Pod-level limits of huge pages and pod-level requests (`defaultHugePagePodLimits`, `defaultPodRequests`).
pub(super) fn default_pod_level(spec: &mut Members) {
    let Some(resources) = list_of(spec, "resources") else { return };
    let is_some = |list| matches!(list_of(resources, list), Some(list) if !list.is_empty());
    let (limited, requested) = (is_some("limits"), is_some("requests"));
    if !limited && !requested {
        return;
    }
    let limits = aggregate(spec, "limits");
    let requests = aggregate(spec, "requests");
    let Some(resources) = members_of(spec, "resources") else { return };
    for list in ["limits", "requests"] {
        if let Some(list) = members_of(resources, list) {
            canonical(list);
        }
    }
    for (key, amount) in limits.iter().filter(|(key, _)| is_huge(key)) {
        let taken = ["limits", "requests"]
            .iter()
            .any(|list| list_of(resources, list).is_some_and(|list| list.contains_key(key)));
        if !taken {
            add(resources, "limits", key, *amount);
        }
    }
    if list_of(resources, "limits").is_none_or(|limits| limits.is_empty()) {
        return;
    }
    for (key, amount) in requests.iter().filter(|(key, _)| is_of_pods(key) && !is_huge(key)) {
        if list_of(resources, "requests").is_none_or(|list| !list.contains_key(key)) {
            add(resources, "requests", key, *amount);
        }
    }
    limits_as_requests(resources, |key| is_of_pods(key) || is_huge(key));
}

fn list_of<'t>(resources: &'t Members, list: &str) -> Option<&'t Members> {
    resources.get(list)?.as_object()
}

fn add(resources: &mut Members, list: &str, key: &str, amount: Quantity) {
    fill(resources, list, json!({}));
    if let Some(list) = members_of(resources, list) {
        list.insert(key.to_owned(), amount.to_string().into());
    }
}

/// Resources that pods as a whole can have (`supportedPodLevelResources`), but for huge pages.
fn is_of_pods(resource: &str) -> bool {
    matches!(resource, "cpu" | "memory")
}

fn is_huge(resource: &str) -> bool {
    resource.starts_with("hugepages-")
}

/// What the containers have together (`AggregateContainerRequests` and `…Limits` in component-helpers): the running
/// ones in sum, or the most that starting up takes.
fn aggregate(spec: &mut Members, list: &str) -> Vec<(String, Quantity)> {
    let mut all: Vec<(String, Quantity)> = Vec::new();
    let mut sidecars: Vec<(String, Quantity)> = Vec::new();
    let mut starting: Vec<(String, Quantity)> = Vec::new();
    for container in elements(spec, LISTS[1]) {
        sum(&mut all, amounts(container, list));
    }
    for container in elements(spec, LISTS[0]) {
        let own = amounts(container, list);
        let is_sidecar = container.get("restartPolicy").and_then(Value::as_str) == Some("Always");
        let mut there = if is_sidecar {
            sum(&mut all, own.clone());
            sum(&mut sidecars, own);
            Vec::new()
        } else {
            own
        };
        sum(&mut there, sidecars.clone());
        most(&mut starting, there);
    }
    most(&mut all, starting);
    all
}

fn amounts(container: &mut Members, list: &str) -> Vec<(String, Quantity)> {
    let list = members_of(container, "resources").and_then(|found| members_of(found, list));
    let list = list.into_iter().flat_map(|list| list.iter());
    list.filter_map(|(key, amount)| Some((key.clone(), parse(amount)?))).collect()
}

fn sum(to: &mut Vec<(String, Quantity)>, more: Vec<(String, Quantity)>) {
    for (key, amount) in more {
        match to.iter_mut().find(|(name, _)| *name == key) {
            Some((_, sum)) => *sum = sum.saturating_add(amount),
            None => to.push((key, amount)),
        }
    }
}

fn most(to: &mut Vec<(String, Quantity)>, more: Vec<(String, Quantity)>) {
    for (key, amount) in more {
        match to.iter_mut().find(|(name, _)| *name == key) {
            Some((_, most)) if *most < amount => *most = amount,
            Some(_) => {}
            None => to.push((key, amount)),
        }
    }
}
