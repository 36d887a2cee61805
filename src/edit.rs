//! Changes that rules ask for, and the minimal RFC 6902 patch that makes them.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::pointer::Pointer;

/// What happens at a place.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// The place holds this value afterwards; missing parents are made.
    Set(Value),
    /// The place is gone afterwards.
    Remove,
    /// The list at the place ends with this value afterwards; a missing list is made.
    Append(Value),
}

impl Change {
    /// The value that is put in place, if any.
    pub fn value(&self) -> Option<&Value> {
        match self {
            Self::Set(value) | Self::Append(value) => Some(value),
            Self::Remove => None,
        }
    }
}

/// A change at a place, relative to the pod (`/spec/dnsPolicy`) or to the object it stands in.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// Where.
    pub pointer: Pointer,
    /// What.
    pub change: Change,
}

impl Edit {
    /// Sets the value at `pointer`.
    pub fn set(pointer: Pointer, value: impl Into<Value>) -> Self {
        Self { pointer, change: Change::Set(value.into()) }
    }

    /// Appends to the list at `pointer`.
    pub fn append(pointer: Pointer, value: impl Into<Value>) -> Self {
        Self { pointer, change: Change::Append(value.into()) }
    }

    /// Removes what stands at `pointer`. From one list, remove the highest index first.
    pub fn remove(pointer: Pointer) -> Self {
        Self { pointer, change: Change::Remove }
    }

    /// Makes the change in an object; a null counts as absent. Answers whether the change fits there: what it does not
    /// fit is left as it was, or has got parents that were missing.
    pub fn apply(&self, object: &mut Value) -> bool {
        let mut tokens = self.pointer.tokens().peekable();
        let mut at = object;
        while let Some(token) = tokens.next() {
            let removed = self.change == Change::Remove && tokens.peek().is_none();
            if at.is_null() && self.change != Change::Remove {
                *at = Value::Object(Map::new());
            }
            at = match at {
                Value::Object(map) => {
                    if self.change == Change::Remove && !map.contains_key(&*token) {
                        return false;
                    }
                    if removed {
                        map.remove(&*token);
                        return true;
                    }
                    map.entry(token.into_owned()).or_insert(Value::Null)
                }
                Value::Array(list) => {
                    let Some(index) = token.parse().ok().filter(|index| *index < list.len()) else {
                        return false;
                    };
                    if removed {
                        list.remove(index);
                        return true;
                    }
                    &mut list[index]
                }
                _ => return false,
            };
        }
        match (&self.change, at) {
            (Change::Set(value), place) => *place = value.clone(),
            (Change::Append(value), Value::Array(list)) => list.push(value.clone()),
            (Change::Append(value), place) if place.is_null() => {
                *place = Value::Array(vec![value.clone()]);
            }
            (Change::Append(_) | Change::Remove, _) => return false,
        }
        true
    }
}

/// One operation of an RFC 6902 patch.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum Operation {
    /// Adds a member or a list element.
    Add {
        /// Where.
        path: Pointer,
        /// The new value.
        value: Value,
    },
    /// Replaces what is there.
    Replace {
        /// Where.
        path: Pointer,
        /// The new value.
        value: Value,
    },
    /// Removes what is there.
    Remove {
        /// Where.
        path: Pointer,
    },
}

/// Builds a patch one edit at a time. Later operations see what earlier ones did, as RFC 6902 applies them.
#[derive(Debug, Default)]
pub struct Patch {
    operations: Vec<Operation>,
    /// The last operation that puts a value in each place: a pod can have a hundred thousand containers, and
    /// no edit may look through what was done to all the others. Sorted, so that what stands below a place
    /// stands together.
    puts: BTreeMap<String, usize>,
}

