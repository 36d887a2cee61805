//! Text cut into chunks of whole records, for threads to judge.

use std::sync::Arc;
use std::sync::mpsc::{SendError, SyncSender};

use super::portion::Portion;
use super::record::Unusable;
use super::records::{complete, lines, next_brace, opens};
use super::repeats::Repeats;
use crate::survey::Problem;

/// Longer records are passed over: the API server takes no request above 3 MiB (its `limitedReadBody`), and an event
/// holds two objects and is escaped.
pub(super) const MAX_RECORD: usize = 16 << 20;
/// Chunks are about this long, in bytes.
const CHUNK: usize = 1 << 20;

/// What a source comes to, piece by piece.
#[derive(Debug)]
pub(super) enum Part {
    /// Whole records.
    Chunk(Chunk),
    /// Something that could not be read.
    Fault(Fault),
}

/// Whole records of one source.
#[derive(Debug)]
pub(super) struct Chunk {
    /// The file as the user named it.
    pub(super) source: Arc<str>,
    /// The line that it begins with, from 1.
    pub(super) line: u64,
    /// The byte of the source that it begins with, from 0.
    pub(super) offset: u64,
    /// What of the source is to be judged.
    pub(super) portion: Portion,
    /// The text.
    pub(super) bytes: Vec<u8>,
    /// Where reviews begin that were judged before.
    pub(super) repeated: Vec<usize>,
}

/// Something that could not be read.
#[derive(Debug)]
pub(super) struct Fault {
    /// What is said of it.
    pub(super) problem: Problem,
    /// Records that are lost by it.
    pub(super) records: u64,
    /// Bytes of text that were passed over.
    pub(super) bytes: u64,
}

/// Nobody listens any more.
#[derive(Debug)]
pub(super) struct Gone;

impl From<SendError<Part>> for Gone {
    fn from(_: SendError<Part>) -> Self {
        Self
    }
}

/// Cuts the text of one source.
#[derive(Debug)]
pub(super) struct Cutter<'c> {
    source: Arc<str>,
    out: &'c SyncSender<Part>,
    repeats: &'c mut Repeats,
    /// Text that is not cut yet; whoever reads appends to it.
    pub(super) buffer: Vec<u8>,
    portion: Portion,
    /// The line that `buffer` begins with.
    line: u64,
    /// The byte of the source that `buffer` begins with.
    offset: u64,
    /// The length of `buffer` at which cutting is worth an attempt.
    wanted: usize,
    /// The record that is passed over.
    passing: Option<Passing>,
}

/// A record that is too long.
#[derive(Debug)]
struct Passing {
    line: u64,
    offset: u64,
    bytes: u64,
    /// It is a value printed over many lines.
    printed: bool,
    /// The text so far ends with a line.
    ended: bool,
}

impl<'c> Cutter<'c> {
    pub(super) fn new(
        source: Arc<str>,
        portion: Portion,
        out: &'c SyncSender<Part>,
        repeats: &'c mut Repeats,
    ) -> Self {
        Self {
            source,
            out,
            repeats,
            portion,
            buffer: Vec::new(),
            line: 1,
            offset: 0,
            wanted: CHUNK,
            passing: None,
        }
    }

    /// Another text of the same source begins: its lines are counted anew.
    pub(super) fn restart(&mut self) {
        (self.line, self.wanted) = (1, CHUNK);
    }

    /// Sends what is complete: where `eager`, however little that is.
    pub(super) fn cut(&mut self, eager: bool) -> Result<(), Gone> {
        if self.passing.is_some() && !self.pass()? {
            return Ok(());
        }
        if !eager && self.buffer.len() < self.wanted {
            return Ok(());
        }
        match complete(&self.buffer) {
            0 if self.buffer.len() >= MAX_RECORD => {
                self.passing = Some(Passing {
                    line: self.line,
                    offset: self.offset,
                    bytes: 0,
                    printed: opens(&self.buffer),
                    ended: false,
                });
                self.pass_all();
                Ok(())
            }
            0 => {
                self.wanted = (self.buffer.len() * 2).clamp(CHUNK, MAX_RECORD);
                Ok(())
            }
            end => self.send(end),
        }
    }

    /// Sends what is left: nothing follows.
    pub(super) fn end(&mut self) -> Result<(), Gone> {
        self.cut(true)?;
        if let Some(passed) = self.passing.take() {
            return self.tell_passed(&passed);
        }
        match self.buffer.len() {
            0 => Ok(()),
            all => self.send(all),
        }
    }

