//! `contains`, `startsWith`, `endsWith`, `matches`.

use super::{global, member, no_overload};
use crate::cel::library::{Function, Machine};
use crate::cel::types::Sig::{self, Bool};
use crate::cel::{EvalError, Value};

const TEXTS: &[Sig] = &[Sig::String, Sig::String];

pub(in super::super) static FUNCTIONS: &[Function] = &[
    Function { name: "contains", overloads: &[member(TEXTS, Bool, contains)] },
    Function { name: "startsWith", overloads: &[member(TEXTS, Bool, starts_with)] },
    Function { name: "endsWith", overloads: &[member(TEXTS, Bool, ends_with)] },
    Function {
        name: "matches",
        overloads: &[global(TEXTS, Bool, matches), member(TEXTS, Bool, matches)],
    },
];

fn contains<'v>(
    machine: &mut Machine<'_>,
    arguments: &[Value<'v>],
) -> Result<Value<'v>, EvalError> {
    let [whole @ Value::String(text), part @ Value::String(wanted)] = arguments else {
        return Err(no_overload("contains"));
    };
    machine.budget.spend(whole.size().div_ceil(10).saturating_mul(part.size().div_ceil(10)))?;
    Ok(Value::Bool(text.contains(&**wanted)))
}

fn starts_with<'v>(
    machine: &mut Machine<'_>,
    arguments: &[Value<'v>],
) -> Result<Value<'v>, EvalError> {
    let [whole @ Value::String(text), Value::String(wanted)] = arguments else {
        return Err(no_overload("startsWith"));
    };
    machine.budget.traverse(whole.size() as usize)?;
    Ok(Value::Bool(text.starts_with(&**wanted)))
}

fn ends_with<'v>(
    machine: &mut Machine<'_>,
    arguments: &[Value<'v>],
) -> Result<Value<'v>, EvalError> {
    let [whole @ Value::String(text), Value::String(wanted)] = arguments else {
        return Err(no_overload("endsWith"));
    };
    machine.budget.traverse(whole.size() as usize)?;
    Ok(Value::Bool(text.ends_with(&**wanted)))
}

/// What it costs to look for a regular expression (`MatchesString` in cel-go's interpreter/runtimecost.go): a quarter of
/// a unit for each character of it, times a tenth for each character of the text.
pub(in crate::cel) fn regex_cost(text: &Value<'_>, pattern: &Value<'_>) -> u64 {
    (1 + text.size()).div_ceil(10).saturating_mul(pattern.size().div_ceil(4))
}

fn matches<'v>(machine: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    let [whole @ Value::String(text), regex @ Value::String(pattern)] = arguments else {
        return Err(no_overload("matches"));
    };
    machine.budget.spend(regex_cost(whole, regex))?;
    Ok(Value::Bool(machine.regexes.get(pattern, text.len(), machine.budget)?.is_match(text)))
}
