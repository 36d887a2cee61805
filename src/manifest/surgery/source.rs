//! The text as lines: where they end, what is blank, what is a comment.

use std::ops::Range;

/// A text with questions about places in it. No answer looks farther than the line or the gap that it is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'t> {
    text: &'t str,
}

impl<'t> Source<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text }
    }

    pub(super) fn byte(self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    /// The byte in front of a place.
    pub(super) fn before(self, at: usize) -> Option<u8> {
        self.byte(at.checked_sub(1)?)
    }

    pub(super) fn slice(self, range: Range<usize>) -> &'t str {
        self.text.get(range).unwrap_or_default()
    }

    /// Where the line of `at` ends, in front of its line break.
    pub(super) fn line_end(self, at: usize) -> usize {
        let rest = self.text.as_bytes().get(at..).unwrap_or_default();
        memchr::memchr2(b'\n', b'\r', rest).map_or(self.text.len(), |length| at + length)
    }

    /// Where the line of `at` starts.
    pub(super) fn line_start(self, at: usize) -> usize {
        let before = self.text.as_bytes().get(..at).unwrap_or_default();
        memchr::memrchr2(b'\n', b'\r', before).map_or(0, |index| index + 1)
    }

    /// The start of the line behind the one that ends at `end`, unless the text ends there.
    pub(super) fn next_line(self, end: usize) -> Option<usize> {
        let width = match (self.byte(end)?, self.byte(end + 1)) {
            (b'\r', Some(b'\n')) => 2,
            _ => 1,
        };
        Some(end + width)
    }

    /// The end of the line in front of the one that starts at `start`.
    pub(super) fn previous_end(self, start: usize) -> Option<usize> {
        let end = start.checked_sub(1)?;
        let is_pair = self.byte(end) == Some(b'\n') && self.before(end) == Some(b'\r');
        Some(if is_pair { end - 1 } else { end })
    }

    /// The line break in use around `at`.
    pub(super) fn line_break(self, at: usize) -> &'static str {
        let end = self.line_end(at);
        let start = self.line_start(at);
        let previous = || self.previous_end(start).map(|end| (end, start));
        let here = self.next_line(end).map(|next| (end, next)).or_else(previous);
        match here.map(|(end, next)| self.slice(end..next)) {
            Some("\r\n") => "\r\n",
            Some("\r") => "\r",
            _ => "\n",
        }
    }

    /// Skips blanks.
    pub(super) fn skip_blanks(self, at: usize) -> usize {
        let rest = self.text.as_bytes().get(at..).unwrap_or_default();
        at + rest.iter().take_while(|byte| is_blank(**byte)).count()
    }

    /// Where the blanks in front of `at` begin.
    pub(super) fn skip_blanks_back(self, at: usize) -> usize {
        let before = self.text.as_bytes().get(..at).unwrap_or_default();
        at - before.iter().rev().take_while(|byte| is_blank(**byte)).count()
    }

    /// Skips blanks, line breaks and comments.
    pub(super) fn skip_space(self, at: usize) -> usize {
        let mut at = at;
        loop {
            at = self.skip_blanks(at);
            match self.byte(at) {
                Some(b'\n' | b'\r') => at += 1,
                Some(b'#') => at = self.line_end(at),
                _ => return at,
            }
        }
    }

    /// Whether nothing but blanks stands in front of `at` on its line.
    pub(super) fn starts_line(self, at: usize) -> bool {
        matches!(self.before(self.skip_blanks_back(at)), None | Some(b'\n' | b'\r'))
    }

    /// The end of the line of `at` if only a comment or nothing follows there.
    pub(super) fn rest_of_line(self, at: usize) -> Option<usize> {
        let next = self.skip_blanks(at);
        match self.byte(next) {
            None | Some(b'\n' | b'\r') => Some(next),
            Some(b'#') => Some(self.line_end(next)),
            Some(_) => None,
        }
    }

    /// Whether a comment stands in a gap between values.
    pub(super) fn has_comment(self, gap: Range<usize>) -> bool {
        self.slice(gap).contains('#')
    }

    /// Whether a line ends in a range.
    pub(super) fn has_break(self, range: Range<usize>) -> bool {
        self.slice(range).contains(['\n', '\r'])
    }
}

pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}
