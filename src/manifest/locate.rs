//! From the pointer of a field to the place where it stands.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use super::spans::{KeyText, Node, NodeId, Shape, Spans};
use super::text::Text;

/// The spans of a file that has been read, with its text.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) text: Arc<Text>,
    pub(super) spans: Spans,
    /// Steps that were found in large collections: a file can have a finding in each of its many items, and
    /// none may cost a walk over all the others.
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    items: HashMap<NodeId, Vec<NodeId>>,
    fields: HashMap<NodeId, HashMap<String, Option<(NodeId, bool)>>>,
}

/// Nodes below a collection from which on its steps are remembered.
const LARGE: u32 = 64;

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
        Self { text, spans, known: Mutex::default() }
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
        let key = (node.key_text != KeyText::None).then(|| self.text.clamp(node.key()));
        let value = self.spans.node(self.target(at)).unwrap_or(node);
        let scalar = value.shape == Shape::Scalar;
        let value = self.text.clamp(value.value());
        let text = self.text.as_str().get(value.clone()).unwrap_or_default();
        let line = memchr::memchr2(b'\n', b'\r', text.as_bytes()).unwrap_or(text.len());
        let first_line_end = value.start + line;
        Found { key, value, exact, shared, scalar, first_line_end }
    }

    /// Whether what stands at `offset` is part of a key or of a scalar. The header of a block scalar is not: a comment
    /// may follow it.
    pub(super) fn is_content(&self, offset: usize) -> bool {
        let Some(node) = self.spans.reaching(offset) else { return false };
        if node.key_text != KeyText::None && node.key().contains(&offset) {
            return true;
        }
        if node.shape != Shape::Scalar || !node.value().contains(&offset) {
            return false;
        }
        let before = self.text.as_str().get(node.value().start..offset).unwrap_or_default();
        !before.starts_with(['|', '>']) || before.contains(['\n', '\r'])
    }

    /// Whether all that can be read stands behind `offset`.
    pub(super) fn starts_after(&self, offset: usize) -> bool {
        self.spans.node(0).is_none_or(|node| node.start() > offset)
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
        let node = self.spans.node(parent)?;
        let is_large = node.is_larger_than(parent, LARGE);
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match node.shape {
            Shape::Scalar => None,
            Shape::Map if !is_large => self.field(parent, token),
            Shape::Map => {
                let mut known = known();
                let fields = known.fields.entry(parent).or_default();
                if let Some(found) = fields.get(token) {
                    return *found;
                }
                let found = self.field(parent, token);
                fields.insert(token.to_owned(), found);
                found
            }
            Shape::List => {
                let index: usize = token.parse().ok()?;
                let mut children = self.spans.children(parent).map(|(id, _)| id);
                let found = if is_large {
                    known()
                        .items
                        .entry(parent)
                        .or_insert_with(|| children.collect())
                        .get(index)
                        .copied()
                } else {
                    children.nth(index)
                };
                found.map(|id| (id, false))
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
