//! Where output goes, and what happens when it cannot.

use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};

use crate::sandbox::{Sandbox, bad_pod};

#[test]
fn formats_and_files() {
    let sandbox = Sandbox::new();
    sandbox.write("bad.yaml", bad_pod("x"));
    let run = sandbox.check(["--format", "text", "--format", "json=out.json", "bad.yaml"]);
    assert_eq!(run.code, 1);
    assert!(run.stdout.starts_with("error[images/no-latest]"));
    let written = fs::read_to_string(sandbox.path().join("out.json")).unwrap();
    assert_eq!(written, sandbox.check(["--format", "json", "bad.yaml"]).stdout);
    for (formats, words) in [
        (["json", "text"], "standard output"),
        (["json=a", "text=a"], "two formats go to a"),
        (["json=no/such/folder", "text"], "no/such/folder: cannot be written"),
        (["jsn", "text"], "there is no format `jsn`; there are: text, compact, json"),
        (["json=", "text"], "name a file"),
    ] {
        let run = sandbox.check(["--format", formats[0], "--format", formats[1], "bad.yaml"]);
        assert_eq!(run.code, 2, "{formats:?}");
        assert!(run.stderr.contains(words), "{formats:?}: {}", run.stderr);
    }
}

#[test]
fn quiet_and_colour() {
    let sandbox = Sandbox::new();
    sandbox.write("bad.yaml", bad_pod("x"));
    let quiet = sandbox.check(["--quiet", "bad.yaml"]);
    assert!(quiet.stdout.contains("--> bad.yaml") && !quiet.stdout.contains("1 pod in"));
    assert!(!quiet.stdout.contains('\u{1b}'));
    for (color, colored) in [("always", true), ("never", false), ("auto", false)] {
        let run = sandbox.check(["--color", color, "bad.yaml"]);
        assert_eq!(run.stdout.contains('\u{1b}'), colored, "{color}");
    }
    let mut command = sandbox.command(["check", "--policies", "policy.yaml", "bad.yaml"]);
    let output = command.env("NO_COLOR", "1").output().unwrap();
    assert!(!output.stdout.contains(&0x1b));
}

#[test]
fn flags_come_from_the_environment_too() {
    let sandbox = Sandbox::new();
    sandbox.write("bad.yaml", bad_pod("x"));
    let run = |variables: &[(&str, &str)]| {
        let mut command = sandbox.command(["check", "bad.yaml"]);
        command.env("PLIMSOLL_POLICIES", "policy.yaml").envs(variables.iter().copied());
        crate::sandbox::Run::of(&command.output().unwrap())
    };
    assert_eq!(run(&[]).code, 1);
    assert!(run(&[("PLIMSOLL_FORMAT", "json")]).json()["version"] == 1);
    for quiet in ["1", "true", "yes"] {
        assert!(!run(&[("PLIMSOLL_QUIET", quiet)]).stdout.contains("1 pod in"));
    }
    for quiet in ["0", "false"] {
        assert!(run(&[("PLIMSOLL_QUIET", quiet)]).stdout.contains("1 pod in"));
    }
    assert!(run(&[("PLIMSOLL_COLOR", "always")]).stdout.contains('\u{1b}'));
    assert_eq!(run(&[("PLIMSOLL_FAIL_ON", "nonsense")]).code, 2);
    assert!(run(&[("PLIMSOLL_NAMESPACE", "x")]).code == 1);
}

#[test]
fn a_reader_that_stops_early_changes_nothing() {
    let sandbox = Sandbox::new();
    let many: Vec<_> = (0..2000).map(|at| bad_pod(&format!("p{at}"))).collect();
    sandbox.write("many.yaml", many.join("---\n"));
    let mut child = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .current_dir(sandbox.path())
        .env_clear()
        .args(["check", "--policies", "policy.yaml", "many.yaml"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut start = [0; 20];
    child.stdout.take().unwrap().read_exact(&mut start).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_closed_stderr_is_no_panic() {
    let sandbox = Sandbox::with_policy("a: [");
    let mut child = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .current_dir(sandbox.path())
        .env_clear()
        .args(["check", "--policies", "policy.yaml", "x.yaml"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(2));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let sandbox = Sandbox::new();
    sandbox.write("bad.yaml", bad_pod("x"));
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .current_dir(sandbox.path())
        .env_clear()
        .args(["check", "--policies", "policy.yaml", "bad.yaml"])
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("standard output cannot be written"), "{stderr}");
}
