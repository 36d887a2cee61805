//! The same files give the same bytes, in every format and however many threads read them; and where they go.

use std::fs;
use std::sync::Arc;

use plimsoll::check::{self, Context};
use plimsoll::engine::Engine;
use plimsoll::policy_source;
use plimsoll::report::{
    Report, Repository, compact, github, gitlab, json, junit, markdown, sarif, text,
};

use super::varied;
use crate::sandbox::bad_pod;

/// What each format makes of a report.
fn written(report: &Report, repository: &Repository) -> Vec<Vec<u8>> {
    let style = text::Style { color: true, quiet: false, links: true };
    let mut all = vec![Vec::new(); 8];
    text::write(report, style, &mut all[0]).unwrap();
    json::write(report, &mut all[1]).unwrap();
    sarif::write(report, repository, &mut all[2]).unwrap();
    junit::write(report, repository, &mut all[3]).unwrap();
    github::write(report, repository, &mut all[4]).unwrap();
    gitlab::write(report, repository, &mut all[5]).unwrap();
    compact::write(report, &mut all[6]).unwrap();
    markdown::write(report, repository, &mut all[7]).unwrap();
    all
}

#[test]
fn threads_do_not_change_a_byte() {
    let sandbox = varied();
    for at in 0..40 {
        sandbox.write(&format!("jobs/{}/p{at}.yaml", at % 7), bad_pod(&format!("p{at}")));
    }
    let policy = sandbox.path().join("policy.yaml");
    let engine = Engine::new(Arc::new(policy_source::load(&[policy]).unwrap()));
    let context = Context { with_judged: true, with_replacements: true, ..Context::new(&engine) };
    let repository = Repository::around(sandbox.path());
    let run = |threads| {
        let report = check::run(context, &[sandbox.path().join("jobs")], threads);
        written(&report, &repository)
    };
    let once = run(1);
    assert!(once.iter().all(|bytes| bytes.len() > 1_000));
    for threads in [1, 8, 8] {
        assert!(run(threads) == once, "{threads} threads");
    }
}

#[test]
fn several_at_once() {
    let sandbox = varied();
    let run = sandbox.check([
        "--format",
        "compact=-,sarif=out.sarif",
        "--format=junit=out.xml",
        "--format",
        "markdown=out.md",
        "jobs/twins.yaml",
    ]);
    assert_eq!((run.code, run.stdout.lines().count()), (1, 8), "{}", run.stderr);
    for (file, format) in [("out.sarif", "sarif"), ("out.xml", "junit"), ("out.md", "markdown")] {
        let text = fs::read_to_string(sandbox.path().join(file)).unwrap();
        assert_eq!(text, sandbox.check(["--format", format, "jobs/twins.yaml"]).stdout);
    }
    for formats in ["sarif=a,junit=./a", "sarif=-,text", "text,json=-"] {
        let run = sandbox.check(["--format", formats, "jobs/twins.yaml"]);
        assert_eq!(run.code, 2);
        assert!(run.stderr.contains("two formats"), "{}", run.stderr);
    }
}

#[test]
fn one_place_that_fails_leaves_the_others_whole() {
    let sandbox = varied();
    let run = sandbox.check([
        "--format",
        "json=no/such/folder,sarif=out.sarif,compact",
        "jobs/twins.yaml",
    ]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("no/such/folder: cannot be written"), "{}", run.stderr);
    assert_eq!(run.stdout.lines().count(), 8);
    assert!(sandbox.path().join("out.sarif").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_is_replaced_whole_and_stays_what_it_was() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let sandbox = varied();
    let real = sandbox.write("real.json", "old");
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("real.json", sandbox.path().join("link.json")).unwrap();
    let run = sandbox.check(["--format", "json=link.json", "jobs/good.yaml"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(fs::symlink_metadata(sandbox.path().join("link.json")).unwrap().is_symlink());
    assert!(fs::read_to_string(&real).unwrap().starts_with("{\n  \"version\": 1"));
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    // A new one is as readable as any other.
    sandbox.check(["--format", "json=new.json", "jobs/good.yaml"]);
    fs::write(sandbox.path().join("other"), "").unwrap();
    let mode = |name: &str| fs::metadata(sandbox.path().join(name)).unwrap().permissions().mode();
    assert_eq!(mode("new.json"), mode("other"));
    // What is no plain file is written to; nothing is put in its place.
    let run = sandbox.check(["--format", "json=/dev/full", "jobs/good.yaml"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("/dev/full: cannot be written"), "{}", run.stderr);
    let run = sandbox.check(["--format", "compact=/dev/stdout", "jobs/twins.yaml"]);
    assert_eq!(run.stdout.lines().count(), 8);
    let names = fs::read_dir(sandbox.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = names.filter(|name| name.to_string_lossy().contains("tmp")).collect();
    assert!(left.is_empty(), "{left:?}");
}
