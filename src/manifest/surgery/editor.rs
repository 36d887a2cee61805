//! Where the entries of collections stand: their marks, their ends, their comments.

use std::collections::HashMap;
use std::ops::Range;

use serde_json::Value;

use super::super::spans::{Node, NodeId, Shape};
use super::draft::{Draft, Obstacle};
use super::habits::Habits;
use super::revision::Revision;
use super::source::Source;
use super::splices::Splices;

/// Turns the fates of nodes into changes of the text.
#[derive(Debug)]
pub(super) struct Editor<'d> {
    pub(super) draft: Draft<'d>,
    pub(super) source: Source<'d>,
    pub(super) root: NodeId,
    /// Nodes that give way to values.
    pub(super) values: HashMap<NodeId, Value>,
    /// Collections that lose or gain entries.
    pub(super) revisions: HashMap<NodeId, Revision>,
    pub(super) splices: Splices,
}

/// A field or an item of a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) id: NodeId,
    /// Where its key, its `?` or its `-` stands.
    pub(super) start: usize,
    /// Whether nothing but spaces stands in front of that.
    pub(super) owns_line: bool,
    /// The end of the last line that belongs to it alone, comments included.
    pub(super) extent: usize,
}

/// How the mark in front of a value ends: its `:` or `-`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// Behind the mark.
    End(usize),
    /// There is none: a key alone, which ends here.
    Missing(usize),
}

impl Mark {
    pub(super) fn end(self) -> usize {
        match self {
            Self::End(at) | Self::Missing(at) => at,
        }
    }
}

pub(super) type Outcome<T = ()> = Result<T, Obstacle>;

impl<'d> Editor<'d> {
    pub(super) fn new(mut draft: Draft<'d>, root: NodeId) -> Self {
        let source = Source::new(draft.tree.text.as_str());
        let (mut values, mut revisions) = (HashMap::new(), HashMap::new());
        for (id, fate) in std::mem::take(&mut draft.fates) {
            match Revision::of(fate) {
                Ok(revision) if revision.gone.is_empty() && revision.put.is_empty() => {}
                Ok(revision) => drop(revisions.insert(id, revision)),
                Err(value) => drop(values.insert(id, value)),
            }
        }
        let splices = Splices::default();
        Self { draft, source, root, values, revisions, splices }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty() && self.revisions.is_empty()
    }

