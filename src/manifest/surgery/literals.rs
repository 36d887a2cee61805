//! Block scalars: `|` and `>`.

use super::super::spans::{NodeId, Shape};
use super::editor::{Editor, Outcome};
use super::source::is_blank;

impl Editor<'_> {
    /// Whether a node is `|` or `>` text.
    pub(super) fn is_block_scalar(&self, id: NodeId) -> bool {
        self.node(id).is_ok_and(|node| {
            node.shape == Shape::Scalar
                && !node.value().is_empty()
                && matches!(self.source.byte(node.value().start), Some(b'|' | b'>'))
        })
    }

    /// The end of the last line of a block scalar, with the blank lines that are part of it.
    pub(super) fn block_scalar_end(&self, id: NodeId) -> Outcome<usize> {
        let value = self.value(id)?;
        let mut at = self.source.line_end(value.end);
        let keeps = self.keeps_blank_lines(id);
        let mut end = at;
        while let Some(line) = self.source.next_line(end) {
            end = self.source.line_end(line);
            let text = self.source.slice(line..end);
            let is_last = self.source.next_line(end).is_none();
            if !text.bytes().all(is_blank) || text.is_empty() && is_last {
                break;
            }
            if keeps || !text.is_empty() {
                at = end;
            }
        }
        Ok(at)
    }

    /// Whether a node ends in text whose header says `+`.
    pub(super) fn keeps_blank_lines(&self, id: NodeId) -> bool {
        let Ok(value) = self.value(id) else { return false };
        let header = self.source.slice(value);
        let header = header.split([' ', '\t', '\n', '\r', '#']).next().unwrap_or_default();
        self.is_block_scalar(id) && header.contains('+')
    }
}
