//! What `helm template` prints: documents, each with the template that it came from.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;

use super::super::tags::{Marks, Template, unmark};
use super::columns::segments;

/// Stands over each document.
const SOURCE: &str = "# Source: ";

/// A template, and a line of it.
type Mark = (usize, usize);

/// A document in the output.
#[derive(Debug, PartialEq, Eq)]
struct Part {
    /// The template as Helm names it: `web/templates/deployment.yaml`.
    source: String,
    /// Its lines in the output, counted from 0.
    lines: Range<usize>,
}

/// The output with the template of each line.
#[derive(Debug)]
pub(super) struct Output {
    lines: Vec<String>,
    parts: Vec<Part>,
}

impl Output {
    pub(super) fn new(text: &str) -> Self {
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let mut parts: Vec<Part> = Vec::new();
        let mut start = None;
        for (index, line) in lines.iter().enumerate() {
            if line.trim_end() == "---" {
                if let (Some(from), Some(part)) = (start.take(), parts.last_mut()) {
                    part.lines = from..index;
                }
                // A document that is not told about comes from where the one before did.
                if let Some(before) = parts.last().filter(|_| index > 0) {
                    let source = before.source.clone();
                    parts.push(Part { source, lines: index + 1..lines.len() });
                    start = Some(index + 1);
                }
            } else if let Some(source) = line.strip_prefix(SOURCE) {
                let is_first = start == Some(index);
                if let (true, Some(part)) = (is_first, parts.last_mut()) {
                    part.source = source.to_owned();
                    part.lines.start = index + 1;
                } else if parts.is_empty()
                    || index
                        .checked_sub(1)
                        .and_then(|at| lines.get(at))
                        .is_some_and(|line| line == "---")
                {
                    parts.push(Part { source: source.to_owned(), lines: index + 1..lines.len() });
                } else {
                    continue;
                }
                start = Some(index + 1);
            }
        }
        if let (Some(from), Some(part)) = (start, parts.last_mut()) {
            part.lines = from..lines.len();
        }
        Self { lines, parts }
    }

    /// Whether there is no document.
    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The template of a line, as Helm names it.
    pub(super) fn source(&self, line: usize) -> Option<&str> {
        self.part(line).map(|part| part.source.as_str())
    }

    /// The templates of all documents.
    pub(super) fn sources(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().map(|part| part.source.as_str())
    }

    fn part(&self, line: usize) -> Option<&Part> {
        let after = self.parts.partition_point(|part| part.lines.start <= line);
        self.parts.get(after.checked_sub(1)?)
    }

    /// The document of a line: the line it starts on, and what it says.
    pub(super) fn document(&self, line: usize) -> Option<(usize, &[String])> {
        let lines = &self.part(line)?.lines;
        Some((lines.start, without_end(self.lines.get(lines.clone())?)))
    }

    /// A line, counted from 0.
    pub(super) fn line(&self, line: usize) -> Option<&str> {
        self.lines.get(line).map(String::as_str)
    }

    /// For each line the template and the line that wrote it, where the output with marks tells.
    pub(super) fn origins(
        &self,
        marked: &Self,
        marks: &Marks,
        templates: &[Template],
    ) -> Vec<Option<Mark>> {
        let mut origins = vec![None; self.lines.len()];
        let all = marked.parts.iter().map(|part| (&part.source, Marked::new(marked, part, marks)));
        let mut all: Vec<_> = all.map(Some).collect();
        let mut done = vec![false; self.parts.len()];
        // Documents that are equal but for their marks first, so that those which are not cannot take their place.
        for likeness in [Likeness::Equal, Likeness::Close] {
            let mut alike: HashMap<_, VecDeque<usize>> = HashMap::new();
            for (index, one) in all.iter().enumerate() {
                if let Some((source, found)) = one {
                    let key = (*source, likeness.key(&found.lines));
                    alike.entry(key).or_default().push_back(index);
                }
            }
            for (part, done) in self.parts.iter().zip(&mut done).filter(|(_, done)| !**done) {
                let Some(slots) = origins.get_mut(part.lines.clone()) else { continue };
                let lines = self.lines.get(part.lines.clone()).unwrap_or_default();
                let first = alike.get_mut(&(&part.source, likeness.key(lines)));
                let index = first.and_then(VecDeque::pop_front);
                let found = index.and_then(|index| all.get_mut(index)).and_then(Option::take);
                if let Some((_, found)) = found {
                    *done = true;
                    for (index, (slot, line)) in slots.iter_mut().zip(lines).enumerate() {
                        *slot = found.origin(index, line, templates);
                    }
                }
            }
        }
        origins
    }
}

/// How alike documents have to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Likeness {
    Equal,
    /// Line by line the same fields, set to whatever: a checksum, a random value, the time.
    Close,
}

