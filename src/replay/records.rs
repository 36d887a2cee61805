//! Where records begin and end in text: each line is one, and so is a value that was printed over many lines.
//!
//! That is told from the lines themselves and not from what a file is called or begins with, so that damage to one
//! record leaves the others.

use std::ops::Range;

use memchr::{memchr, memchr_iter, memmem, memrchr};

/// A record in a chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// Its bytes.
    pub(super) range: Range<usize>,
    /// Lines of the chunk before it.
    pub(super) line: u64,
}

/// The records of a chunk, without empty lines.
#[derive(Debug)]
pub(super) struct Records<'c> {
    bytes: &'c [u8],
    at: usize,
    line: u64,
}

impl<'c> Records<'c> {
    pub(super) fn of(bytes: &'c [u8]) -> Self {
        Self { bytes, at: 0, line: 0 }
    }
}

impl Iterator for Records<'_> {
    type Item = Span;

    fn next(&mut self) -> Option<Span> {
        loop {
            let (start, line) = (self.at, self.line);
            let rest = self.bytes.get(start..).filter(|rest| !rest.is_empty())?;
            let length = match opens(rest) {
                true => next_brace(rest).unwrap_or(rest.len()),
                false => memchr(b'\n', rest).map_or(rest.len(), |newline| newline + 1),
            };
            let record = rest.get(..length)?;
            self.at += length;
            self.line += lines(record);
            if !record.trim_ascii().is_empty() {
                return Some(Span { range: start..self.at, line });
            }
        }
    }
}

/// How many lines end in the text.
pub(super) fn lines(bytes: &[u8]) -> u64 {
    memchr_iter(b'\n', bytes).count() as u64
}

/// Whether the text begins with a line that is nothing but a brace, as those do who print a value over many lines.
pub(super) fn opens(bytes: &[u8]) -> bool {
    let Some(b'{') = bytes.first() else { return false };
    let line = memchr(b'\n', bytes).and_then(|newline| bytes.get(1..newline));
    line.is_some_and(|rest| rest.trim_ascii().is_empty())
}

/// The next line, of those behind the first, that begins with a brace: there the next value begins, because within a
/// value that is printed over many lines braces are indented.
pub(super) fn next_brace(bytes: &[u8]) -> Option<usize> {
    memmem::find(bytes, b"\n{").map(|newline| newline + 1)
}

/// Where the last record ends that is known to be complete, though more text may follow.
pub(super) fn complete(bytes: &[u8]) -> usize {
    let Some(newline) = memrchr(b'\n', bytes) else { return 0 };
    let whole = bytes.get(..=newline).unwrap_or_default();
    let last = memmem::rfind(whole, b"\n{").map_or(0, |newline| newline + 1);
    match whole.get(last..) {
        Some(record) if opens(record) => last,
        _ => newline + 1,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(text: &str) -> Vec<(&str, u64)> {
        Records::of(text.as_bytes()).map(|span| (&text[span.range], span.line)).collect()
    }

    #[test]
    fn lines_and_printed_values_are_told_apart() {
        assert_eq!(split("a\n\n  \nb\r\nc"), [("a\n", 0), ("b\r\n", 3), ("c", 4)]);
        let printed = "{\n  \"a\": {\n  }\n}\n";
        assert_eq!(split(printed), [(printed, 0)]);
        let both = format!("{printed}{{}}\n{printed}");
        assert_eq!(split(&both), [(printed, 0), ("{}\n", 4), (printed, 5)]);
        assert_eq!(split(" {\nx\n"), [(" {\n", 0), ("x\n", 1)]);
        assert!(split("\n\n").is_empty() && split("").is_empty());
    }

    #[test]
    fn what_may_go_on_is_not_complete() {
        for (text, end) in [
            ("", 0),
            ("{}", 0),
            ("{}\n", 3),
            ("{}\n{\"a", 3),
            ("x\n{\n", 2),
            ("{\n \"a\": 1\n}\n", 0),
            ("{\n \"a\": 1\n}\n{}\n", 15),
        ] {
            assert_eq!(complete(text.as_bytes()), end, "{text:?}");
        }
    }

    proptest! {
        /// However text is cut into chunks where it is complete, the records are the same.
        #[test]
        fn cutting_changes_no_record(
            pieces in prop::collection::vec(prop::sample::select(&["{", "}", "{\n", "\n", "a", " ", "{}\n"][..]), 0..40),
            sizes in prop::collection::vec(1..12_usize, 1..40),
        ) {
            let text: String = pieces.concat();
            let whole: Vec<_> = split(&text).into_iter().map(|(text, line)| (text.to_owned(), line)).collect();
            let (mut found, mut buffer, mut rest, mut line) = (Vec::new(), Vec::new(), text.as_bytes(), 0);
            let mut take = |bytes: &[u8]| {
                for span in Records::of(bytes) {
                    let text = String::from_utf8(bytes[span.range].to_vec()).unwrap();
                    found.push((text, line + span.line));
                }
                line += lines(bytes);
            };
            for size in sizes.into_iter().chain([text.len()]) {
                let (read, more) = rest.split_at(size.min(rest.len()));
                buffer.extend_from_slice(read);
                rest = more;
                let chunk: Vec<u8> = buffer.drain(..complete(&buffer)).collect();
                take(&chunk);
            }
            take(&buffer);
            prop_assert_eq!(found, whole);
        }
    }
}
