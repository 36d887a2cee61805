//! `==`, `!=`, `<`, `<=`, `>`, `>=`.

use std::cmp::Ordering;

use super::{A, global, no_overload};
use crate::cel::library::{Call, Function, Machine, Overload};
use crate::cel::types::Sig::{self, Bool, Bytes, Double, Duration, Int, Timestamp, Uint};
use crate::cel::{Budget, EvalError, Value};

pub(in super::super) static FUNCTIONS: &[Function] = &[
    Function { name: "_==_", overloads: &[global(&[A, A], Bool, equal)] },
    Function { name: "_!=_", overloads: &[global(&[A, A], Bool, unequal)] },
    Function { name: "_<_", overloads: &ordering(less) },
    Function { name: "_<=_", overloads: &ordering(less_or_equal) },
    Function { name: "_>_", overloads: &ordering(greater) },
    Function { name: "_>=_", overloads: &ordering(greater_or_equal) },
];

/// Numbers compare across types: Kubernetes enables `CrossTypeNumericComparisons`.
const fn ordering(call: Call) -> [Overload; 14] {
    [
        global(&[Int, Int], Bool, call),
        global(&[Sig::String, Sig::String], Bool, call),
        global(&[Double, Double], Bool, call),
        global(&[Uint, Uint], Bool, call),
        global(&[Int, Double], Bool, call),
        global(&[Double, Int], Bool, call),
        global(&[Int, Uint], Bool, call),
        global(&[Uint, Int], Bool, call),
        global(&[Uint, Double], Bool, call),
        global(&[Double, Uint], Bool, call),
        global(&[Bool, Bool], Bool, call),
        global(&[Bytes, Bytes], Bool, call),
        global(&[Timestamp, Timestamp], Bool, call),
        global(&[Duration, Duration], Bool, call),
    ]
}

/// A tenth of a unit for each element of the shorter one; scalars have one. Values of Kubernetes' libraries cost one
/// (`CallCost` in k8s.io/apiserver/pkg/cel/library/cost.go).
fn spend(budget: &mut Budget, a: &Value<'_>, b: &Value<'_>) -> Result<(), EvalError> {
    budget.traverse(a.size().min(b.size()) as usize)
}

/// A value of a library is compared with its own type and with null alone; what stands on the left decides
/// (`Equal` in cel-go's common/types/object.go, and of Kubernetes' types, such as k8s.io/apiserver/pkg/cel/quantity.go).
fn check_opaque(a: &Value<'_>, b: &Value<'_>, name: &'static str) -> Result<(), EvalError> {
    match (a, b) {
        (Value::Opaque(a), Value::Opaque(b)) if a.opaque_type() == b.opaque_type() => Ok(()),
        (Value::Opaque(_), Value::Null) => Ok(()),
        (Value::Opaque(_), _) => Err(no_overload(name)),
        _ => Ok(()),
    }
}

fn equal<'v>(machine: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    let [a, b] = arguments else { return Err(no_overload("_==_")) };
    check_opaque(a, b, "_==_")?;
    spend(machine.budget, a, b)?;
    a.equals(b, machine.budget).map(Value::Bool)
}

fn unequal<'v>(machine: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    let [a, b] = arguments else { return Err(no_overload("_!=_")) };
    check_opaque(a, b, "_!=_")?;
    spend(machine.budget, a, b)?;
    a.equals(b, machine.budget).map(|yes| Value::Bool(!yes))
}

fn order(
    machine: &mut Machine<'_>,
    arguments: &[Value<'_>],
    name: &'static str,
    holds: fn(Ordering) -> bool,
) -> Result<bool, EvalError> {
    let [a, b] = arguments else { return Err(no_overload(name)) };
    if let Value::String(_) | Value::Bytes(_) = a {
        spend(machine.budget, a, b)?;
    }
    match a.order(b) {
        Ok(order) => Ok(holds(order)),
        Err(EvalError::NoSuchOverload(_)) => Err(no_overload(name)),
        Err(error) => Err(error),
    }
}

fn less<'v>(machine: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    order(machine, arguments, "_<_", Ordering::is_lt).map(Value::Bool)
}

fn less_or_equal<'v>(
    machine: &mut Machine<'_>,
    arguments: &[Value<'v>],
) -> Result<Value<'v>, EvalError> {
    order(machine, arguments, "_<=_", Ordering::is_le).map(Value::Bool)
}

fn greater<'v>(machine: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    order(machine, arguments, "_>_", Ordering::is_gt).map(Value::Bool)
}

fn greater_or_equal<'v>(
    machine: &mut Machine<'_>,
    arguments: &[Value<'v>],
) -> Result<Value<'v>, EvalError> {
    order(machine, arguments, "_>=_", Ordering::is_ge).map(Value::Bool)
}
