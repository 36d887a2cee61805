//! Values that give way to others.

use serde_json::Value;

use super::super::spans::{NodeId, Shape};
use super::editor::{Editor, Mark, Outcome};
use super::write::{Pen, Quotes, is_block};

impl Editor<'_> {
    /// Writes `value` in the place of a node.
    pub(super) fn replace(&mut self, id: NodeId, value: &Value) -> Outcome {
        let Some(&(parent, number)) = self.draft.spots.get(&id) else {
            return self.obstacle(id, "a document must be a mapping");
        };
        if self.in_brackets(parent) {
            return self.replace_in_brackets(id, parent, value);
        }
        self.refuse_properties(id)?;
        let mark = self.mark(parent, number, id)?;
        let Mark::End(mark) = mark else {
            return self.obstacle(id, "no `:` follows this key");
        };
        if is_block(value) {
            self.replace_with_block(id, parent, mark, value)
        } else {
            self.replace_with_line(id, parent, mark, value)
        }
    }

    /// Whether a collection stands in brackets, its own or those around.
    pub(super) fn in_brackets(&self, id: NodeId) -> bool {
        let mut at = id;
        loop {
            if self.is_flow(at) {
                return true;
            }
            match self.draft.spots.get(&at) {
                Some(&(parent, _)) => at = parent,
                None => return false,
            }
        }
    }

    fn replace_in_brackets(&mut self, id: NodeId, parent: NodeId, value: &Value) -> Outcome {
        self.refuse_properties(id)?;
        let range = self.value(id)?;
        let pen = self.flow_pen(parent)?;
        let mut text = String::new();
        if self.draft.shape(id) == Shape::Scalar && !is_block(value) {
            text = match value {
                Value::Object(_) | Value::Array(_) => {
                    pen.flow(&mut text, value)?;
                    text
                }
                scalar => pen.scalar(scalar, true, self.quotes(id)?)?,
            };
        } else {
            pen.flow(&mut text, value)?;
        }
        if !range.is_empty() {
            self.splices.replace(range, text);
            return Ok(());
        }
        let key = self.node(id)?.key();
        if key.is_empty() {
            return self.obstacle(id, "there is no value here");
        }
        let Some(&(parent, number)) = self.draft.spots.get(&id) else { return Ok(()) };
        match self.mark(parent, number, id)? {
            Mark::End(at) => self.splices.insert(at, format!(" {text}")),
            Mark::Missing(_) if self.source.has_break(key) => {
                return self.obstacle(id, "this key stands on several lines");
            }
            Mark::Missing(at) => self.splices.insert(at, format!(": {text}")),
        }
        Ok(())
    }

    /// The quotes that a scalar has.
    fn quotes(&self, id: NodeId) -> Outcome<Quotes> {
        Ok(match self.source.byte(self.value(id)?.start) {
            _ if self.value(id)?.is_empty() => Quotes::Needed,
            Some(b'\'') => Quotes::Single,
            Some(b'"') => Quotes::Double,
            _ => Quotes::Needed,
        })
    }

    /// A scalar, or an empty collection, in the place of a value in a block.
    fn replace_with_line(
        &mut self,
        id: NodeId,
        parent: NodeId,
        mark: usize,
        value: &Value,
    ) -> Outcome {
        let range = self.value(id)?;
        let pen = self.pen(range.start);
        let text = match value {
            Value::Object(_) => "{}".to_owned(),
            Value::Array(_) => "[]".to_owned(),
            scalar => pen.scalar(scalar, false, self.quotes(id)?)?,
        };
        if range.is_empty() {
            self.splices.insert(mark, format!(" {text}"));
        } else if self.is_block_scalar(id) {
            let header = self.header_end(range.start);
            self.splices.replace(range.start..header, text);
            let line = self.source.line_end(header);
            let end = self.block_scalar_end(id)?;
            self.splices.delete(line..end.max(line));
        } else if self.draft.shape(id) == Shape::Scalar || self.is_flow(id) {
            self.splices.replace(range, text);
        } else {
            let column = self.column(id)?;
            let first = self.entry(id, 0, column)?;
            let end = self.block_end(id, parent)?;
            if first.owns_line {
                self.splices.insert(mark, format!(" {text}"));
                let line = self.source.line_start(first.start);
                let start = self.source.previous_end(line).unwrap_or(line);
                self.splices.delete(start..end);
            } else {
                self.splices.replace(first.start..end, text);
            }
        }
        Ok(())
    }

    /// The end of the last line of a block that stands below `parent`.
    fn block_end(&mut self, id: NodeId, parent: NodeId) -> Outcome<usize> {
        let column = self.column(parent)?;
        let Some(&(_, number)) = self.draft.spots.get(&id) else { return self.end(id) };
        Ok(self.entry(parent, number, column)?.extent)
    }

    /// The end of `|`, `>-` and the like.
    fn header_end(&self, start: usize) -> usize {
        let line = self.source.slice(start..self.source.line_end(start));
        start + line.find([' ', '\t']).unwrap_or(line.len())
    }

    /// A block in the place of a value in a block.
    fn replace_with_block(
        &mut self,
        id: NodeId,
        parent: NodeId,
        mark: usize,
        value: &Value,
    ) -> Outcome {
        let range = self.value(id)?;
        let outer = self.column(parent)?;
        let is_item = self.draft.shape(parent) == Shape::List;
        let pen = self.pen(mark);
        let column = outer
            + match value {
                _ if is_item => 2,
                Value::Array(_) => pen.list_step,
                _ => pen.map_step,
            };
        let mut text = String::new();
        let is_collection = self.draft.shape(id) != Shape::Scalar && !self.is_flow(id);
        if is_collection {
            let own = self.column(id)?;
            let first = self.entry(id, 0, own)?;
            let end = self.block_end(id, parent)?;
            if first.owns_line {
                // A list can be flush with its key, a mapping cannot.
                let column = if own > outer { own } else { column };
                pen.new_line(&mut text, column);
                pen.block(&mut text, value, column, 1)?;
                let line = self.source.line_start(first.start);
                let start = self.source.previous_end(line).unwrap_or(line);
                self.splices.replace(start..end, text);
            } else {
                pen.block(&mut text, value, own, 1)?;
                self.splices.replace(first.start..end, text);
            }
            return Ok(());
        }
        pen.new_line(&mut text, column);
        pen.block(&mut text, value, column, 1)?;
        if self.is_block_scalar(id) {
            let header = self.header_end(range.start);
            self.delete_behind(mark, header, is_item);
            let line = self.source.line_end(header);
            let end = self.block_scalar_end(id)?;
            self.splices.replace(line..end.max(line), text);
            return Ok(());
        }
        let at = if range.is_empty() { mark } else { range.end };
        let Some(line) = self.source.rest_of_line(at) else {
            return self.obstacle(id, "more follows on the line where this ends");
        };
        if range.is_empty() {
            self.splices.insert(line, text);
        } else if self.source.has_break(mark..range.start) {
            let column = range.start - self.source.line_start(range.start);
            let mut text = String::new();
            pen.block(&mut text, value, column, 1)?;
            self.splices.replace(range, text);
        } else {
            self.delete_behind(mark, range.end, is_item);
            self.splices.insert(line, text);
        }
        Ok(())
    }

    /// Deletes what follows a mark up to `end`. No tab may follow a `-`.
    fn delete_behind(&mut self, mark: usize, end: usize, is_item: bool) {
        if is_item && self.source.byte(end) == Some(b'\t') {
            self.splices.replace(mark..self.source.skip_blanks(end), " ");
        } else {
            self.splices.delete(mark..end);
        }
    }

    /// A pen for what goes into a collection in brackets.
    pub(super) fn flow_pen(&self, id: NodeId) -> Outcome<Pen> {
        let start = self.value(id)?.start;
        let habits = self.habits();
        let mut pen = Pen::new(habits, start, "\n");
        let first = self.draft.tree.spans.children(id).next().map(|(_, node)| node.key());
        if let Some(key) = first.filter(|key| !key.is_empty()) {
            let quoted = self.source.byte(key.start) == Some(b'"');
            pen.json |= quoted;
            let colon = self.source.skip_blanks(key.end);
            let touches =
                !matches!(self.source.byte(colon + 1), None | Some(b' ' | b'\t' | b'\n' | b'\r'));
            pen.compact = quoted && touches;
        } else if habits.json && habits.unit.is_none() {
            pen.compact = self.root_is_compact();
        }
        Ok(pen)
    }

    fn root_is_compact(&self) -> bool {
        let first = self.draft.tree.spans.children(self.root).next();
        first.is_some_and(|(_, node)| {
            let colon = self.source.skip_blanks(node.key().end);
            !matches!(self.source.byte(colon + 1), Some(b' ' | b'\t' | b'\n' | b'\r'))
        })
    }
}
