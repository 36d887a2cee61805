//! `quantity` and what can be done with it (k8s.io/apiserver/pkg/cel/library/quantity.go).

use std::any::Any;
use std::cmp::Ordering;

use super::support::{QUANTITY, global, inside, member, no_overload, opaque, other};
use super::{Function, Machine};
use crate::cel::types::{OpaqueType, Sig};
use crate::cel::value::Opaque;
use crate::cel::{EvalError, Value};
use crate::quantity::{Format, Quantity};

mod amount;
#[cfg(test)]
mod tests;

use amount::Amount;

const TEXT: &[Sig] = &[Sig::String];
const ONE: &[Sig] = &[QUANTITY];
const TWO: &[Sig] = &[QUANTITY, QUANTITY];
const AND_INT: &[Sig] = &[QUANTITY, Sig::Int];

pub(super) static FUNCTIONS: &[Function] = &[
    Function { name: "quantity", overloads: &[global(TEXT, QUANTITY, quantity)] },
    Function { name: "isQuantity", overloads: &[global(TEXT, Sig::Bool, is_quantity)] },
    // Not a member, unlike all others.
    Function { name: "sign", overloads: &[global(ONE, Sig::Int, sign)] },
    Function { name: "isGreaterThan", overloads: &[member(TWO, Sig::Bool, is_greater_than)] },
    Function { name: "isLessThan", overloads: &[member(TWO, Sig::Bool, is_less_than)] },
    Function { name: "compareTo", overloads: &[member(TWO, Sig::Int, compare_to)] },
    Function {
        name: "asApproximateFloat",
        overloads: &[member(ONE, Sig::Double, as_approximate_float)],
    },
    Function { name: "asInteger", overloads: &[member(ONE, Sig::Int, as_integer)] },
    Function { name: "isInteger", overloads: &[member(ONE, Sig::Bool, is_integer)] },
    Function {
        name: "add",
        overloads: &[member(TWO, QUANTITY, add), member(AND_INT, QUANTITY, add)],
    },
    Function {
        name: "sub",
        overloads: &[member(TWO, QUANTITY, sub), member(AND_INT, QUANTITY, sub)],
    },
];

/// A quantity, and the form in which Go holds it: `isInteger` tells of the form, not of the value.
#[derive(Clone, Copy, Debug)]
struct Held {
    value: Quantity,
    /// A number of 64 bits times a power of ten; none where Go takes to big numbers.
    amount: Option<Amount>,
}

impl Opaque for Held {
    fn opaque_type(&self) -> OpaqueType {
        OpaqueType::Quantity
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn equals(&self, other: &dyn Opaque) -> bool {
        other.as_any().downcast_ref::<Self>().is_some_and(|other| self.value == other.value)
    }
}

fn quantity<'v>(
    machine: &mut Machine<'_>,
    arguments: &[Value<'v>],
) -> Result<Value<'v>, EvalError> {
    let [Value::String(text)] = arguments else { return Err(no_overload("quantity")) };
    machine.budget.traverse(text.chars().count())?;
    let value = Quantity::parse(text).map_err(|error| other(error.to_string()))?;
    Ok(opaque(Held { value, amount: Amount::parse(text) }))
}

fn is_quantity<'v>(
    machine: &mut Machine<'_>,
    arguments: &[Value<'v>],
) -> Result<Value<'v>, EvalError> {
    let [Value::String(text)] = arguments else { return Err(no_overload("isQuantity")) };
    machine.budget.traverse(text.chars().count())?;
    Ok(Value::Bool(Quantity::parse(text).is_ok()))
}

fn one(arguments: &[Value<'_>], name: &'static str) -> Result<Held, EvalError> {
    let [quantity] = arguments else { return Err(no_overload(name)) };
    inside(quantity).copied().ok_or_else(|| no_overload(name))
}

fn two(arguments: &[Value<'_>], name: &'static str) -> Result<(Held, Held), EvalError> {
    let [left, right] = arguments else { return Err(no_overload(name)) };
    let left = inside(left).copied();
    let right = match right {
        Value::Int(number) => Some(Held {
            value: Quantity::from_units(*number, Format::DecimalExponent),
            amount: Some(Amount::whole(*number)),
        }),
        quantity => inside(quantity).copied(),
    };
    left.zip(right).ok_or_else(|| no_overload(name))
}

fn number(order: Ordering) -> i64 {
    order as i64
}

fn sign<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    let quantity = one(arguments, "sign")?;
    Ok(Value::Int(number(quantity.value.cmp(&Quantity::ZERO))))
}

fn is_greater_than<'v>(
    _: &mut Machine<'_>,
    arguments: &[Value<'v>],
) -> Result<Value<'v>, EvalError> {
    let (left, right) = two(arguments, "isGreaterThan")?;
    Ok(Value::Bool(left.value > right.value))
}

fn is_less_than<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    let (left, right) = two(arguments, "isLessThan")?;
    Ok(Value::Bool(left.value < right.value))
}

fn compare_to<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    let (left, right) = two(arguments, "compareTo")?;
    Ok(Value::Int(number(left.value.cmp(&right.value))))
}

fn as_approximate_float<'v>(
    _: &mut Machine<'_>,
    arguments: &[Value<'v>],
) -> Result<Value<'v>, EvalError> {
    let quantity = one(arguments, "asApproximateFloat")?;
    let float = match quantity.amount {
        Some(amount) => amount.as_float(),
        None => quantity.value.nanos() as f64 * 1e-9,
    };
    Ok(Value::Double(float))
}

fn as_integer<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    let quantity = one(arguments, "asInteger")?;
    match quantity.amount.and_then(Amount::as_integer) {
        Some(number) => Ok(Value::Int(number)),
        None => Err(other("cannot convert value to integer")),
    }
}

fn is_integer<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    let quantity = one(arguments, "isInteger")?;
    Ok(Value::Bool(quantity.amount.and_then(Amount::as_integer).is_some()))
}

fn add<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    let (left, right) = two(arguments, "add")?;
    let amount = left.amount.zip(right.amount).and_then(|(left, right)| left.add(right));
    Ok(opaque(Held { value: left.value.saturating_add(right.value), amount }))
}

fn sub<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    let (left, right) = two(arguments, "sub")?;
    let amount = left
        .amount
        .zip(right.amount)
        .and_then(|(left, right)| right.negated().and_then(|right| left.add(right)));
    Ok(opaque(Held { value: left.value.saturating_sub(right.value), amount }))
}
