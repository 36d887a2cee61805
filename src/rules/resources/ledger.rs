//! The pod as a whole: what changes to its containers add up to, for pod-level resources, LimitRanges and the QoS
//! class. Made only once something is to be changed.

use std::fmt;

use super::amounts::{Pair, Resource, Side, Values, read};
use super::tally::{Counted, Row, Tally};
use crate::pod::containers::{ContainerList, ContainerRef};
use crate::pod::limit_range::{Bound, LimitRange};
use crate::pod::view::{Resources, Spec};

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

/// Every container with its amounts, as they are after the fixes so far.
#[derive(Debug)]
pub(super) struct Ledger<'s> {
    rows: Tally,
    /// How many of the rows are init containers; they come first.
    inits: usize,
    pod_level: Option<PodLevel>,
    stated: [bool; 3],
    ranges: &'s [LimitRange],
}

/// What a pod states for all its containers.
#[derive(Clone, Copy, Debug)]
struct PodLevel {
    amounts: [Values; 3],
    /// The resources with a request of their own, readable or not.
    requested: [bool; 3],
    any_limit: bool,
}

impl PodLevel {
    fn of(found: &Resources<'_>) -> Self {
        let text = |resource: Resource, side| {
            let stands = resource.may_stand_at_pod_level();
            stands.then(|| pod_level_text(found, resource, side)).flatten()
        };
        let amount = |resource, side| text(resource, side).and_then(|text| read(text).ok());
        Self {
            amounts: Resource::ALL
                .map(|resource| (amount(resource, Side::Request), amount(resource, Side::Limit))),
            requested: Resource::ALL.map(|resource| text(resource, Side::Request).is_some()),
            any_limit: found.limits.as_ref().is_some_and(|limits| !limits.0.is_empty()),
        }
    }
}

impl<'s> Ledger<'s> {
    pub(super) fn new(spec: &'s Spec<'s>, ranges: &'s [LimitRange]) -> Self {
        let rows: Vec<Row> = spec
            .all_containers()
            .filter(|container| container.list != ContainerList::Ephemeral)
            .map(|container| Row {
                list: container.list,
                sidecar: container.is_sidecar(),
                amounts: Resource::ALL.map(|resource| {
                    Pair::of(container.container, resource, ranges).unwrap_or_default().values()
                }),
            })
            .collect();
        let inits = spec.init_containers.as_ref().map_or(0, Vec::len);
        let pod_level = spec.resources.as_ref().map(PodLevel::of);
        let rows = Tally::new(rows);
        let mut ledger = Self { rows, inits, pod_level, stated: [false; 3], ranges };
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
        let at = match container.list {
            ContainerList::Init => container.index,
            ContainerList::Main => self.inits + container.index,
            ContainerList::Ephemeral => return Ok(None),
        };
        let (qos, totals) = (self.qos(), self.totals(resource));
        let Some(before) = self.rows.replace(at, resource, amounts) else { return Ok(None) };
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
                self.rows.replace(at, resource, before);
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
        let (request, limit) = found.amounts[resource as usize];
        let request = match found.requested[resource as usize] {
            true => request,
            false if found.any_limit => self.rows.sum(resource, Side::Request).or(limit),
            false => None,
        };
        (request, limit)
    }

    /// What LimitRanger takes for the request and limit of the pod (`podRequests`, `podLimits`).
    fn totals(&self, resource: Resource) -> Values {
        let (request, limit) = self.pod_level(resource);
        (
            request.or_else(|| self.rows.sum(resource, Side::Request)),
            limit.or_else(|| self.rows.sum(resource, Side::Limit)),
        )
    }

    fn qos(&self) -> Qos {
        const COUNTED: [Resource; 2] = [Resource::Cpu, Resource::Memory];
        let counted = COUNTED.map(|resource| match self.pod_level {
            Some(_) => Counted::of(self.pod_level(resource)),
            None => self.rows.counted(resource),
        });
        if counted.iter().all(|found| found.request.is_zero() && found.limit.is_zero()) {
            Qos::BestEffort
        } else if counted.iter().all(|found| found.all_limited && found.request == found.limit) {
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
