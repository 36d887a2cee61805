//! `bool()`, `bytes()`, `double()`, `duration()`, `dyn()`, `int()`, `string()`, `timestamp()`, `type()`, `uint()`.

mod duration;
mod numbers;

use std::sync::Arc;

use super::{A, global, no_overload, other};
use crate::cel::library::{Function, Machine};
use crate::cel::types::Sig::{self, Bool, Bytes, Double, Duration, Dyn, Int, Timestamp, Uint};
use crate::cel::value::Timestamp as Time;
use crate::cel::{EvalError, Value};

pub(in super::super::super) static FUNCTIONS: &[Function] = &[
    Function {
        name: "bool",
        overloads: &[global(&[Bool], Bool, to_bool), global(&[Sig::String], Bool, to_bool)],
    },
    Function {
        name: "bytes",
        overloads: &[global(&[Bytes], Bytes, to_bytes), global(&[Sig::String], Bytes, to_bytes)],
    },
    Function {
        name: "double",
        overloads: &[
            global(&[Double], Double, to_double),
            global(&[Int], Double, to_double),
            global(&[Sig::String], Double, to_double),
            global(&[Uint], Double, to_double),
        ],
    },
    Function {
        name: "duration",
        overloads: &[
            global(&[Duration], Duration, to_duration),
            global(&[Sig::String], Duration, to_duration),
        ],
    },
    Function { name: "dyn", overloads: &[global(&[A], Dyn, same)] },
    Function {
        name: "int",
        overloads: &[
            global(&[Int], Int, to_int),
            global(&[Double], Int, to_int),
            global(&[Duration], Int, to_int),
            global(&[Sig::String], Int, to_int),
            global(&[Timestamp], Int, to_int),
            global(&[Uint], Int, to_int),
        ],
    },
    Function {
        name: "string",
        overloads: &[
            global(&[Sig::String], Sig::String, to_string),
            global(&[Bool], Sig::String, to_string),
            global(&[Bytes], Sig::String, to_string),
            global(&[Double], Sig::String, to_string),
            global(&[Duration], Sig::String, to_string),
            global(&[Int], Sig::String, to_string),
            global(&[Timestamp], Sig::String, to_string),
            global(&[Uint], Sig::String, to_string),
        ],
    },
    Function {
        name: "timestamp",
        overloads: &[
            global(&[Timestamp], Timestamp, to_timestamp),
            global(&[Int], Timestamp, to_timestamp),
            global(&[Sig::String], Timestamp, to_timestamp),
        ],
    },
    Function { name: "type", overloads: &[global(&[A], Sig::Type, to_type)] },
    Function {
        name: "uint",
        overloads: &[
            global(&[Uint], Uint, to_uint),
            global(&[Double], Uint, to_uint),
            global(&[Int], Uint, to_uint),
            global(&[Sig::String], Uint, to_uint),
        ],
    },
];

/// A text that is not of the form of a type.
fn no_conversion(to: &str) -> EvalError {
    EvalError::Other(format!("type conversion error from 'string' to '{to}'"))
}

fn same<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    arguments.first().cloned().ok_or_else(|| no_overload("dyn"))
}

fn to_type<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    let [value] = arguments else { return Err(no_overload("type")) };
    Ok(Value::Type(Arc::new(value.type_of())))
}

/// As Go's `strconv.ParseBool` reads it.
fn to_bool<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    match arguments {
        [value @ Value::Bool(_)] => Ok(value.clone()),
        [Value::String(text)] => match &**text {
            "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(Value::Bool(true)),
            "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(Value::Bool(false)),
            _ => Err(no_conversion("bool")),
        },
        _ => Err(no_overload("bool")),
    }
}

fn to_bytes<'v>(
    machine: &mut Machine<'_>,
    arguments: &[Value<'v>],
) -> Result<Value<'v>, EvalError> {
    match arguments {
        [value @ Value::Bytes(_)] => Ok(value.clone()),
        [value @ Value::String(text)] => {
            machine.budget.traverse(value.size() as usize)?;
            Ok(Value::Bytes(Arc::from(text.as_bytes())))
        }
        _ => Err(no_overload("bytes")),
    }
}

