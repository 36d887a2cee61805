//! Values that may be absent (`OptionalTypes` in cel-go's cel/library.go, version 2, which Kubernetes uses).

use super::{A, LIST, global, member, no_overload, other};
use crate::cel::library::{Function, Machine};
use crate::cel::types::Sig::{self, Bool};
use crate::cel::{EvalError, Value};

const OPTIONAL: Sig = Sig::Optional(&A);
const OPTIONALS: Sig = Sig::List(&OPTIONAL);

pub(in super::super) static FUNCTIONS: &[Function] = &[
    Function { name: "optional.of", overloads: &[global(&[A], OPTIONAL, of)] },
    Function { name: "optional.ofNonZeroValue", overloads: &[global(&[A], OPTIONAL, of_non_zero)] },
    Function { name: "optional.none", overloads: &[global(&[], OPTIONAL, none)] },
    Function { name: "optional.unwrap", overloads: &[global(&[OPTIONALS], LIST, unwrap)] },
    Function { name: "unwrapOpt", overloads: &[member(&[OPTIONALS], LIST, unwrap)] },
    Function { name: "first", overloads: &[member(&[LIST], OPTIONAL, first)] },
    Function { name: "last", overloads: &[member(&[LIST], OPTIONAL, last)] },
    Function { name: "hasValue", overloads: &[member(&[OPTIONAL], Bool, has_value)] },
    Function { name: "value", overloads: &[member(&[OPTIONAL], A, value)] },
    Function { name: "or", overloads: &[member(&[OPTIONAL, OPTIONAL], OPTIONAL, or)] },
    Function { name: "orValue", overloads: &[member(&[OPTIONAL, A], A, or_value)] },
];

fn of<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    match arguments {
        [value] => Value::some(value.clone()),
        _ => Err(no_overload("optional.of")),
    }
}

/// `IsZeroValue` of each type in cel-go's common/types; types have none.
fn is_zero(value: &Value<'_>) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(yes) => !yes,
        Value::Int(number) => *number == 0,
        Value::Uint(number) => *number == 0,
        Value::Double(number) => *number == 0.0,
        Value::String(text) => text.is_empty(),
        Value::Bytes(bytes) => bytes.is_empty(),
        Value::Duration(span) => *span == 0,
        Value::Timestamp(at) => at.is_zero(),
        Value::List(list) => list.is_empty(),
        Value::Map(map) => map.is_empty(),
        Value::Optional(inner) => inner.is_none(),
        Value::Type(_) | Value::Opaque(_) => false,
    }
}

fn of_non_zero<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    match arguments {
        [value] if is_zero(value) => Ok(Value::none()),
        [value] => Value::some(value.clone()),
        _ => Err(no_overload("optional.ofNonZeroValue")),
    }
}

fn none<'v>(_: &mut Machine<'_>, _: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    Ok(Value::none())
}

fn unwrap<'v>(machine: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    let [Value::List(list)] = arguments else { return Err(no_overload("optional.unwrap")) };
    machine.budget.copy(list.len())?;
    let mut values = Vec::new();
    for element in list.iter() {
        match element? {
            Value::Optional(None) => {}
            Value::Optional(Some(value)) => values.push((*value).clone()),
            value => {
                let kind = value.type_name();
                return Err(other(&format!("value {kind} is not optional")));
            }
        }
    }
    Ok(Value::list(values))
}

fn first<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    let [Value::List(list)] = arguments else { return Err(no_overload("first")) };
    list.get(0)?.map_or(Ok(Value::none()), Value::some)
}

fn last<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    let [Value::List(list)] = arguments else { return Err(no_overload("last")) };
    let last = list.len().checked_sub(1);
    last.map_or(Ok(None), |last| list.get(last))?.map_or(Ok(Value::none()), Value::some)
}

fn has_value<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    match arguments {
        [Value::Optional(inner)] => Ok(Value::Bool(inner.is_some())),
        _ => Err(no_overload("hasValue")),
    }
}

fn value<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    match arguments {
        [Value::Optional(Some(inner))] => Ok((**inner).clone()),
        [Value::Optional(None)] => Err(other("optional.none() dereference")),
        _ => Err(no_overload("value")),
    }
}

/// The evaluator looks at the second argument only where the first is absent.
fn or<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    match arguments {
        [first @ Value::Optional(Some(_)), _] => Ok(first.clone()),
        [Value::Optional(None), second @ Value::Optional(_)] => Ok(second.clone()),
        _ => Err(no_overload("or")),
    }
}

/// As [`or`].
fn or_value<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    match arguments {
        [Value::Optional(Some(inner)), _] => Ok((**inner).clone()),
        [Value::Optional(None), second] => Ok(second.clone()),
        _ => Err(no_overload("orValue")),
    }
}
