//! `--diff` and `--check`, which change no file.

use std::process::Command;

use crate::fix::{POD, safely_fixed};
use crate::sandbox::Sandbox;

/// Manifests in the manners that diffs stumble over, by file name.
fn manners() -> Vec<(&'static str, String)> {
    vec![
        ("plain.yaml", POD.to_owned()),
        ("folder/crlf.yaml", POD.replace('\n', "\r\n")),
        ("no newline.yaml", POD.trim_end().replace(" # why?", "")),
        ("last-line.yaml", POD.trim_end().to_owned()),
        ("bom.yaml", format!("\u{feff}{POD}")),
        ("é\"quoted\".yaml", format!("{POD}---\n# more\n{POD}")),
    ]
}

fn run(sandbox: &Sandbox, program: &str, args: &[&str]) {
    let mut command = Command::new(program);
    command.args(args).current_dir(sandbox.path());
    // No configuration of whoever runs the tests.
    command.env("HOME", sandbox.path()).env("GIT_CONFIG_NOSYSTEM", "1");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{program}: {output:?}");
}

#[test]
fn git_and_patch_apply_what_is_shown() {
    let appliers: [(&str, &[&str]); 3] = [
        ("git", &["apply", "--check", "fixes.diff"]),
        ("git", &["apply", "fixes.diff"]),
        ("patch", &["-p1", "--binary", "-i", "fixes.diff"]),
    ];
    for (program, args) in appliers {
        for in_repository in [false, true] {
            let sandbox = Sandbox::for_fixes();
            for (name, text) in manners() {
                sandbox.write(&format!("pods/{name}"), text);
            }
            if in_repository {
                run(&sandbox, "git", &["init", "-q"]);
            }
            let shown = sandbox.fix(["--diff", "--unsafe-fixes", "./pods"]);
            assert_eq!(shown.code, 0, "{}", shown.stderr);
            assert!(shown.stderr.contains("would fix 14 findings in 6 files"), "{}", shown.stderr);
            for (name, text) in manners() {
                assert_eq!(sandbox.read(&format!("pods/{name}")), text, "nothing is written");
            }
            sandbox.write("fixes.diff", &shown.stdout);
            run(&sandbox, program, args);
            if args.contains(&"--check") {
                continue;
            }
            let applied: Vec<String> =
                manners().iter().map(|(name, _)| sandbox.read(&format!("pods/{name}"))).collect();
            for (name, text) in manners() {
                sandbox.write(&format!("pods/{name}"), text);
            }
            sandbox.fix(["--unsafe-fixes", "pods"]);
            for ((name, text), applied) in manners().iter().zip(applied) {
                let fixed = sandbox.read(&format!("pods/{name}"));
                assert_ne!(&fixed, text);
                assert_eq!(fixed, applied, "{program} {name}");
            }
            assert_eq!(sandbox.fix(["--diff", "--unsafe-fixes", "pods"]).stdout, "");
        }
    }
}

/// Git silently leaves out what is not below the folder it runs in, so the root is where all of a diff applies.
#[test]
fn a_diff_made_in_a_subfolder_applies_at_the_root_of_the_repository() {
    for (program, args) in
        [("git", &["apply", "fixes.diff"][..]), ("patch", &["-p1", "-i", "fixes.diff"])]
    {
        let sandbox = Sandbox::for_fixes();
        let names = ["up.yaml", "deploy/pod.yaml", "base/pod.yaml"];
        for name in names {
            sandbox.write(name, POD);
        }
        run(&sandbox, "git", &["init", "-q"]);
        let args_of_fix =
            ["fix", "--policies", "../policy.yaml", "--diff", "../up.yaml", ".", "../base"];
        let mut command = sandbox.command(args_of_fix);
        let output = command.current_dir(sandbox.path().join("deploy")).output().unwrap();
        let shown = String::from_utf8(output.stdout).unwrap();
        for name in names {
            assert!(shown.contains(&format!("--- a/{name}\n+++ b/{name}\n")), "{shown}");
        }
        sandbox.write("fixes.diff", &shown);
        run(&sandbox, program, args);
        for name in names {
            assert_eq!(sandbox.read(name), safely_fixed(), "{program} {name}");
        }
    }
}

