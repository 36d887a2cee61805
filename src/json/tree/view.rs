//! How one looks at the parts of a tree.

use std::fmt;

use serde_json::Value;

use super::super::JsonError;
use super::node::{Branch, Fields, Node, Span};
use super::read;

/// A part of a tree that is looked at.
#[derive(Clone, Copy)]
pub struct View<'v> {
    text: &'v str,
    node: &'v Node,
}

/// What a part of a tree is.
#[derive(Clone, Copy, Debug)]
pub enum Shape<'v> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number without fraction and exponent that fits.
    Int(i64),
    /// Any other number, those above [`i64::MAX`] among them, as Kubernetes reads them (sigs.k8s.io/json).
    Double(f64),
    /// A text.
    String(&'v str),
    /// A list.
    Array(Elements<'v>),
    /// An object.
    Object(Members<'v>),
}

impl<'v> View<'v> {
    pub(super) fn new(text: &'v str, node: &'v Node) -> Self {
        Self { text, node }
    }

    /// What it is.
    ///
    /// # Errors
    /// Where it stands in brackets and is malformed on its own level, or nested too deep.
    pub fn shape(self) -> Result<Shape<'v>, JsonError> {
        Ok(match self.node {
            Node::Null => Shape::Null,
            Node::Bool(yes) => Shape::Bool(*yes),
            Node::Int(number) => Shape::Int(*number),
            Node::Double(number) => Shape::Double(*number),
            Node::String(words) => Shape::String(words.of(self.text)),
            Node::Own(branch) => self.branch(branch),
            Node::Unread { span, depth, read } => {
                let read = read.get_or_init(|| {
                    read::branch(self.text, *span, *depth).map(Box::new).map_err(drop)
                });
                match read {
                    Ok(branch) => self.branch(branch),
                    // Read again for the message: this is seldom, and nodes stay small.
                    Err(()) => self.branch_error(*span, *depth)?,
                }
            }
        })
    }

    fn branch_error(self, span: Span, depth: u8) -> Result<Shape<'v>, JsonError> {
        match read::branch(self.text, span, depth) {
            Ok(_) => Err(super::super::fault("the value is malformed")),
            Err(error) => Err(error),
        }
    }

    fn branch(self, branch: &'v Branch) -> Shape<'v> {
        match branch {
            Branch::Array(nodes) => Shape::Array(Elements { text: self.text, nodes }),
            Branch::Object(fields) => Shape::Object(Members { text: self.text, fields }),
        }
    }

    /// The member of a key; none where this is no object.
    pub fn get(self, key: &str) -> Option<Self> {
        match self.shape() {
            Ok(Shape::Object(members)) => members.get(key),
            _ => None,
        }
    }

    /// The whole value; what is malformed within it becomes null. Levels are bounded by what is read.
    pub fn to_json(self) -> Value {
        match self.shape() {
            Err(_) | Ok(Shape::Null) => Value::Null,
            Ok(Shape::Bool(yes)) => yes.into(),
            Ok(Shape::Int(number)) => number.into(),
            Ok(Shape::Double(number)) => number.into(),
            Ok(Shape::String(text)) => text.into(),
            Ok(Shape::Array(elements)) => elements.iter().map(Self::to_json).collect(),
            Ok(Shape::Object(members)) => {
                let members = members.iter().map(|(key, value)| (key.to_owned(), value.to_json()));
                Value::Object(members.collect())
            }
        }
    }
}

impl fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_json(), f)
    }
}

/// The elements of a list.
#[derive(Clone, Copy)]
pub struct Elements<'v> {
    text: &'v str,
    /// No slice, for values to stay small.
    nodes: &'v Vec<Node>,
}

impl<'v> Elements<'v> {
    /// How many there are.
    pub fn len(self) -> usize {
        self.nodes.len()
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.nodes.is_empty()
    }

    /// One of them, from 0.
    pub fn get(self, index: usize) -> Option<View<'v>> {
        self.nodes.get(index).map(|node| View { text: self.text, node })
    }

    /// All of them.
    pub fn iter(self) -> impl ExactSizeIterator<Item = View<'v>> {
        self.nodes.iter().map(move |node| View { text: self.text, node })
    }
}

impl fmt::Debug for Elements<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// The members of an object; of several with one key the last counts, and is the only one here.
#[derive(Clone, Copy)]
pub struct Members<'v> {
    text: &'v str,
    fields: &'v Fields,
}

impl<'v> Members<'v> {
    /// How many there are.
    pub fn len(self) -> usize {
        self.fields.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.fields.entries.is_empty()
    }

    /// The member of a key.
    pub fn get(self, key: &str) -> Option<View<'v>> {
        let place = self.fields.place(key, self.text)?;
        self.at(place).map(|(_, value)| value)
    }

    /// One of them, from 0, in the order in which they are written.
    pub fn at(self, index: usize) -> Option<(&'v str, View<'v>)> {
        let (words, node) = self.fields.entries.get(index)?;
        Some((words.of(self.text), View { text: self.text, node }))
    }

    /// All of them in the order in which they are written.
    pub fn iter(self) -> impl ExactSizeIterator<Item = (&'v str, View<'v>)> {
        self.fields
            .entries
            .iter()
            .map(move |(words, node)| (words.of(self.text), View { text: self.text, node }))
    }
}

impl fmt::Debug for Members<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}
