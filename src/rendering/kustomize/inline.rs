//! Manifests within a manifest: patches that are written in a block of their kustomization.

use crate::manifest::{Document, Place};
use crate::report::Excerpt;

/// The place in the file for a place in a text that stands in a field of it; the field itself where the text is no block,
/// or one that is written other than it reads.
pub(super) fn place(around: &Document, field: &str, text: &str, place: Place) -> (Place, Excerpt) {
    within(around, field, text, place).unwrap_or_else(|| {
        let range = around.find(field).highlight();
        (around.text().place(range.clone()), Excerpt::of(around.text().as_str(), range))
    })
}

fn within(around: &Document, field: &str, text: &str, place: Place) -> Option<(Place, Excerpt)> {
    let whole = around.text().as_str();
    let found = around.find(field);
    let start = found.exact.then_some(found.value.start)?;
    // The header of the block, `|-`, stands on a line of its own before the text.
    let header = whole.get(start..)?.lines().next()?;
    header.starts_with('|').then_some(())?;
    let first = around.text().place(start..start).line;
    let wanted = text.lines().nth(place.line.checked_sub(1)?)?;
    let mut at = 0;
    for (index, line) in whole.split_inclusive('\n').enumerate() {
        if index + 1 == first + place.line {
            let content = line.trim_end_matches(['\n', '\r']);
            let indent = content.len().checked_sub(wanted.len())?;
            let is_it = content.ends_with(wanted) && content.get(..indent)?.trim().is_empty();
            is_it.then_some(())?;
            let end = if place.end_line == place.line { place.end_column } else { usize::MAX };
            let range = at + indent + byte(wanted, place.column)..at + indent + byte(wanted, end);
            return Some((around.text().place(range.clone()), Excerpt::of(whole, range)));
        }
        at += line.len();
    }
    None
}

/// The byte of a column.
fn byte(line: &str, column: usize) -> usize {
    line.char_indices().nth(column.saturating_sub(1)).map_or(line.len(), |(at, _)| at)
}
