//! The scheduler counts requests, not use. A pod without requests weighs nothing, so such pods pile up on the node that
//! looks emptiest. A memory limit keeps one container from taking its neighbours down. A CPU limit throttles, and some
//! teams forbid it.
//!
//! ```yaml
//! resources:
//!   requests:
//!     cpu: {required: true, default: 100m, min: 10m, max: "4"}
//!     memory: {required: true, default: 128Mi, max: 16Gi}
//!     ephemeral-storage: {default: 1Gi}
//!   limits:
//!     memory: {required: true, default: 256Mi, maxLimitRequestRatio: "2"}
//!     cpu: {forbidden: true}
//! ```
//!
//! ## What is read
//!
//! `resources.requests` and `resources.limits` of containers, init containers and sidecars, and `spec.resources`. Amounts
//! count as the API server will hold them: a limit without a request is its own request, then the LimitRanges of the
//! namespace fill in their defaults, where they are known. So a manifest and the pod made of it get the same verdict.
//! Amounts are compared by value (`0.5` is `500m`), and `0` is a value like any other.
//!
//! - `required`: absence is a finding, with a fix where there is a `default`.
//! - `default`: absence is a finding with a fix. Without `required` nothing is said where the default cannot be put.
//! - `min`, `max`, `maxLimitRequestRatio` are about amounts that are there. An amount out of bounds is a finding without a
//!   fix: what its author wrote is neither raised nor lowered.
//! - `forbidden` is for limits. A request cannot be forbidden: a limit without one is its own request.
//!
//! An amount that is no quantity (`1GB`), or is below 0, is a finding that says so, and nothing else is said of it.
//!
//! ## What the fix does
//!
//! It puts defaults where an amount is absent. What is there is kept, and a default limit moves to the nearest amount that
//! fits: not below the request, not above `maxLimitRequestRatio` times the request, within `min` and `max` and within the
//! LimitRanges that are known. Where nothing fits, there is no fix, and the finding says why.
//!
//! A limit is never put alone, because the API server would then reserve all of it: the request is written beside it. A
//! default limit without a default request does reserve all of itself (up to the request's `max`), so give both.
//!
//! A forbidden limit is removed, and its request is written down first where it was only implied. The warning says when it
//! changes the QoS class: `container base: requests.cpu 100m; QoS BestEffort -> Burstable`.
//!
//! `plimsoll fix` takes all of it for unsafe: an amount that nobody measured keeps a pod from nodes that it fitted on, a
//! memory limit ends a container that needs more, and without its limit one may take more than before. The one amount that
//! could not change anything, a request equal to its limit, is never missing: the API server puts it there itself,
//! and it counts as being there.
//!
//! ## What it leaves alone
//!
//! - A resource that the pod states in `spec.resources` (KEP-2837): containers get no defaults for it, because their
//!   requests may not add up to more than the pod's. Where the pod has any limit there, the API server adds up the
//!   requests of its containers for CPU and memory, and that counts as stated too. The pod's request stands for
//!   `required` requests, its limit for `required` limits, and must then be within the limit's `max`. Pod-level resources
//!   themselves are never changed; a Windows pod may not have any and is otherwise treated like other pods.
//! - Extended resources and huge pages. Only `cpu`, `memory` and `ephemeral-storage` can be asked for.
//! - Ephemeral containers, which may not have resources.
//! - A limit that a LimitRange asks for or would put back, though the policy forbids it: a finding without a fix.
//! - Containers whose default would break a LimitRange of the namespace, for a container or for the sum of a pod: as many
//!   containers are mended as fit, in the order init containers, then containers. Init containers count as the API
//!   counts them: sidecars add to the pod, others only to its start.
//!
//! ## Limits
//!
//! Bounds are for one container. Pod-level amounts are not measured against `min` and `maxLimitRequestRatio`. An admission
//! webhook knows the LimitRanges of a namespace only where Plimsoll is told of them; without, a default above a `max`
//! of the namespace makes the API server refuse the pod.

use super::narrowing::Narrowing;
use super::{FixMeta, Meta, Origin, Rule, SettingsError, Subject};
use crate::finding::{Claim, Violation};
use crate::glob::GlobList;
use crate::pod::containers::ContainerList;

mod amounts;
mod checks;
mod judge;
mod ledger;
mod place;
mod pod_level;
mod settings;
mod tally;
#[cfg(test)]
mod tests;

use judge::Judge;
pub(super) use settings::Settings;
use settings::Wanted;

/// What containers reserve, and what bounds them.
#[derive(Debug)]
pub(super) struct Resources {
    narrowing: Narrowing,
    wanted: Vec<Wanted>,
    /// The containers as claims name them.
    containers: String,
}

impl Rule for Resources {
    const META: Meta = Meta {
        name: "resources",
        summary: "Containers reserve what they need and are bounded.",
        fix: Some(FixMeta {
            summary: "puts the defaults where a request or limit is absent and removes forbidden limits",
            safety: "unsafe",
        }),
        page: include_str!("../../docs/rules/resources.md"),
    };
    type Settings = Settings;

    fn compile(settings: Settings, _origin: &Origin<'_>) -> Result<Self, SettingsError> {
        let (containers, images) = (settings.containers.as_ref(), settings.images.as_ref());
        Ok(Self {
            narrowing: Narrowing::compile(containers, images)?,
            wanted: checks::compile(&settings)?,
            containers: claimed(containers, images),
        })
    }

    fn evaluate(&self, subject: &Subject<'_, '_>, violations: &mut Vec<Violation>) {
        let mut judge = Judge::new(subject, violations);
        for container in subject.spec.all_containers() {
            if container.list != ContainerList::Ephemeral && self.narrowing.includes(&container) {
                for wanted in &self.wanted {
                    judge.container(&container, wanted);
                }
            }
        }
        judge.pod_level();
    }

    fn claims(&self) -> Vec<Claim> {
        let mut claims = Vec::new();
        for wanted in &self.wanted {
            let field = |list: &str| {
                format!("{}.resources.{list}.{}", self.containers, wanted.resource.name())
            };
            if let Some(default) = wanted.request.default {
                claims.push(Claim { field: field("requests"), value: default.to_string() });
            }
            if wanted.limit.forbidden {
                claims.push(Claim { field: field("limits"), value: "absent".to_owned() });
            } else if let Some(default) = wanted.limit.default {
                claims.push(Claim { field: field("limits"), value: default.to_string() });
            }
        }
        claims
    }
}

/// Rules for different containers do not contradict each other; those for the same ones name them alike.
fn claimed(containers: Option<&GlobList>, images: Option<&GlobList>) -> String {
    let list = |name: &str, globs: Option<&GlobList>| {
        globs.map(|globs| {
            let excluded = globs.exclude.iter().map(|glob| format!("!{glob}"));
            let all: Vec<String> = globs.include.iter().cloned().chain(excluded).collect();
            format!("{name} {}", all.join(" "))
        })
    };
    let narrowed: Vec<String> =
        [list("name", containers), list("image", images)].into_iter().flatten().collect();
    if narrowed.is_empty() {
        "spec.containers[*]".to_owned()
    } else {
        format!("spec.containers[{}]", narrowed.join(", "))
    }
}