    /// Sends what is complete; what is left cannot be read to its end, for a reason that is told with the line.
    pub(super) fn broken(
        &mut self,
        reason: impl FnOnce(u64) -> (String, Option<&'static str>),
    ) -> Result<(), Gone> {
        self.cut(true)?;
        let passed = self.passing.take().map_or(0, |passed| passed.bytes);
        let rest = std::mem::take(&mut self.buffer);
        let records = u64::from(passed > 0 || !rest.trim_ascii().is_empty());
        let (message, help) = reason(self.line);
        let bytes = passed + rest.len() as u64;
        // It is about the whole source, and told before what is wrong with its lines: that may be a consequence.
        self.tell(self.offset, Fault { problem: self.problem(None, message, help), records, bytes })
    }

    /// Sends what is complete; what is left is being written, and counts only if it is a whole value already.
    pub(super) fn leave(&mut self) -> Result<(), Gone> {
        if serde_json::from_slice::<serde::de::IgnoredAny>(&self.buffer).is_ok() {
            return self.end();
        }
        self.cut(true)?;
        self.buffer.clear();
        Ok(())
    }

    /// The source cannot be read, or not further.
    pub(super) fn unreadable(&self, message: String, help: Option<&str>) -> Result<(), Gone> {
        let problem = self.problem(None, message, help);
        self.tell(self.offset, Fault { problem, records: 0, bytes: 0 })
    }

    fn problem(&self, line: Option<u64>, message: String, help: Option<&str>) -> Problem {
        let source = Arc::clone(&self.source);
        Problem { source, line, message, help: help.map(str::to_owned) }
    }

    fn tell(&self, offset: u64, fault: Fault) -> Result<(), Gone> {
        if !self.portion.takes(offset) {
            return Ok(());
        }
        Ok(self.out.send(Part::Fault(fault))?)
    }

    fn send(&mut self, end: usize) -> Result<(), Gone> {
        let mut rest = Vec::with_capacity(CHUNK + CHUNK / 2);
        rest.extend_from_slice(self.buffer.get(end..).unwrap_or_default());
        self.buffer.truncate(end);
        let bytes = std::mem::replace(&mut self.buffer, rest);
        let repeated = self.repeats.of(&bytes);
        let (source, line, offset) = (Arc::clone(&self.source), self.line, self.offset);
        self.line += lines(&bytes);
        self.offset += bytes.len() as u64;
        self.wanted = CHUNK;
        if self.portion.bytes(offset..self.offset) == 0 {
            return Ok(());
        }
        let portion = self.portion;
        Ok(self.out.send(Part::Chunk(Chunk { source, line, offset, portion, bytes, repeated }))?)
    }

    /// Passes over what belongs to a record that is too long; answers whether its end was found.
    fn pass(&mut self) -> Result<bool, Gone> {
        let Some(passing) = &self.passing else { return Ok(true) };
        let end = match passing.printed {
            true if passing.ended && self.buffer.first() == Some(&b'{') => Some(0),
            true => next_brace(&self.buffer),
            false => memchr::memchr(b'\n', &self.buffer).map(|newline| newline + 1),
        };
        let Some(end) = end else {
            self.pass_all();
            return Ok(false);
        };
        let Some(mut passed) = self.passing.take() else { return Ok(true) };
        passed.bytes += end as u64;
        self.offset += end as u64;
        self.line += lines(self.buffer.get(..end).unwrap_or_default());
        self.buffer.drain(..end);
        self.wanted = CHUNK;
        self.tell_passed(&passed)?;
        Ok(true)
    }

    /// Passes over everything there is.
    fn pass_all(&mut self) {
        let Some(passing) = &mut self.passing else { return };
        passing.bytes += self.buffer.len() as u64;
        self.offset += self.buffer.len() as u64;
        passing.ended = self.buffer.last().map_or(passing.ended, |last| *last == b'\n');
        self.line += lines(&self.buffer);
        self.buffer.clear();
        self.buffer.shrink_to(CHUNK * 2);
    }

    fn tell_passed(&self, passed: &Passing) -> Result<(), Gone> {
        let Unusable { message, help } = Unusable::too_long();
        let problem = self.problem(Some(passed.line), message, help);
        self.tell(passed.offset, Fault { problem, records: 1, bytes: passed.bytes })
    }
}
