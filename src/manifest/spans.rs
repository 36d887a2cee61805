//! Where each value of a document stands in the text.
//!
//! One flat list per file, in the order of the text: a node's children follow it, up to its `last`.
//! Nothing is copied from the text, and aliases are links, so the list stays as small as the text.

use std::collections::HashMap;
use std::ops::Range;

/// The number of a node in its file.
pub(super) type NodeId = u32;

/// No link.
const NONE: u32 = u32::MAX;

/// How a node stands in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Scalar,
    Map,
    List,
}

/// How the text of a key relates to the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyText {
    /// An item of a list, or a root.
    None,
    /// The key is what stands there.
    Plain,
    /// The key is what stands between quotes.
    Quoted,
    /// The key was escaped or converted and is kept aside.
    Other,
    /// `<<`: what the node holds counts as fields of its parent.
    Merge,
}

#[derive(Debug, Clone)]
pub(super) struct Node {
    key: [u32; 2],
    value: [u32; 2],
    /// The last node below this one, or itself; [`NONE`] while a collection is open.
    last: NodeId,
    /// The anchored node that an alias stands for.
    link: u32,
    pub(super) shape: Shape,
    pub(super) key_text: KeyText,
    pub(super) anchored: bool,
}

impl Node {
    pub(super) fn key(&self) -> Range<usize> {
        self.key[0] as usize..self.key[1] as usize
    }

    pub(super) fn value(&self) -> Range<usize> {
        self.value[0] as usize..self.value[1] as usize
    }

    /// Where its text starts: with its key, if it has one.
    pub(super) fn start(&self) -> usize {
        match self.key_text {
            KeyText::None => self.value[0] as usize,
            _ => self.key[0] as usize,
        }
    }

    /// Whether more than `nodes` nodes stand below this one, whose number is `id`.
    pub(super) fn is_larger_than(&self, id: NodeId, nodes: u32) -> bool {
        self.last.saturating_sub(id) > nodes
    }

    /// The last node below this one, or itself.
    pub(super) fn last(&self) -> NodeId {
        self.last
    }

    pub(super) fn link(&self) -> Option<NodeId> {
        (self.link != NONE).then_some(self.link)
    }
}

/// A key as it was read: its text, where it stands, and how the two relate.
#[derive(Debug)]
pub(super) struct KeySpan {
    pub(super) range: Range<usize>,
    pub(super) text: KeyText,
}

/// The spans of a file while it is read.
#[derive(Debug, Default)]
pub(super) struct Spans {
    nodes: Vec<Node>,
    /// Keys that differ from their text.
    keys: HashMap<NodeId, Box<str>>,
    /// Where the text of the node that was added or closed last ends.
    ended: u32,
}

impl Spans {
    pub(super) fn with_capacity(nodes: usize) -> Self {
        Self { nodes: Vec::with_capacity(nodes), keys: HashMap::new(), ended: 0 }
    }

    /// The number that the next node gets.
    pub(super) fn next(&self) -> NodeId {
        self.nodes.len() as NodeId
    }

    /// Adds a node; `name` is kept when the key cannot be read back from the text.
    pub(super) fn push(
        &mut self,
        shape: Shape,
        key: Option<(KeySpan, &str)>,
        value: Range<usize>,
    ) -> NodeId {
        let id = self.next();
        let (key, key_text) = match key {
            None => ([0, 0], KeyText::None),
            Some((span, name)) => {
                if span.text == KeyText::Other {
                    self.keys.insert(id, name.into());
                }
                (pair(&span.range), span.text)
            }
        };
        let value = pair(&value);
        self.ended = value[1].max(key[1]);
        let last = if shape == Shape::Scalar { id } else { NONE };
        let node = Node { key, value, last, link: NONE, shape, key_text, anchored: false };
        self.nodes.push(node);
        id
    }

    /// Ends a collection whose text ends at `end`, or where its last child ends.
    pub(super) fn close(&mut self, id: NodeId, end: Option<usize>) {
        let last = self.next().saturating_sub(1);
        let end = end.map_or(self.ended, |end| end as u32);
        if let Some(node) = self.nodes.get_mut(id as usize) {
            node.last = last;
            node.value[1] = end.max(node.value[0]);
            self.ended = node.value[1];
        }
    }

    /// Makes a node stand for `target`, whose text is shared.
    pub(super) fn link(&mut self, id: NodeId, target: NodeId) {
        if let Some(node) = self.nodes.get_mut(id as usize) {
            node.link = target;
        }
    }

    /// Notes that other places may refer to this node.
    pub(super) fn anchor(&mut self, id: NodeId) {
        if let Some(node) = self.nodes.get_mut(id as usize) {
            node.anchored = true;
        }
    }

    /// Forgets all nodes from `id` on: those of a document that is given up.
    pub(super) fn truncate(&mut self, id: NodeId) {
        self.nodes.truncate(id as usize);
        if !self.keys.is_empty() {
            self.keys.retain(|&key, _| key < id);
        }
    }

    pub(super) fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id as usize)
    }

    /// The last node whose text starts at `offset` or before.
    pub(super) fn reaching(&self, offset: usize) -> Option<&Node> {
        let after = self.nodes.partition_point(|node| node.start() <= offset);
        self.nodes.get(after.checked_sub(1)?)
    }

    /// The first child of `parent` with this key, not looking into merges.
    pub(super) fn child(&self, text: &str, parent: NodeId, key: &str) -> Option<NodeId> {
        self.children(parent)
            .find(|&(id, node)| self.name(text, id, node) == Some(key))
            .map(|(id, _)| id)
    }

    pub(super) fn children(&self, parent: NodeId) -> impl Iterator<Item = (NodeId, &Node)> {
        let last = self.node(parent).map_or(parent, |node| node.last);
        let mut next = parent + 1;
        std::iter::from_fn(move || {
            let id = next;
            let node = if id > last { None } else { self.node(id) }?;
            // An open child is the last one so far.
            next = node.last.saturating_add(1);
            Some((id, node))
        })
    }

    /// The key of a field; none for an item, a root and `<<`.
    pub(super) fn name<'s>(&'s self, text: &'s str, id: NodeId, node: &Node) -> Option<&'s str> {
        let written = || text.get(node.key());
        match node.key_text {
            KeyText::Plain => written(),
            KeyText::Quoted => written().and_then(unquote),
            KeyText::Other => self.keys.get(&id).map(|name| &**name),
            KeyText::None | KeyText::Merge => None,
        }
    }
}

/// The inside of a quoted text.
pub(super) fn unquote(text: &str) -> Option<&str> {
    text.get(1..text.len().checked_sub(1)?)
}

fn pair(range: &Range<usize>) -> [u32; 2] {
    // Texts are shorter than 4 GiB, see `Text::decode`.
    [range.start as u32, range.end as u32]
}
