//! One evaluation: containers one by one, then what the pod states for all of them.

use super::amounts::{Amount, Pair, Resource, Room, Side, most, read};
use super::ledger::{Ledger, is_written};
use super::place::Place;
use super::pod_level::PodLevel;
use super::settings::{LimitSettings, Wanted};
use crate::edit::Edit;
use crate::finding::{Safety, Violation, quoted};
use crate::pod::containers::ContainerRef;
use crate::pod::limit_range::LimitRange;
use crate::pod::view::Spec;
use crate::quantity::Quantity;
use crate::rules::Subject;

/// What has been found so far.
pub(super) struct Judge<'s, 'v> {
    spec: &'s Spec<'s>,
    ranges: &'s [LimitRange],
    ledger: Option<Ledger<'s>>,
    /// The resources that the pod names for all its containers.
    written: [bool; 3],
    has_limits: bool,
    /// What the pod-level amounts have to stand for, by resource.
    pod_level: [PodLevel; 3],
    violations: &'v mut Vec<Violation>,
}

impl<'s, 'v> Judge<'s, 'v> {
    pub(super) fn new(subject: &Subject<'s, 's>, violations: &'v mut Vec<Violation>) -> Self {
        let (spec, ranges) = (subject.spec, subject.request.facts.limit_ranges);
        let found = spec.resources.as_ref();
        let limits = found.and_then(|found| found.limits.as_ref());
        Self {
            spec,
            ranges,
            ledger: None,
            written: Resource::ALL
                .map(|resource| found.is_some_and(|found| is_written(found, resource))),
            has_limits: limits.is_some_and(|limits| !limits.0.is_empty()),
            pod_level: Default::default(),
            violations,
        }
    }

    pub(super) fn container(&mut self, container: &ContainerRef<'_, '_>, wanted: &Wanted) {
        let place = Place { container, resource: wanted.resource };
        let pod_level = &mut self.pod_level[wanted.resource as usize];
        pod_level.judged = true;
        pod_level.forbids_limit |= wanted.limit.forbidden;
        let Some(mut pair) = Pair::of(container.container, wanted.resource, self.ranges) else {
            return self.unreadable(&place);
        };
        match pair.request {
            Some(request) => {
                let bounds = (wanted.request.min, wanted.request.max);
                self.out_of_bounds(&place, Side::Request, request.value, bounds);
            }
            None if self.states(wanted.resource) => {}
            None => pair.request = self.missing_request(&place, wanted),
        }
        match pair.limit {
            Some(limit) if wanted.limit.forbidden => self.forbidden(&place, pair, limit),
            Some(limit) => self.limit(&place, &wanted.limit, pair, limit.value),
            None if wanted.limit.forbidden => {}
            None if self.states(wanted.resource) => {
                if wanted.limit.required {
                    self.pod_level[wanted.resource as usize].stands_for_limit =
                        Some(wanted.limit.max);
                }
            }
            None => self.missing_limit(&place, wanted, pair.request),
        }
    }

    /// Whether the pod has the resource for all its containers together.
    fn states(&mut self, resource: Resource) -> bool {
        self.written[resource as usize] || (self.has_limits && self.ledger().states(resource))
    }

