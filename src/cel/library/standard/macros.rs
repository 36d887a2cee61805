//! Functions that only macros call.

use super::{A, B, MAP, global, no_overload};
use crate::cel::library::{Function, Machine};
use crate::cel::types::Sig::Bool;
use crate::cel::value::Map;
use crate::cel::{EvalError, Value};

pub(in super::super) static FUNCTIONS: &[Function] = &[
    Function {
        name: "@not_strictly_false",
        overloads: &[global(&[Bool], Bool, not_strictly_false)],
    },
    Function {
        name: "cel.@mapInsert",
        overloads: &[global(&[MAP, A, B], MAP, map_insert), global(&[MAP, MAP], MAP, map_insert)],
    },
];

/// The evaluator knows this function by its name: it takes errors, which no function can.
fn not_strictly_false<'v>(
    _: &mut Machine<'_>,
    arguments: &[Value<'v>],
) -> Result<Value<'v>, EvalError> {
    arguments.first().cloned().ok_or_else(|| no_overload("@not_strictly_false"))
}

fn map_insert<'v>(
    machine: &mut Machine<'_>,
    arguments: &[Value<'v>],
) -> Result<Value<'v>, EvalError> {
    let (mut map, added): (Map<'v>, Vec<(Value<'v>, Value<'v>)>) = match arguments {
        [Value::Map(map), key, value] => (map.clone(), vec![(key.clone(), value.clone())]),
        [Value::Map(map), Value::Map(added)] => {
            machine.budget.copy(added.len())?;
            (map.clone(), added.iter().collect::<Result<_, _>>()?)
        }
        _ => return Err(no_overload("cel.@mapInsert")),
    };
    machine.budget.copy(map.len())?;
    for (key, value) in added {
        value.check_depth()?;
        map.insert(key, value)?;
    }
    Ok(Value::Map(map))
}