#[test]
fn a_diff_shows_only_what_changes() {
    let sandbox = Sandbox::for_fixes();
    let file = sandbox.write("pod.yaml", POD);
    let run = sandbox.fix(["--diff", file.to_str().unwrap()]);
    assert_eq!(
        run.stdout,
        "--- a/pod.yaml\n+++ b/pod.yaml\n@@ -7,4 +7,4 @@\n   - name: 'app'\n     # fixed\n     image: \"nginx:1.27\"\n-    imagePullPolicy: Always # why?\n+    imagePullPolicy: IfNotPresent # why?\n"
    );
}

#[test]
fn check_says_whether_anything_would_change() {
    let sandbox = Sandbox::for_fixes();
    sandbox.write("pod.yaml", POD);
    let run = sandbox.fix(["--check", "pod.yaml"]);
    assert_eq!(run.code, 1, "{}", run.stdout);
    assert!(run.stdout.contains("would fix 1 finding in 1 file: 1 p/pull\n"), "{}", run.stdout);
    assert_eq!(sandbox.read("pod.yaml"), POD);
    let both = sandbox.fix(["--check", "--diff", "pod.yaml"]);
    assert_eq!(both.code, 1);
    assert!(both.stdout.starts_with("--- a/pod.yaml\n"), "{}", both.stdout);
    sandbox.write("pod.yaml", safely_fixed());
    let run = sandbox.fix(["--check", "pod.yaml"]);
    assert_eq!(run.code, 0);
    assert!(run.stdout.contains("nothing would be fixed\n"), "{}", run.stdout);
}

/// Where nothing is written, findings are where they are in the file, and not where they would be.
#[test]
fn what_is_left_stands_where_it_is_in_the_file() {
    let policy = crate::fix::POLICY.to_owned()
        + "  - name: no-latest\n    action: Deny\n    imageTag: {deny: [latest]}\n";
    let sandbox = Sandbox::with_policy(&policy);
    let text = POD.to_owned() + "  - name: b\n    image: x:latest\n";
    sandbox.write("pod.yaml", &text);
    let report = |args: &[&str]| {
        let args = ["--unsafe-fixes", "--format", "json"].into_iter().chain(args.iter().copied());
        let run = sandbox.fix(args);
        assert_eq!(run.code, 1, "{}", run.stderr);
        let report = run.json();
        assert_eq!(report["findings"].as_array().unwrap().len(), 1, "{report:#}");
        report["findings"][0]["line"].as_u64().unwrap()
    };
    assert_eq!(report(&["--check", "pod.yaml"]), 12);
    let after = report(&["pod.yaml"]);
    assert!(after > 12, "{after}");
    assert!(sandbox.read("pod.yaml").lines().nth(after as usize - 1).unwrap().contains("latest"));
}

/// What a diff would mend is still there, and the baseline is right about it.
#[test]
fn a_baseline_is_not_stale_where_nothing_is_written() {
    let sandbox = Sandbox::for_fixes();
    sandbox.write("pod.yaml", POD);
    assert_eq!(sandbox.check(["--write-baseline", "pod.yaml"]).code, 0);
    let fix = |args: &[&str]| {
        let baseline = ["--baseline", "plimsoll-baseline.json", "pod.yaml"];
        sandbox.fix(baseline.into_iter().chain(args.iter().copied())).stderr
    };
    for args in [["--diff"], ["--check"]] {
        let stderr = fix(&args);
        assert!(!stderr.contains("no longer"), "{args:?}: {stderr}");
    }
    assert!(fix(&[]).contains("is no longer there"));
}
