//! What `helm template` prints: documents, each with the template that it came from.

use std::collections::HashMap;
use std::ops::Range;

use super::super::tags::{Marks, Template, unmark};

/// Stands over each document.
const SOURCE: &str = "# Source: ";

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

    fn part(&self, line: usize) -> Option<&Part> {
        let after = self.parts.partition_point(|part| part.lines.start <= line);
        self.parts.get(after.checked_sub(1)?)
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
    ) -> Vec<Option<(usize, usize)>> {
        let mut origins = vec![None; self.lines.len()];
        let mut unmarked: HashMap<&str, Vec<Marked>> = HashMap::new();
        for part in &marked.parts {
            unmarked.entry(&part.source).or_default().push(Marked::new(marked, part, marks));
        }
        // Documents that are equal but for their marks first, so that those which are not cannot take their place.
        for exact in [true, false] {
            for part in &self.parts {
                let Some(slots) = origins.get_mut(part.lines.clone()) else { continue };
                let lines = self.lines.get(part.lines.clone()).unwrap_or_default();
                let Some(candidates) = unmarked.get_mut(part.source.as_str()) else { continue };
                let likeness = |found: &Marked| found.likeness(lines);
                let wanted = |found: &&mut Marked| {
                    let likeness = likeness(found);
                    !found.taken
                        && (likeness == Likeness::Equal || (!exact && likeness == Likeness::Close))
                };
                if slots.iter().any(Option::is_some) {
                    continue;
                }
                if let Some(found) = candidates.iter_mut().find(wanted) {
                    found.taken = true;
                    for (index, (slot, line)) in slots.iter_mut().zip(lines).enumerate() {
                        *slot = found.origin(index, line, templates);
                    }
                }
            }
        }
        origins
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Likeness {
    Equal,
    /// Line by line the same fields.
    Close,
    Other,
}

/// A document of the output with marks.
struct Marked {
    lines: Vec<String>,
    /// The origin of each line that has one mark; whether it has any.
    origins: Vec<(Option<(usize, usize)>, bool)>,
    taken: bool,
}

impl Marked {
    fn new(output: &Output, part: &Part, marks: &Marks) -> Self {
        let (mut lines, mut origins) = (Vec::new(), Vec::new());
        for line in output.lines.get(part.lines.clone()).unwrap_or_default() {
            let found = unmark(line);
            origins.push((found.mark.and_then(|mark| marks.origin(mark)), !found.is_plain));
            lines.push(found.text);
        }
        Self { lines, origins, taken: false }
    }

    fn likeness(&self, lines: &[String]) -> Likeness {
        let same = |(a, b): (&String, &String)| a.trim_end() == b.trim_end();
        let lines = without_end(lines);
        let own = without_end(&self.lines);
        if lines.len() != own.len() {
            Likeness::Other
        } else if own.iter().zip(lines).all(same) {
            Likeness::Equal
        } else if own.iter().zip(lines).all(|pair| same(pair) || same_field(pair.0, pair.1)) {
            Likeness::Close
        } else {
            Likeness::Other
        }
    }

    /// Where a line comes from: what its mark says, or the next mark, for what one action wrote in several lines.
    fn origin(&self, index: usize, line: &str, templates: &[Template]) -> Option<(usize, usize)> {
        if line.trim().is_empty() {
            return None;
        }
        let (own, is_marked) = *self.origins.get(index)?;
        if is_marked {
            // The last of several lines that one action wrote need not have the text that stands before it.
            let is_last = index.checked_sub(1).and_then(|before| self.origins.get(before));
            let is_last = is_last.is_some_and(|(_, is_marked)| !is_marked);
            return own.filter(|(file, at)| {
                let template = templates.get(*file);
                fits(template, *at, line)
                    || (is_last && template.is_some_and(|template| template.has_output(*at)))
            });
        }
        let next = self.origins.iter().skip(index).find(|(_, is_marked)| *is_marked)?.0;
        let (file, at) = next?;
        let template = templates.get(file)?;
        let before = self.origins.get(..index).unwrap_or_default();
        let previous =
            before.iter().rev().find_map(|(origin, _)| origin.filter(|origin| origin.0 == file));
        // Another line may have written it that could not be marked.
        let hidden = match previous {
            Some((_, line)) if line < at => template.hides(line + 1..at),
            Some((_, line)) if line > at => template.hides(0..usize::MAX),
            Some(_) => false,
            None => template.hides(0..at),
        };
        (template.has_output(at) && !hidden).then_some((file, at))
    }
}

/// Helm writes one empty line more or less behind a document.
fn without_end(lines: &[String]) -> &[String] {
    let end = lines.iter().rposition(|line| !line.trim().is_empty()).map_or(0, |last| last + 1);
    lines.get(..end).unwrap_or_default()
}

/// Whether two lines set the same field, to whatever: a checksum, a random value, the time.
fn same_field(a: &str, b: &str) -> bool {
    let key = |line: &str| {
        let (key, _) = line.split_once(": ")?;
        let is_key = !key.contains(['"', '\'', '{', '[', '#']);
        is_key.then(|| key.to_owned())
    };
    key(a).is_some() && key(a) == key(b)
}

/// Whether a line of a template can have written a line of output: its text without actions has to be there.
fn fits(template: Option<&Template>, at: usize, line: &str) -> bool {
    let Some(template) = template else { return false };
    super::columns::segments(template, at).is_some_and(|segments| segments.fit(line))
}
