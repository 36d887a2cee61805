//! Entries that come and go between brackets.

use std::ops::Range;

use super::super::spans::{NodeId, Shape};
use super::editor::{Editor, Outcome};
use super::revision::{Put, Revision};
use super::slots::Slot;
use super::write::Pen;

impl Editor<'_> {
    /// Changes the entries of a collection in brackets.
    pub(super) fn revise_flow(&mut self, id: NodeId, revision: &Revision) -> Outcome {
        self.refuse_properties(id)?;
        let range = self.value(id)?;
        let inside = range.start + 1..range.end.saturating_sub(1).max(range.start + 1);
        let slots = self.slots(id, inside.clone())?;
        let is_kept = |number: &usize| !revision.gone.contains(number);
        let kept: Vec<usize> = (0..slots.len()).filter(is_kept).collect();
        let (Some(&first_kept), Some(&last_kept)) = (kept.first(), kept.last()) else {
            return self.refill(id, inside, &slots, &revision.put);
        };
        self.remove_slots(&slots, revision, last_kept);

        let pen = self.flow_pen(id)?;
        let last = slots.len() - 1;
        let ends_in_comma = slots.last().is_some_and(|slot| slot.comma.is_some());
        let adds_last = revision
            .put
            .iter()
            .any(|put| put.after.is_some_and(|after| after.min(last) >= last_kept));
        if last_kept < last
            && !ends_in_comma
            && !adds_last
            && let Some(comma) = slots.get(last_kept).and_then(|slot| slot.comma)
        {
            self.splices.delete(comma..comma + 1);
        }
        let mut at = 0;
        while let Some(put) = revision.put.get(at) {
            let behind = revision.put.get(at..).unwrap_or_default();
            let together = behind.iter().take_while(|next| next.after == put.after).count().max(1);
            let puts = behind.get(..together).unwrap_or_default();
            let after = put.after.map(|after| after.min(last));
            let number = after.map_or(0, |after| kept.partition_point(|kept| *kept <= after));
            match number.checked_sub(1).and_then(|number| kept.get(number)) {
                Some(&number) => {
                    let is_last = number == last_kept;
                    let Some(slot) = slots.get(number) else { break };
                    self.put_behind(&pen, slot, puts, is_last, number == last, ends_in_comma)?;
                }
                None => {
                    let Some(slot) = slots.get(first_kept) else { break };
                    self.put_before(&pen, slot, puts)?;
                }
            }
            at += together;
        }
        Ok(())
    }

    /// Writes entries in the place of all that were there, or into empty brackets.
    fn refill(
        &mut self,
        id: NodeId,
        inside: Range<usize>,
        slots: &[Slot],
        puts: &[Put],
    ) -> Outcome {
        let mut pen = self.flow_pen(id)?;
        let (Some(first), Some(last)) = (slots.first(), slots.last()) else {
            return self.fill(id, inside, &mut pen, puts);
        };
        let has_comment = self.source.has_comment(inside.start..first.start)
            || self.source.has_comment(last.end..inside.end)
            || slots.windows(2).any(|pair| match pair {
                [one, two] => self.source.has_comment(one.end..two.start),
                _ => false,
            });
        if !puts.is_empty() {
            let text = self.joined(&pen, puts)?;
            if !has_comment {
                self.splices.replace(first.start..last.end, text);
                return Ok(());
            }
            self.splices.replace(first.start..first.end, text);
            if let Some(comma) = first.comma.filter(|_| last.comma.is_none()) {
                self.splices.delete(comma..comma + 1);
            }
            slots.iter().skip(1).for_each(|slot| self.remove_slot(slot));
            return Ok(());
        }
        if !has_comment {
            self.splices.delete(inside);
            return Ok(());
        }
        slots.iter().for_each(|slot| self.remove_slot(slot));
        Ok(())
    }

    /// Writes entries into brackets that are empty.
    fn fill(&mut self, id: NodeId, inside: Range<usize>, pen: &mut Pen, puts: &[Put]) -> Outcome {
        if puts.is_empty() {
            return Ok(());
        }
        if self.source.has_comment(inside.clone()) {
            return self.obstacle(id, "a comment stands between these brackets");
        }
        let unit = self.habits().unit.clone();
        if let Some(unit) = unit {
            let line = self.source.line_start(inside.start);
            let indent = self.source.slice(line..self.source.skip_blanks(line)).to_owned();
            let inner = format!("{indent}{unit}");
            pen.line_break = self.source.line_break(inside.start);
            pen.unit = Some(unit);
            let mut text = String::new();
            for (number, put) in puts.iter().enumerate() {
                text.push_str(if number > 0 { "," } else { "" });
                text.push_str(pen.line_break);
                text.push_str(&inner);
                write(pen, &mut text, put, &inner)?;
            }
            text.push_str(pen.line_break);
            text.push_str(&indent);
            self.splices.replace(inside, text);
            return Ok(());
        }
        let text = self.joined(pen, puts)?;
        let gap = self.source.slice(inside.clone());
        let pads = !gap.is_empty() && gap.bytes().all(|byte| byte == b' ');
        let text = if pads { format!(" {text} ") } else { text };
        self.splices.replace(inside, text);
        Ok(())
    }

    fn joined(&self, pen: &Pen, puts: &[Put]) -> Outcome<String> {
        let mut text = String::new();
        for (number, put) in puts.iter().enumerate() {
            text.push_str(match number {
                0 => "",
                _ if pen.compact => ",",
                _ => ", ",
            });
            write(pen, &mut text, put, "")?;
        }
        Ok(text)
    }

    fn put_behind(
        &mut self,
        pen: &Pen,
        slot: &Slot,
        puts: &[Put],
        is_last_kept: bool,
        is_last: bool,
        ends_in_comma: bool,
    ) -> Outcome {
        let closes = !is_last_kept || ends_in_comma;
        // Behind the `:` of an empty value a comma would become part of the key.
        let is_empty = self.source.before(slot.end) == Some(b':');
        let apart = if is_empty { " " } else { "" };
        if !slot.owns_line {
            let space = if pen.compact { "" } else { " " };
            let text = self.joined(pen, puts)?;
            let tail = if closes { "," } else { "" };
            match slot.comma {
                Some(comma) => self.splices.insert(comma + 1, format!("{space}{text}{tail}")),
                None => self.splices.insert(slot.end, format!("{apart},{space}{text}{tail}")),
            }
            return Ok(());
        }
        debug_assert!(is_last || slot.comma.is_some(), "commas stand between entries");
        if slot.comma.is_none() {
            self.splices.insert(slot.end, format!("{apart},"));
        }
        let line_end = self.source.rest_of_line(slot.close()).unwrap_or(slot.close());
        let line = self.source.line_start(slot.start);
        let indent = self.source.slice(line..slot.start).to_owned();
        let pen = self.lines_pen(pen, slot);
        let mut text = String::new();
        for (number, put) in puts.iter().enumerate() {
            text.push_str(pen.line_break);
            text.push_str(&indent);
            write(&pen, &mut text, put, &indent)?;
            if closes || number + 1 < puts.len() {
                text.push(',');
            }
        }
        self.splices.insert(line_end, text);
        Ok(())
    }

    fn put_before(&mut self, pen: &Pen, slot: &Slot, puts: &[Put]) -> Outcome {
        let mut text = String::new();
        if !slot.owns_line {
            text.push_str(&self.joined(pen, puts)?);
            text.push_str(if pen.compact { "," } else { ", " });
            self.splices.insert(slot.start, text);
            return Ok(());
        }
        let line = self.source.line_start(slot.start);
        let indent = self.source.slice(line..slot.start).to_owned();
        let pen = self.lines_pen(pen, slot);
        for put in puts {
            write(&pen, &mut text, put, &indent)?;
            text.push(',');
            text.push_str(pen.line_break);
            text.push_str(&indent);
        }
        self.splices.insert(slot.start, text);
        Ok(())
    }

    /// A pen for entries on lines of their own.
    fn lines_pen(&self, pen: &Pen, slot: &Slot) -> Pen {
        let unit = self.habits().unit.clone().filter(|_| pen.json);
        Pen { line_break: self.source.line_break(slot.start), unit, ..pen.clone() }
    }

    /// Whether a node is a mapping in brackets without brackets of its own, as in `[a: b]`.
    pub(super) fn is_bare_pair(&self, id: NodeId) -> bool {
        let parent = self.draft.spots.get(&id).map(|(parent, _)| *parent);
        self.draft.shape(id) == Shape::Map
            && !self.is_flow(id)
            && parent.is_some_and(|parent| self.is_flow(parent))
    }
}

fn write(pen: &Pen, out: &mut String, put: &Put, indent: &str) -> Outcome {
    if let Some(key) = &put.key {
        out.push_str(&pen.key(key, true)?);
        out.push_str(if pen.compact { ":" } else { ": " });
    }
    pen.bracketed(out, &put.value, indent)?;
    Ok(())
}
