//! Cuts a stream at the lines that start a document.

use std::ops::Range;

use memchr::memmem;

/// The pieces of `text` from `from` on. Each starts at a `---` line, except for the first, and
/// except that directives stay with the document they are for.
pub(super) fn split(text: &str, from: usize) -> impl Iterator<Item = Range<usize>> {
    let bytes = text.as_bytes();
    let mut starts = memmem::find_iter(bytes.get(from..).unwrap_or_default(), b"---")
        .map(move |at| from + at)
        .filter(move |&at| at > from && is_marker(bytes, at));
    let mut start = Some(from);
    std::iter::from_fn(move || {
        let begin = start?;
        start = starts.find(|&at| !ends_in_directive(text.get(begin..at).unwrap_or_default()));
        Some(begin..start.unwrap_or(text.len()))
    })
}

/// Whether the `---` at `at` fills the start of a line.
fn is_marker(bytes: &[u8], at: usize) -> bool {
    let starts_line = at.checked_sub(1).and_then(|before| bytes.get(before));
    let after = bytes.get(at + 3);
    matches!(starts_line, None | Some(b'\n' | b'\r'))
        && matches!(after, None | Some(b' ' | b'\t' | b'\n' | b'\r'))
}

/// Directives stand at the start of a stream or behind the `...` that ends a document; elsewhere they are a mistake, and
/// that of their document alone.
fn ends_in_directive(text: &str) -> bool {
    let mut lines =
        text.lines().rev().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    lines.next().is_some_and(|line| line.starts_with('%'))
        && lines.find(|line| !line.starts_with('%')).is_none_or(|line| line.starts_with("..."))
}

/// The pieces between all lines that start a document, of bytes that may be no text.
pub(in super::super) fn marked(bytes: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let markers =
        memmem::find_iter(bytes, b"---").filter(move |&at| at > 0 && is_marker(bytes, at));
    let mut begin = 0;
    markers.chain([bytes.len()]).map(move |end| std::mem::replace(&mut begin, end)..end)
}