impl Patch {
    /// Adds an edit. `depth` says how many leading steps of a path exist in the object as it is after all
    /// earlier edits.
    pub fn push(&mut self, edit: &Edit, depth: impl FnOnce(&[&str]) -> usize) {
        let tokens: Vec<_> = edit.pointer.tokens().collect();
        let path: Vec<&str> = tokens.iter().map(AsRef::as_ref).collect();
        if self.fold(edit, &path) {
            return;
        }
        let depth = depth(&path);
        let there = depth == path.len();
        let operation = match (&edit.change, there) {
            (Change::Set(value), true) => {
                Operation::Replace { path: edit.pointer.clone(), value: value.clone() }
            }
            (Change::Append(value), true) => {
                Operation::Add { path: edit.pointer.clone().join("-"), value: value.clone() }
            }
            (Change::Remove, true) => {
                self.forget(&edit.pointer);
                Operation::Remove { path: edit.pointer.clone() }
            }
            (Change::Remove, false) => return,
            (Change::Set(_) | Change::Append(_), false) => {
                let (made, rest) = path.split_at((depth + 1).min(path.len()));
                let mut pointer = Pointer::default();
                made.iter().for_each(|token| pointer.push(token));
                Operation::Add { path: pointer, value: wrapped(rest, &edit.change) }
            }
        };
        if let Operation::Add { path, .. } | Operation::Replace { path, .. } = &operation
            && !path.as_str().ends_with("/-")
        {
            self.puts.insert(path.as_str().to_owned(), self.operations.len());
        }
        self.operations.push(operation);
    }

    /// The operations, in the order in which they apply.
    pub fn into_operations(self) -> Vec<Operation> {
        self.operations
    }

    /// Makes the change inside a value that an earlier operation already puts in place.
    fn fold(&mut self, edit: &Edit, path: &[&str]) -> bool {
        let text = edit.pointer.as_str();
        let ends = text.match_indices('/').map(|(at, _)| at).chain([text.len()]);
        let found = ends.enumerate().filter_map(|(depth, end)| {
            self.puts.get(text.get(..end)?).map(|operation| (*operation, depth))
        });
        let Some((at, depth)) = found.max() else { return false };
        match self.operations.get_mut(at) {
            Some(Operation::Add { value, .. } | Operation::Replace { value, .. }) => {
                change_within(value, path.get(depth..).unwrap_or_default(), &edit.change)
            }
            _ => false,
        }
    }

    /// Nothing can be folded any more into what stood at a place that is removed, nor into its neighbours in a
    /// list, which move up.
    fn forget(&mut self, removed: &Pointer) {
        let text = removed.as_str();
        let Some((parent, last)) = text.rsplit_once('/') else { return };
        let of_list = last.bytes().all(|byte| byte.is_ascii_digit());
        self.puts.remove(text);
        let above = if of_list { parent } else { text };
        // `0` follows `/` in ASCII, so between the two is all that stands below.
        let below = self.puts.range(format!("{above}/")..format!("{above}0"));
        let below: Vec<String> = below.map(|(place, _)| place.clone()).collect();
        for place in below {
            self.puts.remove(&place);
        }
    }
}

/// The value that stands at the first missing step so that the change holds at the last one.
fn wrapped(rest: &[&str], change: &Change) -> Value {
    let mut value = match change {
        Change::Append(value) => Value::Array(vec![value.clone()]),
        Change::Set(value) => value.clone(),
        Change::Remove => Value::Null,
    };
    for token in rest.iter().rev() {
        value = Value::Object(Map::from_iter([((*token).to_owned(), value)]));
    }
    value
}

fn change_within(value: &mut Value, path: &[&str], change: &Change) -> bool {
    let Some((first, rest)) = path.split_first() else {
        match (change, &mut *value) {
            (Change::Append(new), Value::Array(list)) => list.push(new.clone()),
            (Change::Set(new), place) => *place = new.clone(),
            _ => return false,
        }
        return true;
    };
    match value {
        Value::Object(map) if map.contains_key(*first) => {
            if rest.is_empty() && *change == Change::Remove {
                map.remove(*first);
                return true;
            }
            map.get_mut(*first).is_some_and(|inner| change_within(inner, rest, change))
        }
        Value::Object(map) if *change != Change::Remove => {
            map.insert((*first).to_owned(), wrapped(rest, change));
            true
        }
        Value::Array(list) => {
            let Some(at) = first.parse::<usize>().ok().filter(|at| *at < list.len()) else {
                return false;
            };
            if rest.is_empty() && *change == Change::Remove {
                list.remove(at);
                return true;
            }
            change_within(&mut list[at], rest, change)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
