//! Running a tool: without a shell, with a time limit, and with everything it says kept.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// No rendered chart is larger; a tool that writes more is stopped before it fills the disk.
const MAX_BYTES: u64 = 1 << 30;
/// Of what a tool complains about; the end is what counts.
const MAX_WORDS: usize = 64 << 10;
/// How long is waited at first, and at most, between looks at a tool that runs.
const PAUSES: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(20));

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

/// Runs a program to its end. Its output goes to files without a name, so that nothing it leaves running can hold
/// us up.
pub(super) fn run(program: &Path, args: &[OsString], limit: Duration) -> Result<Output, Failure> {
    let keep = || tempfile::tempfile().map_err(Failure::Broken);
    let (stdout, stderr) = (keep()?, keep()?);
    let hand = |file: &File| file.try_clone().map(Stdio::from).map_err(Failure::Broken);
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(hand(&stdout)?)
        .stderr(hand(&stderr)?)
        .spawn()
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Failure::Missing,
            _ => Failure::Broken(error),
        })?;
    let started = Instant::now();
    let mut pause = PAUSES.0;
    let status = loop {
        let large = [&stdout, &stderr]
            .iter()
            .any(|file| file.metadata().is_ok_and(|metadata| metadata.len() > MAX_BYTES));
        let late = started.elapsed() > limit;
        match child.try_wait() {
            Ok(Some(status)) if !large => break status,
            Ok(None) if !large && !late => {}
            done => {
                drop(child.kill());
                drop(child.wait());
                return Err(match done {
                    Err(error) => Failure::Broken(error),
                    _ if large => Failure::Large,
                    _ => Failure::Late(limit),
                });
            }
        }
        thread::sleep(pause);
        pause = (pause * 2).min(PAUSES.1);
    };
    let stderr = read(stderr)?;
    let tail = stderr.get(stderr.len().saturating_sub(MAX_WORDS)..).unwrap_or_default();
    let stderr = String::from_utf8_lossy(tail).into_owned();
    Ok(Output { status, stdout: read(stdout)?, stderr })
}

fn read(mut file: File) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let done = file.rewind().and_then(|()| file.read_to_end(&mut bytes));
    done.map(|_| bytes).map_err(Failure::Broken)
}

/// The first program of `names` that is on the PATH.
pub(super) fn on_path(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    names.iter().find_map(|name| {
        let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        std::env::split_paths(&path).map(|folder| folder.join(&name)).find(|file| file.is_file())
    })
}
