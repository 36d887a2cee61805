//! Which namespaces would run into their quotas.
//!
//! A quota refuses a pod whose requests or limits would bring what is used above what is allowed, and, where it bounds
//! cpu or memory, a pod in which a container does not state them (pkg/quota/v1/evaluator/core/pods.go `Constraints`).

use std::sync::Arc;

use super::super::amounts::{Resource, Side};
use super::super::figure::{Figure, Range};
use super::super::kept::Kept;
use super::super::surroundings::{Bound, Quota, meaning};
use super::super::words::{amount, float, number, range};
use super::{Demand, added, words};

/// Figures that are told; alarms come first.
const MOST: usize = 100;

pub(super) fn figures<const N: usize>(
    quotas: &[Quota],
    namespaces: &Kept<Arc<str>, Demand, N>,
) -> Vec<Figure> {
    let mut figures = Vec::new();
    for quota in quotas {
        let Some(demand) = namespaces.get(&Arc::from(&*quota.namespace)) else { continue };
        for (name, bound) in &quota.bounds {
            let Some((resource, side)) = meaning(name) else { continue };
            figures.extend(used(quota, name, *bound, resource, side, demand));
            figures.extend(unstated(quota, name, resource, side, demand));
        }
    }
    figures.sort_by(|a, b| {
        (a.alarm.is_none(), &a.subject, a.id).cmp(&(b.alarm.is_none(), &b.subject, b.id))
    });
    figures.truncate(MOST);
    figures
}

fn subject(quota: &Quota, name: &str) -> String {
    format!("{}/{}/{name}", quota.namespace, quota.name)
}

fn used(
    quota: &Quota,
    name: &str,
    bound: Bound,
    resource: Resource,
    side: Side,
    demand: &Demand,
) -> Option<Figure> {
    let mut more = added(demand, resource as usize, side);
    if quota.scoped {
        more = Range::between(more.low.min(0.0), more.high.max(0.0));
    }
    if more == Range::NONE && bound.used <= bound.hard {
        return None;
    }
    let (hard, unit) = (float(bound.hard), resource.unit());
    let then = Range::exactly(float(bound.used)).plus(more);
    let then = Range::between(then.low.max(0.0), then.high.max(0.0));
    let mut how = format!(
        "{} used now, {} added over {} pods, {} allowed",
        amount(float(bound.used), unit),
        words(more, resource),
        demand.pods,
        amount(hard, unit)
    );
    if quota.scoped {
        how += "; the quota counts some pods only, so all or nothing of what is added may count";
    }
    let place = format!("{} in {}", quota.name, quota.namespace);
    let excess = |value: f64| amount(value - hard, unit);
    let alarm = if then.low > hard {
        Some(format!(
            "quota {place} would be exceeded: {name} by {}; pods there would no longer be created (403, exceeded quota)",
            if then.low == then.high {
                excess(then.low)
            } else {
                format!("{} or more", excess(then.low))
            }
        ))
    } else if then.high > hard {
        Some(format!(
            "quota {place} may be exceeded: {name} by up to {}; pods there would then no longer be created",
            excess(then.high)
        ))
    } else {
        None
    };
    let label = format!("{name} that would be used of quota {place}");
    let figure = Figure::new("quota.used", label, then, unit, how);
    Some(figure.about(subject(quota, name)).alarmed(alarm))
}

/// Pods that the quota refuses because they state nothing; those that do so now are there from before the quota.
fn unstated(
    quota: &Quota,
    name: &str,
    resource: Resource,
    side: Side,
    demand: &Demand,
) -> Option<Figure> {
    // Of ephemeral storage, what is not stated counts as nothing.
    if resource == Resource::EphemeralStorage || quota.scoped {
        return None;
    }
    let at = resource as usize;
    let now = demand.now.without(side)[at];
    let then = demand.then_without(at, side);
    if then.high == 0.0 {
        return None;
    }
    let how = format!(
        "{now} of {} pods have a container that does not state {name} now, {} would have one",
        demand.pods,
        range(then)
    );
    let place = format!("{} in {}", quota.name, quota.namespace);
    let alarm = (then.high > float(now)).then(|| {
        format!(
            "quota {place} refuses pods that do not state {name}, and policies would take it away from up to {}",
            number(then.high - float(now))
        )
    });
    let label = format!("pods that would not state {name}, which quota {place} asks for");
    let figure = Figure::new("quota.unstated", label, then, "pods", how);
    Some(figure.about(subject(quota, name)).alarmed(alarm))
}
