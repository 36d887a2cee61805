//! The pod as a whole: what changes to its containers add up to, for pod-level resources, LimitRanges and the QoS
//! class. Made only once something is to be changed.

use std::fmt;

use super::amounts::{Pair, Resource, Side, read};
use crate::pod::containers::{ContainerList, ContainerRef};
use crate::pod::limit_range::{Bound, LimitRange};
use crate::pod::view::{Resources, Spec};
use crate::quantity::Quantity;

/// A pod's quality of service (`ComputePodQOS` in pkg/apis/core/v1/helper/qos/qos.go).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Qos {
    BestEffort,
    Burstable,
    Guaranteed,
}

impl fmt::Display for Qos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BestEffort => "BestEffort",
            Self::Burstable => "Burstable",
            Self::Guaranteed => "Guaranteed",
        })
    }
}

/// A change to the QoS class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct QosChange(pub(super) Qos, pub(super) Qos);

type Values = (Option<Quantity>, Option<Quantity>);

#[derive(Debug)]
struct Row {
    list: ContainerList,
    index: usize,
    sidecar: bool,
    amounts: [Values; 3],
}

/// Every container with its amounts, as they are after the fixes so far.
#[derive(Debug)]
pub(super) struct Ledger<'s> {
    rows: Vec<Row>,
    pod_level: Option<&'s Resources<'s>>,
    stated: [bool; 3],
    ranges: &'s [LimitRange],
}

impl<'s> Ledger<'s> {
    pub(super) fn new(spec: &'s Spec<'s>, ranges: &'s [LimitRange]) -> Self {
        let rows = spec
            .all_containers()
            .filter(|container| container.list != ContainerList::Ephemeral)
            .map(|container| Row {
                list: container.list,
                index: container.index,
                sidecar: container.is_sidecar(),
                amounts: Resource::ALL.map(|resource| {
                    Pair::of(container.container, resource, ranges).unwrap_or_default().values()
                }),
            })
            .collect();
        let mut ledger =
            Self { rows, pod_level: spec.resources.as_ref(), stated: [false; 3], ranges };
        ledger.stated = Resource::ALL.map(|resource| ledger.pod_level(resource) != (None, None));
        ledger
    }

    /// Gives a container other amounts, unless a LimitRange that took the pod as it was refuses it then. Answers
    /// with the change of the QoS class.
    ///
    /// # Errors
    /// Which LimitRange refuses, and why.
    pub(super) fn change(
        &mut self,
        container: &ContainerRef<'_, '_>,
        resource: Resource,
        amounts: Values,
    ) -> Result<Option<QosChange>, String> {
        let here = |row: &Row| row.list == container.list && row.index == container.index;
        let Some(at) = self.rows.iter().position(here) else { return Ok(None) };
        let slot = resource as usize;
        let (qos, totals, before) =
            (self.qos(), self.totals(resource), self.rows[at].amounts[slot]);
        self.rows[at].amounts[slot] = amounts;
        let after = self.totals(resource);
        for range in self.ranges {
            for bound in Bound::ALL {
                let breaks =
                    |bounds: &crate::pod::limit_range::Bounds, old: Values, new: Values| {
                        !bounds.refuses(bound, resource.name(), old.0, old.1)
                            && bounds.refuses(bound, resource.name(), new.0, new.1)
                    };
                let (scope, bounds) = if breaks(&range.container, before, amounts) {
                    ("Container", &range.container)
                } else if breaks(&range.pod, totals, after) {
                    ("Pod", &range.pod)
                } else {
                    continue;
                };
                self.rows[at].amounts[slot] = before;
                let value = bounds.get(bound, resource.name()).unwrap_or_default();
                let (name, field) = (&range.name, bound.field());
                return Err(format!("LimitRange {name} has {field} {value} for a {scope}"));
            }
        }
        let now = self.qos();
        Ok((now != qos).then_some(QosChange(qos, now)))
    }

    /// Whether the pod, before any fix, has a resource for all its containers together: because its author said so,
    /// or because the API server added up the containers' requests beside a pod-level limit
    /// (`defaultPodRequests`).
    pub(super) const fn states(&self, resource: Resource) -> bool {
        self.stated[resource as usize]
    }

