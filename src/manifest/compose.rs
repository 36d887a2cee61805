//! Builds values and their spans from what a reader of YAML or JSON meets, without recursion.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

use serde_json::map::Entry;
use serde_json::{Map, Value};

use super::error::Fault;
use super::spans::{KeySpan, KeyText, NodeId, Shape, Spans, unquote};

/// How deep a document may nest, aliases included. Values are dropped and read recursively, so
/// this also bounds the stack.
pub(super) const MAX_DEPTH: usize = 512;
/// Memory in bytes that anchors and aliases of one file may multiply into, beside a share of the
/// file's own size: far above what people write, far below what a bomb wants.
const COPY_BUDGET: usize = 32 << 20;
const COPY_BUDGET_PER_BYTE: usize = 4;

type Step = Result<(), Fault>;

/// What a file came to.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) roots: Vec<(NodeId, Value)>,
    pub(super) faults: Vec<Fault>,
    pub(super) spans: Spans,
}

/// The state of reading one file.
#[derive(Debug)]
pub(super) struct Composer<'t> {
    text: &'t str,
    output: Output,
    frames: Vec<Frame>,
    root: Option<(NodeId, Value)>,
    /// Where the nodes of the current document begin.
    document: NodeId,
    anchors: HashMap<usize, Anchor>,
    copy_budget: usize,
}

/// A collection that is being read.
#[derive(Debug)]
struct Frame {
    node: NodeId,
    held: Held,
    /// Levels below this one.
    height: usize,
    anchor: Option<usize>,
}

#[derive(Debug)]
enum Held {
    List(Vec<Value>),
    Map { map: Map<String, Value>, key: Option<Key>, merged: HashSet<String> },
}

#[derive(Debug)]
struct Key {
    name: Option<String>,
    span: KeySpan,
}

/// A node that aliases may name.
#[derive(Debug)]
struct Anchor {
    /// Absent for the scalar of a key, which is no node of its own.
    node: Option<NodeId>,
    value: Value,
    height: usize,
    weight: usize,
}

/// A value that is complete, on its way into its parent.
#[derive(Debug)]
struct Done {
    node: NodeId,
    value: Value,
    height: usize,
    from_alias: bool,
}

