//! Where each value of a document stands in the text.
//!
//! One flat list per file, in the order of the text: a node's children follow it, up to its `last`.
//! Nothing is copied from the text, and aliases are links, so the list stays as small as the text.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use super::text::Text;

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
    shape: Shape,
    key_text: KeyText,
    anchored: bool,
}

impl Node {
    pub(super) fn key(&self) -> Range<usize> {
        self.key[0] as usize..self.key[1] as usize
    }

    pub(super) fn value(&self) -> Range<usize> {
        self.value[0] as usize..self.value[1] as usize
    }

    fn link(&self) -> Option<NodeId> {
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
}

impl Spans {
    pub(super) fn with_capacity(nodes: usize) -> Self {
        Self { nodes: Vec::with_capacity(nodes), keys: HashMap::new() }
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
        let last = if shape == Shape::Scalar { id } else { NONE };
        let node = Node { key, value, last, link: NONE, shape, key_text, anchored: false };
        self.nodes.push(node);
        id
    }

    /// Ends a collection whose text ends at `end`, or where its last child ends.
    pub(super) fn close(&mut self, id: NodeId, end: Option<usize>) {
        let last = self.next().saturating_sub(1);
        let inner = self.nodes.get(last as usize).map_or(0, |node| node.value[1].max(node.key[1]));
        if let Some(node) = self.nodes.get_mut(id as usize) {
            node.last = last;
            node.value[1] = end.map_or(inner, |end| end as u32).max(node.value[0]);
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

    /// The first child of `parent` with this key, not looking into merges.
    pub(super) fn child(&self, text: &str, parent: NodeId, key: &str) -> Option<NodeId> {
        self.children(parent).find(|&(id, node)| self.is_key(text, id, node, key)).map(|(id, _)| id)
    }

    fn children(&self, parent: NodeId) -> impl Iterator<Item = (NodeId, &Node)> {
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

    fn is_key(&self, text: &str, id: NodeId, node: &Node, key: &str) -> bool {
        let written = || text.get(node.key());
        match node.key_text {
            KeyText::Plain => written() == Some(key),
            KeyText::Quoted => written().and_then(unquote) == Some(key),
            KeyText::Other => self.keys.get(&id).is_some_and(|name| &**name == key),
            KeyText::None | KeyText::Merge => false,
        }
    }
}

/// The spans of a file that has been read, with its text.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) text: Arc<Text>,
    spans: Spans,
}

/// Where a field stands, in bytes of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The key, if the value has one.
    pub key: Option<Range<usize>>,
    /// The value. One that is an alias stands where its anchor is.
    pub value: Range<usize>,
    /// Whether this is the field itself; if not, it is absent and this is the nearest parent.
    pub exact: bool,
    /// Whether the text serves other places too, through an anchor, an alias or a merge key.
    pub shared: bool,
    scalar: bool,
    /// Where the value's first line ends.
    first_line_end: usize,
}

impl Found {
    /// The bytes to show a reader: the value of a scalar, the key of a collection; a collection
    /// without a key is shown by its first line.
    pub fn highlight(&self) -> Range<usize> {
        match &self.key {
            Some(key) if !self.scalar || self.value.is_empty() => key.clone(),
            _ if self.scalar => self.value.clone(),
            _ => self.value.start..self.first_line_end,
        }
    }
}

impl Tree {
    pub(super) fn new(text: Arc<Text>, spans: Spans) -> Self {
        Self { text, spans }
    }

    /// Walks an RFC 6901 pointer from `root` to its field or to the nearest parent there is.
    pub(super) fn find(&self, root: NodeId, pointer: &str) -> Found {
        let mut at = root;
        let mut shared = self.is_anchored(at);
        let mut exact = true;
        let tokens = if pointer.is_empty() { None } else { Some(pointer.split('/').skip(1)) };
        for token in tokens.into_iter().flatten() {
            let token = token.replace("~1", "/").replace("~0", "~");
            let Some((child, through_merge)) = self.step(at, &token) else {
                exact = false;
                break;
            };
            shared |= through_merge || self.is_linked(at) || self.is_anchored(child);
            at = child;
        }
        shared |= self.is_linked(at);
        let Some(node) = self.spans.node(at) else {
            let (value, exact, scalar) = (0..0, false, true);
            return Found { key: None, value, exact, shared, scalar, first_line_end: 0 };
        };
        let key = (node.key_text != KeyText::None).then(|| node.key());
        let value = self.spans.node(self.target(at)).unwrap_or(node);
        let scalar = value.shape == Shape::Scalar;
        let value = value.value();
        let text = self.text.as_str().get(value.clone()).unwrap_or_default();
        let line = memchr::memchr2(b'\n', b'\r', text.as_bytes()).unwrap_or(text.len());
        let first_line_end = value.start + line;
        Found { key, value, exact, shared, scalar, first_line_end }
    }

    /// The nodes of a list object's `items`.
    pub(super) fn items(&self, list: NodeId) -> Vec<NodeId> {
        let Some((items, _)) = self.step(list, "items") else { return Vec::new() };
        self.spans.children(self.target(items)).map(|(id, _)| id).collect()
    }

    fn is_anchored(&self, id: NodeId) -> bool {
        self.spans.node(id).is_some_and(|node| node.anchored)
    }

    fn is_linked(&self, id: NodeId) -> bool {
        self.spans.node(id).is_some_and(|node| node.link().is_some())
    }

    fn target(&self, id: NodeId) -> NodeId {
        self.spans.node(id).and_then(Node::link).unwrap_or(id)
    }

    /// The child that a pointer token names, and whether a merge key brought it.
    fn step(&self, parent: NodeId, token: &str) -> Option<(NodeId, bool)> {
        let parent = self.target(parent);
        match self.spans.node(parent)?.shape {
            Shape::Scalar => None,
            Shape::Map => self.field(parent, token),
            Shape::List => {
                let index = token.parse().ok()?;
                self.spans.children(parent).nth(index).map(|(id, _)| (id, false))
            }
        }
    }

    fn field(&self, map: NodeId, key: &str) -> Option<(NodeId, bool)> {
        // Merges refer to earlier anchors which may merge again, without a bound on the chain.
        let mut seen = HashSet::new();
        let mut waiting = vec![map];
        while let Some(id) = waiting.pop() {
            if let Some(child) = self.spans.child(self.text.as_str(), id, key) {
                return Some((child, id != map));
            }
            let before = waiting.len();
            for (child, node) in self.spans.children(id) {
                if node.key_text == KeyText::Merge {
                    self.merged_maps(child, |map| {
                        if seen.insert(map) {
                            waiting.push(map);
                        }
                    });
                }
            }
            if let Some(added) = waiting.get_mut(before..) {
                added.reverse();
            }
        }
        None
    }

    fn merged_maps(&self, merge: NodeId, mut visit: impl FnMut(NodeId)) {
        let target = self.target(merge);
        match self.spans.node(target).map(|node| node.shape) {
            Some(Shape::Map) => visit(target),
            Some(Shape::List) => {
                self.spans.children(target).for_each(|(id, _)| visit(self.target(id)));
            }
            Some(Shape::Scalar) | None => {}
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
