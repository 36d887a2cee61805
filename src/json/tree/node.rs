//! The parts of a tree, and how one looks at them.

use std::cell::OnceCell;
use std::fmt;

use serde_json::Value;

use super::super::JsonError;
use super::read;

/// Members that are looked through one by one; of more than these, names are kept in order.
pub(super) const FEW: usize = 16;

/// A part of the text: from, to, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Span {
    fn of(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// A text of the tree.
#[derive(Clone, Debug)]
pub(super) enum Words {
    /// As it stands in the text.
    There(Span),
    /// With escapes undone, or from elsewhere.
    Own(Box<str>),
}

impl Words {
    pub(super) fn of<'v>(&'v self, text: &'v str) -> &'v str {
        match self {
            Self::There(span) => span.of(text),
            Self::Own(own) => own,
        }
    }
}

#[derive(Clone, Debug)]
pub(super) enum Node {
    Null,
    Bool(bool),
    Int(i64),
    Double(f64),
    String(Words),
    /// Something in brackets, `depth` levels down, and what was read of it.
    Unread {
        span: Span,
        depth: u8,
        read: OnceCell<Result<Box<Branch>, ()>>,
    },
    Own(Box<Branch>),
}

/// What stands in brackets.
#[derive(Clone, Debug)]
pub(super) enum Branch {
    Array(Vec<Node>),
    Object(Fields),
}

/// The members of an object in the order in which they are written.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields {
    pub(super) entries: Vec<(Words, Node)>,
    /// Where there are more than [`FEW`]: places of all, by name.
    pub(super) by_name: Vec<u32>,
}

impl Fields {
    /// Of members with the same key, the last is kept, as the API server does.
    pub(super) fn new(mut entries: Vec<(Words, Node)>, text: &str) -> Self {
        if entries.len() <= FEW {
            let mut at = 0;
            while at < entries.len() {
                let name = entries[at].0.of(text);
                if entries[at + 1..].iter().any(|(other, _)| other.of(text) == name) {
                    entries.remove(at);
                } else {
                    at += 1;
                }
            }
            return Self { entries, by_name: Vec::new() };
        }
        let mut by_name = Self::order(&entries, text);
        let mut dropped = vec![false; entries.len()];
        for pair in by_name.windows(2) {
            if let [first, second] = pair
                && name(&entries, *first, text) == name(&entries, *second, text)
            {
                dropped[*first as usize] = true;
            }
        }
        if dropped.contains(&true) {
            let mut dropped = dropped.iter();
            entries.retain(|_| dropped.next() == Some(&false));
            by_name = Self::order(&entries, text);
        }
        Self { entries, by_name }
    }

    fn order(entries: &[(Words, Node)], text: &str) -> Vec<u32> {
        let mut by_name: Vec<u32> = (0..entries.len() as u32).collect();
        by_name.sort_by(|a, b| name(entries, *a, text).cmp(name(entries, *b, text)));
        by_name
    }

    pub(super) fn place(&self, key: &str, text: &str) -> Option<usize> {
        if self.entries.len() <= FEW {
            return self.entries.iter().position(|(words, _)| words.of(text) == key);
        }
        let found = self
            .by_name
            .binary_search_by(|place| name(&self.entries, *place, text).cmp(key))
            .ok()?;
        self.by_name.get(found).map(|place| *place as usize)
    }
}

fn name<'v>(entries: &'v [(Words, Node)], place: u32, text: &'v str) -> &'v str {
    entries.get(place as usize).map_or("", |(words, _)| words.of(text))
}

impl From<&Value> for Node {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(yes) => Self::Bool(*yes),
            Value::Number(number) => match number.as_i64() {
                Some(int) => Self::Int(int),
                None => Self::Double(number.as_f64().unwrap_or(f64::NAN)),
            },
            Value::String(text) => Self::String(Words::Own(text.as_str().into())),
            Value::Array(list) => {
                Self::Own(Box::new(Branch::Array(list.iter().map(Self::from).collect())))
            }
            Value::Object(map) => {
                let entries =
                    map.iter().map(|(key, value)| (Words::Own(key.as_str().into()), value.into()));
                Self::Own(Box::new(Branch::Object(Fields::new(entries.collect(), ""))))
            }
        }
    }
}

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
    nodes: &'v [Node],
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
