//! `serve --record`: what is in the files, and that nothing about them holds up or fails a review.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use plimsoll::admission::{Endpoint, review as answer};
use plimsoll::engine::Engine;
use plimsoll::policy_source::load;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::process::Process;
use crate::support::{eventually, exchange, get, post};

/// A review as an API server sends it, of a pod of its own.
fn review(number: usize, padding: usize) -> Vec<u8> {
    let mut review: Value =
        serde_json::from_str(include_str!("../data/review-airflow.json")).unwrap();
    let request = &mut review["request"];
    request["uid"] = json!(format!("request-{number}"));
    request["object"]["metadata"]["uid"] = json!(format!("pod-{number}"));
    let container = &mut request["object"]["spec"]["containers"][0];
    container["args"] = json!(["--token=s3cr3t"]);
    container["env"] = json!([{"name": "HUB", "value": "http://s3cr3t"}]);
    request["object"]["metadata"]["annotations"]["token"] = json!("s3cr3t");
    request["object"]["metadata"]["labels"]["padding"] = json!("x".repeat(padding));
    serde_json::to_vec(&review).unwrap()
}

/// The files of a recording, the oldest first.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .map(|entries| entries.map(|entry| entry.unwrap().path()).collect())
        .unwrap_or_default();
    files.sort();
    files
}

/// The lines of a recording.
fn lines(folder: &Path) -> Vec<String> {
    let text: String = files(folder).iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    assert!(text.is_empty() || text.ends_with('\n'), "a line is cut");
    text.lines().map(str::to_owned).collect()
}

/// A folder that is not there yet, in one that is removed.
fn folder() -> (TempDir, PathBuf) {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("reviews");
    (parent, folder)
}

async fn metric(admin: std::net::SocketAddr, name: &str) -> u64 {
    let (_, text) = get(admin, "/metrics").await;
    let line = text.lines().find_map(|line| line.strip_prefix(name)).expect(name);
    line.trim().parse().unwrap()
}

const RECORDED: &str = "plimsoll_recorded_reviews_total ";
const FAILED: &str = "plimsoll_recording_dropped_reviews_total{reason=\"failed\"} ";

#[tokio::test]
async fn a_recorded_review_gets_the_answer_that_the_review_got() {
    let (_parent, folder) = folder();
    let mut process = Process::start(&["--record", folder.to_str().unwrap(), "--drain-delay", "0"]);
    let (mut stream, admin) = process.connect().await;
    let engine = Engine::new(std::sync::Arc::new(load(&[]).unwrap()));
    let mut patches = Vec::new();
    for number in 0..20 {
        let body = review(number, 0);
        let mutated = exchange(&mut stream, &post("/mutate", &body)).await.json();
        patches.push(mutated["response"].clone());
        exchange(&mut stream, &post("/validate", &body)).await;
    }
    // What is queued is written before the process ends.
    process.signal("TERM");
    assert_eq!(process.exit_code(), Some(0));
    let lines = lines(&folder);
    assert_eq!(lines.len(), 20, "once each");
    for (line, patch) in lines.iter().zip(&patches) {
        assert!(!line.contains("s3cr3t") && !line.contains("managedFields"), "{line}");
        let recorded: Value = serde_json::from_str(line).unwrap();
        assert_eq!(recorded["apiVersion"], "admission.k8s.io/v1");
        let replayed = answer(&engine, Endpoint::Mutate, line.as_bytes()).unwrap().body;
        let replayed: Value = serde_json::from_slice(&replayed).unwrap();
        assert_eq!(&replayed["response"], patch);
    }
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&files(&folder)[0])), (0o700, 0o600));
    assert!(tokio::net::TcpStream::connect(admin).await.is_err());
}

/// What a replay of a file says of every finding.
fn replayed(file: &Path) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    let output = command.args(["replay", "--format", "json"]).arg(file).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let report: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"));
    json!([output.status.code(), report["findings"], report["summary"]["pods"], report["errors"]])
}

