//! Members of an object that is changed in place.

use serde_json::{Map, Value};

/// The members of an object.
pub(super) type Members = Map<String, Value>;

/// The members of a member that is an object.
pub(super) fn members_of<'t>(members: &'t mut Members, key: &str) -> Option<&'t mut Members> {
    members.get_mut(key)?.as_object_mut()
}

/// The objects in a member that is a list.
pub(super) fn elements<'t>(
    members: &'t mut Members,
    key: &str,
) -> impl Iterator<Item = &'t mut Members> {
    let list = members.get_mut(key).and_then(Value::as_array_mut);
    list.into_iter().flatten().filter_map(Value::as_object_mut)
}

/// Whether a value counts as none: decoded, an empty text is the zero value that defaulting replaces.
pub(super) fn is_unset(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}

/// Puts a value where none is.
pub(super) fn fill(members: &mut Members, key: &str, value: impl Into<Value>) {
    if members.get(key).is_none_or(is_unset) {
        members.insert(key.to_owned(), value.into());
    }
}

/// Puts a number where none is, or zero.
pub(super) fn fill_zero(members: &mut Members, key: &str, number: i64) {
    if members.get(key).is_none_or(|value| is_unset(value) || value.as_i64() == Some(0)) {
        members.insert(key.to_owned(), number.into());
    }
}

/// Puts a value where there is none at all: fields that tell empty from absent.
pub(super) fn fill_absent(members: &mut Members, key: &str, value: impl Into<Value>) {
    if members.get(key).is_none_or(Value::is_null) {
        members.insert(key.to_owned(), value.into());
    }
}
