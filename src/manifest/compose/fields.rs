//! Fields that come into a map, one by one or by a merge key, and what copies of them weigh.

use std::collections::{BTreeMap, HashSet};

use serde_json::map::Entry;
use serde_json::{Map, Value};

/// Inserts a field; gives the key back if it stands there already and no merge brought it.
pub(super) fn insert(
    map: &mut Map<String, Value>,
    merged: &mut HashSet<String>,
    name: String,
    value: Value,
) -> Option<String> {
    match map.entry(name) {
        Entry::Vacant(entry) => {
            entry.insert(value);
            None
        }
        Entry::Occupied(mut entry) if merged.remove(entry.key()) => {
            entry.insert(value);
            None
        }
        Entry::Occupied(entry) => Some(entry.key().clone()),
    }
}

/// Merges fields; gives a key back that stands there already with another value.
pub(super) fn merge(
    map: &mut Map<String, Value>,
    merged: &mut HashSet<String>,
    maps: Vec<Map<String, Value>>,
) -> Option<String> {
    let mut combined = BTreeMap::new();
    for (name, value) in maps.into_iter().flatten() {
        combined.entry(name).or_insert(value);
    }
    for (name, value) in combined {
        match map.entry(name) {
            Entry::Vacant(entry) => {
                merged.insert(entry.key().clone());
                entry.insert(value);
            }
            Entry::Occupied(entry) if *entry.get() == value => {}
            Entry::Occupied(entry) => return Some(entry.key().clone()),
        }
    }
    None
}

/// The maps that the value of `<<` names.
pub(super) fn to_merge(value: Value, from_alias: bool) -> Option<Vec<Map<String, Value>>> {
    match value {
        Value::Object(map) => Some(vec![map]),
        Value::Array(list) if !from_alias => list
            .into_iter()
            .map(|item| match item {
                Value::Object(map) => Some(map),
                _ => None,
            })
            .collect(),
        _ => None,
    }
}

/// Bytes that a copy of a value takes, roughly.
pub(super) fn weight(value: &Value) -> usize {
    const NODE: usize = 48;
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => NODE,
        Value::String(text) => NODE + text.len(),
        Value::Array(list) => NODE + list.iter().map(weight).sum::<usize>(),
        Value::Object(map) => {
            // A map comes in leaves of eleven entries, however few are used.
            let leaves = map.len().div_ceil(6) * 11 * 2 * NODE;
            NODE + leaves + map.iter().map(|(key, value)| key.len() + weight(value)).sum::<usize>()
        }
    }
}
