//! Reading a mapping field by field, so that one error does not hide the others.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::decode::{DecodeError, decode, nearest};
use crate::pointer::Pointer;

/// A mapping that is being read, and what was wrong with it so far.
#[derive(Debug)]
pub(super) struct Fields<'v> {
    map: &'v Map<String, Value>,
    /// Errors, pointing from the mapping on.
    pub(super) errors: Vec<DecodeError>,
}

impl<'v> Fields<'v> {
    /// Starts reading; `what` names the value for people: `a rule`.
    ///
    /// # Errors
    /// When the value is no mapping.
    pub(super) fn of(value: &'v Value, what: &str) -> Result<Self, DecodeError> {
        match value {
            Value::Object(map) => Ok(Self { map, errors: Vec::new() }),
            other => Err(DecodeError {
                pointer: Pointer::default(),
                message: format!("{what} is a mapping, and this is {}", type_of(other)),
                help: None,
            }),
        }
    }

    /// Reports every field that is not among those known.
    pub(super) fn only(&mut self, known: &[&str]) {
        for field in self.map.keys().filter(|field| !known.contains(&field.as_str())) {
            self.errors.push(DecodeError {
                pointer: Pointer::default().join(field),
                message: format!("unknown field `{field}`"),
                help: nearest(field, known.iter().copied()),
            });
        }
    }

    /// A field as it is written; an explicit null counts as absent.
    pub(super) fn value(&self, field: &str) -> Option<&'v Value> {
        self.map.get(field).filter(|value| !value.is_null())
    }

    /// A field that may be absent. None where it is absent or wrong.
    pub(super) fn optional<T: DeserializeOwned>(&mut self, field: &str) -> Option<T> {
        decode(self.value(field)?).map_err(|error| self.errors.push(error.below(field))).ok()
    }

    /// A field that must be there. None where it is absent or wrong.
    pub(super) fn required<T: DeserializeOwned>(&mut self, field: &str, help: &str) -> Option<T> {
        if self.value(field).is_none() {
            self.missing(field, help);
        }
        self.optional(field)
    }

    /// Reports a field that is missing.
    pub(super) fn missing(&mut self, field: &str, help: &str) {
        self.refuse(field, format!("the field `{field}` is missing"), help);
    }

    /// Reports a field whose value will not do.
    pub(super) fn refuse(&mut self, field: &str, message: impl Into<String>, help: &str) {
        self.errors.push(DecodeError {
            pointer: Pointer::default().join(field),
            message: message.into(),
            help: (!help.is_empty()).then(|| help.to_owned()),
        });
    }
}

/// What a value is, for people.
fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "empty",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}