fn to_double<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    match arguments {
        [value @ Value::Double(_)] => Ok(value.clone()),
        [Value::Int(number)] => Ok(Value::Double(*number as f64)),
        [Value::Uint(number)] => Ok(Value::Double(*number as f64)),
        [Value::String(text)] => {
            numbers::double(text).map(Value::Double).ok_or_else(|| no_conversion("double"))
        }
        _ => Err(no_overload("double")),
    }
}

fn to_int<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    let overflow = || other("integer overflow");
    Ok(Value::Int(match arguments {
        [Value::Int(number)] => *number,
        // Both bounds are left out: a double that is one of them may have been rounded to it.
        [Value::Double(number)] => {
            let fits = *number > i64::MIN as f64 && *number < i64::MAX as f64;
            fits.then_some(*number as i64).ok_or_else(overflow)?
        }
        [Value::Uint(number)] => i64::try_from(*number).map_err(|_| overflow())?,
        [Value::Duration(span)] => *span,
        [Value::Timestamp(at)] => at.seconds(),
        [Value::String(text)] => text.parse().map_err(|_| no_conversion("int"))?,
        _ => return Err(no_overload("int")),
    }))
}

fn to_uint<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    let overflow = || other("unsigned integer overflow");
    Ok(Value::Uint(match arguments {
        [Value::Uint(number)] => *number,
        [Value::Double(number)] => {
            let fits = *number >= 0.0 && *number < u64::MAX as f64;
            fits.then_some(*number as u64).ok_or_else(overflow)?
        }
        [Value::Int(number)] => u64::try_from(*number).map_err(|_| overflow())?,
        [Value::String(text)] if !text.starts_with('+') => {
            text.parse().map_err(|_| no_conversion("uint"))?
        }
        [Value::String(_)] => return Err(no_conversion("uint")),
        _ => return Err(no_overload("uint")),
    }))
}

fn to_duration<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    match arguments {
        [value @ Value::Duration(_)] => Ok(value.clone()),
        [Value::String(text)] => duration::parse(text)
            .map(Value::Duration)
            .ok_or_else(|| no_conversion("google.protobuf.Duration")),
        _ => Err(no_overload("duration")),
    }
}

fn to_timestamp<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    match arguments {
        [value @ Value::Timestamp(_)] => Ok(value.clone()),
        [Value::Int(seconds)] => Time::new(*seconds, 0).map(Value::Timestamp),
        [Value::String(text)] => Time::parse(text).map(Value::Timestamp),
        _ => Err(no_overload("timestamp")),
    }
}

fn to_string<'v>(
    machine: &mut Machine<'_>,
    arguments: &[Value<'v>],
) -> Result<Value<'v>, EvalError> {
    match arguments {
        [value @ Value::String(_)] => Ok(value.clone()),
        [Value::Bytes(bytes)] => {
            machine.budget.traverse(bytes.len())?;
            match std::str::from_utf8(bytes) {
                Ok(text) => Ok(Value::text(text)),
                Err(_) => Err(other("invalid UTF-8 in bytes, cannot convert to string")),
            }
        }
        [value] => value.to_text().map(Value::text),
        _ => Err(no_overload("string")),
    }
}

impl Value<'_> {
    /// What `string()` makes of a value of bounded size, and what it is as a key of an object.
    ///
    /// # Errors
    /// Where it has no text.
    pub fn to_text(&self) -> Result<String, EvalError> {
        Ok(match self {
            Self::Bool(yes) => yes.to_string(),
            Self::Int(number) => number.to_string(),
            Self::Uint(number) => number.to_string(),
            Self::Double(number) => numbers::shown(*number),
            Self::Duration(span) => duration::shown(*span),
            Self::Timestamp(at) => at.to_string(),
            Self::String(text) => text.to_string(),
            _ => return Err(no_overload("string")),
        })
    }
}
