//! What a pod reserves and may use, as the scheduler and quotas count it.
//!
//! Source: `PodRequests` and `PodLimits` (k8s.io/component-helpers/resource/helpers.go).

use serde::{Deserialize, Serialize};

use super::kept::Sum;
use crate::pod::containers::ContainerList;
use crate::pod::limit_range::stored;
use crate::pod::view::{Container, Pod, Resources, Spec};

/// A resource of which forecasts are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// In thousandths of a core.
    Cpu,
    /// In bytes.
    Memory,
    /// In bytes.
    EphemeralStorage,
}

impl Resource {
    /// Every resource, in the order of the arrays that hold one number for each.
    pub const ALL: [Self; 3] = [Self::Cpu, Self::Memory, Self::EphemeralStorage];

    /// The name that the API has for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::EphemeralStorage => "ephemeral-storage",
        }
    }

    /// The unit that it is counted in.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Cpu => "millicores",
            Self::Memory | Self::EphemeralStorage => "bytes",
        }
    }

    /// Pods can state these for all their containers (`supportedPodLevelResources`).
    const fn may_stand_at_pod_level(self) -> bool {
        matches!(self, Self::Cpu | Self::Memory)
    }
}

/// Which of the two amounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What is reserved.
    Request,
    /// What is enforced.
    Limit,
}

/// Requests and limits, by [`Resource`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Amounts {
    /// What is reserved.
    pub requests: [u64; 3],
    /// What is enforced; a container without a limit counts as 0 here.
    pub limits: [u64; 3],
    /// Pods in which a container states no request.
    pub without_request: [u64; 3],
    /// Pods in which a container states no limit.
    pub without_limit: [u64; 3],
}

impl Sum for Amounts {
    fn add(&mut self, other: Self) {
        self.requests.add(other.requests);
        self.limits.add(other.limits);
        self.without_request.add(other.without_request);
        self.without_limit.add(other.without_limit);
    }
}

impl Amounts {
    /// One side.
    pub const fn side(&self, side: Side) -> &[u64; 3] {
        match side {
            Side::Request => &self.requests,
            Side::Limit => &self.limits,
        }
    }

    /// Of one side, the pods in which a container does not state it.
    pub const fn without(&self, side: Side) -> &[u64; 3] {
        match side {
            Side::Request => &self.without_request,
            Side::Limit => &self.without_limit,
        }
    }

    /// The amounts of one pod. What cannot be read counts as nothing: the API server refuses it.
    pub(super) fn of(pod: &Pod<'_>, overhead: &[u64; 3]) -> Self {
        let Some(spec) = &pod.spec else { return Self::default() };
        let mut amounts = Self::default();
        for (at, resource) in Resource::ALL.into_iter().enumerate() {
            let (requests, without_request) = total(spec, resource, Side::Request);
            let (limits, without_limit) = total(spec, resource, Side::Limit);
            amounts.requests[at] = requests.saturating_add(overhead[at]);
            // The overhead is added to limits that are there.
            amounts.limits[at] = if limits == 0 { 0 } else { limits.saturating_add(overhead[at]) };
            amounts.without_request[at] = without_request.into();
            amounts.without_limit[at] = without_limit.into();
        }
        amounts
    }
}

/// Reads an amount: millicores or bytes, rounded up as the scheduler rounds.
pub(super) fn read(resource: Resource, text: &str) -> Option<u64> {
    let nanos = u128::try_from(stored(text).ok()?.nanos()).ok()?;
    let unit = if resource == Resource::Cpu { 1_000_000 } else { 1_000_000_000 };
    Some(u64::try_from(nanos.div_ceil(unit)).unwrap_or(u64::MAX))
}

/// One side of one resource of a pod, and whether a container does not state it.
fn total(spec: &Spec<'_>, resource: Resource, side: Side) -> (u64, bool) {
    let (mut running, mut sidecars, mut starting) = (0_u64, 0_u64, 0_u64);
    let mut without = false;
    for found in spec.all_containers() {
        if found.list == ContainerList::Ephemeral {
            continue;
        }
        let stated = of_container(found.container, resource, side);
        without |= stated.is_none();
        let amount = stated.unwrap_or_default();
        if found.list == ContainerList::Main {
            running = running.saturating_add(amount);
        } else if found.is_sidecar() {
            running = running.saturating_add(amount);
            sidecars = sidecars.saturating_add(amount);
            starting = starting.max(sidecars);
        } else {
            starting = starting.max(sidecars.saturating_add(amount));
        }
    }
    let containers = running.max(starting);
    let at_pod_level = spec.resources.as_ref().filter(|_| resource.may_stand_at_pod_level());
    match at_pod_level.and_then(|resources| of_pod(resources, resource, side, containers)) {
        Some(amount) => (amount, false),
        None => (containers, without),
    }
}

fn of_container(container: &Container<'_>, resource: Resource, side: Side) -> Option<u64> {
    let name = resource.name();
    let text = match side {
        Side::Request => container.request(name)?.value,
        Side::Limit => container.limit(name)?,
    };
    read(resource, text)
}

/// What stands at the level of the pod; a limit alone is the request where no container has one
/// (`defaultPodRequests` in pkg/apis/core/v1/defaults.go).
fn of_pod(
    resources: &Resources<'_>,
    resource: Resource,
    side: Side,
    containers: u64,
) -> Option<u64> {
    let stated = |side| {
        let amounts = match side {
            Side::Request => resources.requests.as_ref()?,
            Side::Limit => resources.limits.as_ref()?,
        };
        read(resource, &amounts.get(resource.name())?.0)
    };
    match side {
        Side::Limit => stated(Side::Limit),
        Side::Request => stated(Side::Request).or_else(|| {
            stated(Side::Limit).map(|limit| if containers > 0 { containers } else { limit })
        }),
    }
}
