//! Bad input: what is wrong is counted and placed, the rest is judged, and the exit code is 2.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::events::{created, log};
use super::{gzipped, pods, replay, sources};
use crate::sandbox::{Run, Sandbox};

/// What is said, as `file:line: message`.
fn errors(run: &Run) -> Vec<String> {
    let report = run.json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let errors = report["errors"].as_array().unwrap().iter();
    errors
        .map(|error| {
            let line = error["line"].as_u64().map_or(String::new(), |line| format!(":{line}"));
            format!("{}{line}: {}", text(&error["file"]), text(&error["message"]))
        })
        .collect()
}

/// One error, which begins like this, beside a good log.
fn one_error(sandbox: &Sandbox, file: &str, start: &str) -> Run {
    sandbox.write("good.log", log(&[created("good", "nginx:latest")]));
    let run = replay(sandbox, [file, "good.log"]);
    let said = errors(&run);
    assert_eq!(run.code, 2, "{said:?}");
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].starts_with(start), "{said:?}");
    assert!(pods(&run).0 >= 1, "the rest is judged");
    run
}

#[test]
fn damaged_lines_leave_the_others() {
    let good = |name: &str| log(&[created(name, "nginx:latest")]);
    let line = good("x");
    let half = &line[..line.len() / 2];
    let v1beta1 = line.replace("audit.k8s.io/v1\"", "audit.k8s.io/v1beta1\"");
    let garbled = line.replacen(":", ";", 1);
    let cases: [(&str, Vec<u8>, &str); 12] = [
        ("cut", half.into(), "the record is cut: its JSON does not end"),
        ("garbled", garbled.trim_end().into(), "the record is damaged: expected `:`"),
        ("no text", b"{\"kind\": \"\xff\"}".to_vec(), "the record is damaged: it is no UTF-8 text"),
        ("NUL bytes", vec![0; 5000], "this is no JSON object"),
        (
            "NUL bytes before an event",
            [&[0; 50], line.trim_end().as_bytes()].concat(),
            "this is no JSON object",
        ),
        (
            "the log of a program",
            b"I1121 10:00:00.000000 1 main.go:1] hello".to_vec(),
            "this is no JSON object",
        ),
        ("a list", b"[]".to_vec(), "this is no JSON object"),
        ("nesting", "{\"a\":".repeat(100_000).into(), "the record is cut: its JSON does not end"),
        (
            "another version",
            v1beta1.trim_end().into(),
            "this is an audit event of `audit.k8s.io/v1beta1`",
        ),
        (
            "an Event of Kubernetes",
            b"{\"kind\":\"Event\",\"apiVersion\":\"v1\"}".to_vec(),
            "this is neither an audit event",
        ),
        ("an envelope", b"{\"log\":{}}".to_vec(), "this is neither an audit event"),
        (
            "two events on a line",
            line.trim_end().repeat(2).into(),
            "the record is damaged: trailing",
        ),
    ];
    for (what, bad, message) in cases {
        let sandbox = Sandbox::new();
        let log = [good("a").as_bytes(), &bad, b"\n", good("b").as_bytes()].concat();
        sandbox.write("audit.log", log);
        let run = replay(&sandbox, ["audit.log"]);
        let said = errors(&run);
        assert_eq!((run.code, said.len()), (2, 1), "{what}: {said:?}");
        assert!(said[0].starts_with(&format!("audit.log:2: {message}")), "{what}: {said:?}");
        assert_eq!(pods(&run), (2, 2), "{what}");
        assert_eq!(sources(&run)["damaged"], 1, "{what}");
    }
}

