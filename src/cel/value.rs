//! Values of expressions.

mod equality;
mod json;
mod kinds;
mod list;
mod map;
mod time;

use std::any::Any;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::EvalError;
use super::types::{OpaqueType, Type};
use crate::json::{JsonError, Shape, Tree, View};

pub use list::{Items, List};
pub use map::{Entries, Map};
pub use time::Timestamp;

/// Levels of lists, maps and optional values that an expression may put into one another. An object has at most 127,
/// so that nothing that walks over a value runs out of stack.
pub const MAX_DEPTH: u16 = 300;

/// A value; `'v` is the lifetime of the objects and the program it comes from.
#[derive(Clone, Debug)]
pub enum Value<'v> {
    /// `null`.
    Null,
    /// A truth value.
    Bool(bool),
    /// A signed number.
    Int(i64),
    /// An unsigned number.
    Uint(u64),
    /// A floating point number.
    Double(f64),
    /// A text.
    String(Text<'v>),
    /// Bytes.
    Bytes(Arc<[u8]>),
    /// A span of time, in nanoseconds.
    Duration(i64),
    /// A point in time.
    Timestamp(Timestamp),
    /// A type.
    Type(Arc<Type>),
    /// A list.
    List(List<'v>),
    /// A map or an object.
    Map(Map<'v>),
    /// A value that may be absent.
    Optional(Option<Arc<Value<'v>>>),
    /// A value of a Kubernetes library.
    Opaque(Arc<dyn Opaque>),
}

/// A text, borrowed from an object or made by an expression.
#[derive(Clone)]
pub enum Text<'v> {
    /// From an object or a literal.
    Borrowed(&'v str),
    /// Made.
    Shared(Arc<str>),
}

/// A value of a Kubernetes library.
pub trait Opaque: fmt::Debug + Send + Sync {
    /// Its type.
    fn opaque_type(&self) -> OpaqueType;
    /// For those who know the type.
    fn as_any(&self) -> &dyn Any;
    /// Whether it equals another value of the same type.
    fn equals(&self, other: &dyn Opaque) -> bool;
}

impl<'v> Value<'v> {
    /// A text that an expression made.
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self::String(Text::Shared(text.into()))
    }

    /// A list that an expression made.
    pub fn list(items: Vec<Self>) -> Self {
        Self::List(List::from(items))
    }

    /// An optional value that is present.
    ///
    /// # Errors
    /// Where it is nested too deep.
    pub fn some(value: Self) -> Result<Self, EvalError> {
        value.check_depth()?;
        Ok(Self::Optional(Some(Arc::new(value))))
    }

    /// An optional value that is absent.
    pub const fn none() -> Self {
        Self::Optional(None)
    }

    /// A part of an object. Its text is read when it is looked into.
    ///
    /// # Errors
    /// Where it is malformed.
    pub fn from_view(view: View<'v>) -> Result<Self, EvalError> {
        Ok(match view.shape().map_err(|error| malformed(&error))? {
            Shape::Null => Self::Null,
            Shape::Bool(yes) => Self::Bool(yes),
            Shape::Int(number) => Self::Int(number),
            Shape::Double(number) => Self::Double(number),
            Shape::String(text) => Self::String(Text::Borrowed(text)),
            Shape::Array(elements) => Self::List(List::Tree(elements)),
            Shape::Object(members) => Self::Map(Map::Tree(members)),
        })
    }

    /// An object.
    ///
    /// # Errors
    /// Where it is malformed.
    pub fn from_tree(tree: &'v Tree<'_>) -> Result<Self, EvalError> {
        Self::from_view(tree.view())
    }

    /// How many levels it has: 0 for a number. What stands in an object is taken to have all that it may have.
    pub fn depth(&self) -> u16 {
        match self {
            Self::List(list) => list.depth(),
            Self::Map(map) => map.depth(),
            Self::Optional(Some(value)) => value.depth().saturating_add(1),
            _ => 0,
        }
    }

    /// # Errors
    /// Where the value is nested as deep as it may be, so that nothing can be put around it.
    pub(crate) fn check_depth(&self) -> Result<(), EvalError> {
        if self.depth() < MAX_DEPTH {
            Ok(())
        } else {
            Err(EvalError::Other(format!("a value is nested deeper than {MAX_DEPTH} levels")))
        }
    }
}

pub(crate) fn malformed(error: &JsonError) -> EvalError {
    EvalError::Other(format!("the object is not JSON: {error}"))
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Shared(text) => text,
        }
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Self::Shared(text.into())
    }
}

impl From<bool> for Value<'_> {
    fn from(yes: bool) -> Self {
        Self::Bool(yes)
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl<'v> From<&'v str> for Value<'v> {
    fn from(text: &'v str) -> Self {
        Self::String(Text::Borrowed(text))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::String(text.into())
    }
}