impl<'t> Composer<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let budget = COPY_BUDGET.saturating_add(text.len().saturating_mul(COPY_BUDGET_PER_BYTE));
        // Manifests hold about one node in 20 bytes; a list that grows copies itself.
        let spans = Spans::with_capacity(text.len() / 20);
        Self {
            text,
            output: Output { roots: Vec::new(), faults: Vec::new(), spans },
            frames: Vec::new(),
            root: None,
            document: 0,
            anchors: HashMap::new(),
            copy_budget: budget,
        }
    }

    pub(super) fn text(&self) -> &'t str {
        self.text
    }

    pub(super) fn finish(self) -> Output {
        self.output
    }

    /// Ends a document and keeps its value if it is a mapping; empty ones are dropped.
    pub(super) fn end_document(&mut self) {
        match self.root.take() {
            Some((_, Value::Null)) | None => self.output.spans.truncate(self.document),
            Some((node, value @ Value::Object(_))) => self.output.roots.push((node, value)),
            Some((node, _)) => {
                let range = self.output.spans.node(node).map(|node| node.value());
                return self.abandon(Fault::new(
                    range.unwrap_or_default(),
                    "this document is no mapping, so it is no Kubernetes object",
                ));
            }
        }
        self.reset();
    }

    /// Gives the current document up.
    pub(super) fn abandon(&mut self, fault: Fault) {
        self.discard();
        self.output.faults.push(fault);
    }

    /// Forgets the current document.
    pub(super) fn discard(&mut self) {
        self.root = None;
        self.output.spans.truncate(self.document);
        self.reset();
    }

    fn reset(&mut self) {
        self.frames.clear();
        self.anchors.clear();
        self.document = self.output.spans.next();
    }

    /// Whether the next value is the key of a map.
    pub(super) fn expects_key(&self) -> bool {
        matches!(self.frames.last(), Some(Frame { held: Held::Map { key: None, .. }, .. }))
    }

    /// Takes the key of the next value.
    pub(super) fn key(&mut self, name: String, range: Range<usize>) {
        let written = self.text.get(range.clone()).unwrap_or_default();
        let text = if written == name {
            KeyText::Plain
        } else if unquote(written) == Some(name.as_str()) && written.starts_with(['"', '\'']) {
            KeyText::Quoted
        } else {
            KeyText::Other
        };
        self.set_key(Key { name: Some(name), span: KeySpan { range, text } });
    }

    /// Takes `<<` as the key of the next value.
    pub(super) fn merge_key(&mut self, range: Range<usize>) {
        self.set_key(Key { name: None, span: KeySpan { range, text: KeyText::Merge } });
    }

    fn set_key(&mut self, new: Key) {
        if let Some(Frame { held: Held::Map { key, .. }, .. }) = self.frames.last_mut() {
            *key = Some(new);
        }
    }

    pub(super) fn scalar(
        &mut self,
        value: Value,
        range: Range<usize>,
        anchor: Option<usize>,
    ) -> Step {
        let node = self.node(Shape::Scalar, range);
        self.done(Done { node, value, height: 0, from_alias: false }, anchor)
    }

    pub(super) fn open_list(&mut self, range: Range<usize>, anchor: Option<usize>) -> Step {
        self.open(Shape::List, Held::List(Vec::new()), range, anchor)
    }

    pub(super) fn open_map(&mut self, range: Range<usize>, anchor: Option<usize>) -> Step {
        let held = Held::Map { map: Map::new(), key: None, merged: HashSet::new() };
        self.open(Shape::Map, held, range, anchor)
    }

    fn open(
        &mut self,
        shape: Shape,
        held: Held,
        range: Range<usize>,
        anchor: Option<usize>,
    ) -> Step {
        if self.frames.len() >= MAX_DEPTH {
            return Err(too_deep(range));
        }
        let node = self.node(shape, range);
        self.frames.push(Frame { node, held, height: 0, anchor });
        Ok(())
    }

    /// Ends the innermost collection; `end` is where its closing bracket ends, if it has one.
    pub(super) fn close(&mut self, end: Option<usize>) -> Step {
        let Some(frame) = self.frames.pop() else { return Ok(()) };
        self.output.spans.close(frame.node, end);
        let value = match frame.held {
            Held::List(list) => Value::Array(list),
            Held::Map { map, .. } => Value::Object(map),
        };
        let height = frame.height + 1;
        self.done(Done { node: frame.node, value, height, from_alias: false }, frame.anchor)
    }

    /// Puts a copy of an anchored value here.
    pub(super) fn alias(&mut self, anchor: usize, range: Range<usize>) -> Step {
        let node = self.node(Shape::Scalar, range.clone());
        let Some(found) = self.anchors.get(&anchor) else {
            return Err(Fault::new(range, "the anchor of this alias contains the alias itself"));
        };
        if self.frames.len() + found.height > MAX_DEPTH {
            return Err(too_deep(range));
        }
        self.copy_budget =
            self.copy_budget.checked_sub(found.weight).ok_or_else(|| too_many_copies(range))?;
        if let Some(target) = found.node {
            self.output.spans.link(node, target);
        }
        let (value, height) = (found.value.clone(), found.height);
        self.done(Done { node, value, height, from_alias: true }, None)
    }

    /// Notes that aliases may name the scalar of a key.
    pub(super) fn anchor_key(&mut self, anchor: usize, name: &str, range: Range<usize>) -> Step {
        let value = Value::String(name.to_owned());
        let weight = weight(&value);
        self.spend(weight, range)?;
        self.anchors.insert(anchor, Anchor { node: None, value, height: 0, weight });
        Ok(())
    }

    /// The scalar that an alias in the place of a key stands for.
    pub(super) fn alias_scalar(&self, anchor: usize) -> Option<&Value> {
        let value = &self.anchors.get(&anchor)?.value;
        (!value.is_array() && !value.is_object()).then_some(value)
    }

    fn node(&mut self, shape: Shape, range: Range<usize>) -> NodeId {
        let key = match self.frames.last() {
            Some(Frame { held: Held::Map { key: Some(key), .. }, .. }) => {
                let span = KeySpan { range: key.span.range.clone(), text: key.span.text };
                Some((span, key.name.as_deref().unwrap_or_default()))
            }
            _ => None,
        };
        self.output.spans.push(shape, key, range)
    }

    fn done(&mut self, done: Done, anchor: Option<usize>) -> Step {
        if let Some(anchor) = anchor {
            self.keep(&done, anchor)?;
        }
        let Some(frame) = self.frames.last_mut() else {
            self.root = Some((done.node, done.value));
            return Ok(());
        };
        frame.height = frame.height.max(done.height);
        let (map, merged, key) = match &mut frame.held {
            Held::List(list) => {
                list.push(done.value);
                return Ok(());
            }
            Held::Map { map, merged, key } => (map, merged, key.take()),
        };
        let Some(key) = key else { return Ok(()) };
        let parent = frame.node;
        let clash = match key.name {
            Some(name) => insert(map, merged, name, done.value),
            None => {
                let maps = to_merge(done).ok_or_else(|| bad_merge(key.span.range.clone()))?;
                merge(map, merged, maps)
            }
        };
        let Some(clash) = clash else { return Ok(()) };
        let first = self.output.spans.child(self.text, parent, &clash);
        let first = first.and_then(|id| self.output.spans.node(id)).map(|node| node.key().start);
        let fault = match key.span.text {
            KeyText::Merge => Fault::new(
                key.span.range,
                format!("this merge brings another `{}` into the mapping", shorten(&clash)),
            )
            .help("kubectl lets a later `<<` win and other readers do not; put `<<` first"),
            _ => Fault::new(
                key.span.range,
                format!("`{}` stands twice in this mapping", shorten(&clash)),
            ),
        };
        Err(fault.earlier(first))
    }

    fn keep(&mut self, done: &Done, anchor: usize) -> Step {
        let weight = weight(&done.value);
        let range = self.output.spans.node(done.node).map(|node| node.value());
        self.spend(weight, range.unwrap_or_default())?;
        self.output.spans.anchor(done.node);
        let (node, value, height) = (Some(done.node), done.value.clone(), done.height);
        self.anchors.insert(anchor, Anchor { node, value, height, weight });
        Ok(())
    }

    fn spend(&mut self, weight: usize, range: Range<usize>) -> Step {
        let left = self.copy_budget.checked_sub(weight);
        self.copy_budget = left.ok_or_else(|| too_many_copies(range))?;
        Ok(())
    }
}

