//! What a review costs beside a bare echo of the same stack: `cargo bench --bench serve`.
//!
//! An echo server (axum, rustls, read the body, answer a fixed review) and `plimsoll serve` run on one
//! core, the load on another. They are driven in turn, so that a noisy machine disturbs both alike.
//! `PLIMSOLL_BENCH_ROUNDS` and `PLIMSOLL_BENCH_SECONDS` set how often and how long; arguments after
//! `--` go to `plimsoll serve`.

mod echo;
mod load;
mod process;

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use load::{Load, Sample};
use plimsoll::admission::{Endpoint, review};
use plimsoll::engine::Engine;
use plimsoll::policy_source;
use serde_json::Value;

use process::{Server, pin_this_process};

const SERVER_CORE: usize = 0;
const LOAD_CORE: usize = 1;
const ECHO: &str = "echo";

/// A review of 8.4 KB: the pod as its author sent it.
const REVIEW: &str = include_str!("../../tests/data/review-bench.json");

/// A server, what it is sent, and what was measured there.
struct Subject<'a> {
    name: &'static str,
    server: &'a Server,
    path: &'static str,
    body: &'a [u8],
    samples: Vec<Sample>,
}

impl<'a> Subject<'a> {
    fn new(name: &'static str, server: &'a Server, path: &'static str, body: &'a str) -> Self {
        Self { name, server, path, body: body.as_bytes(), samples: Vec::new() }
    }
}

/// The same review as `/validate` gets it in a cluster: after `/mutate` has patched the pod.
fn patched() -> Result<String, Box<dyn Error>> {
    let engine = Engine::new(Arc::new(
        policy_source::load(&[]).map_err(|problems| format!("{problems:?}"))?,
    ));
    let answer = review(&engine, Endpoint::Mutate, REVIEW.as_bytes())?;
    let answer: Value = serde_json::from_slice(&answer.body)?;
    let patch = answer["response"]["patch"].as_str().ok_or("the review is not patched")?;
    let patch: json_patch::Patch = serde_json::from_slice(&STANDARD.decode(patch)?)?;
    let mut body: Value = serde_json::from_str(REVIEW)?;
    json_patch::patch(&mut body["request"]["object"], &patch)?;
    // serde_json sorts the members; the API server writes the kind first.
    let object = std::mem::take(&mut body["request"]["object"]);
    let text = body.to_string();
    let at = text.find("\"object\":null").ok_or("the review holds no object")?;
    let head = text[..at].replace(
        "\"request\":{",
        "\"request\":{\"kind\":{\"group\":\"\",\"version\":\"v1\",\"kind\":\"Pod\"},",
    );
    let tail = text[at..].replacen("\"object\":null", &format!("\"object\":{object}"), 1);
    Ok(head + &tail)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    match arguments.next() {
        Some(role) if role == ECHO => echo::serve(arguments),
        first => measure(first.into_iter().chain(arguments).collect()),
    }
}

fn measure(arguments: Vec<String>) -> Result<(), Box<dyn Error>> {
    let rounds: usize = setting("PLIMSOLL_BENCH_ROUNDS", 5)?;
    let seconds: f64 = setting("PLIMSOLL_BENCH_SECONDS", 2.0)?;
    if !pin_this_process(LOAD_CORE) {
        eprintln!("taskset is missing or refused: nothing is pinned, so expect noise");
    }
    let files = CertificateFiles::write()?;
    let (echo_address, address) = (free_address()?, free_address()?);
    let mut echo = Command::new(std::env::current_exe()?);
    echo.arg(ECHO).arg(echo_address.to_string()).args([&files.cert, &files.key]);
    let mut webhook = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    webhook
        .args(["serve", "--listen", &address.to_string()])
        .args(["--admin-listen", &free_address()?.to_string()])
        .arg("--tls-cert")
        .arg(&files.cert)
        .arg("--tls-key")
        .arg(&files.key)
        .args(arguments);
    let echo = Server::start(echo, SERVER_CORE, echo_address)?;
    let webhook = Server::start(webhook, SERVER_CORE, address)?;
    println!("RSS before load: echo {}, plimsoll {}", echo.memory()?, webhook.memory()?);

    let (load, patched) = (Load::new(&files.ca)?, patched()?);
    let mut subjects = [
        Subject::new("echo", &echo, "/validate", REVIEW),
        Subject::new("/validate, patched", &webhook, "/validate", &patched),
        Subject::new("/validate, as sent", &webhook, "/validate", REVIEW),
        Subject::new("/mutate", &webhook, "/mutate", REVIEW),
    ];
    for subject in &subjects {
        load.drive(subject.server, subject.path, subject.body, Duration::from_millis(500))?;
    }
    for round in 1..=rounds {
        for subject in &mut subjects {
            let duration = Duration::from_secs_f64(seconds);
            subject.samples.push(load.drive(
                subject.server,
                subject.path,
                subject.body,
                duration,
            )?);
        }
        eprintln!("round {round} of {rounds}");
    }
    report(&subjects);
    println!("RSS after load: echo {}, plimsoll {}", echo.memory()?, webhook.memory()?);
    Ok(())
}

fn report(subjects: &[Subject<'_>]) {
    println!("medians of {} rounds, {} connections", subjects[0].samples.len(), load::CONNECTIONS);
    println!(
        "{:<20} {:>12} {:>8} {:>12} {:>10} {:>10} {:>9}",
        "", "CPU/request", "ratio", "requests/s", "p50", "p99", "answer"
    );
    for Subject { name, samples, .. } in subjects {
        let ratios = samples.iter().zip(&subjects[0].samples).map(|(own, echo)| own.cpu / echo.cpu);
        println!(
            "{name:<20} {:>9.1} µs {:>8.2} {:>12.0} {:>7.0} µs {:>7.0} µs {:>7.0} B",
            median(samples.iter().map(|sample| sample.cpu * 1e6)),
            median(ratios),
            median(samples.iter().map(|sample| sample.rate)),
            median(samples.iter().map(|sample| sample.p50 * 1e6)),
            median(samples.iter().map(|sample| sample.p99 * 1e6)),
            median(samples.iter().map(|sample| sample.answer as f64)),
        );
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn setting<T: std::str::FromStr>(name: &str, default: T) -> Result<T, T::Err> {
    std::env::var(name).map_or(Ok(default), |value| value.parse())
}

fn free_address() -> std::io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

/// A certificate for both servers, in a folder that goes with it.
struct CertificateFiles {
    _folder: tempfile::TempDir,
    cert: PathBuf,
    key: PathBuf,
    ca: String,
}

impl CertificateFiles {
    fn write() -> Result<CertificateFiles, Box<dyn Error>> {
        let mut ca = rcgen::CertificateParams::default();
        ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        ca.distinguished_name.push(rcgen::DnType::CommonName, "CA of a bench");
        let ca = rcgen::CertifiedIssuer::self_signed(ca, rcgen::KeyPair::generate()?)?;
        let mut leaf = rcgen::CertificateParams::new(vec!["localhost".to_owned()])?;
        leaf.distinguished_name = rcgen::DistinguishedName::new();
        let key = rcgen::KeyPair::generate()?;
        let folder = tempfile::tempdir()?;
        let files = CertificateFiles {
            cert: folder.path().join("tls.crt"),
            key: folder.path().join("tls.key"),
            ca: ca.pem(),
            _folder: folder,
        };
        std::fs::write(&files.cert, leaf.signed_by(&key, &ca)?.pem())?;
        std::fs::write(&files.key, key.serialize_pem())?;
        Ok(files)
    }
}
