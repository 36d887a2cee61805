//! `replay` of 1,000,000 audit events as a whole process, beside what scanning their JSON alone costs, in the same run.
//!
//! `cargo bench --bench replay` prints rate, CPU time and peak memory; `PLIMSOLL_BENCH_EVENTS=100000` takes fewer events.
//! The log (about 4 GB for a million) lies in the folder for temporary files while it runs.

#![allow(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

#[path = "support/audit_log.rs"]
mod audit_log;

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use plimsoll::json::Reader;
use serde::de::IgnoredAny;

const ROUNDS: usize = 3;

fn print(name: &str, bytes: u64, wall: Duration, cpu: Option<(f64, u64)>) {
    let megabytes = bytes as f64 / 1e6;
    print!("{name:<42} {:7.2} s {:7.0} MB/s", wall.as_secs_f64(), megabytes / wall.as_secs_f64());
    match cpu {
        Some((seconds, memory)) => println!(
            "   cpu {seconds:6.2} s {:6.0} MB/s per core   peak {:5.1} MB",
            megabytes / seconds,
            memory as f64 / 1024.0
        ),
        None => println!(),
    }
}

/// Hands each line of a file to `each`.
fn lines(path: &Path, mut each: impl FnMut(&[u8])) {
    let mut file = File::open(path).unwrap();
    let mut buffer = Vec::with_capacity(2 << 20);
    loop {
        let before = buffer.len();
        buffer.resize(before + (1 << 20), 0);
        let read = file.read(&mut buffer[before..]).unwrap();
        buffer.truncate(before + read);
        if read == 0 {
            return;
        }
        let mut start = 0;
        for newline in memchr::memchr_iter(b'\n', &buffer) {
            each(&buffer[start..newline]);
            start = newline + 1;
        }
        buffer.drain(..start);
    }
}

fn timed(name: &str, bytes: u64, work: impl Fn()) {
    let best = (0..ROUNDS)
        .map(|_| {
            let begun = Instant::now();
            work();
            begun.elapsed()
        })
        .min()
        .unwrap();
    print(name, bytes, best, None);
}

fn replay(name: &str, bytes: u64, path: &Path, threads: &str) {
    let runs = (0..ROUNDS).map(|_| {
        // `time` waits for the one process and asks the kernel what it used.
        let report = tempfile::NamedTempFile::new().unwrap();
        let begun = Instant::now();
        let status = Command::new("/usr/bin/time")
            .args(["--format=%U %S %M", "--quiet", "--output"])
            .arg(report.path())
            .arg(env!("CARGO_BIN_EXE_plimsoll"))
            .args(["replay", "--quiet", "--threads", threads])
            .arg(path)
            .stdout(Stdio::null())
            .status()
            .unwrap();
        let wall = begun.elapsed();
        assert_eq!(status.code(), Some(1), "a fifth of the pods is denied");
        let report = fs::read_to_string(report.path()).unwrap();
        let fields: Vec<f64> =
            report.split_whitespace().map(|field| field.parse().unwrap()).collect();
        (wall, fields[0] + fields[1], fields[2] as u64)
    });
    let (wall, cpu, memory) = runs.min_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
    print(name, bytes, wall, Some((cpu, memory)));
}

fn main() {
    let count = std::env::var("PLIMSOLL_BENCH_EVENTS").map_or(1_000_000, |n| n.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.log");
    let bytes = audit_log::write(&path, count);
    println!("{count} events, {:.0} MB; the best of {ROUNDS} rounds", bytes as f64 / 1e6);
    timed("lines found (memchr)", bytes, || lines(&path, |line| drop(std::hint::black_box(line))));
    timed("JSON scan: Reader::pass of each line", bytes, || {
        lines(&path, |line| {
            let text = std::str::from_utf8(line).unwrap();
            std::hint::black_box(Reader::new(text).pass().unwrap());
        });
    });
    timed("JSON scan: serde_json, IgnoredAny", bytes, || {
        lines(&path, |line| {
            std::hint::black_box(serde_json::from_slice::<IgnoredAny>(line).unwrap());
        });
    });
    for threads in ["1", "2"] {
        replay(&format!("plimsoll replay --threads {threads}"), bytes, &path, threads);
    }
}
