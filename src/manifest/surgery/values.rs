//! Changes inside values that have no text yet.

use serde_json::{Map, Value};

use crate::edit::Change;

/// Why a change does not fit, one sentence without a full stop.
pub(super) type Reason = String;

/// Makes a change at `path` below `value`. What is missing is made, and `null` counts as missing.
pub(super) fn change<T: AsRef<str>>(
    value: &mut Value,
    path: &[T],
    change: &Change,
) -> Result<(), Reason> {
    let Some((first, rest)) = path.split_first() else { return change_here(value, change) };
    let first = first.as_ref();
    let removes = *change == Change::Remove;
    match value {
        Value::Object(map) => match map.get_mut(first) {
            Some(_) if removes && rest.is_empty() => drop(map.remove(first)),
            Some(inner) => return self::change(inner, rest, change),
            None if removes => {}
            None => drop(map.insert(first.to_owned(), wrapped(rest, change))),
        },
        Value::Array(list) => match index(first, list.len()) {
            Some(at) if at < list.len() => {
                if removes && rest.is_empty() {
                    list.remove(at);
                } else if let Some(inner) = list.get_mut(at) {
                    return self::change(inner, rest, change);
                }
            }
            _ if removes => {}
            Some(_) => list.push(wrapped(rest, change)),
            None => return Err(no_item(first, list.len())),
        },
        _ if removes => {}
        Value::Null => *value = wrapped(path, change),
        _ => return Err(no_mapping(first)),
    }
    Ok(())
}

fn change_here(value: &mut Value, change: &Change) -> Result<(), Reason> {
    match (change, &mut *value) {
        (Change::Set(new), place) => *place = new.clone(),
        (Change::Append(new), Value::Array(list)) => list.push(new.clone()),
        (Change::Append(new), place @ Value::Null) => *place = Value::Array(vec![new.clone()]),
        (Change::Append(_), _) => return Err(no_list()),
        // Whoever holds the value removes it.
        (Change::Remove, _) => {}
    }
    Ok(())
}

/// The place in a list that a token names; the one behind the last is `-` or its number.
pub(super) fn index(token: &str, length: usize) -> Option<usize> {
    if token == "-" {
        return Some(length);
    }
    let canonical = token == "0" || !token.starts_with(['0', '+']);
    token.parse().ok().filter(|at| canonical && *at <= length)
}

/// The value that stands at the first missing step so that the change holds at the last one.
pub(super) fn wrapped<T: AsRef<str>>(rest: &[T], change: &Change) -> Value {
    let innermost = match change {
        Change::Append(value) => Value::Array(vec![value.clone()]),
        Change::Set(value) => value.clone(),
        Change::Remove => Value::Null,
    };
    rest.iter().rev().fold(innermost, |value, token| {
        Value::Object(Map::from_iter([(token.as_ref().to_owned(), value)]))
    })
}

/// The value at `path` below `value`.
pub(super) fn look_up<'v, T: AsRef<str>>(value: &'v Value, path: &[T]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, token| match value {
        Value::Object(map) => map.get(token.as_ref()),
        Value::Array(list) => list.get(index(token.as_ref(), list.len())?),
        _ => None,
    })
}

pub(super) fn no_item(token: &str, length: usize) -> Reason {
    format!("the list here has {length} items, so none can be put at `{token}`")
}

pub(super) fn no_mapping(token: &str) -> Reason {
    format!("this is a single value, so `{token}` cannot be put below it")
}

pub(super) fn no_list() -> Reason {
    "this is no list, so nothing can be appended to it".to_owned()
}
