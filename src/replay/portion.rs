//! What of a source one shard judges.
//!
//! Sources are laid out in blocks of their text, decompressed; a record is judged by the shard whose turn the block is in
//! which it begins. Every shard reads all of the text, which costs little beside judging it and tells it the lines.

use std::ops::Range;

use crate::survey::Shard;

/// The length of a block in bytes: several chunks, so that most chunks of others are passed over as a whole.
const BLOCK: u64 = 4 << 20;

/// The part of a source that is judged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Portion {
    shard: Option<Shard>,
    /// The turn of the first block: not the same for every source, or the first shard alone would get all small ones.
    first: u64,
}

impl Portion {
    /// What a shard judges of the source at this position among all.
    pub(super) const fn new(shard: Option<Shard>, position: usize) -> Self {
        Self { shard, first: position as u64 }
    }

    /// Whether the record that begins at this byte is judged.
    pub(super) fn takes(self, offset: u64) -> bool {
        self.shard.is_none_or(|shard| shard.takes(self.first + offset / BLOCK))
    }

    /// How many of these bytes are in the blocks that are judged.
    pub(super) fn bytes(self, range: Range<u64>) -> u64 {
        let mut start = range.start;
        let mut bytes = 0;
        while start < range.end {
            let end = (start / BLOCK + 1).saturating_mul(BLOCK).min(range.end);
            if self.takes(start) {
                bytes += end - start;
            }
            start = end;
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_of_one_shard() {
        for range in [0..1, 5..BLOCK, BLOCK - 1..BLOCK + 1, 3..BLOCK * 10 + 7, 9..9] {
            let shards = (1..=3).map(|number| Portion::new(Shard::new(number, 3).ok(), 1));
            let bytes: u64 = shards.map(|portion| portion.bytes(range.clone())).sum();
            assert_eq!(bytes, range.end - range.start, "{range:?}");
            assert_eq!(Portion::new(None, 0).bytes(range.clone()), range.end - range.start);
        }
    }

    #[test]
    fn small_sources_are_shared_out() {
        let second = Shard::new(2, 3).ok();
        let taken: Vec<usize> = (0..6).filter(|at| Portion::new(second, *at).takes(0)).collect();
        assert_eq!(taken, [1, 4]);
    }
}