impl Likeness {
    /// What is equal for documents that are so alike: one is found among many without a look at each.
    fn key(self, lines: &[String]) -> String {
        let mut key = String::new();
        for line in without_end(lines) {
            let line = line.trim_end();
            match field(line).filter(|_| self == Self::Close) {
                // Unlike a line that ends with the colon: that begins a block.
                Some(field) => key.extend([field, ": \n"]),
                None => key.extend([line, "\n"]),
            }
        }
        key
    }
}

/// A document of the output with marks.
struct Marked {
    lines: Vec<String>,
    /// The origin of each line that has one mark; whether it has any.
    origins: Vec<(Option<Mark>, bool)>,
}

impl Marked {
    fn new(output: &Output, part: &Part, marks: &Marks) -> Self {
        let (mut lines, mut origins) = (Vec::new(), Vec::new());
        for line in output.lines.get(part.lines.clone()).unwrap_or_default() {
            let found = unmark(line);
            origins.push((found.mark.and_then(|mark| marks.origin(mark)), !found.is_plain));
            lines.push(found.text);
        }
        Self { lines, origins }
    }

    /// Where a line comes from: what its mark says, or the next mark, for what one action wrote in several lines.
    fn origin(&self, index: usize, line: &str, templates: &[Template]) -> Option<Mark> {
        if line.trim().is_empty() {
            return None;
        }
        let (own, is_marked) = *self.origins.get(index)?;
        if is_marked {
            // What an action wrote need not have the text that stands before it.
            return own.filter(|(file, at)| {
                let template = templates.get(*file);
                template.is_some_and(|template| template.has_output(*at))
                    || fits(template, *at, line)
            });
        }
        self.beginning(index, templates).or_else(|| self.next(index, templates))
    }

    /// The line that wrote the next mark, for what one action of it wrote in several lines.
    fn next(&self, index: usize, templates: &[Template]) -> Option<Mark> {
        let (origin, _) = self.origins.iter().skip(index).find(|(_, is_marked)| *is_marked)?;
        let mark = (*origin)?;
        let template = templates.get(mark.0)?;
        // The first of the lines has the text that stands before the action.
        let before = self.origins.get(..index).unwrap_or_default();
        let first = before.iter().rposition(|(_, is_marked)| *is_marked).map_or(0, |last| last + 1);
        let first = self.lines.get(first)?;
        let begins = segments(template, mark.1).is_some_and(|line| line.begins(first));
        (begins && template.has_output(mark.1) && !self.hides(index, mark, template))
            .then_some(mark)
    }

    /// The line that this one is the text of before an action, where what the action wrote has marks of its own:
    /// `labels: {{- include … | nindent 4 }}`.
    fn beginning(&self, index: usize, templates: &[Template]) -> Option<Mark> {
        let text = self.lines.get(index)?.trim();
        let mut files = Vec::new();
        for (line, (origin, _)) in self.origins.iter().enumerate().skip(index) {
            let is_same = self.lines.get(line).is_some_and(|line| line.trim() == text);
            if line > index && is_same {
                return None;
            }
            let Some(mark) = origin.filter(|mark| !files.contains(&mark.0)) else { continue };
            files.push(mark.0);
            let template = templates.get(mark.0)?;
            let is_it = segments(template, mark.1).is_some_and(|line| line.is_head(text));
            if is_it && template.has_output(mark.1) && !self.hides(index, mark, template) {
                return Some(mark);
            }
        }
        None
    }

    /// Whether another line than that of a mark may have written a line before it, one that could not be marked.
    fn hides(&self, index: usize, (file, at): Mark, template: &Template) -> bool {
        let before = self.origins.get(..index).unwrap_or_default();
        let previous =
            before.iter().rev().find_map(|(origin, _)| origin.filter(|mark| mark.0 == file));
        match previous {
            Some((_, line)) if line < at => template.hides(line + 1..at),
            Some((_, line)) if line > at => template.hides(0..usize::MAX),
            Some(_) => false,
            None => template.hides(0..at),
        }
    }
}

/// Helm writes one empty line more or less behind a document.
fn without_end(lines: &[String]) -> &[String] {
    let end = lines.iter().rposition(|line| !line.trim().is_empty()).map_or(0, |last| last + 1);
    lines.get(..end).unwrap_or_default()
}

/// The field that a line sets, with the space before it.
fn field(line: &str) -> Option<&str> {
    let (field, _) = line.split_once(": ")?;
    let is_field = !field.contains(['"', '\'', '{', '[', '#']);
    is_field.then_some(field)
}

/// Whether a line of a template can have written a line of output: its text without actions has to be there.
fn fits(template: Option<&Template>, at: usize, line: &str) -> bool {
    let Some(template) = template else { return false };
    segments(template, at).is_some_and(|segments| segments.fit(line))
}

#[cfg(test)]
mod tests;