    fn ledger(&mut self) -> &mut Ledger<'s> {
        self.ledger.get_or_insert_with(|| Ledger::new(self.spec, self.ranges))
    }

    fn unreadable(&mut self, place: &Place<'_, '_, '_>) {
        for side in [Side::Limit, Side::Request] {
            let Some(text) = place.written(side) else { continue };
            if let Err(reason) = read(text) {
                let message =
                    format!("the {} {} is {}", place.what(side), quoted(text), NO_QUANTITY);
                let found = place.violation(side, message, reason);
                self.violations.push(found);
            }
        }
    }

    fn out_of_bounds(
        &mut self,
        place: &Place<'_, '_, '_>,
        side: Side,
        value: Quantity,
        (min, max): (Option<Quantity>, Option<Quantity>),
    ) {
        let (beyond, help) = match (min, max) {
            (Some(min), _) if value < min => {
                (format!("below the least, {min}"), format!("raise it to at least {min}"))
            }
            (_, Some(max)) if value > max => {
                (format!("above the most, {max}"), format!("lower it to at most {max}"))
            }
            _ => return,
        };
        let message = format!("the {} {} is {beyond}", place.what(side), place.seen(side, value));
        self.violations.push(place.violation(side, message, help));
    }

    fn limit(
        &mut self,
        place: &Place<'_, '_, '_>,
        wanted: &LimitSettings,
        pair: Pair,
        limit: Quantity,
    ) {
        self.out_of_bounds(place, Side::Limit, limit, (wanted.min, wanted.max));
        let (Some(request), Some(ratio)) = (pair.request, wanted.max_limit_request_ratio) else {
            return;
        };
        let within = Quantity::within_ratio(limit, request.value, ratio);
        if !within {
            let message = format!(
                "the {} {} is more than {ratio} times the request {}",
                place.what(Side::Limit),
                place.seen(Side::Limit, limit),
                place.seen(Side::Request, request.value),
            );
            let help = match most(place.resource, request.value, ratio) {
                Some(most) if !most.is_zero() => {
                    format!("lower it to at most {most}, or raise the request")
                }
                _ => "raise the request".to_owned(),
            };
            self.violations.push(place.violation(Side::Limit, message, help));
        }
    }

    /// Answers with the request that the fix puts.
    fn missing_request(&mut self, place: &Place<'_, '_, '_>, wanted: &Wanted) -> Option<Amount> {
        let asked = &wanted.request;
        let Some(default) = asked.default else {
            if asked.required {
                self.missing(place, Side::Request, None, None);
            }
            return None;
        };
        match self.ledger().change(place.container, place.resource, (Some(default), None)) {
            Ok(qos) => {
                let parts = [place.part(Side::Request, default)];
                let edits = vec![place.set(Side::Request, default)];
                let fix = (place.summary(&parts, qos), edits);
                self.missing(place, Side::Request, Some(default), Some(Ok(fix)));
                Some(Amount { value: default, written: false })
            }
            Err(reason) => {
                if asked.required {
                    self.missing(place, Side::Request, Some(default), Some(Err(reason)));
                }
                None
            }
        }
    }

    /// `request` is the one in force, or the one that the fix before this puts.
    fn missing_limit(
        &mut self,
        place: &Place<'_, '_, '_>,
        wanted: &Wanted,
        request: Option<Amount>,
    ) {
        let asked = &wanted.limit;
        let Some(default) = asked.default else {
            if asked.required {
                self.missing(place, Side::Limit, None, None);
            }
            return;
        };
        let beside = request.map_or_else(
            || wanted.request.max.map_or(default, |max| default.min(max)),
            |request| request.value,
        );
        let ratio = asked.max_limit_request_ratio;
        let room = Room::above(beside)
            .bounded(
                asked.min,
                asked.max,
                ratio.and_then(|ratio| most(place.resource, beside, ratio)),
            )
            .in_namespace(place.resource, beside, self.ranges);
        let settled = room.nearest(default).and_then(|limit| {
            let amounts = (Some(beside), Some(limit));
            let qos = self.ledger().change(place.container, place.resource, amounts)?;
            Ok((limit, qos))
        });
        match settled {
            Ok((limit, qos)) => {
                let mut edits = Vec::new();
                let mut parts = Vec::new();
                // A limit alone would make the API server reserve all of it.
                if request.is_none_or(|request| !request.written) {
                    edits.push(place.set(Side::Request, beside));
                }
                if request.is_none() {
                    parts.push(place.part(Side::Request, beside));
                }
                edits.push(place.set(Side::Limit, limit));
                parts.push(place.part(Side::Limit, limit));
                let fix = (place.summary(&parts, qos), edits);
                self.missing(place, Side::Limit, Some(limit), Some(Ok(fix)));
            }
            Err(reason) if asked.required => {
                self.missing(place, Side::Limit, Some(default), Some(Err(reason)));
            }
            Err(_) => {}
        }
    }

    fn missing(
        &mut self,
        place: &Place<'_, '_, '_>,
        side: Side,
        amount: Option<Quantity>,
        fix: Option<Result<(String, Vec<Edit>), String>>,
    ) {
        let mut message = format!("there is no {}", place.what(side));
        let help = match (&fix, amount) {
            (Some(Err(reason)), Some(amount)) => {
                message += &format!(", and the default {amount} does not fit: {reason}");
                "set one that fits".to_owned()
            }
            (_, Some(amount)) => format!("set it, to {amount} if nothing else is known"),
            (_, None) => "set it to what the container needs".to_owned(),
        };
        let found = place.violation(side, message, help);
        self.violations.push(match fix {
            Some(Ok((summary, edits))) => found.with_fix(summary, Safety::Unsafe, edits),
            _ => found,
        });
    }

    fn forbidden(&mut self, place: &Place<'_, '_, '_>, pair: Pair, limit: Amount) {
        let name = place.resource.name();
        let mut message = format!(
            "a {} is forbidden, and it is {}",
            place.what(Side::Limit),
            place.seen(Side::Limit, limit.value)
        );
        let returns = self.ranges.iter().find(|range| {
            let bounds = &range.container;
            bounds.default.get(name).or(bounds.max_limit_request_ratio.get(name)).is_some()
        });
        let request = pair.request.map(|request| request.value);
        let removed = match returns {
            Some(range) => Err(format!("LimitRange {} asks for one", range.name)),
            None => self.ledger().change(place.container, place.resource, (request, None)),
        };
        match removed {
            Ok(qos) => {
                let mut edits = Vec::new();
                // The request was the limit, and must outlive it.
                if let Some(implied) = pair.request.filter(|request| !request.written) {
                    edits.push(place.set(Side::Request, implied.value));
                }
                edits.push(Edit::remove(place.pointer(Side::Limit)));
                let part = format!("limits.{name} {} -> none", limit.value);
                let summary = place.summary(&[part], qos);
                let found = place.violation(Side::Limit, message, "remove it");
                self.violations.push(found.with_fix(summary, Safety::Unsafe, edits));
            }
            Err(reason) => {
                message += &format!("; it cannot be removed: {reason}");
                let help = "have the LimitRange changed, or ask for an exemption";
                self.violations.push(place.violation(Side::Limit, message, help));
            }
        }
    }

    /// What the pod states for all its containers.
    pub(super) fn pod_level(self) {
        let Some(found) = &self.spec.resources else { return };
        for resource in Resource::ALL {
            self.pod_level[resource as usize].judge(resource, found, self.violations);
        }
    }
}

pub(super) const NO_QUANTITY: &str = "no amount that the API server takes";
