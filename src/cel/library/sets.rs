//! `sets.contains`, `sets.equivalent`, `sets.intersects` (ext/sets.go in cel-go).

use super::support::{global, no_overload};
use super::{Function, Machine};
use crate::cel::types::Sig;
use crate::cel::value::List;
use crate::cel::{Budget, EvalError, Value};

const LIST: Sig = Sig::List(&Sig::Param(0));
const TWO: &[Sig] = &[LIST, LIST];

pub(super) static FUNCTIONS: &[Function] = &[
    Function { name: "sets.contains", overloads: &[global(TWO, Sig::Bool, contains)] },
    Function { name: "sets.equivalent", overloads: &[global(TWO, Sig::Bool, equivalent)] },
    Function { name: "sets.intersects", overloads: &[global(TWO, Sig::Bool, intersects)] },
];

/// Pays for each element of the one with each of the other, so many times (`trackSetsCost`).
fn two<'a, 'v>(
    machine: &mut Machine<'_>,
    arguments: &'a [Value<'v>],
    name: &'static str,
    times: u64,
) -> Result<(&'a List<'v>, &'a List<'v>), EvalError> {
    let [Value::List(left), Value::List(right)] = arguments else { return Err(no_overload(name)) };
    let pairs = (left.len() as u64).saturating_mul(right.len() as u64);
    machine.budget.spend(pairs.saturating_mul(times).saturating_add(1))?;
    Ok((left, right))
}

fn has(list: &List<'_>, wanted: &Value<'_>, budget: &mut Budget) -> Result<bool, EvalError> {
    for element in list.iter() {
        if element?.equals(wanted, budget)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn has_all(list: &List<'_>, wanted: &List<'_>, budget: &mut Budget) -> Result<bool, EvalError> {
    for element in wanted.iter() {
        if !has(list, &element?, budget)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn contains<'v>(
    machine: &mut Machine<'_>,
    arguments: &[Value<'v>],
) -> Result<Value<'v>, EvalError> {
    let (list, wanted) = two(machine, arguments, "sets.contains", 1)?;
    has_all(list, wanted, machine.budget).map(Value::Bool)
}

fn equivalent<'v>(
    machine: &mut Machine<'_>,
    arguments: &[Value<'v>],
) -> Result<Value<'v>, EvalError> {
    let (left, right) = two(machine, arguments, "sets.equivalent", 2)?;
    let yes = has_all(left, right, machine.budget)? && has_all(right, left, machine.budget)?;
    Ok(Value::Bool(yes))
}

fn intersects<'v>(
    machine: &mut Machine<'_>,
    arguments: &[Value<'v>],
) -> Result<Value<'v>, EvalError> {
    let (left, right) = two(machine, arguments, "sets.intersects", 1)?;
    for element in left.iter() {
        if has(right, &element?, machine.budget)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

#[cfg(test)]
mod tests {
    use super::super::support::tests::shown;
    use super::*;

    fn list(numbers: &[i64]) -> Value<'static> {
        Value::list(numbers.iter().copied().map(Value::Int).collect())
    }

    #[test]
    fn sets() {
        for (name, left, right, wanted) in [
            ("sets.contains", &[1, 2][..], &[2][..], "true"),
            ("sets.contains", &[1], &[1, 2], "false"),
            ("sets.contains", &[], &[], "true"),
            ("sets.equivalent", &[1, 2], &[2, 1, 1], "true"),
            ("sets.equivalent", &[1, 2], &[1], "false"),
            ("sets.intersects", &[1, 2], &[2, 3], "true"),
            ("sets.intersects", &[1], &[2], "false"),
        ] {
            assert_eq!(
                shown(FUNCTIONS, name, &[list(left), list(right)]),
                wanted,
                "{name} {left:?}"
            );
        }
        let long = list(&[1; 1000]);
        let error = shown(FUNCTIONS, "sets.equivalent", &[long.clone(), long]);
        assert!(error.contains("costs more"), "{error}");
    }
}