#[tokio::test]
async fn a_replay_of_a_recording_says_what_one_of_the_reviews_says() {
    let (parent, folder) = folder();
    let mut process = Process::start(&["--record", folder.to_str().unwrap(), "--drain-delay", "0"]);
    let (mut stream, _) = process.connect().await;
    let mut originals = Vec::new();
    for number in 0..30 {
        let mut review: Value = serde_json::from_slice(&review(number, 0)).unwrap();
        let object = &mut review["request"]["object"];
        object["metadata"]["name"] = json!(format!("pod-{number}"));
        object["status"] = json!({"message": "s3cr3t", "phase": "Pending"});
        let image = if number % 3 == 0 { "nginx:latest" } else { "nginx:1.29" };
        object["spec"]["containers"][0]["image"] = json!(image);
        let hub = "http://hub.etl.svc.cluster.local";
        object["spec"]["containers"][0]["env"] = json!([{"name": "HUB", "value": hub}]);
        let review = serde_json::to_vec(&review).unwrap();
        exchange(&mut stream, &post("/mutate", &review)).await;
        originals.extend(review);
        originals.push(b'\n');
    }
    process.signal("TERM");
    assert_eq!(process.exit_code(), Some(0));
    let all = parent.path().join("all.jsonl");
    fs::write(&all, &originals).unwrap();
    let expected = replayed(&all);
    assert!(expected[1].as_array().is_some_and(|findings| !findings.is_empty()), "{expected:#}");
    assert_eq!((&expected[2], &expected[3]), (&json!(30), &json!([])));
    assert_eq!(replayed(&folder), expected);
    for line in lines(&folder) {
        let recorded: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(recorded["request"]["object"].get("status"), None, "{line}");
        assert!(!line.contains("s3cr3t"), "{line}");
    }
}

#[tokio::test]
async fn a_folder_that_goes_while_the_server_runs_fails_no_review() {
    let (parent, folder) = folder();
    let mut process = Process::start(&["--record", folder.to_str().unwrap()]);
    let (mut stream, admin) = process.connect().await;
    exchange(&mut stream, &post("/mutate", &review(0, 0))).await;
    assert!(eventually(async || metric(admin, RECORDED).await == 1).await);
    fs::remove_dir_all(&folder).unwrap();
    fs::write(&folder, "a file is in the way").unwrap();
    // It looks whether its file is there once a second.
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    let answer = exchange(&mut stream, &post("/mutate", &review(1, 0))).await;
    assert_eq!(answer.status, 200);
    assert!(eventually(async || metric(admin, FAILED).await == 1).await);
    fs::remove_file(&folder).unwrap();
    exchange(&mut stream, &post("/mutate", &review(2, 0))).await;
    assert!(eventually(async || metric(admin, RECORDED).await == 2).await);
    assert_eq!(lines(&folder).len(), 1);
    drop(parent);
}

#[tokio::test]
async fn a_process_that_is_killed_leaves_whole_lines_within_the_bound() {
    let (_parent, folder) = folder();
    let arguments = ["--record", folder.to_str().unwrap(), "--record-max-bytes", "1Mi"];
    let mut process = Process::start(&arguments);
    let (mut stream, admin) = process.connect().await;
    for number in 0..200 {
        let response = exchange(&mut stream, &post("/mutate", &review(number, 6_000))).await;
        assert_eq!(response.status, 200);
        let bytes: u64 = files(&folder)
            .iter()
            .filter_map(|file| fs::metadata(file).ok())
            .map(|file| file.len())
            .sum();
        assert!(bytes <= 1 << 20, "{bytes}");
    }
    assert!(eventually(async || metric(admin, RECORDED).await >= 190).await);
    process.signal("KILL");
    assert_eq!(process.exit_code(), None);
    let found = lines(&folder);
    let uids: Vec<String> = found
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["request"]["uid"].to_string())
        .collect();
    assert!(files(&folder).len() > 8 && uids.len() > 60, "{}", uids.len());
    assert!(uids.len() < 200, "the oldest are gone");
}

