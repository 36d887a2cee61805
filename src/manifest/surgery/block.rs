//! Entries that come and go in blocks.

use super::super::spans::{NodeId, Shape};
use super::editor::{Editor, Entry, Outcome};
use super::revision::{Put, Revision};
use super::write::Pen;

impl Editor<'_> {
    /// Changes the entries of a block mapping or a block list.
    pub(super) fn revise_block(&mut self, id: NodeId, revision: &Revision) -> Outcome {
        self.refuse_properties(id)?;
        let count = self.draft.children(id).ids.len();
        let column = self.column(id)?;
        if revision.gone.len() >= count {
            return self.rewrite_block(id, column, count, &revision.put);
        }
        self.remove_entries(id, column, count, revision)?;
        let mut at = 0;
        while let Some(put) = revision.put.get(at) {
            // What follows the same entry goes in as one.
            let behind = revision.put.get(at..).unwrap_or_default();
            let together = behind.iter().take_while(|next| next.after == put.after).count();
            let puts = behind.get(..together).unwrap_or_default();
            self.insert_entries(id, column, count, revision, puts)?;
            at += together.max(1);
        }
        Ok(())
    }

    fn insert_entries(
        &mut self,
        id: NodeId,
        column: usize,
        count: usize,
        revision: &Revision,
        puts: &[Put],
    ) -> Outcome {
        let is_kept = |number: &usize| !revision.gone.contains(number);
        let after = puts.first().and_then(|put| put.after).map(|after| after.min(count - 1));
        if let Some(number) = after.and_then(|after| (0..=after).rev().find(is_kept)) {
            let entry = self.entry(id, number, column)?;
            let gap = self.gap(id, &entry)?;
            let pen = self.pen(entry.extent);
            let mut text = String::new();
            for put in puts {
                pen.new_line(&mut text, column);
                write(&pen, &mut text, put, column, gap)?;
            }
            self.splices.insert(entry.extent, text);
            return Ok(());
        }
        let Some(number) = (0..count).find(is_kept) else { return Ok(()) };
        let entry = self.entry(id, number, column)?;
        let gap = self.gap(id, &entry)?;
        let pen = self.pen(entry.start);
        let mut text = String::new();
        for put in puts {
            write(&pen, &mut text, put, column, gap)?;
            pen.new_line(&mut text, column);
        }
        self.splices.insert(entry.start, text);
        Ok(())
    }

    /// Writes entries in the place of all that were there.
    fn rewrite_block(&mut self, id: NodeId, column: usize, count: usize, puts: &[Put]) -> Outcome {
        let first = self.entry(id, 0, column)?;
        let mut text = String::new();
        if puts.is_empty() {
            text.push_str(if self.draft.shape(id) == Shape::Map { "{}" } else { "[]" });
        } else {
            let gap = self.gap(id, &first)?;
            let pen = self.pen(first.start);
            for (number, put) in puts.iter().enumerate() {
                if number > 0 {
                    pen.new_line(&mut text, column);
                }
                write(&pen, &mut text, put, column, gap)?;
            }
        }
        let parent = self.draft.spots.get(&id).copied();
        match parent.filter(|_| first.owns_line && puts.is_empty()) {
            Some((parent, number)) => {
                let mark = self.mark(parent, number, id)?;
                self.splices.insert(mark.end(), format!(" {text}"));
                self.delete_lines(&first, None)?;
            }
            None => self.splices.replace(first.start..first.extent, text),
        }
        for number in 1..count {
            let entry = self.entry(id, number, column)?;
            self.delete_lines(&entry, None)?;
        }
        Ok(())
    }

    fn remove_entries(
        &mut self,
        id: NodeId,
        column: usize,
        count: usize,
        revision: &Revision,
    ) -> Outcome {
        if revision.gone.is_empty() {
            return Ok(());
        }
        let mut kept: Option<usize> = None;
        for number in 0..count {
            if !revision.gone.contains(&number) {
                kept = Some(number);
                continue;
            }
            let entry = self.entry(id, number, column)?;
            if entry.owns_line {
                let above = kept.and_then(|kept| self.draft.children(id).ids.get(kept).copied());
                self.delete_lines(&entry, above)?;
            } else {
                self.remove_first(id, column, count, revision, &entry)?;
            }
        }
        Ok(())
    }

    /// Removes the first entry of a block, which shares its line with the `-` of the block.
    fn remove_first(
        &mut self,
        id: NodeId,
        column: usize,
        count: usize,
        revision: &Revision,
        first: &Entry,
    ) -> Outcome {
        let next = (1..count).find(|number| !revision.gone.contains(number));
        let Some(next) = next else { return Ok(()) };
        let next = self.entry(id, next, column)?;
        let mut at = first.extent;
        // All between them goes, unless comments of others stand there.
        for number in 1..count {
            let entry = self.entry(id, number, column)?;
            if self.source.has_comment(at..entry.start) {
                let start = self.source.skip_blanks_back(first.start);
                self.splices.delete(start..first.extent);
                return Ok(());
            }
            if entry.start == next.start {
                break;
            }
            at = entry.extent;
        }
        self.splices.delete(first.start..next.start);
        Ok(())
    }

    /// Deletes the lines of an entry. `above` is the entry that then stands above.
    pub(super) fn delete_lines(&mut self, entry: &Entry, above: Option<NodeId>) -> Outcome {
        let line = self.source.line_start(entry.start);
        let mut end = entry.extent;
        let mut keeps = false;
        if let Some(above) = above {
            let leaf = self.node(above)?.last();
            if self.is_block_scalar(leaf) {
                keeps = self.keeps_blank_lines(leaf);
                end = self.blank_lines_end(entry, keeps)?;
            }
        }
        let is_last = self.source.next_line(end).is_none();
        match self.source.previous_end(line) {
            Some(previous) if !(is_last && keeps) => self.splices.delete(previous..end),
            Some(_) => self.splices.delete(line..end),
            None => {
                let next = self.source.next_line(end).unwrap_or(end);
                self.splices.delete(line..next);
            }
        }
        Ok(())
    }

    /// Where the lines behind an entry end that would become part of a block scalar above.
    fn blank_lines_end(&self, entry: &Entry, keeps: bool) -> Outcome<usize> {
        let mut end = entry.extent;
        let mut at = end;
        while let Some(line) = self.source.next_line(at) {
            at = self.source.line_end(line);
            let text = self.source.skip_blanks(line);
            if self.source.byte(text) == Some(b'#') && text > line {
                let column = entry.start - self.source.line_start(entry.start);
                if text - line > column {
                    let message = "a comment below this would become part of the text above";
                    return self.obstacle(entry.id, message);
                }
            }
            let is_end = text == at && self.source.next_line(at).is_none() && line == at;
            if text != at || is_end {
                break;
            }
            if keeps || line < at {
                end = at;
            }
        }
        Ok(end)
    }

    /// The spaces behind the `-` of an item.
    fn gap(&mut self, id: NodeId, entry: &Entry) -> Outcome<usize> {
        if self.draft.shape(id) == Shape::Map {
            return Ok(1);
        }
        let dash = entry.start + 1;
        let text = self.source.skip_blanks(dash);
        let alone = matches!(self.source.byte(text), None | Some(b'\n' | b'\r' | b'#'));
        let spaces = self.source.slice(dash..text).bytes().all(|byte| byte == b' ');
        Ok(if alone || !spaces { 1 } else { (text - dash).max(1) })
    }

    pub(super) fn pen(&self, at: usize) -> Pen {
        Pen::new(self.habits(), at, self.source.line_break(at))
    }

    /// Where an item of a list in brackets may begin.
    fn item_start(&mut self, list: NodeId, number: usize) -> Outcome<usize> {
        let children = self.draft.children(list);
        match number.checked_sub(1).and_then(|before| children.ids.get(before)) {
            Some(&before) => Ok(self.source.skip_space(self.end(before)?) + 1),
            None => Ok(self.value(list)?.start + 1),
        }
    }

    /// Refuses nodes with a tag or an anchor in front.
    pub(super) fn refuse_properties(&mut self, id: NodeId) -> Outcome {
        let Some(&(parent, number)) = self.draft.spots.get(&id) else { return Ok(()) };
        let mark = if self.is_flow(parent) && self.draft.shape(parent) == Shape::List {
            self.item_start(parent, number)?
        } else {
            self.mark(parent, number, id)?.end()
        };
        let node = self.node(id)?;
        if self.source.skip_space(mark) < node.value().start {
            return self.obstacle(id, "a tag or an anchor stands in front of this value");
        }
        Ok(())
    }
}

fn write(pen: &Pen, out: &mut String, put: &Put, column: usize, gap: usize) -> Outcome {
    match &put.key {
        Some(key) => pen.field(out, key, &put.value, column)?,
        None => pen.item(out, &put.value, column, gap)?,
    }
    Ok(())
}
