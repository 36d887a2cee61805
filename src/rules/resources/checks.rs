//! Settings that contradict themselves are refused before a pod meets them.

use super::amounts::{Resource, Side, most};
use super::settings::{LimitSettings, RequestSettings, Settings, Wanted};
use crate::decode::{DecodeError, nearest};
use crate::pointer::Pointer;
use crate::quantity::{Format, Quantity};

/// Checks settings.
///
/// # Errors
/// Where they contradict themselves, with what to do about it.
pub(super) fn compile(settings: &Settings) -> Result<Vec<Wanted>, DecodeError> {
    let names = |side: Side| -> Vec<&String> {
        match side {
            Side::Request => settings.requests.keys().collect(),
            Side::Limit => settings.limits.keys().collect(),
        }
    };
    for side in [Side::Request, Side::Limit] {
        for name in names(side) {
            if !Resource::ALL.iter().any(|resource| resource.name() == name) {
                return Err(foreign(side, name));
            }
        }
    }
    if settings.requests.is_empty() && settings.limits.is_empty() {
        return Err(DecodeError {
            pointer: Pointer::default(),
            message: "nothing is asked of any resource".to_owned(),
            help: Some("name resources under `requests` or `limits`".to_owned()),
        });
    }
    let mut all = Vec::new();
    for resource in Resource::ALL {
        let request = settings.requests.get(resource.name());
        let limit = settings.limits.get(resource.name());
        if request.is_some() || limit.is_some() {
            all.push(Checked { resource }.compile(request.copied(), limit.copied())?);
        }
    }
    Ok(all)
}

/// A resource that no policy can ask for.
fn foreign(side: Side, name: &str) -> DecodeError {
    let (message, help) = if name.starts_with("hugepages-") {
        (
            "huge pages have a request only where the limit is the same, and are set by who needs them",
            None,
        )
    } else if name.contains('/') {
        ("an extended resource is a device that only its owner can ask for", None)
    } else {
        let known = Resource::ALL.iter().map(|resource| resource.name());
        ("no such resource", nearest(name, known))
    };
    DecodeError {
        pointer: Pointer::default().join(side.field()).join(name),
        message: format!("`{name}`: {message}"),
        help: Some(help.unwrap_or_else(|| "use cpu, memory or ephemeral-storage".to_owned())),
    }
}

/// The checks of one resource.
struct Checked {
    resource: Resource,
}

impl Checked {
    fn compile(
        &self,
        request: Option<RequestSettings>,
        limit: Option<LimitSettings>,
    ) -> Result<Wanted, DecodeError> {
        if let Some(found) = request {
            let amounts = [("default", found.default), ("min", found.min), ("max", found.max)];
            self.check_side(Side::Request, found.required, amounts)?;
        }
        if let Some(found) = limit {
            self.check_forbidden(found)?;
            let ratio = found.max_limit_request_ratio;
            let amounts = [("default", found.default), ("min", found.min), ("max", found.max)];
            self.check_side(
                Side::Limit,
                found.required || found.forbidden || ratio.is_some(),
                amounts,
            )?;
            self.check_limit(found)?;
        }
        let wanted = Wanted {
            resource: self.resource,
            request: request.unwrap_or_default().in_milli(),
            limit: limit.unwrap_or_default().in_milli(),
        };
        self.check_both(&wanted)?;
        Ok(wanted)
    }

