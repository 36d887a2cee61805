//! From a place in a line of output to the place in the line of the template that wrote it.

use std::ops::Range;

use super::super::tags::Template;
use super::super::template::Kind;

/// A line of a template: text, and actions that can have written anything.
#[derive(Debug)]
pub(super) struct Segments<'t> {
    text: &'t str,
    /// Where the line starts in the template.
    start: usize,
    /// The text between actions, in bytes of the template.
    literals: Vec<Range<usize>>,
    /// Whether an action writes something.
    pub(super) has_output: bool,
}

/// Cuts a line of a template, and those that its actions go on to, at its actions.
pub(super) fn segments(template: &Template, line: usize) -> Option<Segments<'_>> {
    let whole = template.logical(line);
    let lines = template.lines.as_ref()?;
    let mut literals = Vec::new();
    let mut at = whole.start;
    let mut has_output = false;
    for action in &lines.actions {
        if action.range.end <= whole.start || action.range.start >= whole.end {
            continue;
        }
        literals.push(at..action.range.start.max(at));
        at = action.range.end.min(whole.end);
        // What is left out or repeated can have any text, as far as one line tells.
        has_output |= action.kind != Kind::Silent;
    }
    literals.push(at..whole.end);
    Some(Segments { text: &template.text, start: whole.start, literals, has_output })
}

impl Segments<'_> {
    fn literal(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or_default()
    }

    /// Whether the line can have written this one.
    pub(super) fn fit(&self, written: &str) -> bool {
        let written = written.trim();
        let Some((first, rest)) = self.literals.split_first() else { return false };
        if !self.has_output {
            let all: String = self.literals.iter().map(|range| self.literal(range)).collect();
            return all.trim() == written;
        }
        let last = rest.last().unwrap_or(first);
        self.begins(written) && written.ends_with(self.literal(last).trim())
    }

    /// Whether a line begins with the text before the first action.
    pub(super) fn begins(&self, written: &str) -> bool {
        let head = self.literals.first().map(|first| self.literal(first).trim());
        head.is_none_or(|head| written.trim().starts_with(head))
    }

    /// Whether a text is all that stands before the first action.
    pub(super) fn is_head(&self, text: &str) -> bool {
        let head = self.literals.first().map(|first| self.literal(first).trim());
        head.is_some_and(|head| !head.is_empty() && head == text)
    }

    /// The bytes of the template for bytes of a line that it wrote: the same text where it stands there, and the value
    /// that it is part of, or the whole line, where an action wrote it.
    pub(super) fn place(&self, written: &str, marked: Range<usize>) -> Range<usize> {
        let line = self.first_line();
        let content = trimmed(self.text, line.clone());
        let indent = written.len() - written.trim_start().len();
        let Some(offset) = marked.start.checked_sub(indent) else { return content };
        let first = self.literals.first().cloned().unwrap_or_default();
        let head =
            trimmed(self.text, first.start..first.end.min(line.end)).start..first.end.min(line.end);
        let prefix = self.text.get(head.clone()).unwrap_or_default();
        let same =
            written.get(indent..indent + offset).is_some_and(|before| prefix.starts_with(before));
        if !same || head.is_empty() {
            return content;
        }
        let start = head.start + offset;
        let length = marked.end.saturating_sub(marked.start);
        let literal = written.get(marked.clone());
        if length > 0
            && self.text.get(start..start + length) == literal
            && start + length <= head.end
        {
            return start..start + length;
        }
        // A value that an action has a part in reaches as far as what follows it in both.
        let tail = written.get(marked.end..).unwrap_or_default().trim_end();
        let until = content.end
            - self
                .text
                .get(content.clone())
                .filter(|text| text.ends_with(tail))
                .map_or(0, |_| tail.len());
        start..until.max(start)
    }

    /// The first of the lines.
    fn first_line(&self) -> Range<usize> {
        let end = self.literals.last().map_or(self.start, |last| last.end);
        let text = self.text.get(self.start..end).unwrap_or_default();
        let length = text.find(['\n', '\r']).unwrap_or(text.len());
        self.start..self.start + length
    }

    /// The values that its actions name: `image.tag` for `.Values.image.tag`.
    pub(super) fn values(&self) -> Vec<String> {
        const VALUES: &str = ".Values.";
        let mut found: Vec<String> = Vec::new();
        for pair in self.literals.windows(2) {
            let [before, behind] = pair else { continue };
            let action = self.text.get(before.end..behind.start).unwrap_or_default();
            for rest in action.split(VALUES).skip(1) {
                let is_key = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
                let key: &str = rest.split(|c| !is_key(c)).next().unwrap_or_default();
                let key = key.trim_end_matches('.').to_owned();
                if !key.is_empty() && !found.contains(&key) {
                    found.push(key);
                }
            }
        }
        found
    }
}

/// A range without the space at its ends.
fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let part = text.get(range.clone()).unwrap_or_default();
    let start = range.start + (part.len() - part.trim_start().len());
    start..start + part.trim().len()
}
