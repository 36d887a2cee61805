//! The type of a value.

use serde_json::Value as Json;

use super::{list, object};
use crate::cel::types::Type;

/// Levels of a value whose types are known; what is deeper is known when an expression is evaluated.
const MAX_DEPTH: usize = 32;

/// The type of `params` that have this value. Elements of a list that are not all of one type are known only when an
/// expression is evaluated, and so is what is null.
pub fn params(value: &Json) -> Type {
    of("params", value, MAX_DEPTH)
}

fn of(name: &str, value: &Json, depth: usize) -> Type {
    match value {
        _ if depth == 0 => Type::Dyn,
        Json::Null => Type::Dyn,
        Json::Bool(_) => Type::Bool,
        Json::Number(number) if number.is_i64() => Type::Int,
        Json::Number(number) if number.is_u64() => Type::Uint,
        Json::Number(_) => Type::Double,
        Json::String(_) => Type::String,
        Json::Array(elements) => {
            let name = format!("{name}[]");
            let mut types = elements.iter().map(|element| of(&name, element, depth - 1));
            let first = types.next().unwrap_or(Type::Dyn);
            list(if types.all(|other| other == first) { first } else { Type::Dyn })
        }
        Json::Object(members) => object(
            name,
            members.iter().map(|(field, value)| {
                (field.as_str(), of(&format!("{name}.{field}"), value, depth - 1))
            }),
        ),
    }
}
