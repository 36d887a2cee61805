//! Changes of the text, collected in any order.

use std::ops::Range;

use super::Replacement;

/// Changes that were asked for so far. Of two insertions at one place, the one asked for first comes first.
#[derive(Debug, Default)]
pub(super) struct Splices(Vec<Replacement>);

impl Splices {
    pub(super) fn insert(&mut self, at: usize, text: impl Into<String>) {
        self.replace(at..at, text);
    }

    pub(super) fn delete(&mut self, range: Range<usize>) {
        if !range.is_empty() {
            self.replace(range, "");
        }
    }

    pub(super) fn replace(&mut self, range: Range<usize>, text: impl Into<String>) {
        self.0.push(Replacement { range, text: text.into() });
    }

    /// The changes in order and apart from each other, or a byte at which two of them meet.
    pub(super) fn finish(self) -> Result<Vec<Replacement>, usize> {
        let mut all = self.0;
        all.sort_by_key(|one| (one.range.start, one.range.end));
        let mut kept: Vec<Replacement> = Vec::with_capacity(all.len());
        for next in all {
            let Some(last) = kept.last_mut().filter(|last| next.range.start <= last.range.end)
            else {
                kept.push(next);
                continue;
            };
            let overlaps = next.range.start < last.range.end;
            if overlaps && !(last.text.is_empty() && next.text.is_empty()) {
                return Err(next.range.start);
            }
            last.range.end = last.range.end.max(next.range.end);
            last.text.push_str(&next.text);
        }
        Ok(kept)
    }
}
