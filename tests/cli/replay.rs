//! `plimsoll replay`: what is read, in which forms, and what is said of it.

#[path = "replay/bad_input.rs"]
mod bad_input;
#[path = "replay/events.rs"]
pub(crate) mod events;
#[cfg(unix)]
#[path = "replay/follow.rs"]
mod follow;

use std::fs;
use std::io::Write;

use serde_json::{Value, json};

use crate::sandbox::{Run, Sandbox};
use events::{created, event, log, other, review};

/// `replay --policies policy.yaml` with more arguments, and the report as JSON.
fn replay<'a>(sandbox: &Sandbox, args: impl IntoIterator<Item = &'a str>) -> Run {
    let args = ["replay", "--policies", "policy.yaml"].into_iter().chain(args);
    Run::of(&sandbox.command(args).env("PLIMSOLL_SURVEY_FORMAT", "json").output().unwrap())
}

/// Pods that were judged, and that would be denied.
fn pods(run: &Run) -> (u64, u64) {
    let report = run.json();
    let count = |key: &str| report["summary"][key].as_u64().unwrap();
    (count("pods"), count("denied"))
}

fn sources(run: &Run) -> Value {
    run.json()["summary"]["sources"].clone()
}

pub(crate) fn gzipped(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn pods_are_judged_as_they_were_sent_and_added_up_by_owner() {
    let sandbox = Sandbox::new();
    let mut pod = created("web-5d9c7-x1", "nginx:latest");
    pod["requestObject"]["metadata"] = json!({"generateName": "web-5d9c7-", "labels": {"pod-template-hash": "5d9c7"},
        "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-5d9c7", "uid": "u", "controller": true}]});
    let mut second = pod.clone();
    second["responseObject"]["metadata"]["name"] = json!("web-5d9c7-x2");
    second["requestReceivedTimestamp"] = json!("2026-11-21T11:00:00.000000Z");
    // What was stored is what somebody else made of it.
    second["responseObject"]["spec"]["containers"][0]["image"] = json!("nginx:1.29");
    sandbox.write("audit.log", log(&[other("get"), pod, second, created("good", "nginx:1.29")]));
    let run = replay(&sandbox, ["audit.log"]);
    let report = run.json();
    assert_eq!((run.code, pods(&run)), (1, (3, 2)), "{report:#}");
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{report:#}");
    let found = &findings[0];
    assert_eq!(
        found["owner"],
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "etl", "name": "web"})
    );
    assert_eq!((&found["count"], &found["object"]["name"]), (&json!(2), &json!("web-5d9c7-x2")));
    assert_eq!(found["firstSeen"], "2026-11-21T10:00:00Z");
    assert_eq!(found["lastSeen"], "2026-11-21T11:00:00Z");
    assert_eq!(report["source"], "audit.log");
    assert_eq!(sources(&run)["records"], 4);
    assert_eq!(sources(&run)["others"], 1);
    assert!(run.stderr.is_empty(), "{}", run.stderr);
}

