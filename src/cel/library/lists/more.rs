//! Functions of lists: `slice`, `flatten`, `reverse`, `distinct`, `sort`, `lists.range` (version 3 of ext/lists.go in
//! cel-go, which Kubernetes enables from 1.34 on).

use std::cmp::Ordering;

use super::super::support::{global, member, no_overload, other};
use crate::cel::library::{Function, Machine};
use crate::cel::types::Sig::{self, Bool, Bytes, Double, Duration, Int, Timestamp, Uint};
use crate::cel::value::List;
use crate::cel::{Budget, EvalError, Value};

/// What making a list costs beside its elements (`callCost` and `ListCreateBaseCost` in cel-go).
const MADE: u64 = 11;

const ANY: Sig = Sig::List(&Sig::Param(0));
const DYN: Sig = Sig::List(&Sig::Dyn);

pub(in super::super) static FUNCTIONS: &[Function] = &[
    Function { name: "slice", overloads: &[member(&[ANY, Int, Int], ANY, slice)] },
    Function {
        name: "flatten",
        overloads: &[member(&[Sig::List(&ANY)], ANY, flatten), member(&[DYN, Int], DYN, flatten)],
    },
    Function { name: "reverse", overloads: &[member(&[ANY], ANY, reverse)] },
    Function { name: "distinct", overloads: &[member(&[ANY], ANY, distinct)] },
    Function { name: "lists.range", overloads: &[global(&[Int], Sig::List(&Int), range)] },
    Function {
        name: "sort",
        overloads: &[
            member(&[Sig::List(&Int)], Sig::List(&Int), sort),
            member(&[Sig::List(&Uint)], Sig::List(&Uint), sort),
            member(&[Sig::List(&Double)], Sig::List(&Double), sort),
            member(&[Sig::List(&Bool)], Sig::List(&Bool), sort),
            member(&[Sig::List(&Duration)], Sig::List(&Duration), sort),
            member(&[Sig::List(&Timestamp)], Sig::List(&Timestamp), sort),
            member(&[Sig::List(&Sig::String)], Sig::List(&Sig::String), sort),
            member(&[Sig::List(&Bytes)], Sig::List(&Bytes), sort),
        ],
    },
    // What the macro sortBy becomes.
    Function {
        name: "@sortByAssociatedKeys",
        overloads: &[
            member(&[ANY, Sig::List(&Int)], ANY, sort_by),
            member(&[ANY, Sig::List(&Uint)], ANY, sort_by),
            member(&[ANY, Sig::List(&Double)], ANY, sort_by),
            member(&[ANY, Sig::List(&Bool)], ANY, sort_by),
            member(&[ANY, Sig::List(&Duration)], ANY, sort_by),
            member(&[ANY, Sig::List(&Timestamp)], ANY, sort_by),
            member(&[ANY, Sig::List(&Sig::String)], ANY, sort_by),
            member(&[ANY, Sig::List(&Bytes)], ANY, sort_by),
        ],
    },
];

/// Pays for a list that is made, before it is.
fn make(budget: &mut Budget, cost: u64, elements: usize) -> Result<(), EvalError> {
    budget.spend(cost.saturating_add(MADE))?;
    budget.copy(elements)
}

fn slice<'v>(machine: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    let [Value::List(list), Value::Int(start), Value::Int(end)] = arguments else {
        return Err(no_overload("slice"));
    };
    let wrong = |why: &str| other(format!("cannot slice({start}, {end}), {why}"));
    let (Ok(from), Ok(to)) = (usize::try_from(*start), usize::try_from(*end)) else {
        return Err(wrong("negative indexes not supported"));
    };
    if from > to {
        return Err(wrong("start index must be less than or equal to end index"));
    }
    if list.len() < to {
        return Err(wrong(&format!("list is length {}", list.len())));
    }
    make(machine.budget, (to - from) as u64, to - from)?;
    let items: Result<Vec<_>, _> = list.iter().take(to).skip(from).collect();
    Ok(Value::list(items?))
}

fn flatten<'v>(machine: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    let (list, levels) = match arguments {
        [Value::List(list)] => (list, 1),
        [Value::List(list), Value::Int(levels)] => (list, *levels),
        _ => return Err(no_overload("flatten")),
    };
    let levels = u64::try_from(levels).map_err(|_| other("level must be non-negative"))?;
    machine.budget.spend((list.len() as u64).saturating_mul(levels).saturating_add(MADE))?;
    let mut items = Vec::new();
    gather(list, levels, &mut items, machine.budget)?;
    Ok(Value::list(items))
}

fn gather<'v>(
    list: &List<'v>,
    levels: u64,
    items: &mut Vec<Value<'v>>,
    budget: &mut Budget,
) -> Result<(), EvalError> {
    for item in list.iter() {
        budget.copy(1)?;
        match item? {
            Value::List(inner) if levels > 0 => gather(&inner, levels - 1, items, budget)?,
            item => items.push(item),
        }
    }
    Ok(())
}

fn reverse<'v>(machine: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    let [Value::List(list)] = arguments else { return Err(no_overload("reverse")) };
    make(machine.budget, list.len() as u64, list.len())?;
    let mut items = list.iter().collect::<Result<Vec<_>, _>>()?;
    items.reverse();
    Ok(Value::list(items))
}

fn range<'v>(machine: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    let [Value::Int(end)] = arguments else { return Err(no_overload("lists.range")) };
    let length = usize::try_from(*end).unwrap_or(0);
    make(machine.budget, length as u64, length)?;
    Ok(Value::list((0..length as i64).map(Value::Int).collect()))
}