#[test]
fn half_a_compressed_file_is_judged_up_to_the_cut() {
    let sandbox = Sandbox::new();
    // Noise, so that there is something to cut.
    let events: Vec<_> = (0..2000)
        .map(|at: u64| {
            let mut event = created(&format!("p{at}"), "nginx:latest");
            event["auditID"] = json!(format!("{:x}", at.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
            event
        })
        .collect();
    let text = log(&events);
    let zstd = zstd::encode_all(text.as_bytes(), 3).unwrap();
    for (name, bytes, kind) in [("a.gz", gzipped(text.as_bytes()), "gzip"), ("a.zst", zstd, "zstd")]
    {
        sandbox.write(name, &bytes[..bytes.len() / 2]);
        let run = one_error(&sandbox, name, &format!("{name}:"));
        let said = errors(&run);
        assert!(said[0].contains(&format!("the {kind} data is cut")), "{said:?}");
        let judged = pods(&run).0 - 1;
        // A frame of zstd is one block here, of which half is nothing.
        assert!(kind == "zstd" || (100..1999).contains(&judged), "{judged}");
        assert!(sources(&run)["damaged"].as_u64().unwrap() <= 1);

        let mut garbled = bytes.clone();
        let middle = garbled.len() / 2;
        garbled[middle..middle + 40].fill(0xaa);
        sandbox.write(name, &garbled);
        let run = replay(&sandbox, [name]);
        assert_eq!(run.code, 2, "{:?}", errors(&run));
        assert!(
            errors(&run).iter().any(|error| error.contains(&format!("the {kind} data is"))),
            "{:?}",
            errors(&run)
        );
    }
    // A second member that is no gzip.
    sandbox.write("b.gz", [gzipped(text.as_bytes()), b"this is no gzip member".to_vec()].concat());
    let run = one_error(&sandbox, "b.gz", "b.gz: the gzip data is damaged behind");
    assert_eq!(pods(&run).0, 2001);
}

#[test]
fn what_is_no_log_says_what_it_is() {
    let sandbox = Sandbox::new();
    sandbox.write("a.xz", b"\xfd7zXZ\0rest");
    one_error(&sandbox, "a.xz", "a.xz: it is compressed with xz, which is not read");
    sandbox.write("a.bz2", b"BZh91AY");
    one_error(&sandbox, "a.bz2", "a.bz2: it is compressed with bzip2");
    one_error(&sandbox, "missing.log", "missing.log: it is not there");
    fs::create_dir(sandbox.path().join("empty")).unwrap();
    one_error(&sandbox, "empty", "empty: the folder holds no files");
    let run = replay(&sandbox, ["policy.yaml"]);
    assert_eq!(run.code, 2);
    assert_eq!(errors(&run)[0], "policy.yaml:1: this is no JSON object");
    // An ELF file.
    let run = replay(&sandbox, ["/bin/true"]);
    assert_eq!((run.code, pods(&run)), (2, (0, 0)));
}

#[cfg(unix)]
#[test]
fn what_may_not_be_read_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::new();
    let path = sandbox.write("secret.log", "");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    // The superuser may read everything.
    if File::open(&path).is_err() {
        one_error(&sandbox, "secret.log", "secret.log: this user may not read it");
    }
}

#[test]
fn nothing_at_all_is_no_error() {
    let sandbox = Sandbox::new();
    for (name, bytes) in
        [("empty.log", Vec::new()), ("empty.gz", gzipped(b"")), ("blank.log", b"\n\n \n".to_vec())]
    {
        sandbox.write(name, bytes);
        let run = replay(&sandbox, [name]);
        assert_eq!((run.code, pods(&run)), (0, (0, 0)), "{name}: {}{}", run.stdout, run.stderr);
        assert_eq!(sources(&run)["records"], 0);
    }
}

/// The peak of the resident memory of a run on standard input, in kB, and how it ended.
#[cfg(target_os = "linux")]
fn peak(sandbox: &Sandbox, feed: impl FnOnce(&mut dyn Write)) -> (u64, Run) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(["replay", "--policies", "policy.yaml", "--threads", "2", "-"])
        .current_dir(sandbox.path())
        .env_clear()
        .env("PLIMSOLL_SURVEY_FORMAT", "json")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    feed(&mut stdin);
    stdin.flush().unwrap();
    // Everything but the pipe's worth has been taken.
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak = peak.trim().trim_end_matches(" kB").parse().unwrap();
    drop(stdin);
    (peak, Run::of(&child.wait_with_output().unwrap()))
}

#[cfg(target_os = "linux")]
#[test]
fn memory_stays_small_however_much_garbage_there_is() {
    let sandbox = Sandbox::new();
    let garbage = b"0123456789 this is no event\n".repeat(1000);
    let good = log(&[created("good", "nginx:latest")]);
    let of = |thousands: usize| {
        let (peak, run) = peak(&sandbox, |stdin| {
            for _ in 0..thousands {
                stdin.write_all(&garbage).unwrap();
            }
            stdin.write_all(good.as_bytes()).unwrap();
        });
        assert_eq!((run.code, pods(&run)), (2, (1, 1)));
        assert_eq!(sources(&run)["damaged"], thousands * 1000);
        assert_eq!(errors(&run).len(), 100);
        peak
    };
    let (few, many) = (of(100), of(800));
    assert!(many < few + 24 * 1024, "{few} kB, {many} kB");
}

#[cfg(target_os = "linux")]
#[test]
fn a_line_without_end_is_passed_over() {
    let sandbox = Sandbox::new();
    let good = log(&[created("good", "nginx:latest")]);
    let piece = vec![b'x'; 1 << 20];
    let (peak, run) = peak(&sandbox, |stdin| {
        stdin.write_all(good.as_bytes()).unwrap();
        stdin.write_all(b"{\"a\": \"").unwrap();
        for _ in 0..200 {
            stdin.write_all(&piece).unwrap();
        }
        stdin.write_all(b"\n").unwrap();
        stdin.write_all(good.as_bytes()).unwrap();
    });
    assert_eq!((run.code, pods(&run)), (2, (2, 2)));
    assert_eq!(
        errors(&run),
        ["standard input:2: the record is longer than 16 MiB, and was passed over"]
    );
    assert!(peak < 120 * 1024, "{peak} kB");
}

#[test]
fn a_hole_in_a_file_is_passed_over() {
    let sandbox = Sandbox::new();
    let good = log(&[created("good", "nginx:latest")]);
    let path = sandbox.write("audit.log", good.as_bytes());
    // As a log has it that was emptied while its writer did not append: it takes no room.
    let mut file = File::options().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(200 << 20)).unwrap();
    file.write_all(format!("\n{good}").as_bytes()).unwrap();
    drop(file);
    let begun = Instant::now();
    let run = replay(&sandbox, ["audit.log"]);
    assert_eq!((run.code, pods(&run)), (2, (2, 2)));
    assert_eq!(
        errors(&run),
        ["audit.log:2: the record is longer than 16 MiB, and was passed over"]
    );
    assert!(begun.elapsed() < Duration::from_secs(100));
}
