//! What a process uses, from /proc.

#![allow(dead_code, reason = "each test binary uses its own part of the support code")]

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Names a release to measure in place of the program that tests run, which is larger and slower.
const MEASURED: &str = "PLIMSOLL_MEASURED";

/// The program that is run here, and whether it is a release that somebody wants measured.
pub(crate) fn program() -> (PathBuf, bool) {
    match std::env::var_os(MEASURED) {
        Some(path) => (path.into(), true),
        None => (env!("CARGO_BIN_EXE_plimsoll").into(), false),
    }
}

/// Memory of a process in KiB.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    /// Resident now.
    pub(crate) resident: u64,
    /// The most that ever was.
    pub(crate) peak: u64,
    /// What of it is the program's own file, which grows with a build that is not optimised and is shared by replicas.
    pub(crate) file: u64,
}

/// What `pid` holds in memory.
pub(crate) fn memory(pid: u32) -> Result<Memory, String> {
    let path = format!("/proc/{pid}/status");
    let text = fs::read_to_string(&path).map_err(|e| format!("{path}: {e}"))?;
    let field = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
        number.ok_or_else(|| format!("{path} has no {name}"))
    };
    Ok(Memory { resident: field("VmRSS:")?, peak: field("VmHWM:")?, file: field("RssFile:")? })
}

/// The CPU time that all threads of `pid` have used.
pub(crate) fn cpu_time(pid: u32) -> Result<Duration, String> {
    let path = format!("/proc/{pid}/task");
    let threads = fs::read_dir(&path).map_err(|e| format!("{path}: {e}"))?;
    let mut nanoseconds = 0;
    for thread in threads.flatten() {
        // In nanoseconds, where /proc/PID/stat counts in hundredths of a second. A thread may end meanwhile.
        let text = fs::read_to_string(thread.path().join("schedstat")).unwrap_or_default();
        nanoseconds +=
            text.split(' ').next().and_then(|time| time.parse::<u64>().ok()).unwrap_or_default();
    }
    Ok(Duration::from_nanos(nanoseconds))
}

/// How many thousandths of a CPU `pid` uses while this waits.
pub(crate) fn millicores(pid: u32, during: Duration) -> Result<f64, String> {
    let (began, before) = (Instant::now(), cpu_time(pid)?);
    std::thread::sleep(during);
    let used = cpu_time(pid)?.saturating_sub(before);
    Ok(used.as_secs_f64() * 1000.0 / began.elapsed().as_secs_f64())
}
