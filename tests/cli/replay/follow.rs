//! `--follow`: logs that grow, are rotated and emptied, until a signal ends it.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::events::{created, log};
use super::{pods, sources};
use crate::sandbox::{PATIENCE, Run, Sandbox};

/// A replay that runs.
struct Running(Option<Child>);

impl Running {
    fn start(sandbox: &Sandbox, args: &[&str]) -> Self {
        // A shell has what it starts in the background ignore SIGINT, and so does all that this starts.
        let mut command = Command::new("env");
        command
            .args(["--default-signal=INT", env!("CARGO_BIN_EXE_plimsoll")])
            .args(["replay", "--policies", "policy.yaml", "--threads", "2"])
            .args(args)
            .current_dir(sandbox.path())
            .env_clear()
            .env("PLIMSOLL_SURVEY_FORMAT", "json")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        Self(Some(command.spawn().unwrap()))
    }

    /// Waits until the process has read so much of what it has open at this moment.
    fn wait_for(&self, path: &Path, bytes: u64) {
        let id = self.0.as_ref().unwrap().id();
        let begun = Instant::now();
        let file = fs::canonicalize(path).unwrap();
        loop {
            let position =
                fs::read_dir(format!("/proc/{id}/fd")).unwrap().flatten().find_map(|fd| {
                    (fs::read_link(fd.path()).ok()? == file).then_some(())?;
                    let info = format!("/proc/{id}/fdinfo/{}", fd.file_name().to_str()?);
                    let info = fs::read_to_string(info).ok()?;
                    info.lines()
                        .find_map(|line| line.strip_prefix("pos:")?.trim().parse::<u64>().ok())
                });
            if position == Some(bytes) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "it does not read on: {position:?} of {bytes}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn signal(&self, name: &str) {
        let id = self.0.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    fn end(mut self) -> Run {
        let child = self.0.take().unwrap();
        Run::of(&child.wait_with_output().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn append(path: &Path, text: &str) {
    OpenOptions::new().append(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

fn length(path: &Path) -> u64 {
    fs::metadata(path).unwrap().len()
}

fn pod(name: &str, image: &str) -> String {
    log(&[created(name, image)])
}

#[test]
fn a_log_that_grows_and_is_rotated_is_followed() {
    let sandbox = Sandbox::new();
    let path = sandbox.write("audit.log", pod("a", "nginx:latest"));
    sandbox.write("audit-2026-11-20T00-00-00.000.log", pod("z", "nginx:1"));
    let running =
        Running::start(&sandbox, &["--follow", "audit.log", "audit-2026-11-20T00-00-00.000.log"]);
    running.wait_for(&path, length(&path));
    // A line comes in two pieces.
    let line = pod("b", "nginx:latest");
    append(&path, &line[..100]);
    running.wait_for(&path, length(&path));
    append(&path, &line[100..]);
    running.wait_for(&path, length(&path));

    // Renamed, written to once more, and begun anew.
    let old = sandbox.path().join("audit-2026-11-21T00-00-00.000.log");
    fs::rename(&path, &old).unwrap();
    append(&old, &pod("c", "nginx:latest"));
    sandbox.write("audit.log", pod("d", "nginx:latest"));
    running.wait_for(&path, length(&path));

    // Emptied in place.
    File::create(&path).unwrap();
    running.wait_for(&path, 0);
    append(&path, &pod("e", "nginx:1"));
    running.wait_for(&path, length(&path));

    // What is still being written does not count; what was written at the last moment does.
    append(&path, &(pod("f", "nginx:latest") + &line[..50]));
    running.signal("INT");
    let run = running.end();
    assert_eq!((run.code, pods(&run)), (1, (7, 5)), "{}{}", run.stdout, run.stderr);
    assert_eq!(run.json()["errors"], serde_json::json!([]));
    assert_eq!(sources(&run)["records"], 7);
}

#[test]
fn lines_are_counted_anew_in_a_new_file() {
    let sandbox = Sandbox::new();
    let path = sandbox.write("audit.log", pod("a", "nginx:1") + "bad\n");
    let running = Running::start(&sandbox, &["--follow", "audit.log"]);
    running.wait_for(&path, length(&path));
    fs::rename(&path, sandbox.path().join("audit.log.1")).unwrap();
    let path = sandbox.write("audit.log", "worse\n");
    running.wait_for(&path, length(&path));
    running.signal("TERM");
    let run = running.end();
    let report = run.json();
    let lines: Vec<_> =
        report["errors"].as_array().unwrap().iter().map(|e| e["line"].as_u64()).collect();
    assert_eq!((run.code, lines), (2, vec![Some(1), Some(2)]), "{report:#}");
}

#[test]
fn an_interrupt_ends_with_what_was_judged() {
    let sandbox = Sandbox::new();
    let running = Running::start(&sandbox, &["-"]);
    let mut child = running;
    let mut stdin = child.0.as_mut().unwrap().stdin.take().unwrap();
    stdin.write_all(pod("a", "nginx:latest").as_bytes()).unwrap();
    stdin.flush().unwrap();
    // It waits for more, with nothing to tell that it has read this.
    thread::sleep(Duration::from_secs(2));
    child.signal("INT");
    let run = child.end();
    assert_eq!((run.code, pods(&run)), (2, (1, 1)), "{}{}", run.stdout, run.stderr);
    let message = run.json()["errors"][0]["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("interrupted"), "{message}");
    drop(stdin);
}

#[test]
fn a_log_that_begins_with_a_mark_is_followed() {
    let sandbox = Sandbox::new();
    let marked = |name: &str| format!("\u{feff}{}", pod(name, "nginx:latest"));
    let path = sandbox.write("audit.log", marked("a"));
    let running = Running::start(&sandbox, &["--follow", "audit.log"]);
    running.wait_for(&path, length(&path));
    append(&path, &pod("b", "nginx:latest"));
    running.wait_for(&path, length(&path));
    fs::rename(&path, sandbox.path().join("audit.log.1")).unwrap();
    let path = sandbox.write("audit.log", marked("c"));
    running.wait_for(&path, length(&path));
    running.signal("INT");
    let run = running.end();
    assert_eq!((run.code, pods(&run)), (1, (3, 3)), "{}{}", run.stdout, run.stderr);
    assert_eq!(run.json()["errors"], serde_json::json!([]));
}