    fn refused(
        &self,
        side: Side,
        field: &str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> DecodeError {
        let mut pointer = Pointer::default().join(side.field()).join(self.resource.name());
        if !field.is_empty() {
            pointer.push(field);
        }
        DecodeError { pointer, message: message.into(), help: Some(help.into()) }
    }

    fn check_side(
        &self,
        side: Side,
        says_more: bool,
        amounts: [(&str, Option<Quantity>); 3],
    ) -> Result<(), DecodeError> {
        let [(_, default), (_, min), (_, max)] = amounts;
        if !says_more && default.or(min).or(max).is_none() {
            let help = "set `required`, `default`, `min` or `max`, or leave it out";
            return Err(self.refused(side, "", "nothing is asked of it", help));
        }
        for (field, amount) in amounts {
            let Some(amount) = amount else { continue };
            if amount.is_negative() {
                let message = format!("{amount} is below 0");
                return Err(self.refused(side, field, message, "no amount may be negative"));
            }
            let fraction = amount.nanos() % Quantity::from_units(1, Format::DecimalSI).nanos();
            if fraction != 0 && !self.resource.is_divisible() {
                let message = format!("{amount} is not a whole number of bytes");
                let help = "`m` is a thousandth; write Mi or M for millions of bytes";
                return Err(self.refused(side, field, message, help));
            }
        }
        if let (Some(min), Some(max)) = (min, max)
            && min > max
        {
            let message = format!("the least, {min}, is above the most, {max}");
            return Err(self.refused(side, "min", message, "lower `min` or raise `max`"));
        }
        if let (Some(default), Some(min)) = (default, min)
            && default < min
        {
            let message = format!("the default {default} is below `min` {min}");
            return Err(self.refused(side, "default", message, "raise `default` or lower `min`"));
        }
        if let (Some(default), Some(max)) = (default, max)
            && default > max
        {
            let message = format!("the default {default} is above `max` {max}");
            return Err(self.refused(side, "default", message, "lower `default` or raise `max`"));
        }
        Ok(())
    }

    fn check_forbidden(&self, limit: LimitSettings) -> Result<(), DecodeError> {
        let others = [
            ("required", limit.required),
            ("default", limit.default.is_some()),
            ("min", limit.min.is_some()),
            ("max", limit.max.is_some()),
            ("maxLimitRequestRatio", limit.max_limit_request_ratio.is_some()),
        ];
        match others.into_iter().find(|(_, is_set)| limit.forbidden && *is_set) {
            Some((field, _)) => Err(self.refused(
                Side::Limit,
                field,
                format!("a forbidden limit has no `{field}`"),
                format!("remove `{field}` or `forbidden`"),
            )),
            None => Ok(()),
        }
    }

    fn check_limit(&self, limit: LimitSettings) -> Result<(), DecodeError> {
        let one = Quantity::from_units(1, Format::DecimalSI);
        if let Some(ratio) = limit.max_limit_request_ratio.filter(|ratio| *ratio < one) {
            let message = format!("the ratio {ratio} is below 1");
            let help = "no limit may be below its request, so the ratio is 1 or more";
            return Err(self.refused(Side::Limit, "maxLimitRequestRatio", message, help));
        }
        for (field, amount) in [("default", limit.default), ("max", limit.max)] {
            if amount.is_some_and(Quantity::is_zero) {
                let message = "a limit of 0 is no limit: the kubelet leaves it out";
                let help = "write an amount, or `forbidden: true` where there shall be none";
                return Err(self.refused(Side::Limit, field, message, help));
            }
        }
        Ok(())
    }

    /// Request and limit must leave each other room.
    fn check_both(&self, wanted: &Wanted) -> Result<(), DecodeError> {
        let (request, limit) = (&wanted.request, &wanted.limit);
        let above =
            |a: Option<Quantity>, b: Option<Quantity>| Some((a?, b?)).filter(|(a, b)| a > b);
        let (request_side, limit_side) = (Side::Request, Side::Limit);
        if let Some((of_request, of_limit)) = above(request.default, limit.default) {
            return Err(self.refused(
                request_side,
                "default",
                format!("the default request {of_request} is above the default limit {of_limit}"),
                "a request may not be above its limit: lower it, or raise the limit's default",
            ));
        }
        if let Some((of_request, of_limit)) = above(request.default, limit.max) {
            return Err(self.refused(
                request_side,
                "default",
                format!("the default request {of_request} is above the limit's `max` {of_limit}"),
                "no limit could be put beside it: lower it, or raise the limit's `max`",
            ));
        }
        if let Some((of_request, of_limit)) = above(request.min, limit.default.or(limit.max)) {
            return Err(self.refused(
                request_side,
                "min",
                format!(
                    "a request of at least {of_request} does not fit below the limit {of_limit}"
                ),
                "a request may not be above its limit: lower `min`, or raise the limit",
            ));
        }
        let Some(ratio) = limit.max_limit_request_ratio else { return Ok(()) };
        let too_high = |of_limit: Option<Quantity>, of_request: Option<Quantity>| {
            let of_limit = of_limit?;
            let of_request = of_request?;
            let most = most(self.resource, of_request, ratio)?;
            (of_limit > most).then_some((of_limit, of_request))
        };
        // Without a request of its own, a limit is the request, as far as the bounds let it.
        if let Some((of_limit, of_request)) =
            too_high(limit.default, request.default.or(request.max))
        {
            return Err(self.refused(
                limit_side,
                "default",
                format!("the default limit {of_limit} is more than {ratio} times the request {of_request}"),
                "lower it, raise the request's `default`, or raise `maxLimitRequestRatio`",
            ));
        }
        if let Some((of_limit, of_request)) = too_high(limit.min, request.max) {
            return Err(self.refused(
                limit_side,
                "min",
                format!("a limit of at least {of_limit} is more than {ratio} times the request {of_request}"),
                "lower `min`, raise the request, or raise `maxLimitRequestRatio`",
            ));
        }
        Ok(())
    }
}