/// Inserts a field; gives the key back if it stands there already and no merge brought it.
fn insert(
    map: &mut Map<String, Value>,
    merged: &mut HashSet<String>,
    name: String,
    value: Value,
) -> Option<String> {
    match map.entry(name) {
        Entry::Vacant(entry) => {
            entry.insert(value);
            None
        }
        Entry::Occupied(mut entry) if merged.remove(entry.key()) => {
            entry.insert(value);
            None
        }
        Entry::Occupied(entry) => Some(entry.key().clone()),
    }
}

/// Merges fields; gives a key back that stands there already with another value.
fn merge(
    map: &mut Map<String, Value>,
    merged: &mut HashSet<String>,
    maps: Vec<Map<String, Value>>,
) -> Option<String> {
    let mut combined = BTreeMap::new();
    for (name, value) in maps.into_iter().flatten() {
        combined.entry(name).or_insert(value);
    }
    for (name, value) in combined {
        match map.entry(name) {
            Entry::Vacant(entry) => {
                merged.insert(entry.key().clone());
                entry.insert(value);
            }
            Entry::Occupied(entry) if *entry.get() == value => {}
            Entry::Occupied(entry) => return Some(entry.key().clone()),
        }
    }
    None
}

/// The maps that the value of `<<` names.
fn to_merge(done: Done) -> Option<Vec<Map<String, Value>>> {
    match done.value {
        Value::Object(map) => Some(vec![map]),
        Value::Array(list) if !done.from_alias => list
            .into_iter()
            .map(|item| match item {
                Value::Object(map) => Some(map),
                _ => None,
            })
            .collect(),
        _ => None,
    }
}

/// Bytes that a copy of a value takes, roughly.
fn weight(value: &Value) -> usize {
    const NODE: usize = 48;
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => NODE,
        Value::String(text) => NODE + text.len(),
        Value::Array(list) => NODE + list.iter().map(weight).sum::<usize>(),
        Value::Object(map) => {
            // A map comes in leaves of eleven entries, however few are used.
            let leaves = map.len().div_ceil(6) * 11 * 2 * NODE;
            NODE + leaves + map.iter().map(|(key, value)| key.len() + weight(value)).sum::<usize>()
        }
    }
}

/// A text that is fit for a message: short and on one line.
pub(super) fn shorten(text: &str) -> String {
    const LIMIT: usize = 60;
    let mut short = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == LIMIT {
            short.push('…');
            break;
        }
        if character.is_control() {
            short.extend(character.escape_default());
        } else {
            short.push(character);
        }
    }
    short
}

fn too_deep(range: Range<usize>) -> Fault {
    Fault::new(range, format!("nested more than {MAX_DEPTH} levels deep"))
}

fn too_many_copies(range: Range<usize>) -> Fault {
    Fault::new(range, "the anchors and aliases of this file multiply into too much data")
}

fn bad_merge(range: Range<usize>) -> Fault {
    Fault::new(range, "`<<` needs a mapping or a list of mappings")
}
