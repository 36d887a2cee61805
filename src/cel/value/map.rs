//! Maps.

use std::collections::HashMap;
use std::sync::Arc;

use super::list::TREE_DEPTH;
use super::{Text, Value};
use crate::cel::EvalError;
use crate::json::Members;

/// Entries that are looked through one by one; of more than these, keys are hashed.
const FEW: usize = 8;

/// An object, or a map that an expression made.
#[derive(Clone, Debug)]
pub enum Map<'v> {
    /// An object.
    Tree(Members<'v>),
    /// Made; keys are of types Bool, Int, Uint and String.
    Shared(Arc<Entries<'v>>),
}

/// The entries of a map that was made, in the order in which they came.
#[derive(Clone, Debug, Default)]
pub struct Entries<'v> {
    entries: Vec<(Value<'v>, Value<'v>)>,
    /// Where there are more than [`FEW`]: places of all.
    places: HashMap<Key<'v>, usize>,
    depth: u16,
}

/// A key as maps compare them: numbers by value, whatever their type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key<'v> {
    Bool(bool),
    Number(i128),
    String(Name<'v>),
}

#[derive(Clone, Debug)]
struct Name<'v>(Text<'v>);

impl PartialEq for Name<'_> {
    fn eq(&self, other: &Self) -> bool {
        *self.0 == *other.0
    }
}

impl Eq for Name<'_> {}

impl std::hash::Hash for Name<'_> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (*self.0).hash(state);
    }
}

impl<'v> Key<'v> {
    /// None for what can be no key.
    fn of(value: &Value<'v>) -> Option<Self> {
        Some(match value {
            Value::Bool(yes) => Self::Bool(*yes),
            Value::Int(number) => Self::Number((*number).into()),
            Value::Uint(number) => Self::Number((*number).into()),
            // Every whole number that a double can be, and a map can hold, fits.
            Value::Double(number) if number.trunc() == *number && number.abs() < 1e30 => {
                Self::Number(*number as i128)
            }
            Value::String(text) => Self::String(Name(text.clone())),
            _ => return None,
        })
    }
}

impl<'v> Entries<'v> {
    fn place(&self, key: &Key<'v>) -> Option<usize> {
        if self.places.is_empty() {
            self.entries.iter().position(|(other, _)| Key::of(other).as_ref() == Some(key))
        } else {
            self.places.get(key).copied()
        }
    }

