//! The thread that reads: one input after the other, decompressed, cut and sent.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;

use super::cutter::{Cutter, Fault, Gone, Part};
use super::growing::{Change, Growing};
use super::inputs::{Input, inputs};
use super::portion::Portion;
use super::progress::Progress;
use super::repeats::Repeats;
use super::source::{self, BOM, Readable, Source, complaint};
use crate::survey::Shard;

/// Bytes that are asked for at once.
const READ: usize = 256 << 10;

/// What reads the inputs.
pub(super) struct Reading {
    pub(super) paths: Vec<std::path::PathBuf>,
    /// The part of the work that is wanted; none for all.
    pub(super) shard: Option<Shard>,
    /// Whether to wait for more at the end of the last file.
    pub(super) follow: bool,
    /// Set when it is time to end.
    pub(super) interrupted: Arc<AtomicBool>,
    pub(super) progress: Arc<Progress>,
    pub(super) out: SyncSender<Part>,
}

impl Reading {
    /// Reads everything, until nobody listens any more.
    pub(super) fn run(self) {
        let _ = self.read_all();
    }

    fn read_all(&self) -> Result<(), Gone> {
        let (inputs, problems) = inputs(&self.paths, &self.interrupted);
        let all = Portion::new(self.shard, 0);
        for problem in problems.into_iter().filter(|_| all.takes(0)) {
            self.out.send(Part::Fault(Fault { problem, records: 0, bytes: 0 }))?;
        }
        if !self.follow {
            self.progress.expect(size(&inputs));
        }
        let mut repeats = Repeats::new();
        let count = inputs.len();
        for (at, input) in inputs.iter().enumerate() {
            let mut cutter =
                Cutter::new(input.name(), Portion::new(self.shard, at), &self.out, &mut repeats);
            let is_last = at + 1 == count;
            match input {
                Input::File(path) if self.follow && is_last => {
                    match Growing::open(path) {
                        Ok(Some(growing)) => self.read_growing(growing, &mut cutter)?,
                        // What cannot grow is read as it is.
                        Ok(None) => self.read(input, &mut cutter)?,
                        Err(error) => self.fail(&mut cutter, &error)?,
                    }
                }
                _ => self.read(input, &mut cutter)?,
            }
        }
        Ok(())
    }

    fn fail(&self, cutter: &mut Cutter<'_>, error: &io::Error) -> Result<(), Gone> {
        cutter.unreadable(super::inputs::unreadable(error), None)
    }

    fn read(&self, input: &Input, cutter: &mut Cutter<'_>) -> Result<(), Gone> {
        match source::open(input, &self.progress) {
            Ok(Source::Readable(readable)) => self.read_text(readable, cutter),
            Ok(Source::Foreign(name, how)) => {
                let message = format!("it is compressed with {name}, which is not read");
                cutter.unreadable(message, Some(how))
            }
            Err(error) => self.fail(cutter, &error),
        }
    }

    fn read_text(&self, readable: Readable, cutter: &mut Cutter<'_>) -> Result<(), Gone> {
        let Readable { mut text, compression, is_stream } = readable;
        let mut bytes = 0;
        loop {
            match read_into(&mut text, &mut cutter.buffer) {
                Ok(0) => return cutter.end(),
                Ok(read) => {
                    bytes += read as u64;
                    cutter.cut(is_stream)?;
                }
                Err(error) => {
                    let Some(name) = compression.name() else {
                        // The line that was read last may be whole.
                        cutter.end()?;
                        return self.fail(cutter, &error);
                    };
                    return cutter.broken(|line| complaint(name, &error, bytes, line));
                }
            }
        }
    }

    /// Reads a file while others write it, until it is time to end.
    fn read_growing(&self, mut growing: Growing, cutter: &mut Cutter<'_>) -> Result<(), Gone> {
        loop {
            // Asked before the last look at the file, so that what was written before the end counts.
            let ending = self.interrupted.load(Ordering::Relaxed);
            let change = growing.change();
            if let Err(error) = self.read_to_end(&mut growing, cutter) {
                return match error {
                    Stop::Gone => Err(Gone),
                    Stop::Failed(error) => {
                        cutter.end()?;
                        self.fail(cutter, &error)
                    }
                };
            }
            if ending {
                return cutter.leave();
            }
            match change {
                Change::None => growing.wait(),
                change => {
                    cutter.end()?;
                    cutter.restart();
                    match growing.turn(change) {
                        Ok(()) => {}
                        Err(error) => return self.fail(cutter, &error),
                    }
                }
            }
        }
    }

    fn read_to_end(&self, growing: &mut Growing, cutter: &mut Cutter<'_>) -> Result<(), Stop> {
        loop {
            let read = read_into(growing, &mut cutter.buffer).map_err(Stop::Failed)?;
            self.progress.add(read as u64);
            cutter.cut(read == 0).map_err(|Gone| Stop::Gone)?;
            if read == 0 {
                return Ok(());
            }
        }
    }
}

/// Why reading on is of no use.
enum Stop {
    Gone,
    Failed(io::Error),
}

/// Reads some bytes behind those that are there; 0 at the end.
fn read_into(from: &mut impl Read, buffer: &mut Vec<u8>) -> io::Result<usize> {
    let before = buffer.len();
    buffer.resize(before + READ, 0);
    let read = loop {
        match from.read(buffer.get_mut(before..).unwrap_or_default()) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            other => break other,
        }
    };
    buffer.truncate(before + read.as_ref().map_or(0, |read| *read));
    read
}

/// How many bytes there are to read; 0 where nobody knows.
fn size(inputs: &[Input]) -> u64 {
    let of = |input: &Input| match input {
        Input::Stdin => None,
        // What is not there has no bytes.
        Input::File(path) => {
            fs::metadata(path).map_or(Some(0), |file| file.is_file().then_some(file.len()))
        }
    };
    inputs.iter().map(of).sum::<Option<u64>>().unwrap_or(0)
}

impl Read for Growing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = File::read(&mut self.file, buffer)?;
        let is_start = self.position == 0;
        self.position += read as u64;
        match buffer.get(..read).and_then(|text| text.strip_prefix(BOM)) {
            Some(text) if is_start => {
                let length = text.len();
                buffer.copy_within(BOM.len()..read, 0);
                Ok(length)
            }
            _ => Ok(read),
        }
    }
}
