//! Comments beside what an update removes: they stay, beside what stands there instead or on lines of their own.

use serde_json::Value;

use crate::manifest::{Document, Replacement, parse};

/// The changes with the comments that they would delete. `column` is where the fields of the case begin.
pub(super) fn with_comments(
    document: &Document,
    plain: Vec<Replacement>,
    column: usize,
) -> Vec<Replacement> {
    let mut kept = plain.clone();
    let mut found = false;
    for change in &mut kept {
        found |= keep(document, change, column);
    }
    // A comment must not become part of a value, nor a value part of a comment.
    let text = document.text().as_str();
    let is_same = !found || values(&replaced(text, &kept)) == values(&replaced(text, &plain));
    if is_same { kept } else { plain }
}

/// Puts the comments of what is deleted into the text that stands there instead. Whether there are any.
fn keep(document: &Document, change: &mut Replacement, column: usize) -> bool {
    let source = document.text().as_str();
    let byte = |at: usize| source.as_bytes().get(at);
    let is_line_end = |at: usize| matches!(byte(at), None | Some(b'\n' | b'\r'));
    let lost = document.comments_in(change.range.clone());
    let lost: Vec<_> = lost
        .into_iter()
        .filter_map(|range| Some((range.start, source.get(range)?.trim_end())))
        .filter(|(_, comment)| !change.text.contains(comment))
        .collect();
    let Some((hash, first)) = lost.first().copied() else { return false };
    let before = source.get(..hash).unwrap_or_default();
    let line = before.trim_end_matches([' ', '\t']);
    let gap = before.get(line.len()..).filter(|gap| !gap.is_empty()).unwrap_or(" ");
    let new_line = if source.contains("\r\n") { "\r\n" } else { "\n" };
    let new_line = format!("{new_line}{}", " ".repeat(column));
    let comments: Vec<&str> = lost.iter().map(|(_, comment)| *comment).collect();
    let comments = comments.join(&new_line);
    let text = std::mem::take(&mut change.text);
    let body = text.trim();
    let head = text.len() - text.trim_start().len();
    let (head, tail) = (text.get(..head), text.get(text.trim_end().len()..));
    let (head, tail) = (head.unwrap_or_default(), tail.unwrap_or_default());
    let stood_beside = !line.is_empty() && !line.ends_with(['\n', '\r']);
    change.text = if body.is_empty() {
        match (is_line_end(change.range.start), is_line_end(change.range.end)) {
            (true, _) => format!("{new_line}{comments}"),
            (false, true) => format!(" {comments}"),
            (false, false) => format!("{comments}{new_line}"),
        }
    } else if lost.len() == 1 && stood_beside && !body.contains('\n') {
        format!("{head}{body}{gap}{first}{tail}")
    } else if !is_line_end(change.range.start) && is_line_end(change.range.end) {
        format!("{head}{body} {comments}{tail}")
    } else {
        format!("{head}{comments}{new_line}{body}{tail}")
    };
    true
}

/// What the documents of a text are; none where one of them is not YAML.
fn values(text: &str) -> Option<Vec<Value>> {
    let manifest = parse(None, text.as_bytes().to_vec());
    let values = manifest.documents.into_iter().map(|document| document.value).collect();
    manifest.errors.is_empty().then_some(values)
}

/// The text after the changes.
pub(super) fn replaced(text: &str, replacements: &[Replacement]) -> String {
    let mut new = String::with_capacity(text.len());
    let mut at = 0;
    for Replacement { range, text: put } in replacements {
        new.push_str(text.get(at..range.start).unwrap_or_default());
        new.push_str(put);
        at = range.end;
    }
    new.push_str(text.get(at..).unwrap_or_default());
    new
}
