//! Comments: what stands in the text and in no value.

use std::ops::Range;

use memchr::memmem;

use super::Manifest;
use super::locate::Tree;

/// A comment that begins with a word that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// From the `#` to the end of the line, in bytes of the text.
    pub range: Range<usize>,
    /// What follows the word.
    pub body: Range<usize>,
    /// The line it is about: its own, or where it stands alone the next one that holds more than comments. None at
    /// the end of the text.
    pub about: Option<usize>,
    /// Whether nothing but comments stands before it.
    pub at_top: bool,
}

/// A comment that holds a word that was asked for, and does not begin with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stray {
    /// From the `#` to the end of the line.
    pub range: Range<usize>,
    /// What follows the word.
    pub body: Range<usize>,
    /// Whether it begins with the word in other letters.
    pub leads: bool,
}

impl Manifest {
    /// The comments that begin with `word`, in the order of the text, one of a line. A text that looks like a comment
    /// and stands in a string is none. Lines of documents that could not be read count as they look.
    pub fn comments(&self, word: &str) -> Vec<Comment> {
        let text = self.text.as_str();
        let finder = memmem::Finder::new(word);
        // Nearly all files end here.
        if finder.find(text.as_bytes()).is_none() {
            return Vec::new();
        }
        let Some(document) = self.documents.first() else { return Vec::new() };
        let tree = document.tree();
        let mut comments = Vec::new();
        let mut from = 0;
        while let Some(found) = find(&finder, text, from) {
            from = found + word.len();
            let before = text.get(..found).unwrap_or_default().trim_end_matches([' ', '\t']);
            let Some(hash) = before.strip_suffix('#').map(str::len) else { continue };
            let starts = before.get(..hash).unwrap_or_default();
            let is_apart = starts.is_empty() || starts.ends_with([' ', '\t', '\n', '\r']);
            if !is_apart || tree.is_content(hash) {
                continue;
            }
            let end = line_end(text, from);
            let body = text.get(from..end).unwrap_or_default().trim_end();
            let stands_alone = stands_alone(text, tree, hash);
            comments.push(Comment {
                range: hash..from + body.len(),
                body: from..from + body.len(),
                about: (!stands_alone).then(|| self.text.place(hash..hash).line),
                at_top: tree.starts_after(hash),
            });
            from = end;
        }
        self.look_below(&mut comments);
        comments
    }

    /// Where a comment holds `word` and does not begin with it as it is written: behind other words, or in other letters.
    /// In comments that are `known` to begin with it nothing is looked for. One of a line.
    pub fn stray(&self, word: &str, known: &[Comment]) -> Vec<Stray> {
        let text = self.text.as_str();
        let mut capitalized = word.to_owned();
        if let Some(first) = capitalized.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        let mut stray = Vec::new();
        let Some(document) = self.documents.first() else { return stray };
        for spelling in [word, &capitalized, &word.to_ascii_uppercase()] {
            let finder = memmem::Finder::new(spelling);
            let mut from = 0;
            while let Some(found) = find(&finder, text, from) {
                let at = known.partition_point(|comment| comment.range.end <= found);
                let taken = known.get(at).filter(|comment| comment.range.start <= found);
                if let Some(comment) = taken {
                    from = comment.range.end;
                    continue;
                }
                let end = line_end(text, found);
                from = end;
                let Some(hash) = first_comment(text, document.tree(), found, end) else { continue };
                // The word may stand in a value before the comment.
                let Some(start) = find(&finder, text, found.max(hash)).filter(|at| *at < end)
                else {
                    continue;
                };
                let before = text.get(hash..start).unwrap_or_default();
                stray.push(Stray {
                    body: start + word.len()..end,
                    range: hash..end,
                    leads: before.ends_with([' ', '\t', '#'])
                        && before.trim_end_matches([' ', '\t']).ends_with('#'),
                });
            }
        }
        stray
    }

    /// Finds the lines that comments of their own lines are about, from the last to the first: of a block of them,
    /// all are about the same line.
    fn look_below(&self, comments: &mut [Comment]) {
        let text = self.text.as_str();
        let mut below = None;
        for comment in comments.iter_mut().rev() {
            if comment.about.is_some() {
                below = None;
                continue;
            }
            comment.about = self.content_below(comment.range.end, below);
            below = Some((line_start(text, comment.range.start), comment.about));
        }
    }

    /// The first line below `offset` that holds more than comments; `known` is a line whose answer is known.
    fn content_below(&self, offset: usize, known: Option<(usize, Option<usize>)>) -> Option<usize> {
        let text = self.text.as_str();
        let mut at = next_line(text, line_end(text, offset))?;
        loop {
            if let Some((_, about)) = known.filter(|(start, _)| *start == at) {
                return about;
            }
            let end = line_end(text, at);
            let line = text.get(at..end).unwrap_or_default().trim_start();
            if !line.is_empty() && !line.starts_with('#') {
                return Some(self.text.place(at..at).line);
            }
            at = next_line(text, end)?;
        }
    }
}

/// The `#` of the comment on the line of `offset`, which ends at `end`.
fn first_comment(text: &str, tree: &Tree, offset: usize, end: usize) -> Option<usize> {
    let start = line_start(text, offset);
    let line = text.as_bytes().get(start..end)?;
    let is_comment = |hash: &usize| {
        let before = text.get(start..*hash).unwrap_or_default();
        (before.is_empty() || before.ends_with([' ', '\t'])) && !tree.is_content(*hash)
    };
    memchr::memchr_iter(b'#', line).map(|at| start + at).find(is_comment)
}

fn find(finder: &memmem::Finder<'_>, text: &str, from: usize) -> Option<usize> {
    let rest = text.as_bytes().get(from..)?;
    finder.find(rest).map(|at| from + at)
}

/// Whether only comments stand on the line of a comment.
fn stands_alone(text: &str, tree: &Tree, hash: usize) -> bool {
    let start = line_start(text, hash);
    let line = text.get(start..).unwrap_or_default();
    let first = start + (line.len() - line.trim_start_matches([' ', '\t']).len());
    first == hash || (text.as_bytes().get(first) == Some(&b'#') && !tree.is_content(first))
}

fn line_start(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().get(..offset).unwrap_or_default();
    memchr::memrchr2(b'\n', b'\r', before).map_or(0, |at| at + 1)
}

fn line_end(text: &str, offset: usize) -> usize {
    let rest = text.as_bytes().get(offset..).unwrap_or_default();
    memchr::memchr2(b'\n', b'\r', rest).map_or(text.len(), |at| offset + at)
}

/// Where the line after the one that ends at `end` starts, if there is one.
fn next_line(text: &str, end: usize) -> Option<usize> {
    let rest = text.as_bytes().get(end..)?;
    let next = if rest.starts_with(b"\r\n") { end + 2 } else { end + 1 };
    (next < text.len()).then_some(next)
}

#[cfg(test)]
mod tests;
