//! The offline doors as whole processes: `check` of 1,000 and of 10,000 manifests, `fix` of 1,000, an empty folder, and
//! kubeconform on the same 1,000 in the same run.
//!
//! `cargo bench --bench check` prints wall time, CPU time and peak memory. Every round runs each command once, so that
//! what else the machine does meets all of them. kubeconform and the schemas, which an API server publishes, are built with Go
//! the first time; without Go that line is left out.

#![allow(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

#[path = "../tests/support/cluster.rs"]
mod cluster;
#[path = "support/manifests.rs"]
mod manifests;
#[path = "../tests/chart/schemas.rs"]
mod schemas;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

const ROUNDS: usize = 15;
const PLIMSOLL: &str = env!("CARGO_BIN_EXE_plimsoll");

/// A command that is measured.
struct Subject {
    name: &'static str,
    command: Box<dyn Fn() -> Command>,
    /// What has to be done before each run.
    prepare: Box<dyn Fn()>,
    expected: i32,
    runs: Vec<Usage>,
}

#[derive(Clone, Copy)]
struct Usage {
    wall: Duration,
    /// User and system seconds.
    cpu: f64,
    /// Peak of the resident memory, in kB.
    memory: u64,
}

impl Subject {
    fn new(name: &'static str, expected: i32, command: impl Fn() -> Command + 'static) -> Self {
        Self {
            name,
            command: Box::new(command),
            prepare: Box::new(|| ()),
            expected,
            runs: Vec::new(),
        }
    }

    fn run(&mut self) {
        (self.prepare)();
        let mut command = (self.command)();
        // `time` waits for the one process and asks the kernel what it used.
        let report = tempfile::NamedTempFile::new().unwrap();
        let mut timed = Command::new("/usr/bin/time");
        timed.args(["--format=%U %S %M", "--quiet", "--output"]).arg(report.path());
        timed.arg(command.get_program()).args(command.get_args());
        command = timed;
        let started = Instant::now();
        let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        let wall = started.elapsed();
        assert_eq!(status.code(), Some(self.expected), "{}", self.name);
        let report = fs::read_to_string(report.path()).unwrap();
        let fields: Vec<f64> =
            report.split_whitespace().map(|field| field.parse().unwrap()).collect();
        self.runs.push(Usage { wall, cpu: fields[0] + fields[1], memory: fields[2] as u64 });
    }

    fn print(&self) {
        let mut walls: Vec<_> = self.runs.iter().map(|run| run.wall).collect();
        walls.sort();
        let cpu = self.runs.iter().map(|run| run.cpu).sum::<f64>() / self.runs.len() as f64;
        let memory = self.runs.iter().map(|run| run.memory).max().unwrap();
        let millis = |at: usize| walls[at].as_secs_f64() * 1e3;
        println!(
            "{:<34} wall min {:8.1} median {:8.1} max {:8.1} ms   cpu {:.3} s   peak {:5.1} MB",
            self.name,
            millis(0),
            millis(walls.len() / 2),
            millis(walls.len() - 1),
            cpu,
            memory as f64 / 1024.0
        );
    }
}

fn plimsoll(arguments: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(PLIMSOLL);
    command.args(arguments).arg(folder);
    command
}

/// kubeconform with the schemas of a real API server.
fn kubeconform(folder: &Path) -> Result<(PathBuf, PathBuf), String> {
    let program = cluster::go::tool("kubeconform")?;
    let cluster = cluster::Cluster::start(&cluster::Options::default())?;
    let schemas = folder.join("schemas");
    fs::create_dir(&schemas).unwrap();
    schemas::write(&cluster, &schemas);
    Ok((program, schemas))
}

fn main() {
    let folder = TempDir::new().unwrap();
    let made = |name: &str, count: usize| {
        let corpus = folder.path().join(name);
        fs::create_dir(&corpus).unwrap();
        (manifests::write(&corpus, count), corpus)
    };
    let (bytes, thousand) = made("thousand", 1000);
    let (_, ten_thousand) = made("ten-thousand", 10_000);
    let (_, to_fix) = made("to-fix", 1000);
    let (_, empty) = made("empty", 0);

    let quiet = ["check", "--quiet"];
    let fix = ["fix", "--quiet", "--unsafe-fixes"];
    let mut subjects = vec![
        Subject::new("check, an empty folder", 0, move || plimsoll(&quiet, &empty)),
        Subject::new("check, 10,000 manifests", 1, move || plimsoll(&quiet, &ten_thousand)),
    ];
    let target = to_fix.clone();
    let mut fixing =
        Subject::new("fix, 1,000 manifests, written", 1, move || plimsoll(&fix, &target));
    fixing.prepare = Box::new(move || {
        manifests::write(&to_fix, 1000);
    });
    subjects.push(fixing);
    let corpus = thousand.clone();
    subjects.push(Subject::new("check, 1,000 manifests", 1, move || plimsoll(&quiet, &corpus)));
    match kubeconform(folder.path()) {
        Err(why) => println!("without kubeconform: {why}"),
        Ok((program, schemas)) => {
            let location =
                format!("{}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json", schemas.display());
            subjects.push(Subject::new("kubeconform, the same 1,000", 0, move || {
                let mut command = Command::new(&program);
                command.args(["-schema-location", &location]).arg(&thousand);
                command
            }));
        }
    }
    for _ in 0..ROUNDS {
        subjects.iter_mut().for_each(Subject::run);
    }
    println!("1,000 manifests are {:.2} MB; {ROUNDS} rounds", bytes as f64 / 1e6);
    subjects.iter().for_each(Subject::print);
}
