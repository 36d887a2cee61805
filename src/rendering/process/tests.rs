use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::process::{Pid, test_kill_process};
use tempfile::TempDir;

use super::{Failure, Output, run_within};

const SECONDS: Duration = Duration::from_secs(30);

/// Runs a script. A line of its own that says `$!` into the file `left` is what has to be gone afterwards.
fn run(script: &str, limit: Duration, max: usize) -> (TempDir, Result<Output, Failure>) {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("tool");
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let done = loop {
        // Another thread that starts a process may hold the script open for writing still.
        match run_within(&path, &[folder.path().join("left").into()], limit, max) {
            Err(Failure::Broken(error))
                if error.kind() == std::io::ErrorKind::ExecutableFileBusy => {}
            done => break done,
        }
    };
    (folder, done)
}

/// Whether what was left running ends.
fn left_ends(folder: &TempDir) -> bool {
    let id = fs::read_to_string(folder.path().join("left")).unwrap();
    let id = Pid::from_raw(id.trim().parse().unwrap()).unwrap();
    let until = Instant::now() + SECONDS;
    // What nobody waits for can stay a zombie where the first process is a poor one.
    let is_zombie = || {
        let status = fs::read_to_string(format!("/proc/{id}/stat", id = id.as_raw_nonzero()));
        status.is_ok_and(|status| status.contains(") Z "))
    };
    while test_kill_process(id).is_ok() && !is_zombie() {
        if Instant::now() > until {
            return false;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    true
}

#[test]
fn what_writes_too_much_is_ended_with_all_that_it_started() {
    let (folder, done) = run("yes 'a: b' & echo $! > \"$1\"; wait", SECONDS, 1 << 20);
    assert!(matches!(done, Err(Failure::Large)), "{done:?}");
    assert!(left_ends(&folder));
    let (folder, done) = run("yes 'a: b' >&2 & echo $! > \"$1\"; wait", SECONDS, 1 << 20);
    assert!(matches!(done, Err(Failure::Large)), "{done:?}");
    assert!(left_ends(&folder));
}

#[test]
fn what_takes_too_long_is_ended_with_all_that_it_started() {
    let script = "sleep 9999 & echo $! > \"$1\"; sleep 9999";
    let (folder, done) = run(script, Duration::from_secs(1), 1 << 20);
    assert!(matches!(done, Err(Failure::Late(_))), "{done:?}");
    assert!(left_ends(&folder));
}

#[test]
fn what_a_tool_leaves_running_holds_nobody_up() {
    let started = Instant::now();
    let (folder, done) = run("sleep 9999 & echo $! > \"$1\"; echo 'a: b'", SECONDS, 1 << 20);
    assert_eq!(done.unwrap().stdout, b"a: b\n");
    assert!(left_ends(&folder));
    assert!(started.elapsed() < SECONDS);
}

#[test]
fn outputs_are_whole_and_complaints_end_with_what_was_said_last() {
    let script =
        "i=0; while [ $i -lt 20000 ]; do echo \"line $i\"; echo \"word $i\" >&2; i=$((i+1)); done";
    let (_folder, done) = run(script, SECONDS, 1 << 20);
    let done = done.unwrap();
    let expected: String = (0..20000).map(|at| format!("line {at}\n")).collect();
    assert_eq!(done.stdout, expected.as_bytes());
    assert!(done.stderr.ends_with("word 19998\nword 19999\n"));
    assert!(done.stderr.len() <= 2 * super::MAX_WORDS);
}
