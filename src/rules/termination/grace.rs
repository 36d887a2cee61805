//! The grace period, and the sleeps that must fit into it.

use super::{Bounds, Value};
use crate::edit::Edit;
use crate::finding::{Safety, Violation};
use crate::pod::containers::ContainerRef;
use crate::pod::view::Spec;
use crate::pointer::Pointer;

const FIELD: &str = "terminationGracePeriodSeconds";
/// Where nobody says how long (`DefaultTerminationGracePeriodSeconds` in staging/src/k8s.io/api/core/v1/types.go).
const DEFAULT: i64 = 30;

/// The grace period of a pod.
pub(super) struct Grace {
    now: i64,
    defaulted: bool,
    /// What it will be.
    then: i64,
    /// The longest sleep of a container's preStop handler.
    longest_sleep: i64,
}

impl Grace {
    pub(super) fn of(spec: &Spec<'_>, bounds: Option<Bounds>) -> Self {
        let written = spec.termination_grace_period_seconds;
        let now = written.unwrap_or(DEFAULT);
        let sleeps = spec.all_containers().filter_map(|container| {
            container.container.lifecycle.as_ref()?.pre_stop.as_ref()?.sleep.as_ref()?.seconds
        });
        let longest_sleep = sleeps.max().unwrap_or_default();
        let nearest = bounds.map_or(now, |bounds| bounds.nearest(now));
        let then = if nearest < longest_sleep { now } else { nearest };
        Self { now, defaulted: written.is_none(), then, longest_sleep }
    }

    pub(super) fn judge(&self, bounds: Bounds, violations: &mut Vec<Violation>) {
        let value =
            Value { pointer: place(), field: FIELD, now: self.now, defaulted: self.defaulted };
        let Some(mut found) = bounds.judge(&value) else { return };
        if self.then == self.now {
            found.fix = None;
            found.help = format!(
                "shorten the preStop sleep of {} s first: the API server refuses one that is longer than the grace period",
                self.longest_sleep
            );
        }
        violations.push(found);
    }

    pub(super) fn no_pre_stop(
        &self,
        container: &ContainerRef<'_, '_>,
        sleep: Option<i64>,
    ) -> Violation {
        let pointer = container.pointer().join("lifecycle").join("preStop");
        let message = "the container ends at once when it is told to: it has no preStop handler";
        let Some(sleep) = sleep else {
            let help = "add lifecycle.preStop, such as a sleep of the seconds that it takes until nobody sends it requests any more";
            return Violation::container(container, pointer, message, help);
        };
        if sleep > self.then {
            let help = format!(
                "set {FIELD} to {sleep} or more, then lifecycle.preStop: {{sleep: {{seconds: {sleep}}}}}: the API server \
                 refuses a sleep that is longer than the grace period, {} s here",
                self.then
            );
            return Violation::container(container, pointer, message, help);
        }
        let mut edits = Vec::new();
        if sleep > self.now {
            // The fix must fit by itself, should the other one be left out.
            edits.push(Edit::set(place(), self.then));
        }
        edits.push(Edit::set(pointer.clone().join("sleep").join("seconds"), sleep));
        let help = format!("set lifecycle.preStop: {{sleep: {{seconds: {sleep}}}}}");
        Violation::container(container, pointer, message, help).with_fix(
            format!("container {}: preStop + sleep {sleep} s", container.container.name()),
            Safety::Unsafe,
            edits,
        )
    }
}

fn place() -> Pointer {
    Pointer::new("/spec").join(FIELD)
}
