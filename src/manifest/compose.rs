//! Builds values and their spans from what a reader of YAML or JSON meets, without recursion.

mod anchors;
mod fields;

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use serde_json::{Map, Value};

use super::error::{Fault, shorten};
use super::spans::{KeySpan, KeyText, NodeId, Shape, Spans, unquote};
use anchors::Anchor;

/// How deep a document may nest, aliases included. Values are dropped and read recursively, so
/// this also bounds the stack.
pub(super) const MAX_DEPTH: usize = 512;
/// Memory in bytes that anchors and aliases of one file may multiply into, beside a share of the
/// file's own size: far above what people write, far below what a bomb wants.
const COPY_BUDGET: usize = 32 << 20;
const COPY_BUDGET_PER_BYTE: usize = 4;

/// What is said of lists and texts where objects belong.
pub const NO_MAPPING: &str = "this document is no mapping, so it is no Kubernetes object";

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
                return self.abandon(Fault::new(range.unwrap_or_default(), NO_MAPPING));
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

    /// Whether the next value is that of a key.
    pub(super) fn expects_value(&self) -> bool {
        matches!(self.frames.last(), Some(Frame { held: Held::Map { key: Some(_), .. }, .. }))
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
            Some(name) => fields::insert(map, merged, name, done.value),
            None => {
                let maps = fields::to_merge(done.value, done.from_alias)
                    .ok_or_else(|| bad_merge(key.span.range.clone()))?;
                fields::merge(map, merged, maps)
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
}

fn too_deep(range: Range<usize>) -> Fault {
    Fault::new(range, format!("nested more than {MAX_DEPTH} levels deep"))
}

fn bad_merge(range: Range<usize>) -> Fault {
    Fault::new(range, "`<<` needs a mapping or a list of mappings")
}
