//! `+`, `-`, `*`, `/`, `%` and the signs before a value.

use std::sync::Arc;

use super::{LIST, global, no_overload, other};
use crate::cel::library::{Function, Machine};
use crate::cel::types::Sig::{self, Bool, Bytes, Double, Duration, Int, Timestamp, Uint};
use crate::cel::{EvalError, Value};

pub(in super::super) static FUNCTIONS: &[Function] = &[
    Function {
        name: "_+_",
        overloads: &[
            global(&[Int, Int], Int, add),
            global(&[Uint, Uint], Uint, add),
            global(&[Double, Double], Double, add),
            global(&[Sig::String, Sig::String], Sig::String, add),
            global(&[Bytes, Bytes], Bytes, add),
            global(&[LIST, LIST], LIST, add),
            global(&[Duration, Duration], Duration, add),
            global(&[Duration, Timestamp], Timestamp, add),
            global(&[Timestamp, Duration], Timestamp, add),
        ],
    },
    Function {
        name: "_-_",
        overloads: &[
            global(&[Int, Int], Int, subtract),
            global(&[Uint, Uint], Uint, subtract),
            global(&[Double, Double], Double, subtract),
            global(&[Duration, Duration], Duration, subtract),
            global(&[Timestamp, Duration], Timestamp, subtract),
            global(&[Timestamp, Timestamp], Duration, subtract),
        ],
    },
    Function {
        name: "_*_",
        overloads: &[
            global(&[Int, Int], Int, multiply),
            global(&[Uint, Uint], Uint, multiply),
            global(&[Double, Double], Double, multiply),
        ],
    },
    Function {
        name: "_/_",
        overloads: &[
            global(&[Int, Int], Int, divide),
            global(&[Uint, Uint], Uint, divide),
            global(&[Double, Double], Double, divide),
        ],
    },
    Function {
        name: "_%_",
        overloads: &[global(&[Int, Int], Int, remainder), global(&[Uint, Uint], Uint, remainder)],
    },
    Function {
        name: "-_",
        overloads: &[global(&[Int], Int, negate), global(&[Double], Double, negate)],
    },
    Function { name: "!_", overloads: &[global(&[Bool], Bool, not)] },
];

fn int<'v>(result: Option<i64>) -> Result<Value<'v>, EvalError> {
    result.map(Value::Int).ok_or_else(|| other("integer overflow"))
}

fn uint<'v>(result: Option<u64>) -> Result<Value<'v>, EvalError> {
    result.map(Value::Uint).ok_or_else(|| other("unsigned integer overflow"))
}

fn duration<'v>(result: Option<i64>) -> Result<Value<'v>, EvalError> {
    result.map(Value::Duration).ok_or_else(|| other("duration overflow"))
}

fn add<'v>(machine: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    match arguments {
        [Value::Int(a), Value::Int(b)] => int(a.checked_add(*b)),
        [Value::Uint(a), Value::Uint(b)] => uint(a.checked_add(*b)),
        [Value::Double(a), Value::Double(b)] => Ok(Value::Double(a + b)),
        [a @ Value::String(first), b @ Value::String(second)] => {
            machine.budget.traverse((a.size() + b.size()) as usize)?;
            let mut sum = String::with_capacity(first.len() + second.len());
            sum.push_str(first);
            sum.push_str(second);
            Ok(Value::text(sum))
        }
        [Value::Bytes(a), Value::Bytes(b)] => {
            machine.budget.traverse(a.len() + b.len())?;
            Ok(Value::Bytes(Arc::from([&**a, &**b].concat())))
        }
        [Value::List(a), Value::List(b)] => {
            machine.budget.copy(a.len() + b.len())?;
            let sum: Vec<Value<'v>> = a.iter().chain(b.iter()).collect::<Result<_, _>>()?;
            Ok(Value::list(sum))
        }
        [Value::Duration(a), Value::Duration(b)] => duration(a.checked_add(*b)),
        [Value::Duration(span), Value::Timestamp(at)]
        | [Value::Timestamp(at), Value::Duration(span)] => {
            at.add((*span).into()).map(Value::Timestamp)
        }
        _ => Err(no_overload("_+_")),
    }
}

fn subtract<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    match arguments {
        [Value::Int(a), Value::Int(b)] => int(a.checked_sub(*b)),
        [Value::Uint(a), Value::Uint(b)] => uint(a.checked_sub(*b)),
        [Value::Double(a), Value::Double(b)] => Ok(Value::Double(a - b)),
        [Value::Duration(a), Value::Duration(b)] => duration(a.checked_sub(*b)),
        [Value::Timestamp(at), Value::Duration(span)] => {
            at.add(-i128::from(*span)).map(Value::Timestamp)
        }
        [Value::Timestamp(a), Value::Timestamp(b)] => a.since(*b).map(Value::Duration),
        _ => Err(no_overload("_-_")),
    }
}

fn multiply<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    match arguments {
        [Value::Int(a), Value::Int(b)] => int(a.checked_mul(*b)),
        [Value::Uint(a), Value::Uint(b)] => uint(a.checked_mul(*b)),
        [Value::Double(a), Value::Double(b)] => Ok(Value::Double(a * b)),
        _ => Err(no_overload("_*_")),
    }
}

fn divide<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    match arguments {
        [Value::Int(_), Value::Int(0)] | [Value::Uint(_), Value::Uint(0)] => {
            Err(other("division by zero"))
        }
        [Value::Int(a), Value::Int(b)] => int(a.checked_div(*b)),
        [Value::Uint(a), Value::Uint(b)] => uint(a.checked_div(*b)),
        [Value::Double(a), Value::Double(b)] => Ok(Value::Double(a / b)),
        _ => Err(no_overload("_/_")),
    }
}

fn remainder<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    match arguments {
        [Value::Int(_), Value::Int(0)] | [Value::Uint(_), Value::Uint(0)] => {
            Err(other("modulus by zero"))
        }
        [Value::Int(a), Value::Int(b)] => int(a.checked_rem(*b)),
        [Value::Uint(a), Value::Uint(b)] => uint(a.checked_rem(*b)),
        _ => Err(no_overload("_%_")),
    }
}

fn negate<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    match arguments {
        [Value::Int(a)] => int(a.checked_neg()),
        [Value::Double(a)] => Ok(Value::Double(-a)),
        _ => Err(no_overload("-_")),
    }
}

fn not<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    match arguments {
        [Value::Bool(yes)] => Ok(Value::Bool(!yes)),
        _ => Err(no_overload("!_")),
    }
}
