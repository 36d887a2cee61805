//! Edits of values, turned into edits of the text they stand in.

mod block;
mod children;
mod draft;
mod editor;
mod flow;
mod habits;
mod literals;
mod lowering;
mod memory;
mod replace;
mod revision;
mod scalars;
mod slots;
mod source;
mod splices;
pub(crate) mod templates;
mod values;
mod write;

use std::ops::Range;

use super::Document;
use super::error::Place;
use super::spans::Shape;
use crate::edit::Edit;
use draft::{Draft, Obstacle};
use editor::Editor;
pub(crate) use memory::Memory;

/// A change of the text: what stands in `range` gives way to `text`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// Bytes of [`Document::text`]; empty where something is added.
    pub range: Range<usize>,
    /// What stands there afterwards.
    pub text: String,
}

/// Why edits cannot be written into the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Where.
    pub place: Place,
    /// What is in the way, one sentence without a full stop.
    pub message: String,
}

impl Document {
    /// The changes of the text that make `edits`, in the order of the text and apart from each other. The pointers
    /// of the edits start at this value, without [`Document::base`].
    ///
    /// # Errors
    /// Where the text cannot be edited so that all else in it stays as it is.
    pub fn plan(&self, edits: &[Edit]) -> Result<Vec<Replacement>, Refusal> {
        self.plan_with(&mut Memory::default(), edits)
    }

    /// As [`Self::plan`], for one of many plans of this document that have nothing to do with each other. What is
    /// known of the document is kept in `memory`, which may be of no other one.
    pub(crate) fn plan_with(
        &self,
        memory: &mut Memory,
        edits: &[Edit],
    ) -> Result<Vec<Replacement>, Refusal> {
        let mut draft = Draft::new(&self.tree, self.root, &self.value, memory);
        for edit in edits {
            draft.apply(edit).map_err(|obstacle| self.refusal(obstacle, edit.pointer.as_str()))?;
        }
        let first = edits.first().map_or("", |edit| edit.pointer.as_str());
        let mut editor = Editor::new(draft, self.root);
        if editor.is_empty() {
            return Ok(Vec::new());
        }
        self.refuse_whole(editor.draft.memory)?;
        editor.run().map_err(|obstacle| self.refusal(obstacle, first))?;
        let planned = editor.splices.finish().map_err(|at| {
            let message = "two changes would be made to the same text here".to_owned();
            self.refusal(Obstacle { range: Some(at..at), message }, first)
        })?;
        self.refuse_longer_text(&planned)?;
        Ok(planned)
    }

    /// Refuses text behind a block scalar that the file ends with: the line break that has to stand between them would
    /// become part of the scalar.
    fn refuse_longer_text(&self, planned: &[Replacement]) -> Result<(), Refusal> {
        let text = self.text().as_str();
        let spans = &self.tree.spans;
        let leaf = spans.node(self.root).and_then(|root| spans.node(root.last()));
        let Some(leaf) = leaf.filter(|_| !text.ends_with(['\n', '\r'])) else { return Ok(()) };
        let range = self.text().clamp(leaf.value());
        let written = text.get(range.clone()).unwrap_or_default();
        let Some((header, _)) = written.split_once(['\n', '\r']) else { return Ok(()) };
        if leaf.shape != Shape::Scalar || !header.starts_with(['|', '>']) {
            return Ok(());
        }
        let chomping =
            |sign| header.split([' ', '\t', '#']).next().unwrap_or_default().contains(sign);
        let behind = text.get(range.end..).unwrap_or_default();
        let is_last = behind.trim_matches([' ', '\t', '\n', '\r']).is_empty();
        let is_ended = behind.contains(['\n', '\r']) && !chomping('+');
        let grows = planned.iter().any(|one| one.range.start >= range.end && !one.text.is_empty());
        if !is_last || is_ended || chomping('-') || !grows {
            return Ok(());
        }
        let message = "this text ends the file without a line break, and would get one with anything behind it; end \
                       the file with a newline first"
            .to_owned();
        Err(self.refusal(Obstacle { range: Some(range.start..range.start + 1), message }, ""))
    }

    /// Refuses documents in which nothing can be edited.
    fn refuse_whole(&self, memory: &Memory) -> Result<(), Refusal> {
        let whole = self.find("").value;
        let text = self.text().as_str();
        if self.shared {
            let message = "the list around this is anchored or an alias".to_owned();
            return Err(self.refusal(Obstacle { range: None, message }, ""));
        }
        let action = || templates::action(text.get(whole.clone()).unwrap_or_default());
        if let Some(at) = *memory.action.get_or_init(action) {
            let at = whole.start + at;
            let message = "this is a template, which only its engine turns into YAML".to_owned();
            return Err(self.refusal(Obstacle { range: Some(at..at + 2), message }, ""));
        }
        Ok(())
    }

    fn refusal(&self, obstacle: Obstacle, pointer: &str) -> Refusal {
        let place = match obstacle.range {
            Some(range) => self.text().place(range),
            None => self.locate(pointer),
        };
        Refusal { place, message: obstacle.message }
    }
}

#[cfg(test)]
mod tests;
