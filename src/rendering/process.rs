//! Running a tool: with a time limit, with a bound to what it writes, and with all that it starts ended with it.

#[cfg(test)]
mod tests;
mod tether;

use std::ffi::OsString;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

pub(super) use tether::Folder;
use tether::Tether;

/// No rendered chart is larger; a tool that writes more is stopped before it fills the memory.
const MAX_BYTES: usize = 1 << 30;
/// Of what a tool complains about; the end is what counts.
const MAX_WORDS: usize = 64 << 10;
/// How much is read at once.
const CHUNK: usize = 64 << 10;
/// How long is waited at first, and at most, between looks at a tool that runs.
const PAUSES: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(20));
/// How long the rest of an output may take once the tool has ended, and all of its group with it: what left the group
/// may hold the pipe for ever.
const REST: Duration = Duration::from_secs(2);

/// What a tool wrote.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) status: ExitStatus,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: String,
}

/// Why a tool gave no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// There is no such program.
    Missing,
    /// It cannot be started, or its output cannot be kept.
    Broken(io::Error),
    /// It took too long.
    Late(Duration),
    /// It wrote too much.
    Large,
}

/// Runs a program to its end.
pub(super) fn run(program: &Path, args: &[OsString], limit: Duration) -> Result<Output, Failure> {
    run_within(program, args, limit, MAX_BYTES)
}

fn run_within(
    program: &Path,
    args: &[OsString],
    limit: Duration,
    max: usize,
) -> Result<Output, Failure> {
    let started = Instant::now();
    let mut group = Tether::new(None).spawn(Command::new(program).args(args)).map_err(|error| {
        match error.kind() {
            io::ErrorKind::NotFound => Failure::Missing,
            _ => Failure::Broken(error),
        }
    })?;
    let stdout = Kept::of(group.child.stdout.take(), max, usize::MAX);
    let stderr = Kept::of(group.child.stderr.take(), max, MAX_WORDS);
    let mut pause = PAUSES.0;
    let done = loop {
        if stdout.is_large() || stderr.is_large() {
            break Err(Failure::Large);
        }
        match group.child.try_wait() {
            Ok(Some(status)) => break Ok(status),
            Ok(None) if started.elapsed() > limit => break Err(Failure::Late(limit)),
            Ok(None) => {}
            Err(error) => break Err(Failure::Broken(error)),
        }
        thread::sleep(pause);
        pause = (pause * 2).min(PAUSES.1);
    };
    // What it left running has nobody to run for.
    group.end();
    let status = done?;
    let until = Instant::now() + REST;
    let (stdout, stderr) = (stdout.rest(until)?, stderr.rest(until)?);
    Ok(Output { status, stdout, stderr: String::from_utf8_lossy(&stderr).into_owned() })
}

/// What comes out of a pipe, read beside everything else. A pipe holds little: a tool that writes more than it may waits
/// or ends, and no disk is filled.
struct Kept {
    read: Arc<Mutex<Reading>>,
    reader: JoinHandle<()>,
}

#[derive(Default)]
struct Reading {
    bytes: Vec<u8>,
    is_large: bool,
    error: Option<io::Error>,
}

impl Kept {
    /// Reads at most `max` bytes; of these, at least the last `tail` are kept.
    fn of(pipe: Option<impl Read + Send + 'static>, max: usize, tail: usize) -> Self {
        let read = Arc::<Mutex<Reading>>::default();
        let shared = Arc::clone(&read);
        let reader = thread::spawn(move || {
            let Some(mut pipe) = pipe else { return };
            let mut chunk = vec![0; CHUNK];
            let mut total = 0_usize;
            loop {
                let got = pipe.read(&mut chunk);
                let mut reading = shared.lock().unwrap_or_else(PoisonError::into_inner);
                match got {
                    Ok(0) => return,
                    Ok(count) => {
                        total = total.saturating_add(count);
                        if total > max {
                            reading.is_large = true;
                            return;
                        }
                        reading.bytes.extend(chunk.iter().take(count));
                        if reading.bytes.len() > tail.saturating_mul(2) {
                            let beyond = reading.bytes.len() - tail;
                            reading.bytes.drain(..beyond);
                        }
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => {
                        reading.error = Some(error);
                        return;
                    }
                }
            }
        });
        Self { read, reader }
    }

    fn is_large(&self) -> bool {
        self.read.lock().unwrap_or_else(PoisonError::into_inner).is_large
    }

    /// Everything, once it is there.
    fn rest(self, until: Instant) -> Result<Vec<u8>, Failure> {
        let mut pause = PAUSES.0 / 10;
        while !self.reader.is_finished() && Instant::now() < until {
            thread::sleep(pause);
            pause = (pause * 2).min(PAUSES.1);
        }
        let mut reading = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        match reading.error.take() {
            _ if reading.is_large => Err(Failure::Large),
            Some(error) => Err(Failure::Broken(error)),
            None => Ok(std::mem::take(&mut reading.bytes)),
        }
    }
}

/// The first program of `names` that is on the PATH.
pub(super) fn on_path(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    names.iter().find_map(|name| {
        let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        std::env::split_paths(&path).map(|folder| folder.join(&name)).find(|file| file.is_file())
    })
}
