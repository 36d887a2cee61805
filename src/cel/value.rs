//! Values of expressions.

use std::any::Any;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::types::{OpaqueType, Type};
use crate::json::Tree;

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
    Timestamp(jiff::Timestamp),
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

/// A list of an object, or one that an expression made.
#[derive(Clone, Debug)]
pub enum List<'v> {
    /// Of an object; its elements become values when they are asked for.
    Tree(&'v [Tree<'v>]),
    /// Made.
    Shared(Arc<[Value<'v>]>),
}

/// An object, or a map that an expression made.
#[derive(Clone, Debug)]
pub enum Map<'v> {
    /// An object.
    Tree(&'v [(std::borrow::Cow<'v, str>, Tree<'v>)]),
    /// Made; keys are of types Bool, Int, Uint and String.
    Shared(Arc<[(Value<'v>, Value<'v>)]>),
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

impl<'v> From<&'v Tree<'v>> for Value<'v> {
    fn from(tree: &'v Tree<'v>) -> Self {
        match tree {
            Tree::Null => Self::Null,
            Tree::Bool(yes) => Self::Bool(*yes),
            Tree::Int(number) => Self::Int(*number),
            Tree::Uint(number) => Self::Uint(*number),
            Tree::Double(number) => Self::Double(*number),
            Tree::String(text) => Self::String(Text::Borrowed(text)),
            Tree::Array(list) => Self::List(List::Tree(list)),
            Tree::Object(members) => Self::Map(Map::Tree(members)),
        }
    }
}
