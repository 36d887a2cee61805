//! What a pod states for all its containers together (`spec.resources`, KEP-2837).

use super::amounts::{Resource, Side, read};
use super::judge::NO_QUANTITY;
use super::ledger::pod_level_text;
use crate::finding::{Violation, quoted};
use crate::pod::view::Resources;
use crate::pointer::Pointer;
use crate::quantity::Quantity;

/// What the rule asks of a resource at the level of the pod, gathered from its containers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PodLevel {
    /// A rule is about this resource in some container.
    pub(super) judged: bool,
    /// No limit may be there.
    pub(super) forbids_limit: bool,
    /// A container has no limit of its own and must have one, of this size at most.
    pub(super) stands_for_limit: Option<Option<Quantity>>,
}

impl PodLevel {
    pub(super) fn judge(
        self,
        resource: Resource,
        found: &Resources<'_>,
        violations: &mut Vec<Violation>,
    ) {
        if !self.judged || !resource.may_stand_at_pod_level() {
            return;
        }
        let name = resource.name();
        let place = |side: Side| Pointer::new("/spec/resources").join(side.field()).join(name);
        for side in [Side::Limit, Side::Request] {
            if let Some(text) = pod_level_text(found, resource, side)
                && let Err(reason) = read(text)
            {
                let noun = side.noun();
                let message =
                    format!("the pod-level {name} {noun} {} is {NO_QUANTITY}", quoted(text));
                violations.push(Violation::pod(place(side), message, reason));
            }
        }
        let (message, help) = match pod_level_text(found, resource, Side::Limit) {
            Some(text) => {
                let Ok(limit) = read(text) else { return };
                match self.stands_for_limit {
                    _ if self.forbids_limit => (
                        format!(
                            "a {name} limit is forbidden, and the pod-level one is {}",
                            quoted(text)
                        ),
                        "remove it and keep its request".to_owned(),
                    ),
                    Some(Some(max)) if limit > max => (
                        format!(
                            "the pod-level {name} limit {} stands for containers without one and is above the most, {max}",
                            quoted(text)
                        ),
                        format!("give every container a limit of at most {max}"),
                    ),
                    _ => return,
                }
            }
            None if self.stands_for_limit.is_some() => (
                format!("the pod states {name} for all its containers, without a limit"),
                format!("set a pod-level {name} limit, or one for each container"),
            ),
            None => return,
        };
        violations.push(Violation::pod(place(Side::Limit), message, help));
    }
}
