//! Places in the text of an expression.

use crate::cel::{CompileError, Position};

/// Bytes between two offsets whose characters are counted beforehand, so that each position is found at once.
const BLOCK: usize = 256;

/// The text of an expression.
#[derive(Debug)]
pub(in crate::cel) struct Text<'s> {
    source: &'s str,
    /// Where lines start.
    lines: Vec<usize>,
    /// Characters before each block.
    characters: Vec<usize>,
}

impl<'s> Text<'s> {
    pub(in crate::cel) fn new(source: &'s str) -> Self {
        let lines = memchr::memchr_iter(b'\n', source.as_bytes()).map(|at| at + 1);
        let mut before = 0;
        let characters = source.as_bytes().chunks(BLOCK).map(|block| {
            before += count(block);
            before - count(block)
        });
        Self {
            source,
            lines: std::iter::once(0).chain(lines).collect(),
            characters: characters.collect(),
        }
    }

    pub(super) const fn source(&self) -> &'s str {
        self.source
    }

    /// What stands between two offsets in bytes.
    pub(super) fn slice(&self, start: u32, end: u32) -> &'s str {
        self.source.get(start as usize..end as usize).unwrap_or_default()
    }

    /// Line and character of an offset in bytes.
    pub(in crate::cel) fn position(&self, offset: u32) -> Position {
        let offset = offset as usize;
        let line = self.lines.partition_point(|start| *start <= offset);
        let start = self.lines.get(line.saturating_sub(1)).copied().unwrap_or_default();
        let column = self.characters_before(offset) - self.characters_before(start) + 1;
        Position {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(column).unwrap_or(u32::MAX),
        }
    }

    fn characters_before(&self, offset: usize) -> usize {
        let offset = offset.min(self.source.len());
        let block = (offset / BLOCK).min(self.characters.len().saturating_sub(1));
        let within = self.source.as_bytes().get(block * BLOCK..offset).unwrap_or_default();
        self.characters.get(block).copied().unwrap_or_default() + count(within)
    }

    pub(in crate::cel) fn error(&self, offset: u32, message: impl Into<String>) -> CompileError {
        CompileError { message: message.into(), position: self.position(offset), help: None }
    }
}

/// Bytes that start a character.
fn count(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}
