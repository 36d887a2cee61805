//! The parts of timestamps and durations: `getFullYear`, `getHours` and the like.

use jiff::tz::TimeZone;

use super::{member, no_overload, other};
use crate::cel::library::{Call, Function, Machine, Overload};
use crate::cel::types::Sig::{self, Duration, Int, Timestamp};
use crate::cel::value::Timestamp as Time;
use crate::cel::{EvalError, Value};

pub(in super::super) static FUNCTIONS: &[Function] = &[
    Function { name: "getFullYear", overloads: &of_timestamp(year) },
    Function { name: "getMonth", overloads: &of_timestamp(month) },
    Function { name: "getDayOfYear", overloads: &of_timestamp(day_of_year) },
    Function { name: "getDayOfMonth", overloads: &of_timestamp(day_of_month) },
    Function { name: "getDate", overloads: &of_timestamp(date) },
    Function { name: "getDayOfWeek", overloads: &of_timestamp(day_of_week) },
    Function { name: "getHours", overloads: &of_both(hours) },
    Function { name: "getMinutes", overloads: &of_both(minutes) },
    Function { name: "getSeconds", overloads: &of_both(seconds) },
    Function { name: "getMilliseconds", overloads: &of_both(milliseconds) },
];

const fn of_timestamp(call: Call) -> [Overload; 2] {
    [member(&[Timestamp], Int, call), member(&[Timestamp, Sig::String], Int, call)]
}

const fn of_both(call: Call) -> [Overload; 3] {
    [
        member(&[Timestamp], Int, call),
        member(&[Timestamp, Sig::String], Int, call),
        member(&[Duration], Int, call),
    ]
}

/// How far clocks are ahead of UTC, in seconds: for the name of a zone, or an offset such as `-08:00`, with or
/// without `+` (`timeZone` in cel-go's common/types/timestamp.go).
fn offset(at: Time, zone: &str) -> Result<i64, EvalError> {
    let unknown = || other(&format!("unknown time zone {zone}"));
    let Some((hours, minutes)) = zone.split_once(':') else {
        if matches!(zone, "" | "UTC" | "Local") {
            return Ok(0);
        }
        return Ok(at.offset(&TimeZone::get(zone).map_err(|_| unknown())?));
    };
    let is_west = hours.starts_with('-');
    let hours: i64 = hours.parse().map_err(|_| unknown())?;
    let minutes: i64 = minutes.parse().map_err(|_| unknown())?;
    if !(0..60).contains(&minutes) || hours.abs() > 24 {
        return Err(other(&format!("timezone offset out of range: {zone}")));
    }
    Ok(hours * 3_600 + if is_west { -minutes } else { minutes } * 60)
}

/// What a calendar and a clock show.
fn civil(arguments: &[Value<'_>]) -> Result<jiff::civil::DateTime, EvalError> {
    match arguments {
        [Value::Timestamp(at)] => Ok(at.civil(0)),
        [Value::Timestamp(at), Value::String(zone)] => Ok(at.civil(offset(*at, zone)?)),
        _ => Err(no_overload("get")),
    }
}

fn year<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    Ok(Value::Int(civil(arguments)?.year().into()))
}

/// From 0.
fn month<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    Ok(Value::Int(i64::from(civil(arguments)?.month()) - 1))
}

/// From 0.
fn day_of_year<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    Ok(Value::Int(i64::from(civil(arguments)?.day_of_year()) - 1))
}

/// From 0.
fn day_of_month<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    Ok(Value::Int(i64::from(civil(arguments)?.day()) - 1))
}

/// The day of the month from 1.
fn date<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    Ok(Value::Int(civil(arguments)?.day().into()))
}

/// From 0, Sunday.
fn day_of_week<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    Ok(Value::Int(civil(arguments)?.weekday().to_sunday_zero_offset().into()))
}

fn hours<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    match arguments {
        [Value::Duration(span)] => Ok(Value::Int(span / 3_600_000_000_000)),
        _ => Ok(Value::Int(civil(arguments)?.hour().into())),
    }
}

fn minutes<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    match arguments {
        [Value::Duration(span)] => Ok(Value::Int(span / 60_000_000_000)),
        _ => Ok(Value::Int(civil(arguments)?.minute().into())),
    }
}

fn seconds<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    match arguments {
        [Value::Duration(span)] => Ok(Value::Int(span / 1_000_000_000)),
        _ => Ok(Value::Int(civil(arguments)?.second().into())),
    }
}

/// Of the second for a timestamp, all for a duration.
fn milliseconds<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    match arguments {
        [Value::Duration(span)] => Ok(Value::Int(span / 1_000_000)),
        _ => Ok(Value::Int(i64::from(civil(arguments)?.subsec_nanosecond()) / 1_000_000)),
    }
}
