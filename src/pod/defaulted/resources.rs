//! Requests, limits and the form of quantities.

use std::borrow::Cow;

use super::LISTS;
use super::members::{Members, elements, fill_with, get, get_mut, members_of};
use crate::json::Tree;
use crate::quantity::Quantity;

/// Nano-units in a milli-unit, to which resources are rounded up (`SetDefaults_ResourceList`).
const MILLI: i128 = 1_000_000;

/// `in_pod`: a limit is its own request (`SetDefaults_Pod`).
pub(super) fn default_container(resources: &mut Members<'_>, in_pod: bool) {
    for list in ["limits", "requests"] {
        if let Some(list) = members_of(resources, list) {
            canonical(list);
        }
    }
    if in_pod {
        limits_as_requests(resources, |_| true);
    }
}

fn limits_as_requests(resources: &mut Members<'_>, is_meant: impl Fn(&str) -> bool) {
    let Some(Tree::Object(limits)) = get(resources, "limits") else { return };
    let missing: Members<'_> = {
        let requests = get(resources, "requests");
        let lacks = |key: &str| requests.is_none_or(|requests| requests.get(key).is_none());
        limits.iter().filter(|(key, _)| lacks(key) && is_meant(key)).cloned().collect()
    };
    if !missing.is_empty() {
        fill_with(resources, "requests", || Tree::Object(Vec::new()));
        if let Some(requests) = members_of(resources, "requests") {
            requests.extend(missing);
        }
    }
}

/// Brings the quantities of a list into the form in which they are encoded.
pub(super) fn canonical(list: &mut Members<'_>) {
    for (_, amount) in list.iter_mut() {
        if let Some(quantity) = parse(amount) {
            write(amount, round_up(quantity));
        }
    }
}

/// The same for one member, which is not rounded.
pub(super) fn canonical_member(members: &mut Members<'_>, key: &str) {
    if let Some(amount) = get_mut(members, key)
        && let Some(quantity) = parse(amount)
    {
        write(amount, quantity);
    }
}

/// The divisor of `resourceFieldRef`, which is encoded even where it is zero.
pub(super) fn divisor(reference: &mut Members<'_>) {
    fill_with(reference, "divisor", || Tree::String(Cow::Borrowed("0")));
    canonical_member(reference, "divisor");
}

fn parse(amount: &Tree<'_>) -> Option<Quantity> {
    match amount {
        Tree::String(text) => Quantity::parse(text).ok(),
        Tree::Int(number) => Quantity::parse(&number.to_string()).ok(),
        Tree::Uint(number) => Quantity::parse(&number.to_string()).ok(),
        Tree::Double(number) => Quantity::parse(&number.to_string()).ok(),
        _ => None,
    }
}

fn write(amount: &mut Tree<'_>, quantity: Quantity) {
    let written = quantity.to_string();
    if !matches!(amount, Tree::String(text) if *text == written) {
        *amount = Tree::String(Cow::Owned(written));
    }
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
pub(super) fn default_pod_level(spec: &mut Members<'_>) {
    let Some(Tree::Object(resources)) = get(spec, "resources") else { return };
    let is_some = |list| matches!(resources_list(resources, list), Some(list) if !list.is_empty());
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
        let taken = ["limits", "requests"].iter().any(|list| {
            resources_list(resources, list).is_some_and(|list| get(list, key).is_some())
        });
        if !taken {
            add(resources, "limits", key, *amount);
        }
    }
    if resources_list(resources, "limits").is_none_or(|limits| limits.is_empty()) {
        return;
    }
    for (key, amount) in requests.iter().filter(|(key, _)| is_of_pods(key) && !is_huge(key)) {
        if resources_list(resources, "requests").is_none_or(|list| get(list, key).is_none()) {
            add(resources, "requests", key, *amount);
        }
    }
    limits_as_requests(resources, |key| is_of_pods(key) || is_huge(key));
}

fn resources_list<'t, 'a>(resources: &'t Members<'a>, list: &str) -> Option<&'t Members<'a>> {
    match get(resources, list) {
        Some(Tree::Object(list)) => Some(list),
        _ => None,
    }
}

fn add(resources: &mut Members<'_>, list: &'static str, key: &str, amount: Quantity) {
    fill_with(resources, list, || Tree::Object(Vec::new()));
    if let Some(list) = members_of(resources, list) {
        list.push((Cow::Owned(key.to_owned()), Tree::String(Cow::Owned(amount.to_string()))));
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
fn aggregate(spec: &mut Members<'_>, list: &str) -> Vec<(String, Quantity)> {
    let mut all: Vec<(String, Quantity)> = Vec::new();
    let mut sidecars: Vec<(String, Quantity)> = Vec::new();
    let mut starting: Vec<(String, Quantity)> = Vec::new();
    for container in elements(spec, LISTS[1]) {
        sum(&mut all, amounts(container, list));
    }
    for container in elements(spec, LISTS[0]) {
        let own = amounts(container, list);
        let is_sidecar = matches!(get(container, "restartPolicy"), Some(Tree::String(policy)) if policy == "Always");
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

fn amounts(container: &mut Members<'_>, list: &str) -> Vec<(String, Quantity)> {
    let list = members_of(container, "resources").and_then(|found| members_of(found, list));
    let list = list.map(|list| list.iter()).into_iter().flatten();
    list.filter_map(|(key, amount)| Some((key.to_string(), parse(amount)?))).collect()
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
