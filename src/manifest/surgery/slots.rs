//! The places of entries between brackets, and how they are emptied.

use std::ops::Range;

use super::super::spans::NodeId;
use super::editor::{Editor, Outcome};
use super::revision::Revision;

/// An entry between brackets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Where the comma behind it stands.
    pub(super) comma: Option<usize>,
    /// Whether nothing else stands on its lines, except for a comment.
    pub(super) owns_line: bool,
}

impl Slot {
    /// The end of the entry with its comma.
    pub(super) fn close(&self) -> usize {
        self.comma.map_or(self.end, |comma| comma + 1)
    }
}

impl Editor<'_> {
    /// The entries of a collection, whose brackets are around `inside`.
    pub(super) fn slots(&mut self, id: NodeId, inside: Range<usize>) -> Outcome<Vec<Slot>> {
        let children = self.draft.children(id);
        let mut slots = Vec::with_capacity(children.ids.len());
        let mut at = inside.start;
        for &child in &children.ids {
            let start = self.source.skip_space(at);
            let end = self.end(child)?;
            if self.source.byte(end) == Some(b'#') {
                return self.obstacle(child, "the end of this cannot be told from a comment");
            }
            let next = self.source.skip_space(end);
            let comma = (self.source.byte(next) == Some(b',')).then_some(next);
            if end < start || comma.is_none() && next != inside.end {
                return self.obstacle(child, "the comma behind this cannot be found");
            }
            let close = comma.map_or(end, |comma| comma + 1);
            let rest = self.source.rest_of_line(close);
            let owns_line = self.source.starts_line(start)
                && rest.is_some()
                && !self.source.has_break(end..close);
            slots.push(Slot { start, end, comma, owns_line });
            at = close;
        }
        if self.source.skip_space(at) != inside.end {
            return self.obstacle(id, "the closing bracket of this cannot be found");
        }
        Ok(slots)
    }

    pub(super) fn remove_slots(&mut self, slots: &[Slot], revision: &Revision, last_kept: usize) {
        for (number, slot) in slots.iter().enumerate() {
            if !revision.gone.contains(&number) {
                continue;
            }
            let next = slots.get(number + 1).filter(|_| number < last_kept);
            let (start, close) = (slot.start, slot.close());
            let range = match next {
                _ if slot.owns_line => {
                    let line = self.source.line_start(start);
                    let end = self.source.rest_of_line(close).unwrap_or(close);
                    self.source.previous_end(line).unwrap_or(line)..end
                }
                Some(next) if !self.source.has_break(close..next.start) => start..next.start,
                _ => {
                    let before = self.source.skip_blanks_back(start);
                    // Where it starts a line, the blanks in front of it are those of what follows.
                    let starts = self.source.starts_line(start);
                    let start = if starts { start } else { before };
                    let close = if starts { self.source.skip_blanks(close) } else { close };
                    start..close
                }
            };
            self.splices.delete(range);
        }
    }

    /// Removes an entry and its comma, and nothing between it and its neighbours.
    pub(super) fn remove_slot(&mut self, slot: &Slot) {
        if slot.owns_line {
            let line = self.source.line_start(slot.start);
            let end = self.source.rest_of_line(slot.close()).unwrap_or(slot.close());
            self.splices.delete(self.source.previous_end(line).unwrap_or(line)..end);
            return;
        }
        self.splices.delete(slot.start..slot.end);
        if let Some(comma) = slot.comma {
            self.splices.delete(comma..comma + 1);
        }
    }
}
