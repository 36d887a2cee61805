//! What a policy's author writes.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::decode::DecodeError;
use crate::glob::GlobList;
use crate::pointer::Pointer;

/// How pods and Jobs end.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct Settings {
    /// Seconds between the request to end and the kill: `min`, `max`. Absent in a pod, it is 30.
    pub(crate) termination_grace_period_seconds: Option<Limits>,
    /// Every main container must have a preStop handler.
    pub(crate) pre_stop: Option<PreStop>,
    /// Seconds that a pod, or a Job with all its retries, may be active: `required`, `default`, `min`, `max`.
    pub(crate) active_deadline_seconds: Option<Seconds>,
    /// Seconds after which a Job that has ended is deleted with its pods: `required`, `default`, `min`, `max`.
    pub(crate) ttl_seconds_after_finished: Option<Seconds>,
    /// Retries before a Job has failed: `min`, `max`. Absent in a Job, it is 6.
    pub(crate) backoff_limit: Option<Limits>,
    /// Containers by name that `preStop` is about, as globs under `include` and `exclude`; absent: every one.
    pub(crate) containers: Option<GlobList>,
    /// Containers by normalised image (`docker.io/library/nginx:1.27`) that `preStop` is about, as globs.
    pub(crate) images: Option<GlobList>,
}

/// What is asked of a number that the API server fills in where it is absent.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct Limits {
    /// The least it may be.
    #[schemars(range(min = 0))]
    pub(crate) min: Option<i32>,
    /// The most it may be.
    #[schemars(range(min = 0))]
    pub(crate) max: Option<i32>,
}

/// What is asked of seconds that may be absent.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct Seconds {
    /// They must be there.
    pub(crate) required: bool,
    /// The fix puts this where they are absent.
    #[schemars(range(min = 0))]
    pub(crate) default: Option<i32>,
    /// The least they may be.
    #[schemars(range(min = 0))]
    pub(crate) min: Option<i32>,
    /// The most they may be.
    #[schemars(range(min = 0))]
    pub(crate) max: Option<i32>,
}

/// What is asked of preStop handlers.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct PreStop {
    /// The fix adds a handler that sleeps so many seconds; absent: there is no fix.
    #[schemars(range(min = 1))]
    pub(crate) sleep_seconds: Option<i32>,
}

/// Bounds that do not contradict each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) min: Option<i64>,
    pub(super) max: Option<i64>,
}

impl Bounds {
    /// The nearest value within.
    pub(super) fn nearest(self, value: i64) -> i64 {
        let raised = self.min.map_or(value, |min| value.max(min));
        self.max.map_or(raised, |max| raised.min(max))
    }

    /// As messages name them: `30 to 300`, `at least 30`, `at most 300`.
    pub(super) fn text(self) -> String {
        match (self.min, self.max) {
            (Some(min), Some(max)) if min == max => format!("{min}"),
            (Some(min), Some(max)) => format!("{min} to {max}"),
            (Some(min), None) => format!("at least {min}"),
            (None, Some(max)) => format!("at most {max}"),
            (None, None) => "any".to_owned(),
        }
    }
}

impl Limits {
    pub(super) fn compile(self, field: &str, least: i32) -> Result<Bounds, DecodeError> {
        if self.min.is_none() && self.max.is_none() {
            return Err(refused(field, "", "nothing is asked", "give `min`, `max` or both"));
        }
        bounds(field, self.min, self.max, least)
    }
}

impl Seconds {
    pub(super) fn compile(self, field: &str, least: i32) -> Result<Bounds, DecodeError> {
        let Self { required, default, min, max } = self;
        let bounds = bounds(field, min, max, least)?;
        if let Some(default) = default {
            if !required {
                let help = "set `required: true`, or remove `default`";
                return Err(refused(field, "/default", "nothing asks for the default", help));
            }
            let value = i64::from(default);
            if default < least || bounds.nearest(value) != value {
                let message = format!("the default {default} is not within the bounds");
                let help = format!(
                    "the value must be {}",
                    Bounds { min: bounds.min.or(Some(i64::from(least))), ..bounds }.text()
                );
                return Err(refused(field, "/default", &message, &help));
            }
        }
        if !required && bounds == Bounds::default() {
            let help = "set `required: true`, or give `min` or `max`";
            return Err(refused(field, "", "nothing is asked", help));
        }
        Ok(bounds)
    }
}

fn bounds(
    field: &str,
    min: Option<i32>,
    max: Option<i32>,
    least: i32,
) -> Result<Bounds, DecodeError> {
    for (name, value) in [("/min", min), ("/max", max)] {
        if let Some(value) = value.filter(|value| *value < least) {
            let message =
                format!("the API server takes no value below {least}, and this is {value}");
            return Err(refused(field, name, &message, &format!("give {least} or more")));
        }
    }
    if let (Some(low), Some(high)) = (min, max)
        && low > high
    {
        let message = format!("the least, {low}, is more than the most, {high}");
        return Err(refused(field, "/min", &message, "exchange them"));
    }
    Ok(Bounds { min: min.map(i64::from), max: max.map(i64::from) })
}

pub(super) fn refused(field: &str, below: &str, message: &str, help: &str) -> DecodeError {
    DecodeError {
        pointer: Pointer::new(format!("/{field}{below}")),
        message: message.to_owned(),
        help: Some(help.to_owned()),
    }
}
