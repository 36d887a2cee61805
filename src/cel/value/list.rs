//! Lists.

use std::sync::Arc;

use super::Value;
use crate::cel::EvalError;
use crate::json::Elements;

/// Levels that a list or an object of the request is taken to have: those that are read at most.
pub(super) const TREE_DEPTH: u16 = 127;

/// A list of an object, or one that an expression made.
#[derive(Clone, Debug)]
pub enum List<'v> {
    /// Of an object; its elements become values when they are asked for.
    Tree(Elements<'v>),
    /// Made.
    Shared(Arc<Items<'v>>),
}

/// The elements of a list that was made.
#[derive(Clone, Debug, Default)]
pub struct Items<'v> {
    items: Vec<Value<'v>>,
    depth: u16,
}

impl<'v> Items<'v> {
    /// Adds an element at the end.
    fn push(&mut self, value: Value<'v>) {
        self.depth = self.depth.max(value.depth().saturating_add(1));
        self.items.push(value);
    }
}

impl<'v> From<Vec<Value<'v>>> for List<'v> {
    fn from(items: Vec<Value<'v>>) -> Self {
        let depth = items.iter().map(Value::depth).max().unwrap_or(0).saturating_add(1);
        Self::Shared(Arc::new(Items { items, depth }))
    }
}

impl<'v> List<'v> {
    /// How many elements there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Tree(elements) => elements.len(),
            Self::Shared(items) => items.items.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// An element, from 0.
    ///
    /// # Errors
    /// Where it is malformed.
    pub fn get(&self, index: usize) -> Result<Option<Value<'v>>, EvalError> {
        match self {
            Self::Tree(elements) => elements.get(index).map(Value::from_view).transpose(),
            Self::Shared(items) => Ok(items.items.get(index).cloned()),
        }
    }

    /// All elements.
    ///
    /// # Errors
    /// Each may be malformed.
    pub fn iter(&self) -> impl Iterator<Item = Result<Value<'v>, EvalError>> {
        (0..self.len()).filter_map(|index| self.get(index).transpose())
    }

    pub(super) fn depth(&self) -> u16 {
        match self {
            Self::Tree(_) => TREE_DEPTH,
            Self::Shared(items) => items.depth,
        }
    }

    /// Adds an element at the end, without copying those that are there where no one else has them.
    pub(crate) fn push(&mut self, value: Value<'v>) -> Result<(), EvalError> {
        if let Self::Tree(_) = self {
            *self = Self::from(self.iter().collect::<Result<Vec<_>, _>>()?);
        }
        if let Self::Shared(items) = self {
            Arc::make_mut(items).push(value);
        }
        Ok(())
    }

    /// Adds the elements of another list at the end, without copying those that are there where no one else has them.
    pub(crate) fn extend(&mut self, other: &Self) -> Result<(), EvalError> {
        if let Self::Tree(_) = self {
            let items: Vec<_> = self.iter().collect::<Result<_, _>>()?;
            *self = Self::from(items);
        }
        if let Self::Shared(items) = self {
            let items = Arc::make_mut(items);
            items.items.reserve(other.len());
            for value in other.iter() {
                items.push(value?);
            }
        }
        Ok(())
    }
}
