//! Which values are equal, and which come first (common/types in cel-go).

use std::cmp::Ordering;

use super::{List, Map, Value};
use crate::cel::types::Type;
use crate::cel::{Budget, EvalError};

/// What it takes to compare two elements.
const STEPS: u64 = 4;

impl Value<'_> {
    /// Whether two values are equal: numbers by value, values of different kinds never.
    ///
    /// # Errors
    /// Where a part of an object is malformed, and where the steps of the budget are taken.
    pub fn equals(&self, other: &Self, budget: &mut Budget) -> Result<bool, EvalError> {
        budget.step(STEPS)?;
        Ok(match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::String(a), Self::String(b)) => {
                budget.step(a.len() as u64 / 64)?;
                **a == **b
            }
            (Self::Bytes(a), Self::Bytes(b)) => {
                budget.step(a.len() as u64 / 64)?;
                a == b
            }
            (Self::Duration(a), Self::Duration(b)) => a == b,
            (Self::Timestamp(a), Self::Timestamp(b)) => a == b,
            (Self::Type(a), Self::Type(b)) => same_type(a, b),
            (Self::List(a), Self::List(b)) => lists(a, b, budget)?,
            (Self::Map(a), Self::Map(b)) => maps(a, b, budget)?,
            (Self::Optional(None), Self::Optional(None)) => true,
            (Self::Optional(Some(a)), Self::Optional(Some(b))) => a.equals(b, budget)?,
            (Self::Opaque(a), Self::Opaque(b)) => {
                a.opaque_type() == b.opaque_type() && a.equals(&**b)
            }
            _ => numbers(self, other) == Some(Some(Ordering::Equal)),
        })
    }

    /// Which of two values comes first.
    ///
    /// # Errors
    /// Where they have no order.
    pub fn order(&self, other: &Self) -> Result<Ordering, EvalError> {
        Ok(match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::String(a), Self::String(b)) => (**a).cmp(&**b),
            (Self::Bytes(a), Self::Bytes(b)) => a.cmp(b),
            (Self::Duration(a), Self::Duration(b)) => a.cmp(b),
            (Self::Timestamp(a), Self::Timestamp(b)) => a.cmp(b),
            _ => match numbers(self, other) {
                Some(Some(order)) => order,
                Some(None) => {
                    return Err(EvalError::Other("NaN values cannot be ordered".to_owned()));
                }
                None => return Err(EvalError::NoSuchOverload("comparison".to_owned())),
            },
        })
    }
}

/// Types equal one another whatever they are types of: `type([1]) == list`.
fn same_type(a: &Type, b: &Type) -> bool {
    match (a, b) {
        (Type::List(_), Type::List(_))
        | (Type::Map(_), Type::Map(_))
        | (Type::Optional(_), Type::Optional(_)) => true,
        _ => a == b,
    }
}

fn lists(a: &List<'_>, b: &List<'_>, budget: &mut Budget) -> Result<bool, EvalError> {
    if a.len() != b.len() {
        return Ok(false);
    }
    for (a, b) in a.iter().zip(b.iter()) {
        if !a?.equals(&b?, budget)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn maps(a: &Map<'_>, b: &Map<'_>, budget: &mut Budget) -> Result<bool, EvalError> {
    if a.len() != b.len() {
        return Ok(false);
    }
    for entry in a.iter() {
        let (key, value) = entry?;
        match b.find(&key)? {
            Some(other) if value.equals(&other, budget)? => {}
            _ => return Ok(false),
        }
    }
    Ok(true)
}

/// The order of two numbers; the inner one is none where one is not a number. None where these are no numbers.
fn numbers(a: &Value<'_>, b: &Value<'_>) -> Option<Option<Ordering>> {
    Some(match (a, b) {
        (Value::Double(a), Value::Double(b)) => a.partial_cmp(b),
        (Value::Double(a), b) => with_double(*a, whole(b)?),
        (a, Value::Double(b)) => with_double(*b, whole(a)?).map(Ordering::reverse),
        (a, b) => Some(whole(a)?.cmp(&whole(b)?)),
    })
}

fn whole(value: &Value<'_>) -> Option<i128> {
    match value {
        Value::Int(number) => Some((*number).into()),
        Value::Uint(number) => Some((*number).into()),
        _ => None,
    }
}

/// How a double compares with a whole number of 64 bits: which is rounded to a double, as in cel-go
/// (common/types/compare.go), so that beyond 2^53 neighbours are equal.
fn with_double(double: f64, whole: i128) -> Option<Ordering> {
    double.partial_cmp(&(whole as f64))
}
