//! Functions of lists: `isSorted`, `sum`, `min`, `max`, `indexOf`, `lastIndexOf`
//! (k8s.io/apiserver/pkg/cel/library/lists.go).

use std::cmp::Ordering;

use super::support::{member, no_overload, other};
use super::{Function, Machine, find};
use crate::cel::types::Sig::{self, Bool, Bytes, Double, Duration, Int, Timestamp, Uint};
use crate::cel::value::List;
use crate::cel::{Budget, EvalError, Value};

pub(super) mod more;
#[cfg(test)]
mod tests;

const ANY: Sig = Sig::List(&Sig::Param(0));
const ELEMENT: Sig = Sig::Param(0);

pub(super) static FUNCTIONS: &[Function] = &[
    Function {
        name: "isSorted",
        overloads: &[
            member(&[Sig::List(&Int)], Bool, is_sorted),
            member(&[Sig::List(&Uint)], Bool, is_sorted),
            member(&[Sig::List(&Double)], Bool, is_sorted),
            member(&[Sig::List(&Bool)], Bool, is_sorted),
            member(&[Sig::List(&Duration)], Bool, is_sorted),
            member(&[Sig::List(&Timestamp)], Bool, is_sorted),
            member(&[Sig::List(&Sig::String)], Bool, is_sorted),
            member(&[Sig::List(&Bytes)], Bool, is_sorted),
        ],
    },
    Function {
        name: "sum",
        overloads: &[
            member(&[Sig::List(&Int)], Int, sum),
            member(&[Sig::List(&Uint)], Uint, sum),
            member(&[Sig::List(&Double)], Double, sum),
            member(&[Sig::List(&Duration)], Duration, sum),
        ],
    },
    Function {
        name: "min",
        overloads: &[
            member(&[Sig::List(&Int)], Int, min),
            member(&[Sig::List(&Uint)], Uint, min),
            member(&[Sig::List(&Double)], Double, min),
            member(&[Sig::List(&Bool)], Bool, min),
            member(&[Sig::List(&Duration)], Duration, min),
            member(&[Sig::List(&Timestamp)], Timestamp, min),
            member(&[Sig::List(&Sig::String)], Sig::String, min),
            member(&[Sig::List(&Bytes)], Bytes, min),
        ],
    },
    Function {
        name: "max",
        overloads: &[
            member(&[Sig::List(&Int)], Int, max),
            member(&[Sig::List(&Uint)], Uint, max),
            member(&[Sig::List(&Double)], Double, max),
            member(&[Sig::List(&Bool)], Bool, max),
            member(&[Sig::List(&Duration)], Duration, max),
            member(&[Sig::List(&Timestamp)], Timestamp, max),
            member(&[Sig::List(&Sig::String)], Sig::String, max),
            member(&[Sig::List(&Bytes)], Bytes, max),
        ],
    },
    Function { name: "indexOf", overloads: &[member(&[ANY, ELEMENT], Int, index_of)] },
    Function { name: "lastIndexOf", overloads: &[member(&[ANY, ELEMENT], Int, last_index_of)] },
];

/// Pays for walking over a list: a unit for each element, for texts a tenth of one for each byte (`traversalCost` in
/// k8s.io/apiserver/pkg/cel/library/cost.go).
fn traverse<'a, 'v>(
    budget: &mut Budget,
    value: &'a Value<'v>,
    name: &'static str,
) -> Result<&'a List<'v>, EvalError> {
    let Value::List(list) = value else { return Err(no_overload(name)) };
    // Where the list is empty nothing is spent, which is spent all the same.
    budget.spend(0)?;
    for element in list.iter() {
        let cost = match element? {
            Value::String(text) => text.len() as u64 / 10,
            Value::Bytes(bytes) => bytes.len() as u64 / 10,
            Value::List(list) => list.len() as u64,
            Value::Map(map) => map.len() as u64 * 2,
            _ => 1,
        };
        budget.step(1)?;
        budget.spend(cost)?;
    }
    Ok(list)
}

