//! Decoding of values that people wrote, with errors that say where and offer the nearest valid name.

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

use crate::pointer::Pointer;

/// A value that is not what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct DecodeError {
    /// Where, from the decoded value on.
    pub pointer: Pointer,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl DecodeError {
    /// The error in one line: field, what is wrong, what to do.
    pub fn line(&self) -> String {
        let place = self.pointer.field_path();
        if place.is_empty() { self.advice() } else { format!("{place}: {}", self.advice()) }
    }

    /// What is wrong and what to do, for where the field is told apart.
    pub fn advice(&self) -> String {
        match &self.help {
            Some(help) => format!("{}; {help}", self.message),
            None => self.message.clone(),
        }
    }

    /// The same error seen from one step further up.
    #[must_use]
    pub fn below(mut self, step: impl std::fmt::Display) -> Self {
        self.pointer = Pointer::new(format!("{}{}", Pointer::default().join(step), self.pointer));
        self
    }
}

/// Decodes a value.
///
/// # Errors
/// At the first field that is unknown or of the wrong type.
pub fn decode<T: DeserializeOwned>(value: &Value) -> Result<T, DecodeError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let mut pointer = pointer_of(error.path());
        let mut message = without_position(&error.inner().to_string());
        let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
        let help = match (message.starts_with("unknown "), quoted.split_first()) {
            (true, Some((unknown, known))) => nearest(unknown, known.iter().copied()),
            _ => None,
        };
        if let (true, Some(field)) = (message.starts_with("unknown field"), quoted.first())
            && pointer.tokens().last().as_deref() != Some(*field)
        {
            pointer.push(field);
        }
        // The names are in the help, or one that is near enough.
        if let (true, Some(list)) = (help.is_some(), message.rfind("`, expected ")) {
            message.truncate(list + 1);
        }
        DecodeError { pointer, message, help }
    })
}

/// "did you mean" for a name that is not known, or the list of all names when none is near.
pub fn nearest<'k>(unknown: &str, known: impl Iterator<Item = &'k str> + Clone) -> Option<String> {
    let near = known
        .clone()
        .map(|name| {
            (strsim::damerau_levenshtein(&unknown.to_lowercase(), &name.to_lowercase()), name)
        })
        .min()
        .filter(|(distance, name)| *distance <= (name.len() / 3).max(1));
    match near {
        Some((_, name)) => Some(format!("did you mean `{name}`?")),
        None => {
            let all: Vec<_> = known.map(|name| format!("`{name}`")).collect();
            (!all.is_empty()).then(|| format!("known here: {}", all.join(", ")))
        }
    }
}

/// The pointer to where decoding stopped.
pub(crate) fn pointer_of(path: &Path) -> Pointer {
    path.iter().fold(Pointer::default(), |pointer, segment| match segment {
        Segment::Seq { index } => pointer.join(index),
        Segment::Map { key } => pointer.join(key),
        Segment::Enum { .. } | Segment::Unknown => pointer,
    })
}

/// serde_json adds the line and column in its own input, which is not what the reader looks at; serde names types
/// of Rust.
pub(crate) fn without_position(message: &str) -> String {
    const RUST: &str = "expected struct ";
    let message = message.rfind(" at line ").map_or(message, |at| &message[..at]);
    match message.split_once(RUST) {
        Some((before, name)) => {
            let rest = name.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
            format!("{before}expected a map{rest}")
        }
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    #[expect(dead_code)]
    struct Outer {
        when_unsatisfiable: Option<Choice>,
        inner: Option<BTreeMap<String, Vec<Outer>>>,
    }

    #[derive(Debug, Deserialize)]
    enum Choice {
        ScheduleAnyway,
        DoNotSchedule,
    }

    #[test]
    fn unknown_fields_are_placed_and_the_nearest_name_is_offered() {
        let error =
            decode::<Outer>(&json!({"inner": {"a/b": [{"whenUnsatisfyable": 1}]}})).unwrap_err();
        assert_eq!(error.pointer.as_str(), "/inner/a~1b/0/whenUnsatisfyable");
        assert_eq!(error.message, "unknown field `whenUnsatisfyable`");
        assert_eq!(error.help.as_deref(), Some("did you mean `whenUnsatisfiable`?"));
    }

    #[test]
    fn wrong_values_are_placed() {
        let error = decode::<Outer>(&json!({"whenUnsatisfiable": "DoNotShedule"})).unwrap_err();
        assert_eq!(error.pointer.as_str(), "/whenUnsatisfiable");
        assert_eq!(error.message, "unknown variant `DoNotShedule`");
        assert_eq!(error.help.as_deref(), Some("did you mean `DoNotSchedule`?"));
        let error = decode::<Outer>(&json!({"inner": 3})).unwrap_err();
        assert_eq!(error.pointer.as_str(), "/inner");
        assert!(error.message.contains("expected a map"), "{}", error.message);
        let error = decode::<Outer>(&json!({"inner": {"a": [null]}})).unwrap_err();
        assert_eq!(error.message, "invalid type: null, expected a map");
        let _ = (Choice::ScheduleAnyway, Choice::DoNotSchedule);
    }
}
