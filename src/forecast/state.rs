//! What is read of a pod beside the view that rules read: its overhead and its status.

use jiff::Timestamp;
use serde::Deserialize;

use super::amounts::{self, Resource};
use crate::json::Reader;
use crate::pod::scalars::{Amount, Map, Str};

/// The state of a pod.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    /// It has ended: it holds no resources and no place any more.
    pub(super) ended: bool,
    /// It has not ended, and the kubelet has started it.
    pub(super) running: bool,
    /// What its RuntimeClass adds to its requests, by [`Resource`].
    pub(super) overhead: [u64; 3],
    /// Containers that were started again: name, how often, and when for the last time in seconds since 1970.
    pub(super) restarts: Vec<(String, u64, Option<i64>)>,
}

#[derive(Deserialize)]
struct Object<'a> {
    #[serde(borrow, default)]
    spec: Option<Spec<'a>>,
    #[serde(borrow, default)]
    status: Option<Status<'a>>,
}

#[derive(Deserialize)]
struct Spec<'a> {
    #[serde(borrow, default)]
    overhead: Option<Map<'a, Amount<'a>>>,
}

/// PodStatus.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status<'a> {
    #[serde(borrow, default)]
    phase: Option<Str<'a>>,
    #[serde(borrow, default)]
    container_statuses: Option<Vec<ContainerStatus<'a>>>,
    #[serde(borrow, default)]
    init_container_statuses: Option<Vec<ContainerStatus<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ContainerStatus<'a> {
    #[serde(borrow, default)]
    name: Option<Str<'a>>,
    #[serde(default)]
    restart_count: u64,
    #[serde(borrow, default)]
    state: Option<ContainerState<'a>>,
}

#[derive(Deserialize)]
struct ContainerState<'a> {
    #[serde(borrow, default)]
    running: Option<Running<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Running<'a> {
    #[serde(borrow, default)]
    started_at: Option<Str<'a>>,
}

impl State {
    /// The state of a pod; of one whose status cannot be read, nothing is known.
    pub(super) fn of(object: &str) -> Self {
        let Ok(object) = Reader::new(object).read::<Object<'_>>() else { return Self::default() };
        let status = object.status.unwrap_or_default();
        let phase = status.phase.as_deref().unwrap_or_default();
        let overhead = object.spec.and_then(|spec| spec.overhead);
        let statuses =
            status.container_statuses.iter().chain(&status.init_container_statuses).flatten();
        Self {
            ended: matches!(phase, "Succeeded" | "Failed"),
            running: phase == "Running",
            overhead: Resource::ALL.map(|resource| {
                let amount = overhead.as_ref().and_then(|all| all.get(resource.name()));
                amount.and_then(|amount| amounts::read(resource, &amount.0)).unwrap_or_default()
            }),
            restarts: statuses.filter_map(ContainerStatus::restarts).collect(),
        }
    }
}

impl ContainerStatus<'_> {
    fn restarts(&self) -> Option<(String, u64, Option<i64>)> {
        let running = self.state.as_ref().and_then(|state| state.running.as_ref());
        let started = running.and_then(|running| running.started_at.as_ref());
        let at = started.and_then(|at| at.parse::<Timestamp>().ok()).map(Timestamp::as_second);
        let name = self.name.as_deref().unwrap_or_default().to_owned();
        (self.restart_count > 0).then_some((name, self.restart_count, at))
    }
}
