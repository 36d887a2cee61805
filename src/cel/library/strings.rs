//! Functions of texts (version 2 of ext/strings.go in cel-go, which Kubernetes enables). Places are counted in
//! characters. Costs: `CallCost` in k8s.io/apiserver/pkg/cel/library/cost.go.

use super::support::{global, member, no_overload, other};
use super::{Function, Machine};
use crate::cel::types::Sig::{self, Int};
use crate::cel::value::Text;
use crate::cel::{Budget, EvalError, Value};

mod places;
#[cfg(test)]
mod tests;

const ONE: &[Sig] = &[Sig::String];
const TWO: &[Sig] = &[Sig::String, Sig::String];
const LIST: Sig = Sig::List(&Sig::String);

pub(super) static FUNCTIONS: &[Function] = &[
    Function {
        name: "charAt",
        overloads: &[member(&[Sig::String, Int], Sig::String, places::char_at)],
    },
    Function {
        name: "indexOf",
        overloads: &[
            member(TWO, Int, places::index_of),
            member(&[Sig::String, Sig::String, Int], Int, places::index_of),
        ],
    },
    Function {
        name: "lastIndexOf",
        overloads: &[
            member(TWO, Int, places::last_index_of),
            member(&[Sig::String, Sig::String, Int], Int, places::last_index_of),
        ],
    },
    Function {
        name: "substring",
        overloads: &[
            member(&[Sig::String, Int], Sig::String, places::substring),
            member(&[Sig::String, Int, Int], Sig::String, places::substring),
        ],
    },
    Function {
        name: "join",
        overloads: &[
            member(&[LIST], Sig::String, join),
            member(&[LIST, Sig::String], Sig::String, join),
        ],
    },
    Function { name: "lowerAscii", overloads: &[member(ONE, Sig::String, lower_ascii)] },
    Function { name: "upperAscii", overloads: &[member(ONE, Sig::String, upper_ascii)] },
    Function {
        name: "replace",
        overloads: &[
            member(&[Sig::String, Sig::String, Sig::String], Sig::String, replace),
            member(&[Sig::String, Sig::String, Sig::String, Int], Sig::String, replace),
        ],
    },
    Function {
        name: "split",
        overloads: &[
            member(TWO, LIST, split),
            member(&[Sig::String, Sig::String, Int], LIST, split),
        ],
    },
    Function { name: "trim", overloads: &[member(ONE, Sig::String, trim)] },
    Function { name: "strings.quote", overloads: &[global(ONE, Sig::String, quote)] },
];

/// Takes the steps for a text that is made, before memory is taken for it: 32 MB in all.
pub(super) fn make(budget: &mut Budget, bytes: usize) -> Result<(), EvalError> {
    budget.copy(bytes / 32)
}

fn one<'a, 'v>(
    machine: &mut Machine<'_>,
    arguments: &'a [Value<'v>],
    name: &'static str,
) -> Result<&'a Text<'v>, EvalError> {
    let [whole @ Value::String(text)] = arguments else { return Err(no_overload(name)) };
    machine.budget.traverse(whole.size() as usize)?;
    make(machine.budget, text.len())?;
    Ok(text)
}

fn lower_ascii<'v>(
    machine: &mut Machine<'_>,
    arguments: &[Value<'v>],
) -> Result<Value<'v>, EvalError> {
    Ok(Value::text(one(machine, arguments, "lowerAscii")?.to_ascii_lowercase()))
}

fn upper_ascii<'v>(
    machine: &mut Machine<'_>,
    arguments: &[Value<'v>],
) -> Result<Value<'v>, EvalError> {
    Ok(Value::text(one(machine, arguments, "upperAscii")?.to_ascii_uppercase()))
}

fn trim<'v>(machine: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    Ok(Value::text(one(machine, arguments, "trim")?.trim()))
}

fn quote<'v>(machine: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    let [Value::String(text)] = arguments else { return Err(no_overload("strings.quote")) };
    make(machine.budget, text.len().saturating_mul(2))?;
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '\u{7}' => quoted.push_str("\\a"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{c}' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{b}' => quoted.push_str("\\v"),
            '\\' => quoted.push_str("\\\\"),
            '"' => quoted.push_str("\\\""),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    Ok(Value::text(quoted))
}

fn join<'v>(machine: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    let (list, between) = match arguments {
        [Value::List(list)] => (list, ""),
        [Value::List(list), Value::String(between)] => (list, &**between),
        _ => return Err(no_overload("join")),
    };
    let mut joined = String::new();
    for (number, part) in list.iter().enumerate() {
        let Value::String(part) = part? else { return Err(no_overload("join(list, string)")) };
        make(machine.budget, part.len() + between.len() + 32)?;
        if number > 0 {
            joined.push_str(between);
        }
        joined.push_str(&part);
    }
    machine.budget.traverse(joined.chars().count().saturating_mul(2))?;
    Ok(Value::text(joined))
}

fn replace<'v>(machine: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    let (whole, old, new, most) = match arguments {
        [whole, Value::String(old), Value::String(new)] => (whole, old, new, -1),
        [whole, Value::String(old), Value::String(new), Value::Int(most)] => {
            (whole, old, new, *most)
        }
        _ => return Err(no_overload("replace")),
    };
    let Value::String(text) = whole else { return Err(no_overload("replace")) };
    machine.budget.traverse((whole.size() as usize).saturating_mul(2))?;
    // Less than 0 is all of them.
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let count = text.matches(&**old).take(most).count();
    make(machine.budget, count.saturating_mul(new.len()).saturating_add(text.len()))?;
    Ok(Value::text(text.replacen(&**old, new, most)))
}

fn split<'v>(machine: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    let (whole, between, most) = match arguments {
        [whole, Value::String(between)] => (whole, between, -1),
        [whole, Value::String(between), Value::Int(most)] => (whole, between, *most),
        _ => return Err(no_overload("split")),
    };
    let Value::String(text) = whole else { return Err(no_overload("split")) };
    machine.budget.traverse((whole.size() as usize).saturating_mul(2))?;
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    if most == 0 {
        return Ok(Value::list(Vec::new()));
    }
    let mut parts = Vec::new();
    let mut rest: &str = text;
    loop {
        let place = if between.is_empty() {
            // Without anything between them, characters are the parts.
            rest.char_indices().nth(1).map(|(at, _)| (at, at))
        } else {
            rest.find(&**between).map(|at| (at, at + between.len()))
        };
        let Some((end, next)) = place.filter(|_| parts.len() + 1 < most) else { break };
        machine.budget.copy(1)?;
        parts.push(Value::text(rest.get(..end).unwrap_or_default()));
        rest = rest.get(next..).unwrap_or_default();
    }
    if !(between.is_empty() && text.is_empty()) {
        make(machine.budget, rest.len())?;
        parts.push(Value::text(rest));
    }
    Ok(Value::list(parts))
}

fn out_of_range(index: i64) -> EvalError {
    other(format!("index out of range: {index}"))
}
