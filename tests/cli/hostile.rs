//! Input that is meant to break: nothing panics, hangs or grows without bound, and the rest is judged.

use std::fmt::Write;

use crate::sandbox::{DENY_LATEST, Run, Sandbox, bad_pod, places};

/// Checks a bad file beside a good one, which has to be judged all the same.
fn beside(name: &str, bytes: impl AsRef<[u8]>) -> Run {
    let sandbox = Sandbox::new();
    sandbox.write("all/pod.yaml", bad_pod("x"));
    sandbox.write(&format!("all/{name}"), bytes);
    let run = sandbox.check(["--format", "json", "all"]);
    assert_eq!(run.code, 2, "{}", run.stdout);
    let report = run.json();
    assert_eq!(report["findings"][0]["file"], "all/pod.yaml", "{report:#}");
    let file = report["errors"][0]["file"].as_str().unwrap();
    assert!(file.ends_with(name), "{file}");
    run
}

#[test]
fn bytes_that_are_no_text() {
    let latin: &[u8] = b"apiVersion: v1\nkind: Pod\nmetadata: {name: caf\xe9}\n";
    let run = beside("latin.yaml", latin);
    assert!(run.stdout.contains("UTF-8"), "{}", run.stdout);
    assert_eq!(run.json()["errors"][0]["line"], 3);
    for big in [false, true] {
        let units = "\u{feff}apiVersion: v1".encode_utf16();
        let bytes: Vec<u8> = units
            .flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() })
            .collect();
        assert!(beside("utf16.yaml", bytes).stdout.contains("UTF-16"));
    }
    let noise: Vec<u8> =
        (0..4096_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    beside("noise.yaml", noise);
    beside("noise.json", [0, 159, 146, 150]);
}

#[test]
fn alias_bombs() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for at in 1..30 {
        let before = at - 1;
        writeln!(bomb, "a{at}: &a{at} [{}]", vec![format!("*a{before}"); 10].join(", ")).unwrap();
    }
    beside("bomb.yaml", bomb);
    let merges = (1..2000).fold(String::from("a0: &a0 {x: 1}\n"), |mut text, at| {
        let before = at - 1;
        writeln!(text, "a{at}: &a{at} {{<<: [*a{before}, *a{before}], k{at}: 1}}").unwrap();
        text
    });
    let sandbox = Sandbox::new();
    let (_, code) = sandbox.judge("merges.yaml", merges);
    assert!(code == 0 || code == 2);
}

#[test]
fn deep_nesting() {
    const LEVELS: usize = 100_000;
    let pod =
        |deep: String| bad_pod("x").replace("{name: x}", &format!("{{name: x, deep: {deep}}}"));
    for (name, text) in [
        ("flow.yaml", "[".repeat(LEVELS)),
        ("closed.yaml", format!("a: {}{}", "[".repeat(LEVELS), "]".repeat(LEVELS))),
        ("maps.yaml", "{a: ".repeat(LEVELS)),
        ("dashes.yaml", "- ".repeat(LEVELS)),
        ("json.json", format!("{}1{}", "{\"a\":".repeat(LEVELS), "}".repeat(LEVELS))),
        ("lists.json", format!("{}{}", "[".repeat(LEVELS), "]".repeat(LEVELS))),
        ("pod.yml", pod(format!("{}{}", "[".repeat(LEVELS), "]".repeat(LEVELS)))),
        ("lists.yaml", "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [".repeat(LEVELS)),
    ] {
        beside(name, text);
    }
    let run = Sandbox::with_policy(&"[".repeat(LEVELS)).check(["policy.yaml"]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.len() < 4000, "excerpts stay short");
}

#[test]
fn large_documents() {
    let sandbox = Sandbox::new();
    let padding = "x".repeat(7 << 20);
    let pod =
        bad_pod("x").replace("{name: x}", &format!("{{name: x, annotations: {{a: {padding}}}}}"));
    let (report, code) = sandbox.judge("large.yaml", pod);
    assert_eq!((places(&report), code), (vec!["7:12-7:24".to_owned()], 1));
    let comments = format!("{}{}", "# nothing here\n".repeat(500_000), bad_pod("x"));
    let (report, _) = sandbox.judge("comments.yaml", comments);
    assert_eq!(places(&report), ["500007:12-500007:24"]);
}

