//! The part of a source line that is shown under a finding.

use std::ops::Range;
use std::sync::Arc;

use crate::manifest::Place;

/// Characters of a line that are shown; a line of JSON can be as long as its file.
const SHOWN: usize = 160;
/// Characters shown before the marked ones where the line has to be cut.
const BEFORE: usize = 60;
/// Bytes looked at on either side of the mark, so that one excerpt never costs a whole long line.
const WINDOW: usize = SHOWN * 4;
/// Stands where something was left out.
const CUT: &str = "…";

/// A line of the source, or the part of it around the marked bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Excerpt {
    /// What is shown; one line can have many findings.
    pub text: Arc<str>,
    /// The marked bytes of it.
    pub marked: Range<usize>,
}

impl Excerpt {
    /// The line on which `range` starts, cut around it where it is long. What is marked ends with
    /// the line.
    pub fn of(source: &str, range: Range<usize>) -> Self {
        let start = floor(source, range.start);
        let first = floor(source, start.saturating_sub(WINDOW));
        let head = source.get(first..start).unwrap_or_default();
        let (head, head_is_cut) = match head.rfind(LINE_ENDS) {
            Some(at) => (head.get(at + 1..).unwrap_or_default(), false),
            None => (head, first > 0),
        };
        let last = floor(source, start.saturating_add(WINDOW));
        let tail = source.get(start..last).unwrap_or_default();
        let (tail, tail_is_cut) = match tail.find(LINE_ENDS) {
            Some(at) => (tail.get(..at).unwrap_or_default(), false),
            None => (tail, last < source.len()),
        };
        let length = head.chars().count() + tail.chars().count();
        let (head, head_is_cut) = if head_is_cut || tail_is_cut || length > SHOWN {
            last_chars(head, BEFORE, head_is_cut)
        } else {
            (head, false)
        };
        let room = SHOWN.saturating_sub(head.chars().count());
        let shown = tail.char_indices().nth(room).map_or(tail.len(), |(at, _)| at);
        let before = if head_is_cut { CUT } else { "" };
        let after = if tail_is_cut || shown < tail.len() { CUT } else { "" };
        let marked = before.len() + head.len();
        let wide = range.end.saturating_sub(start).min(shown);
        let tail = tail.get(..shown).unwrap_or_default();
        let wide = floor(tail, wide);
        Self { text: format!("{before}{head}{tail}{after}").into(), marked: marked..marked + wide }
    }
}

const LINE_ENDS: [char; 2] = ['\n', '\r'];

/// The last characters of a text, and whether that leaves something out.
fn last_chars(text: &str, count: usize, is_cut: bool) -> (&str, bool) {
    match text.char_indices().rev().nth(count.saturating_sub(1)) {
        Some((at, _)) if at > 0 => (text.get(at..).unwrap_or_default(), true),
        _ => (text, is_cut),
    }
}

fn floor(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// The lines of a source, found once for many excerpts.
#[derive(Debug)]
pub struct Lines<'s> {
    source: &'s str,
    starts: Vec<usize>,
}

impl<'s> Lines<'s> {
    /// Finds the lines.
    pub fn new(source: &'s str) -> Self {
        let bytes = source.as_bytes();
        let ends = memchr::memchr2_iter(b'\n', b'\r', bytes)
            .filter(|&at| bytes.get(at..at + 2) != Some(b"\r\n".as_slice()));
        let starts = std::iter::once(0).chain(ends.map(|at| at + 1)).collect();
        Self { source, starts }
    }

    /// The line at a place; none where the source has no such line, or where it was blanked.
    pub fn excerpt(&self, place: Place) -> Option<Excerpt> {
        if self.source.is_empty() {
            return None;
        }
        let start = self.offset(place.line, place.column)?;
        let end = self.offset(place.end_line, place.end_column).unwrap_or(start);
        let excerpt = Excerpt::of(self.source, start..end.max(start));
        let is_blanked = !excerpt.text.is_empty() && excerpt.text.bytes().all(|byte| byte == b' ');
        (!is_blanked).then_some(excerpt)
    }

    fn offset(&self, line: usize, column: usize) -> Option<usize> {
        let start = *self.starts.get(line.checked_sub(1)?)?;
        let rest = self.source.get(start..)?;
        let within = rest.char_indices().nth(column.saturating_sub(1));
        Some(within.map_or(self.source.len(), |(at, _)| start + at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(excerpt: &Excerpt) -> &str {
        &excerpt.text[excerpt.marked.clone()]
    }

    #[test]
    fn a_short_line_is_shown_whole() {
        let source = "a: 1\r\n  bé: x  # c\r\nd: 2";
        let at = source.find('x').unwrap();
        let excerpt = Excerpt::of(source, at..at + 1);
        assert_eq!(&*excerpt.text, "  bé: x  # c");
        assert_eq!(marked(&excerpt), "x");
        let last = Excerpt::of(source, source.len()..source.len());
        assert_eq!((&*last.text, last.marked.clone()), ("d: 2", 4..4));
    }

    #[test]
    fn a_long_line_is_cut_around_the_mark() {
        let source = format!("{}TARGET{}", "é,".repeat(5000), "ü.".repeat(5000));
        let at = source.find("TARGET").unwrap();
        let excerpt = Excerpt::of(&source, at..at + 6);
        assert_eq!(marked(&excerpt), "TARGET");
        assert_eq!(excerpt.text.chars().count(), SHOWN + 2);
        assert!(excerpt.text.starts_with('…') && excerpt.text.ends_with('…'));
        let near = Excerpt::of(&source, 0..3);
        assert_eq!(marked(&near), "é,");
        assert!(near.text.starts_with("é,é") && near.text.ends_with('…'));
        let far = Excerpt::of(&source, source.len()..source.len());
        assert!(far.text.starts_with('…') && far.text.ends_with("ü."));
    }

    #[test]
    fn any_range_of_any_text_has_an_excerpt() {
        for source in ["", "\n", "é", "a\rb", "\r\n\r\n", &"é".repeat(1000)] {
            for start in 0..source.len() + 3 {
                for end in [start, start + 1, start + 700, 0, usize::MAX] {
                    let excerpt = Excerpt::of(source, start..end);
                    assert!(excerpt.text.get(excerpt.marked.clone()).is_some());
                    assert!(excerpt.text.chars().count() <= SHOWN + 2);
                }
            }
        }
    }

    #[test]
    fn places_lead_to_their_lines() {
        let lines = Lines::new("a\rbé c\r\nd");
        let place = Place { line: 2, column: 4, end_line: 2, end_column: 5 };
        let excerpt = lines.excerpt(place).unwrap();
        assert_eq!((&*excerpt.text, marked(&excerpt)), ("bé c", "c"));
        assert!(lines.excerpt(Place { line: 9, column: 1, end_line: 9, end_column: 1 }).is_none());
        assert!(
            Lines::new("")
                .excerpt(Place { line: 1, column: 1, end_line: 1, end_column: 1 })
                .is_none()
        );
    }
}