    /// The pod-level request and limit in force.
    fn pod_level(&self, resource: Resource) -> Values {
        let Some(found) = self.pod_level.filter(|_| resource.may_stand_at_pod_level()) else {
            return (None, None);
        };
        let limit = pod_level_text(found, resource, Side::Limit).and_then(|text| read(text).ok());
        let any_limit = found.limits.as_ref().is_some_and(|limits| !limits.0.is_empty());
        let request = match pod_level_text(found, resource, Side::Request) {
            Some(text) => read(text).ok(),
            None if any_limit => self.sum(resource, Side::Request).or(limit),
            None => None,
        };
        (request, limit)
    }

    /// What LimitRanger takes for the request and limit of the pod (`podRequests`, `podLimits`).
    fn totals(&self, resource: Resource) -> Values {
        let (request, limit) = self.pod_level(resource);
        (
            request.or_else(|| self.sum(resource, Side::Request)),
            limit.or_else(|| self.sum(resource, Side::Limit)),
        )
    }

    /// All main containers and sidecars, or the largest moment of initialisation if that is more
    /// (`AggregateContainerRequests`, KEP-753).
    fn sum(&self, resource: Resource, side: Side) -> Option<Quantity> {
        let add = |sum: Option<Quantity>, amount: Option<Quantity>| match (sum, amount) {
            (Some(sum), Some(amount)) => Some(sum.saturating_add(amount)),
            (sum, amount) => sum.or(amount),
        };
        let (mut running, mut sidecars, mut starting) = (None, None, None);
        for row in &self.rows {
            let (request, limit) = row.amounts[resource as usize];
            let amount = if side == Side::Request { request } else { limit };
            if row.list == ContainerList::Main {
                running = add(running, amount);
            } else if row.sidecar {
                running = add(running, amount);
                sidecars = add(sidecars, amount);
                starting = starting.max(sidecars);
            } else {
                starting = starting.max(add(sidecars, amount));
            }
        }
        running.max(starting)
    }

    fn qos(&self) -> Qos {
        const COUNTED: [Resource; 2] = [Resource::Cpu, Resource::Memory];
        let counted: Vec<[Values; 2]> = match self.pod_level {
            Some(_) => vec![COUNTED.map(|resource| self.pod_level(resource))],
            None => self
                .rows
                .iter()
                .map(|row| COUNTED.map(|found| row.amounts[found as usize]))
                .collect(),
        };
        let is_something = |amount: Option<Quantity>| amount.is_some_and(|found| !found.is_zero());
        let all_limited =
            counted.iter().all(|amounts| amounts.iter().all(|(_, limit)| is_something(*limit)));
        let sum = |slot: usize| {
            counted.iter().fold((Quantity::ZERO, Quantity::ZERO), |(requests, limits), amounts| {
                let (request, limit) = amounts[slot];
                (
                    requests.saturating_add(request.unwrap_or_default()),
                    limits.saturating_add(limit.unwrap_or_default()),
                )
            })
        };
        let sums = [sum(0), sum(1)];
        if sums.iter().all(|(request, limit)| request.is_zero() && limit.is_zero()) {
            Qos::BestEffort
        } else if all_limited && sums.iter().all(|(request, limit)| request == limit) {
            Qos::Guaranteed
        } else {
            Qos::Burstable
        }
    }
}

/// The text of a pod-level amount.
pub(super) fn pod_level_text<'s>(
    found: &'s Resources<'_>,
    resource: Resource,
    side: Side,
) -> Option<&'s str> {
    let list = match side {
        Side::Request => found.requests.as_ref(),
        Side::Limit => found.limits.as_ref(),
    };
    list?.get(resource.name()).map(|amount| &*amount.0)
}

/// Whether a pod names a resource at its own level.
pub(super) fn is_written(found: &Resources<'_>, resource: Resource) -> bool {
    resource.may_stand_at_pod_level()
        && [Side::Request, Side::Limit]
            .iter()
            .any(|side| pod_level_text(found, resource, *side).is_some())
}