    /// Plans all changes, those of inner nodes first.
    pub(super) fn run(&mut self) -> Outcome {
        let mut ids: Vec<NodeId> =
            self.values.keys().chain(self.revisions.keys()).copied().collect();
        ids.sort_unstable_by(|one, other| other.cmp(one));
        for id in ids.into_iter().filter(|id| !self.is_buried(*id)).collect::<Vec<_>>() {
            if let Some(value) = self.values.get(&id).cloned() {
                self.replace(id, &value)?;
            } else if let Some(revision) = self.revisions.get(&id).cloned() {
                if self.is_bare_pair(id) {
                    return self.obstacle(id, "this mapping has no brackets of its own");
                }
                if self.is_flow(id) {
                    self.revise_flow(id, &revision)?;
                } else {
                    self.revise_block(id, &revision)?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn habits(&self) -> &Habits {
        self.draft.memory.habits.get_or_init(|| Habits::of(self))
    }

    pub(super) fn node(&self, id: NodeId) -> Outcome<&'d Node> {
        let node = self.draft.tree.spans.node(id);
        node.ok_or_else(|| "this value has no place in the text".to_owned().into())
    }

    pub(super) fn obstacle<T>(&self, id: NodeId, message: &str) -> Outcome<T> {
        Err(self.draft.obstacle(id, message))
    }

    /// The bytes of a node's value.
    pub(super) fn value(&self, id: NodeId) -> Outcome<Range<usize>> {
        Ok(self.draft.tree.text.clamp(self.node(id)?.value()))
    }

    /// Whether a node is a collection in brackets.
    pub(super) fn is_flow(&self, id: NodeId) -> bool {
        self.node(id).is_ok_and(|node| {
            let start = node.value().start;
            let bracket = match node.shape {
                Shape::Scalar => return false,
                Shape::Map => b'{',
                Shape::List => b'[',
            };
            // A block list starts where its first item does, and the bracket can be that one's.
            let first = self.draft.tree.spans.children(id).next();
            self.source.byte(start) == Some(bracket)
                && first.is_none_or(|(_, first)| first.start() != start)
        })
    }

    /// The end of the mark of a node that is number `number` below `parent`.
    pub(super) fn mark(&mut self, parent: NodeId, number: usize, id: NodeId) -> Outcome<Mark> {
        if self.draft.shape(parent) == Shape::Map {
            return Ok(self.colon(self.node(id)?));
        }
        Ok(Mark::End(self.dash(parent, number)? + 1))
    }

    /// The `:` behind a key.
    fn colon(&self, node: &Node) -> Mark {
        let end = node.key().end;
        let at = self.source.skip_blanks(end);
        if self.source.byte(at) == Some(b':') {
            return Mark::End(at + 1);
        }
        // Behind `? key` it stands on a line of its own.
        let at = self.source.skip_space(end);
        let ends = matches!(self.source.byte(at + 1), None | Some(b' ' | b'\t' | b'\n' | b'\r'));
        match self.source.byte(at) {
            Some(b':') if ends => Mark::End(at + 1),
            _ => Mark::Missing(end),
        }
    }

    /// The `-` of an item.
    fn dash(&mut self, list: NodeId, number: usize) -> Outcome<usize> {
        let children = self.draft.children(list);
        let before = number.checked_sub(1).and_then(|before| children.ids.get(before));
        let at = match before {
            Some(&before) => self.source.skip_space(self.end(before)?),
            None => self.value(list)?.start,
        };
        match self.source.byte(at) {
            Some(b'-') => Ok(at),
            _ => self.obstacle(list, "the `-` of an item of this list cannot be found"),
        }
    }

    /// Where the text of a node ends.
    pub(super) fn end(&self, id: NodeId) -> Outcome<usize> {
        let node = self.node(id)?;
        let leaf = self.node(node.last())?;
        // The reader may have added a line break that is not in the file.
        let end = self.draft.tree.text.clamp(0..node.value().end.max(node.key().end)).end;
        if !leaf.value().is_empty() || leaf.shape != Shape::Scalar || leaf.key().is_empty() {
            return Ok(end);
        }
        Ok(end.max(self.colon(leaf).end()))
    }

    /// Where a field or an item of a block starts.
    pub(super) fn start(&mut self, parent: NodeId, number: usize, id: NodeId) -> Outcome<usize> {
        if self.draft.shape(parent) == Shape::List {
            return self.dash(parent, number);
        }
        let key = self.node(id)?.key().start;
        let before = self.source.skip_blanks_back(key);
        let question = before.checked_sub(1).filter(|&at| {
            before < key
                && self.source.byte(at) == Some(b'?')
                && !matches!(self.source.before(at), Some(byte) if !byte.is_ascii_whitespace())
        });
        Ok(question.unwrap_or(key))
    }

    /// How far a block is indented: what stands in front of its first entry.
    pub(super) fn column(&mut self, parent: NodeId) -> Outcome<usize> {
        let children = self.draft.children(parent);
        let Some(&first) = children.ids.first() else { return Ok(0) };
        let start = self.start(parent, 0, first)?;
        let line = self.source.line_start(start);
        let marks = |byte: u8| matches!(byte, b' ' | b'-' | b'?' | b':');
        if self.source.slice(line..start).bytes().all(marks) {
            return Ok(start - line);
        }
        self.obstacle(first, "something stands in front of this, so its column is no indentation")
    }

    /// An entry of a block, with its lines.
    pub(super) fn entry(&mut self, parent: NodeId, number: usize, column: usize) -> Outcome<Entry> {
        let children = self.draft.children(parent);
        let Some(&id) = children.ids.get(number) else {
            return self.obstacle(parent, "this holds less than was read from it");
        };
        let start = self.start(parent, number, id)?;
        let owns_line = self.source.starts_line(start);
        if number > 0 && !(owns_line && start - self.source.line_start(start) == column) {
            return self.obstacle(id, "this does not stand where its neighbours do");
        }
        let extent = self.extent(id, column)?;
        Ok(Entry { id, start, owns_line, extent })
    }

    /// The end of the last line that belongs to an entry at `column`: with the comment behind its value, and
    /// with those below it that are indented more than the entry.
    fn extent(&self, id: NodeId, column: usize) -> Outcome<usize> {
        let end = self.end(id)?;
        let leaf = self.node(id)?.last();
        let mut at = if self.is_block_scalar(leaf) {
            self.block_scalar_end(leaf)?
        } else {
            match self.source.rest_of_line(end) {
                Some(at) => at,
                None => return self.obstacle(id, "more follows on the line where this ends"),
            }
        };
        while let Some(line) = self.source.next_line(at) {
            let text = self.source.skip_blanks(line);
            if self.source.byte(text) != Some(b'#') || text - line <= column {
                break;
            }
            at = self.source.line_end(text);
        }
        Ok(at)
    }

    /// Whether a node is gone or written anew together with a node above it.
    pub(super) fn is_buried(&self, id: NodeId) -> bool {
        let mut below = id;
        while let Some(&(parent, number)) = self.draft.spots.get(&below) {
            let is_gone = |revision: &Revision| revision.gone.contains(&number);
            if self.values.contains_key(&parent) || self.revisions.get(&parent).is_some_and(is_gone)
            {
                return true;
            }
            below = parent;
        }
        false
    }
}