/// Writes beyond a limit fail as they do on a full disk, after a part of the line.
#[tokio::test]
async fn a_full_disk_fails_no_review_and_leaves_whole_lines() {
    let (_parent, folder) = folder();
    let mut command = Command::new("sh");
    // 64 blocks of 512 or 1,024 bytes.
    let script = "trap '' XFSZ; ulimit -f 64; exec \"$0\" \"$@\"";
    command.args(["-c", script, env!("CARGO_BIN_EXE_plimsoll")]);
    let mut process =
        Process::spawn(command, &["--record", folder.to_str().unwrap(), "--drain-delay", "0"], &[]);
    let (mut stream, admin) = process.connect().await;
    for number in 0..40 {
        let response = exchange(&mut stream, &post("/mutate", &review(number, 6_000))).await;
        assert_eq!((response.status, &response.json()["response"]["allowed"]), (200, &json!(true)));
    }
    assert!(eventually(async || metric(admin, FAILED).await > 10).await);
    let recorded = metric(admin, RECORDED).await;
    process.signal("TERM");
    let said = process.said_until("drained");
    let told = said.iter().filter(|line| line.contains("reviews cannot be recorded")).count();
    assert_eq!(told, 1, "once a minute: {said:#?}");
    assert_eq!(process.exit_code(), Some(0));
    let found = lines(&folder);
    assert!(!found.is_empty() && found.len() as u64 == recorded, "{} of {recorded}", found.len());
    assert!(found.iter().all(|line| serde_json::from_str::<Value>(line).is_ok()));
}

#[tokio::test]
async fn a_folder_that_cannot_be_fails_no_review() {
    let (parent, folder) = folder();
    fs::write(&folder, "a file is in the way").unwrap();
    let mut process = Process::start(&["--record", folder.to_str().unwrap()]);
    let (mut stream, admin) = process.connect().await;
    for number in 0..5 {
        let response = exchange(&mut stream, &post("/mutate", &review(number, 0))).await;
        assert_eq!(response.status, 200);
    }
    assert!(eventually(async || metric(admin, FAILED).await == 5).await);
    // Once there is a place, it goes on.
    fs::remove_file(&folder).unwrap();
    exchange(&mut stream, &post("/mutate", &review(5, 0))).await;
    assert!(eventually(async || metric(admin, RECORDED).await == 1).await);
    assert_eq!(lines(&folder).len(), 1);
    drop(parent);
}

#[tokio::test]
async fn a_share_is_recorded_and_what_is_asked_for_stays() {
    let (_parent, folder) = folder();
    let arguments = [
        "--record",
        folder.to_str().unwrap(),
        "--record-sample",
        "1/2",
        "--record-keep",
        "args,env",
    ];
    let mut process = Process::start(&arguments);
    let (mut stream, admin) = process.connect().await;
    for number in 0..100 {
        exchange(&mut stream, &post("/mutate", &review(number, 0))).await;
    }
    assert!(eventually(async || metric(admin, RECORDED).await > 25).await);
    tokio::time::sleep(Duration::from_millis(100)).await;
    let found = lines(&folder);
    assert!((26..75).contains(&found.len()), "{}", found.len());
    for line in found {
        let pod = &serde_json::from_str::<Value>(&line).unwrap()["request"]["object"];
        let container = &pod["spec"]["containers"][0];
        assert_eq!(
            (&container["args"][0], &container["env"][0]["value"]),
            (&json!("--token=s3cr3t"), &json!("http://s3cr3t"))
        );
        assert_eq!(pod["metadata"]["annotations"]["token"], "redacted");
    }
}

#[test]
fn flags_that_cannot_be_are_said() {
    for (arguments, words) in [
        (&["--record-sample", "1/2"][..], "--record <DIR>"),
        (&["--record", "x", "--record-sample", "2"], "number from 0 to 1"),
        (&["--record", "x", "--record-max-bytes", "10"], "at least 1Mi"),
        (&["--record", "x", "--record-keep", "secrets"], "annotations"),
        (&["--ledger-owners", "20000"], "10000 at most"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
            .arg("serve")
            .args(arguments)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(words), "{arguments:?}: {said}");
    }
}