#[test]
fn long_lines_are_cut_around_the_mark() {
    let sandbox = Sandbox::new();
    let item = |at: usize| {
        format!(
            "{{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{{\"name\":\"é{at}\"}},\"spec\":{{\"containers\":[{{\"name\":\"a\",\"image\":\"nginx:latest\"}}]}}}}"
        )
    };
    let items: Vec<_> = (0..8000).map(item).collect();
    let text =
        format!("{{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[{}]}}", items.join(","));
    assert!(text.len() > 900_000);
    let (report, code) = sandbox.judge("line.json", &text);
    let found = report["findings"].as_array().unwrap();
    assert_eq!((found.len(), code), (8000, 1));
    let last = found.last().unwrap();
    let column = last["column"].as_u64().unwrap() as usize;
    let at: String = text.chars().skip(column - 1).take(14).collect();
    assert_eq!(at, "\"nginx:latest\"");
    let run = sandbox.check(["--quiet", "line.json"]);
    assert!(run.stdout.lines().all(|line| line.chars().count() < 250));
    let blocks: Vec<_> = run.stdout.split("\n\n").collect();
    let lines: Vec<_> = blocks[7999].lines().collect();
    assert_eq!(lines[1], format!(" --> line.json:1:{column}"));
    let (source, marks) = (lines[3], lines[4]);
    let mark = marks.chars().position(|mark| mark == '^').unwrap();
    let marked: String = source.chars().skip(mark).take(14).collect();
    assert_eq!(marked, "\"nginx:latest\"");
}

#[test]
fn many_findings_in_one_file() {
    let sandbox = Sandbox::new();
    let pods: Vec<_> = (0..10_000).map(|at| bad_pod(&format!("p{at}"))).collect();
    let (report, code) = sandbox.judge("many.yaml", pods.join("---\n"));
    assert_eq!((report["summary"]["findings"].as_u64(), code), (Some(10_000), 1));
    let broken = "a: [\n---\n".repeat(20_000);
    let (report, code) = sandbox.judge("broken.yaml", broken);
    assert_eq!(code, 2);
    assert!(report["errors"].as_array().unwrap().len() >= 10_000);
}

#[test]
fn many_containers_in_one_pod() {
    let sandbox = Sandbox::new();
    let mut pod = bad_pod("x");
    for at in 0..5000 {
        writeln!(pod, "  - {{name: c{at}, image: nginx:latest}}").unwrap();
    }
    let (report, code) = sandbox.judge("pod.yaml", pod);
    assert_eq!((report["summary"]["findings"].as_u64(), code), (Some(5001), 1));
}

#[cfg(unix)]
#[test]
fn things_that_are_no_files() {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;
    let sandbox = Sandbox::new();
    sandbox.write("all/pod.yaml", bad_pod("x"));
    let all = sandbox.path().join("all");
    symlink("nowhere.yaml", all.join("dangling.yaml")).unwrap();
    symlink(".", all.join("loop")).unwrap();
    symlink("self.yaml", all.join("self.yaml")).unwrap();
    let _socket = UnixListener::bind(all.join("socket.yaml")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(all.join("fifo.yaml")).status();
    assert!(made.is_ok_and(|status| status.success()));
    std::fs::create_dir(all.join("folder.yaml")).unwrap();
    let run = sandbox.check(["--format", "json", "all"]);
    let report = run.json();
    assert_eq!(run.code, 2, "{report:#}");
    assert_eq!(places(&report), ["7:12-7:24"]);
    let errors: Vec<_> =
        report["errors"].as_array().unwrap().iter().map(|e| e["file"].as_str().unwrap()).collect();
    assert_eq!(errors, ["all/dangling.yaml", "all/loop", "all/self.yaml"]);
    for name in ["all/fifo.yaml", "all/socket.yaml", "all/dangling.yaml", "all/self.yaml"] {
        let run = sandbox.check([name]);
        assert_eq!(run.code, 2, "{name}");
        assert!(run.stdout.contains(name), "{}", run.stdout);
        let run = sandbox.run(["check", "--policies", name, "all/pod.yaml"]);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{name}");
        assert!(run.stderr.contains(name), "{}", run.stderr);
    }
}

#[cfg(unix)]
#[test]
fn what_may_not_be_read() {
    use std::fs::{File, Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::new();
    sandbox.write("all/pod.yaml", bad_pod("x"));
    let secret = sandbox.write("all/secret.yaml", bad_pod("y"));
    set_permissions(&secret, Permissions::from_mode(0o0)).unwrap();
    if File::open(&secret).is_ok() {
        eprintln!("skipped: this user may read everything");
        return;
    }
    let run = sandbox.check(["all"]);
    assert_eq!(run.code, 2);
    assert!(run.stdout.contains("all/secret.yaml"), "{}", run.stdout);
    assert!(run.stdout.contains("--> all/pod.yaml:7:12"), "{}", run.stdout);
}

#[test]
fn policies_of_any_size_and_shape() {
    let rules: String = (0..3000)
        .map(|at| format!("  - {{name: r{at}, action: Deny, imageTag: {{deny: [latest]}}}}\n"))
        .collect();
    let head = DENY_LATEST.split("  - name").next().unwrap();
    let sandbox = Sandbox::with_policy(&format!("{head}{rules}"));
    sandbox.write("pod.yaml", bad_pod("x"));
    assert_eq!(sandbox.check(["--format", "json", "pod.yaml"]).json()["summary"]["findings"], 3000);
}
