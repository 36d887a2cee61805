//! What looks into lists and maps: `a[b]`, `a[?b]`, `in`, `size`.

use super::{A, B, LIST, MAP, global, member, no_overload, other};
use crate::cel::library::{Function, Machine};
use crate::cel::types::Sig::{self, Bool, Bytes, Int};
use crate::cel::{EvalError, Value};

pub(in super::super) static FUNCTIONS: &[Function] = &[
    Function {
        name: "_[_]",
        overloads: &[
            global(&[LIST, Int], A, index),
            global(&[MAP, A], B, index),
            global(&[Sig::Optional(&LIST), Int], Sig::Optional(&A), optional_index),
            global(&[Sig::Optional(&MAP), A], Sig::Optional(&B), optional_index),
        ],
    },
    Function {
        name: "_[?_]",
        overloads: &[
            global(&[LIST, Int], Sig::Optional(&A), optional_index),
            global(&[MAP, A], Sig::Optional(&B), optional_index),
            global(&[Sig::Optional(&LIST), Int], Sig::Optional(&A), optional_index),
            global(&[Sig::Optional(&MAP), A], Sig::Optional(&B), optional_index),
        ],
    },
    Function {
        name: "@in",
        overloads: &[global(&[A, LIST], Bool, is_in), global(&[A, MAP], Bool, is_in)],
    },
    Function {
        name: "size",
        overloads: &[
            global(&[Sig::String], Int, size),
            global(&[Bytes], Int, size),
            global(&[LIST], Int, size),
            global(&[MAP], Int, size),
            member(&[Sig::String], Int, size),
            member(&[Bytes], Int, size),
            member(&[LIST], Int, size),
            member(&[MAP], Int, size),
        ],
    },
];

/// What stands at a key or an index; none where nothing does (`refQualify` in cel-go's interpreter/attributes.go).
pub(in crate::cel) fn find<'v>(
    operand: &Value<'v>,
    key: &Value<'v>,
) -> Result<Option<Value<'v>>, EvalError> {
    match operand {
        Value::Map(map) => match key {
            Value::Bool(_)
            | Value::Int(_)
            | Value::Uint(_)
            | Value::Double(_)
            | Value::String(_) => map.find(key),
            _ => Err(other(&format!("unsupported index type '{}' in map", key.type_name()))),
        },
        Value::List(list) => {
            let index = match key {
                Value::Int(index) => usize::try_from(*index).ok(),
                Value::Uint(index) => usize::try_from(*index).ok(),
                Value::Double(index) if index.trunc() == *index => {
                    (*index >= 0.0).then_some(*index as usize)
                }
                Value::Double(index) => {
                    return Err(other(&format!("unsupported index value {index} in list")));
                }
                _ => {
                    let kind = key.type_name();
                    return Err(other(&format!("unsupported index type '{kind}' in list")));
                }
            };
            index.map_or(Ok(None), |index| list.get(index))
        }
        _ => Ok(None),
    }
}

/// What is said where nothing stands at a key or an index.
pub(in crate::cel) fn missing(operand: &Value<'_>, key: &Value<'_>) -> EvalError {
    match operand {
        Value::List(_) => other(&format!("index out of bounds: {}", key.shown())),
        _ => EvalError::NoSuchKey(key.shown().into_owned()),
    }
}

fn index<'v>(machine: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    match arguments {
        [Value::Optional(_), _] => optional_index(machine, arguments),
        [operand, key] => find(operand, key)?.ok_or_else(|| missing(operand, key)),
        _ => Err(no_overload("_[_]")),
    }
}

fn optional_index<'v>(
    _: &mut Machine<'_>,
    arguments: &[Value<'v>],
) -> Result<Value<'v>, EvalError> {
    let [operand, key] = arguments else { return Err(no_overload("_[?_]")) };
    let operand = match operand {
        Value::Optional(None) => return Ok(Value::none()),
        Value::Optional(Some(operand)) => operand,
        operand => operand,
    };
    find(operand, key)?.map_or(Ok(Value::none()), Value::some)
}

fn is_in<'v>(machine: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    match arguments {
        [value, Value::List(list)] => {
            machine.budget.spend(list.len() as u64)?;
            for element in list.iter() {
                if value.equals(&element?, machine.budget)? {
                    return Ok(Value::Bool(true));
                }
            }
            Ok(Value::Bool(false))
        }
        [key, Value::Map(map)] => Ok(Value::Bool(map.has(key))),
        _ => Err(no_overload("@in")),
    }
}

fn size<'v>(machine: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    match arguments {
        [value @ (Value::String(_) | Value::Bytes(_) | Value::List(_) | Value::Map(_))] => {
            if let Value::String(text) = value {
                machine.budget.step(text.len() as u64 / 64)?;
            }
            Ok(Value::Int(i64::try_from(value.size()).unwrap_or(i64::MAX)))
        }
        _ => Err(no_overload("size")),
    }
}