    /// Adds an entry, or replaces it.
    ///
    /// # Errors
    /// Where the key can be none.
    fn put(&mut self, key: Value<'v>, value: Value<'v>) -> Result<(), EvalError> {
        let place = Key::of(&key).and_then(|key| self.place(&key));
        let Some(entry) = place.and_then(|place| self.entries.get_mut(place)) else {
            return self.insert(key, value);
        };
        self.depth = self.depth.max(value.depth().saturating_add(1));
        *entry = (key, value);
        Ok(())
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// Where the key is there already, or can be none.
    pub(crate) fn insert(&mut self, key: Value<'v>, value: Value<'v>) -> Result<(), EvalError> {
        let hashed = match &key {
            Value::Double(_) => None,
            key => Key::of(key),
        };
        let Some(hashed) = hashed else {
            return Err(EvalError::Other(format!("unsupported key type: {}", key.type_name())));
        };
        if self.place(&hashed).is_some() {
            return Err(EvalError::Other(format!(
                "insert failed: key {} already exists",
                key.shown()
            )));
        }
        if self.entries.len() == FEW {
            let keys = self.entries.iter().enumerate();
            self.places = keys.filter_map(|(at, (key, _))| Some((Key::of(key)?, at))).collect();
        }
        if self.entries.len() >= FEW {
            self.places.insert(hashed, self.entries.len());
        }
        self.depth = self.depth.max(value.depth().saturating_add(1));
        self.entries.push((key, value));
        Ok(())
    }
}

impl<'v> Map<'v> {
    /// A map of these entries; of two with one key the last counts, as in cel-go (`evalMap` in
    /// interpreter/interpretable.go), where cel-spec has an error.
    ///
    /// # Errors
    /// Where one has a key that can be none.
    pub fn of(entries: Vec<(Value<'v>, Value<'v>)>) -> Result<Self, EvalError> {
        let mut made = Entries { depth: 1, ..Entries::default() };
        for (key, value) in entries {
            made.put(key, value)?;
        }
        Ok(Self::Shared(Arc::new(made)))
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Tree(members) => members.len(),
            Self::Shared(entries) => entries.entries.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a key; numbers are found by their value, whatever their type.
    ///
    /// # Errors
    /// Where the value is malformed.
    pub fn find(&self, key: &Value<'v>) -> Result<Option<Value<'v>>, EvalError> {
        match (self, key) {
            (Self::Tree(_), Value::String(text)) => self.field(text),
            (Self::Tree(_), _) => Ok(None),
            (Self::Shared(entries), _) => {
                let place = Key::of(key).and_then(|key| entries.place(&key));
                let entry = place.and_then(|place| entries.entries.get(place));
                Ok(entry.map(|(_, value)| value.clone()))
            }
        }
    }

    /// The value of a text as key.
    ///
    /// # Errors
    /// Where the value is malformed.
    pub fn field(&self, name: &str) -> Result<Option<Value<'v>>, EvalError> {
        match self {
            Self::Tree(members) => members.get(name).map(Value::from_view).transpose(),
            Self::Shared(entries) => {
                let few = entries.places.is_empty();
                let found = if few {
                    entries
                        .entries
                        .iter()
                        .position(|(key, _)| matches!(key, Value::String(text) if **text == *name))
                } else {
                    entries.place(&Key::String(Name(Text::Shared(name.into()))))
                };
                let entry = found.and_then(|place| entries.entries.get(place));
                Ok(entry.map(|(_, value)| value.clone()))
            }
        }
    }

    /// Whether there is an entry of a key, whatever its value.
    pub fn has(&self, key: &Value<'v>) -> bool {
        match (self, key) {
            (Self::Tree(members), Value::String(text)) => members.get(text).is_some(),
            (Self::Tree(_), _) => false,
            (Self::Shared(entries), _) => {
                Key::of(key).and_then(|key| entries.place(&key)).is_some()
            }
        }
    }

    /// A key, from 0.
    pub fn key(&self, index: usize) -> Option<Value<'v>> {
        match self {
            Self::Tree(members) => {
                members.at(index).map(|(name, _)| Value::String(Text::Borrowed(name)))
            }
            Self::Shared(entries) => entries.entries.get(index).map(|(key, _)| key.clone()),
        }
    }

    /// An entry, from 0.
    ///
    /// # Errors
    /// Where its value is malformed.
    pub fn at(&self, index: usize) -> Result<Option<(Value<'v>, Value<'v>)>, EvalError> {
        match self {
            Self::Tree(members) => match members.at(index) {
                Some((name, view)) => {
                    Ok(Some((Value::String(Text::Borrowed(name)), Value::from_view(view)?)))
                }
                None => Ok(None),
            },
            Self::Shared(entries) => Ok(entries.entries.get(index).cloned()),
        }
    }

    /// All entries, in the order in which they are written or came.
    ///
    /// # Errors
    /// Each may be malformed.
    pub fn iter(&self) -> impl Iterator<Item = Result<(Value<'v>, Value<'v>), EvalError>> {
        (0..self.len()).filter_map(|index| self.at(index).transpose())
    }

    pub(super) fn depth(&self) -> u16 {
        match self {
            Self::Tree(_) => TREE_DEPTH,
            Self::Shared(entries) => entries.depth,
        }
    }

    /// Adds an entry, without copying those that are there where no one else has them.
    pub(crate) fn insert(&mut self, key: Value<'v>, value: Value<'v>) -> Result<(), EvalError> {
        if let Self::Tree(_) = self {
            let entries: Vec<_> = self.iter().collect::<Result<_, _>>()?;
            *self = Self::of(entries)?;
        }
        match self {
            Self::Shared(entries) => Arc::make_mut(entries).insert(key, value),
            Self::Tree(_) => Ok(()),
        }
    }
}
