//! The parts of a tree.

use std::cell::OnceCell;

use serde_json::Value;

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
