//! What an entry asks of a value, and what it gives where there is none.

use std::fmt;

use regex::Regex;

use crate::finding::quoted;
use crate::glob::Globs;

/// How many values a message names.
const SHOWN: usize = 5;

/// A key that pods must have, or whose value must be right where they have it.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) required: bool,
    pub(super) values: Values,
    pub(super) default: Option<Default>,
}

/// The values that count.
#[derive(Debug)]
pub(super) enum Values {
    Any,
    OneOf(Vec<String>),
    Glob(String, Globs),
    Regex(String, Regex),
}

impl Values {
    pub(super) fn take(&self, value: &str) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(values) => values.iter().any(|one| one == value),
            Self::Glob(_, globs) => globs.matches(value),
            Self::Regex(_, regex) => regex.is_match(value),
        }
    }
}

/// `one of …`, as in "it must be".
impl fmt::Display for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any value"),
            Self::OneOf(values) => {
                let shown: Vec<_> = values.iter().take(SHOWN).map(|one| quoted(one)).collect();
                let more = if values.len() > SHOWN { " …" } else { "" };
                write!(f, "one of {}{more}", shown.join(", "))
            }
            Self::Glob(glob, _) => write!(f, "a value that matches {}", quoted(glob)),
            Self::Regex(regex, _) => {
                write!(f, "a value that matches the regular expression {}", quoted(regex))
            }
        }
    }
}

/// Where a value comes from that a pod lacks: one of the two at least.
#[derive(Debug)]
pub(super) struct Default {
    pub(super) value: Option<String>,
    pub(super) from_namespace_label: Option<String>,
}

impl fmt::Display for Default {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.from_namespace_label, &self.value) {
            (Some(key), Some(value)) => write!(f, "the namespace's label {key}, or {value}"),
            (Some(key), None) => write!(f, "the namespace's label {key}"),
            (None, value) => f.write_str(value.as_deref().unwrap_or_default()),
        }
    }
}
