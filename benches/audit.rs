//! `audit` as a whole process, of 10,000 and of 100,000 pods of 2,000 owners in 50 namespaces: pods per second, CPU time,
//! peak memory, and what it asked for.
//!
//! `cargo bench --bench audit` makes the pods once, as an API server tells of them, and answers lists from that file. In
//! the same run all pages are read by something that looks at none of them: what server and loopback can do at most.

#![allow(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

#[path = "support/crowd.rs"]
mod crowd;
#[path = "support/lists.rs"]
mod lists;

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lists::{Asked, Lists};
use serde_json::Value;
use tempfile::TempDir;

const ROUNDS: usize = 5;
const PLIMSOLL: &str = env!("CARGO_BIN_EXE_plimsoll");
/// Pods of the page that the bare reader asks for, as `kubectl` does.
const BARE_PAGE: usize = 500;

/// One run of the program.
struct Run {
    wall: Duration,
    /// User and system seconds.
    cpu: f64,
    /// Peak of the resident memory, in kB.
    memory: u64,
    asked: Asked,
}

/// Audits what the server has, and sees to it that every pod was judged.
fn audit(lists: &Lists, folder: &Path, args: &[&str], pods: usize) -> Run {
    let kubeconfig = folder.join("kubeconfig");
    fs::write(
        &kubeconfig,
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: bench\n\
             clusters: [{{name: bench, cluster: {{server: 'http://{}'}}}}]\n\
             users: [{{name: bench, user: {{}}}}]\n\
             contexts: [{{name: bench, context: {{cluster: bench, user: bench}}}}]\n",
            lists.address
        ),
    )
    .unwrap();
    let (report, usage) = (folder.join("report.json"), folder.join("usage"));
    lists.asked();
    // `time` waits for the one process and asks the kernel what it used.
    let mut command = Command::new("/usr/bin/time");
    command.args(["--format=%U %S %M", "--quiet", "--output"]).arg(&usage);
    command.args([PLIMSOLL, "audit", "--format=json", "--quiet"]).args(args);
    command.arg("--kubeconfig").arg(&kubeconfig);
    command.stdout(File::create(&report).unwrap()).stderr(Stdio::inherit());
    let started = Instant::now();
    let status = command.status().unwrap();
    let wall = started.elapsed();
    let usage = fs::read_to_string(&usage).unwrap();
    let usage: Vec<f64> = usage.split_whitespace().map(|field| field.parse().unwrap()).collect();
    let report: Value = serde_json::from_slice(&fs::read(&report).unwrap()).unwrap();
    assert_eq!(report["errors"].as_array().map(Vec::len), Some(0), "{}", report["errors"]);
    assert_eq!(status.code(), Some(1), "images named `latest` are denied");
    let summary = &report["summary"];
    assert_eq!(summary["pods"], pods, "{summary}");
    assert_eq!(summary["owners"], crowd::NAMESPACES * crowd::OWNERS, "{summary}");
    Run { wall, cpu: usage[0] + usage[1], memory: usage[2] as u64, asked: lists.asked() }
}

fn print(name: &str, pods: usize, runs: &[Run]) -> f64 {
    let mut walls: Vec<_> = runs.iter().map(|run| run.wall).collect();
    walls.sort();
    let median = walls[walls.len() / 2].as_secs_f64();
    let cpu = runs.iter().map(|run| run.cpu).sum::<f64>() / runs.len() as f64;
    let memory = runs.iter().map(|run| run.memory).max().unwrap();
    let Asked { requests, bytes, limit } = runs[0].asked;
    println!(
        "{name:<34} {:8.0} pods/s   wall median {:7.1} ms   cpu {cpu:6.3} s   peak {:5.1} MiB   \
         {requests} requests, {:.1} MB, pages of {limit}",
        pods as f64 / median,
        median * 1e3,
        memory as f64 / 1024.0,
        bytes as f64 / 1e6,
    );
    median
}

fn main() {
    for pods in [10_000, 100_000] {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("pods.json");
        let crowd = crowd::write(&path, pods);
        let bytes = fs::metadata(&path).unwrap().len();
        println!("{pods} pods, {:.1} kB each", bytes as f64 / pods as f64 / 1e3);
        let lists = Lists::start(crowd, File::open(&path).unwrap());
        let (mut bare, mut plain, mut forecast) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let started = Instant::now();
            lists::read_all(lists.address, pods, BARE_PAGE);
            bare.push(started.elapsed());
            plain.push(audit(&lists, folder.path(), &["--qps=0"], pods));
            forecast.push(audit(&lists, folder.path(), &["--qps=0", "--forecast"], pods));
        }
        bare.sort();
        let bare = bare[ROUNDS / 2].as_secs_f64();
        println!(
            "{:<34} {:8.0} pods/s   wall median {:7.1} ms",
            "every page read by a bare reader",
            pods as f64 / bare,
            bare * 1e3
        );
        let audited = print("audit", pods, &plain);
        print("audit --forecast", pods, &forecast);
        println!("audit takes {:.1} times as long as the bare reader\n", audited / bare);
    }
}