#[test]
fn every_form_of_a_log_says_the_same() {
    let sandbox = Sandbox::new();
    let events: Vec<_> = (0..9)
        .map(|at| created(&format!("p{at}"), if at % 2 == 0 { "nginx:latest" } else { "nginx:1" }))
        .collect();
    let (text, halves) = (log(&events), (log(&events[..4]), log(&events[4..])));
    let zstd = |text: &str| zstd::encode_all(text.as_bytes(), 3).unwrap();
    let list = json!({"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "metadata": {}, "items": events});
    let printed: String = events.iter().map(|event| format!("{event:#}\n")).collect();
    let forms: Vec<(&str, Vec<u8>)> = vec![
        ("plain", text.clone().into_bytes()),
        ("windows", text.replace('\n', "\r\n").into_bytes()),
        ("marked", [b"\xef\xbb\xbf", text.as_bytes()].concat()),
        ("unended", text.trim_end().as_bytes().to_vec()),
        ("spaced", text.replace('\n', "\n\n \n").into_bytes()),
        ("gzip", gzipped(text.as_bytes())),
        ("members", [gzipped(halves.0.as_bytes()), gzipped(halves.1.as_bytes())].concat()),
        ("zstd", zstd(&text)),
        ("frames", [zstd(&halves.0), zstd(&halves.1)].concat()),
        ("list", format!("{list}\n").into_bytes()),
        ("printed", printed.into_bytes()),
        ("printed-list", format!("{list:#}\n").into_bytes()),
    ];
    let expected = replay(&sandbox, {
        sandbox.write("first", &text);
        ["first"]
    })
    .json();
    assert_eq!(expected["summary"]["pods"], 9);
    for (name, bytes) in &forms {
        sandbox.write(name, bytes);
        let run = replay(&sandbox, [*name]);
        let report = run.json();
        assert_eq!(
            (run.code, &report["findings"]),
            (1, &expected["findings"]),
            "{name}: {report:#}"
        );
        assert_eq!(report["summary"]["pods"], 9, "{name}");
        assert_eq!(report["errors"], json!([]), "{name}");
        let args = ["replay", "--policies", "policy.yaml", "-"];
        let mut command = sandbox.command(args);
        let run = Run::of(
            &command
                .env("PLIMSOLL_SURVEY_FORMAT", "json")
                .write_stdin(bytes.clone())
                .output()
                .unwrap(),
        );
        assert_eq!(run.json()["findings"], expected["findings"], "{name} on standard input");
        assert_eq!(run.json()["source"], "standard input");
    }
}

#[test]
fn rotated_sets_are_read_as_a_folder_or_as_files() {
    let sandbox = Sandbox::new();
    let part = |at: usize| log(&[created(&format!("p{at}"), "nginx:latest")]);
    sandbox.write("audit/audit-2026-11-19T00-00-00.000.log.gz", gzipped(part(0).as_bytes()));
    sandbox.write("audit/audit-2026-11-20T00-00-00.000.log", part(1));
    sandbox.write("audit/audit.log", part(2));
    sandbox.write("audit/node-b/audit.log", part(3));
    sandbox.write("audit/.audit.log.swp", "no log");
    assert_eq!(pods(&replay(&sandbox, ["audit"])), (4, 4));
    let files = ["audit/audit.log", "audit/audit-2026-11-20T00-00-00.000.log"];
    assert_eq!(pods(&replay(&sandbox, files)), (2, 2));
    let run = replay(&sandbox, ["audit", "audit/audit.log"]);
    assert_eq!(pods(&run), (4, 4), "a file is read once");
    assert_eq!(run.code, 1);
}

#[test]
fn threads_change_nothing() {
    let sandbox = Sandbox::new();
    let events: Vec<_> = (0..3000)
        .map(|at| match at % 4 {
            0 => created(&format!("p{at}"), "nginx:latest"),
            1 => created(&format!("q{at}"), "nginx:1"),
            _ => other("update"),
        })
        .collect();
    sandbox.write("audit.log", log(&events) + "garbage\n");
    let run = |threads| {
        let run = replay(&sandbox, ["--threads", threads, "audit.log"]);
        assert_eq!(run.code, 2);
        let mut report = run.json();
        report.as_object_mut().unwrap().remove("at");
        report
    };
    let one = run("1");
    assert_eq!(one["summary"]["pods"], 1500);
    assert_eq!(one, run("4"));
    assert_eq!(replay(&sandbox, ["--threads", "0", "audit.log"]).code, 2);
}

#[test]
fn reviews_are_read_like_events_and_pods_are_counted_once() {
    let sandbox = Sandbox::new();
    let (mutate, validate) = (review("u-1", "nginx:latest"), review("u-1", "nginx:1"));
    sandbox.write("reviews.jsonl", log(&[mutate.clone(), validate, review("u-2", "nginx:latest")]));
    let run = replay(&sandbox, ["reviews.jsonl"]);
    assert_eq!((run.code, pods(&run)), (1, (2, 2)), "{:#}", run.json());
    sandbox.write("one.json", format!("{mutate:#}"));
    sandbox.write("two.json", format!("{:#}", review("u-3", "nginx:1")));
    assert_eq!(pods(&replay(&sandbox, ["one.json", "two.json"])), (2, 1));
}

#[test]
fn what_is_no_created_pod_is_counted_and_told() {
    let sandbox = Sandbox::new();
    let mut refused = created("x", "nginx:latest");
    refused["responseStatus"]["code"] = json!(403);
    let mut dry = created("x", "nginx:latest");
    dry["requestURI"] = json!("/api/v1/namespaces/etl/pods?dryRun=All");
    let without = event("create", json!({"level": "Metadata"}));
    let good = created("x", "nginx:1");
    sandbox.write("audit.log", log(&[refused, dry, without.clone(), good, other("delete")]));
    let run = replay(&sandbox, ["audit.log"]);
    assert_eq!((run.code, pods(&run)), (0, (1, 0)), "{:#}", run.json());
    let found = sources(&run);
    assert_eq!(
        (&found["refused"], &found["withoutContent"], &found["others"], &found["damaged"]),
        (&json!(1), &json!(1), &json!(2), &json!(0))
    );
    assert!(run.stderr.contains("1 pod was not judged"), "{}", run.stderr);
    assert!(replay(&sandbox, ["audit.log", "--quiet"]).stderr.is_empty());

    sandbox.write("audit.log", log(&[without.clone(), without]));
    let run = replay(&sandbox, ["audit.log"]);
    assert_eq!((run.code, pods(&run)), (2, (0, 0)), "nothing could be judged");
    assert!(run.stderr.contains("2 pods were not judged"), "{}", run.stderr);
    sandbox.write("audit.log", log(&[other("get")]));
    let run = replay(&sandbox, ["audit.log"]);
    assert_eq!(run.code, 0);
    assert!(run.stderr.contains("no pod was created"), "{}", run.stderr);
}

#[test]
fn exemptions_hold_as_they_did_then() {
    let sandbox = Sandbox::new();
    let exemption = "apiVersion: plimsoll.dev/v1alpha1\nkind: PodPolicyExemption\nmetadata: {name: vendor}\nspec:\n  \
                     policies: [images]\n  reason: r\n  owner: o\n  expires: 2026-11-21T10:30:00Z\n  match: {}\n";
    sandbox.write("exemption.yaml", exemption);
    let mut late = created("late", "nginx:latest");
    late["requestReceivedTimestamp"] = json!("2026-11-21T10:30:00.000001Z");
    sandbox.write("audit.log", log(&[created("early", "nginx:latest"), late]));
    let run = replay(&sandbox, ["--exemptions", "exemption.yaml", "audit.log"]);
    assert_eq!((pods(&run), &run.json()["summary"]["exempted"]), ((2, 1), &json!(1)));
}

#[test]
fn users_of_the_log_count() {
    let policy = crate::sandbox::DENY_LATEST
        .replace("spec:\n", "spec:\n  match: {users: {exclude: [bot]}}\n");
    let sandbox = Sandbox::with_policy(&policy);
    let mut by_bot = created("x", "nginx:latest");
    by_bot["impersonatedUser"] = json!({"username": "bot"});
    sandbox.write("audit.log", log(&[created("y", "nginx:latest"), by_bot]));
    let run = replay(&sandbox, ["audit.log"]);
    assert_eq!(pods(&run), (2, 1), "{}{}", run.stdout, run.stderr);
}

#[test]
fn what_is_known_of_the_cluster_counts() {
    let policy = crate::sandbox::DENY_LATEST
        .replace("spec:\n", "spec:\n  match: {namespaceSelector: {matchLabels: {team: data}}}\n");
    let sandbox = Sandbox::with_policy(&policy);
    sandbox.write("audit.log", log(&[created("x", "nginx:latest"), created("y", "nginx:latest")]));
    let run = replay(&sandbox, ["audit.log"]);
    assert_eq!((run.code, pods(&run)), (0, (2, 0)));
    assert_eq!(
        run.stderr.matches("policy images was not applied, or not in full, in etl").count(),
        1,
        "{}",
        run.stderr
    );
    sandbox.write(
        "cluster.yaml",
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: etl, labels: {team: data}}\n",
    );
    let run = replay(&sandbox, ["--cluster", "cluster.yaml", "audit.log"]);
    assert_eq!((run.code, pods(&run)), (1, (2, 2)));
    sandbox.write("cluster.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: etl}\n");
    let run = replay(&sandbox, ["--cluster", "cluster.yaml", "audit.log"]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(
        run.stderr.contains("cluster.yaml") && run.stderr.contains("nothing was done"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_file_must_be_named_and_policies_must_be_right() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run(["replay"]).code, 2);
    sandbox.write("policy.yaml", "kind: Nothing\n");
    fs::write(sandbox.path().join("audit.log"), "").unwrap();
    let run = replay(&sandbox, ["audit.log"]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
}

#[test]
fn pods_whose_time_cannot_be_read_are_judged_and_one_note_says_so() {
    let sandbox = Sandbox::new();
    let at = |time: &str| {
        let mut event = created("x", "nginx:latest");
        event["requestReceivedTimestamp"] = json!(time);
        event
    };
    let times = ["9999-12-31T23:59:59Z", "yesterday", "2026-11-21T10:00:00Z"];
    sandbox.write("audit.log", log(&times.map(at)));
    let run = replay(&sandbox, ["audit.log"]);
    let report = run.json();
    assert_eq!((run.code, pods(&run)), (1, (3, 3)), "{report:#}");
    assert_eq!(report["errors"], json!([]));
    let notes = report["notes"].as_array().unwrap();
    assert_eq!((notes.len(), &notes[0]["count"]), (1, &json!(2)), "{notes:#?}");
    let said = run.stderr.matches("note: audit.log: requestReceivedTimestamp cannot be read");
    assert_eq!(said.count(), 1, "{}", run.stderr);
    assert!(run.stderr.contains("(2 times)"), "{}", run.stderr);
    assert_eq!(report["findings"][0]["firstSeen"], "2026-11-21T10:00:00Z");
}

#[cfg(unix)]
#[test]
fn links_that_loop_and_fifos_hold_nothing_up() {
    let sandbox = Sandbox::new();
    sandbox.write("logs/audit.log", log(&[created("a", "nginx:latest")]));
    for name in ["l1", "l2", "l3"] {
        std::os::unix::fs::symlink(".", sandbox.path().join("logs").join(name)).unwrap();
    }
    let run = replay(&sandbox, ["logs"]);
    assert_eq!((run.code, pods(&run)), (1, (1, 1)), "{}{}", run.stdout, run.stderr);

    let fifo = sandbox.path().join("fifo");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status().unwrap();
    assert!(made.success());
    // Opening it waits for the one who reads.
    let writer = std::thread::spawn(move || {
        let text =
            gzipped(log(&[created("b", "nginx:latest"), created("c", "nginx:1")]).as_bytes());
        fs::File::options().write(true).open(fifo).unwrap().write_all(&text).unwrap();
    });
    let run = replay(&sandbox, ["fifo"]);
    writer.join().unwrap();
    assert_eq!((run.code, pods(&run)), (1, (2, 1)), "{}{}", run.stdout, run.stderr);
}
