//! A JSON value that is read as far as someone looks into it.
//!
//! An expression looks at a few fields of a large object. What stands in brackets is passed over at first and read,
//! one level at a time, when it is looked at. Nodes hold places in the text and no references, so that what was
//! read can be kept behind a shared reference without tying the text's lifetime to the tree's.

mod edit;
mod node;
mod read;
mod view;

use std::borrow::Cow;

use serde_json::Value;

use super::JsonError;
pub use edit::TreeChange;
use node::Node;
pub use view::{Elements, Members, Shape, View};

/// A JSON value.
#[derive(Clone, Debug)]
pub struct Tree<'a> {
    text: Cow<'a, str>,
    root: Node,
}

impl<'a> Tree<'a> {
    /// Reads a value. What stands in brackets within it is read when it is looked at: where it is malformed,
    /// [`View::shape`] answers with the error then.
    ///
    /// # Errors
    /// Where the text does not begin with a JSON value, ends within it, or goes on behind it.
    pub fn parse(text: &'a str) -> Result<Self, JsonError> {
        Ok(Self { text: Cow::Borrowed(text), root: read::root(text)? })
    }

    /// The same of a text that is kept along with what was read of it.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn parse_owned(text: String) -> Result<Tree<'static>, JsonError> {
        let root = read::root(&text)?;
        Ok(Tree { text: Cow::Owned(text), root })
    }

    /// The value, to look into.
    pub fn view(&self) -> View<'_> {
        View::new(&self.text, &self.root)
    }

    /// The member of a key.
    pub fn get(&self, key: &str) -> Option<View<'_>> {
        self.view().get(key)
    }
}

impl From<&Value> for Tree<'_> {
    fn from(value: &Value) -> Self {
        Self { text: Cow::Borrowed(""), root: Node::from(value) }
    }
}

impl PartialEq for Tree<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.view().to_json() == other.view().to_json()
    }
}

#[cfg(test)]
mod tests;