fn is_sorted<'v>(
    machine: &mut Machine<'_>,
    arguments: &[Value<'v>],
) -> Result<Value<'v>, EvalError> {
    let [list] = arguments else { return Err(no_overload("isSorted")) };
    let mut before: Option<Value<'_>> = None;
    for element in traverse(machine.budget, list, "isSorted")?.iter() {
        let element = element?;
        if let Some(before) = before
            && before.order(&element).is_ok_and(Ordering::is_gt)
        {
            return Ok(Value::Bool(false));
        }
        before = Some(element);
    }
    Ok(Value::Bool(true))
}

fn sum<'v>(machine: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    let [list] = arguments else { return Err(no_overload("sum")) };
    let list = traverse(machine.budget, list, "sum")?;
    let mut total: Option<Value<'v>> = None;
    for element in list.iter() {
        let element = element?;
        total = Some(match total {
            None if matches!(
                element,
                Value::Int(_) | Value::Uint(_) | Value::Double(_) | Value::Duration(_)
            ) =>
            {
                element
            }
            None => return Err(no_overload("sum")),
            Some(total) => add(machine, [total, element])?,
        });
    }
    // What is the sum of nothing cannot be told by values; the first overload is the one that is taken.
    Ok(total.unwrap_or(Value::Int(0)))
}

fn add<'v>(machine: &mut Machine<'_>, pair: [Value<'v>; 2]) -> Result<Value<'v>, EvalError> {
    let overload = find("_+_")
        .flat_map(|function| function.overloads)
        .find(|overload| overload.arguments.iter().zip(&pair).all(|(sig, value)| value.fits(*sig)));
    match overload {
        Some(overload) => (overload.call)(machine, &pair),
        None => Err(no_overload("sum")),
    }
}

/// Whether values of its type have an order.
fn is_comparable(value: &Value<'_>) -> bool {
    matches!(
        value,
        Value::Int(_)
            | Value::Uint(_)
            | Value::Double(_)
            | Value::Bool(_)
            | Value::Duration(_)
            | Value::Timestamp(_)
            | Value::String(_)
            | Value::Bytes(_)
    )
}

fn extreme<'v>(
    machine: &mut Machine<'_>,
    arguments: &[Value<'v>],
    name: &'static str,
    wanted: Ordering,
) -> Result<Value<'v>, EvalError> {
    let [list] = arguments else { return Err(no_overload(name)) };
    let mut best: Option<Value<'v>> = None;
    for element in traverse(machine.budget, list, name)?.iter() {
        let element = element?;
        if !is_comparable(&element) {
            return Err(no_overload(name));
        }
        // What has no order with the best so far is passed over, as there.
        best = Some(match best {
            Some(best) if element.order(&best).ok() != Some(wanted) => best,
            _ => element,
        });
    }
    best.ok_or_else(|| other(format!("{name} called on empty list")))
}

fn min<'v>(machine: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    extreme(machine, arguments, "min", Ordering::Less)
}

fn max<'v>(machine: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    extreme(machine, arguments, "max", Ordering::Greater)
}

fn index_of<'v>(
    machine: &mut Machine<'_>,
    arguments: &[Value<'v>],
) -> Result<Value<'v>, EvalError> {
    let [list, wanted] = arguments else { return Err(no_overload("indexOf")) };
    for (index, element) in traverse(machine.budget, list, "indexOf")?.iter().enumerate() {
        if element?.equals(wanted, machine.budget)? {
            return Ok(Value::Int(index as i64));
        }
    }
    Ok(Value::Int(-1))
}

fn last_index_of<'v>(
    machine: &mut Machine<'_>,
    arguments: &[Value<'v>],
) -> Result<Value<'v>, EvalError> {
    let [list, wanted] = arguments else { return Err(no_overload("lastIndexOf")) };
    let list = traverse(machine.budget, list, "lastIndexOf")?;
    for index in (0..list.len()).rev() {
        if let Some(element) = list.get(index)?
            && element.equals(wanted, machine.budget)?
        {
            return Ok(Value::Int(index as i64));
        }
    }
    Ok(Value::Int(-1))
}