/// Each element with each, and for texts a tenth more (`trackListSelfCompare`).
fn compare_all(budget: &mut Budget, list: &List<'_>) -> Result<(), EvalError> {
    let length = list.len() as u64;
    let pairs = length.saturating_mul(length);
    let first = list.get(0)?;
    let more = match first {
        Some(Value::String(_) | Value::Bytes(_)) => pairs / 10,
        _ => 0,
    };
    make(budget, pairs.saturating_mul(2).saturating_add(more), list.len())
}

fn distinct<'v>(
    machine: &mut Machine<'_>,
    arguments: &[Value<'v>],
) -> Result<Value<'v>, EvalError> {
    let [Value::List(list)] = arguments else { return Err(no_overload("distinct")) };
    compare_all(machine.budget, list)?;
    let mut items: Vec<Value<'v>> = Vec::new();
    'next: for item in list.iter() {
        let item = item?;
        for seen in &items {
            if seen.equals(&item, machine.budget)? {
                continue 'next;
            }
        }
        items.push(item);
    }
    Ok(Value::list(items))
}

fn sort<'v>(machine: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    let [Value::List(list)] = arguments else { return Err(no_overload("sort")) };
    sorted(machine, list, list)
}

fn sort_by<'v>(machine: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    let [Value::List(list), Value::List(keys)] = arguments else {
        return Err(no_overload("@sortByAssociatedKeys"));
    };
    sorted(machine, list, keys)
}

/// The order of values of one type. What is no number comes last: without any place it would have the sort panic.
fn order(a: &Value<'_>, b: &Value<'_>) -> Ordering {
    match (a, b) {
        (Value::Double(a), Value::Double(b)) => {
            a.partial_cmp(b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
        }
        (a, b) => a.order(b).unwrap_or(Ordering::Equal),
    }
}

fn sorted<'v>(
    machine: &mut Machine<'_>,
    list: &List<'v>,
    keys: &List<'v>,
) -> Result<Value<'v>, EvalError> {
    compare_all(machine.budget, keys)?;
    let mut pairs = Vec::with_capacity(list.len());
    for (item, key) in list.iter().zip(keys.iter()) {
        pairs.push((key?, item?));
    }
    if let Some((first, _)) = pairs.first() {
        if !super::is_comparable(first) {
            return Err(other("list elements must be comparable"));
        }
        if pairs.iter().any(|(key, _)| key.type_name() != first.type_name()) {
            return Err(other("list elements must have the same type"));
        }
    }
    pairs.sort_by(|(a, _), (b, _)| order(a, b));
    Ok(Value::list(pairs.into_iter().map(|(_, item)| item).collect()))
}

#[cfg(test)]
mod tests {
    use super::super::super::support::tests::shown;
    use super::*;

    fn numbers(numbers: &[i64]) -> Value<'static> {
        Value::list(numbers.iter().copied().map(Value::Int).collect())
    }

    #[test]
    fn lists_are_made_of_lists() {
        let list = || numbers(&[3, 1, 2, 1]);
        for (name, arguments, wanted) in [
            ("slice", vec![list(), 1.into(), 3.into()], "[1|2]"),
            (
                "slice",
                vec![list(), 1.into(), 9.into()],
                "error: cannot slice(1, 9), list is length 4",
            ),
            (
                "slice",
                vec![list(), 2.into(), 1.into()],
                "error: cannot slice(2, 1), start index must be less than or equal to end index",
            ),
            (
                "slice",
                vec![list(), (-1).into(), 1.into()],
                "error: cannot slice(-1, 1), negative indexes not supported",
            ),
            ("flatten", vec![Value::list(vec![list(), list()])], "[3|1|2|1|3|1|2|1]"),
            ("flatten", vec![list(), (-1).into()], "error: level must be non-negative"),
            ("reverse", vec![list()], "[1|2|1|3]"),
            ("distinct", vec![list()], "[3|1|2]"),
            ("sort", vec![list()], "[1|1|2|3]"),
            (
                "sort",
                vec![Value::list(vec![1.into(), "a".into()])],
                "error: list elements must have the same type",
            ),
            ("@sortByAssociatedKeys", vec![list(), numbers(&[1, 4, 2, 3])], "[3|2|1|1]"),
            ("lists.range", vec![3.into()], "[0|1|2]"),
            ("lists.range", vec![(-3).into()], "[]"),
        ] {
            assert_eq!(shown(FUNCTIONS, name, &arguments), wanted, "{name}");
        }
    }

    #[test]
    fn what_is_no_number_is_sorted_to_the_end() {
        let number = |n: i32| if n % 3 == 0 { f64::NAN } else { f64::from(n * 37 % 101) };
        let mixed = Value::list((0..200).map(|n| Value::Double(number(n))).collect());
        let sorted = shown(FUNCTIONS, "sort", &[mixed]);
        assert!(
            sorted.starts_with("[Double(0.0)|") && sorted.ends_with("|Double(NaN)]"),
            "{sorted}"
        );
    }

    #[test]
    fn no_list_is_made_beyond_the_budget() {
        for arguments in [[Value::Int(i64::MAX)], [Value::Int(1_000_000)]] {
            let error = shown(FUNCTIONS, "lists.range", &arguments);
            assert!(error.contains("costs more"), "{error}");
        }
        let long = numbers(&[1; 1000]);
        assert!(shown(FUNCTIONS, "distinct", &[long]).contains("costs more"));
    }
}
