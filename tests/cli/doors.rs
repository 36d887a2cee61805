//! `policies`, `explain`, and the command line itself.

use crate::sandbox::{Run, Sandbox, bad_pod};

#[test]
fn help_and_version_are_results() {
    let sandbox = Sandbox::new();
    for args in [["--help"], ["--version"]] {
        let run = sandbox.run(args);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""));
        assert!(run.stdout.contains("plimsoll") || run.stdout.contains("Usage"));
    }
    for command in ["check", "policies", "explain"] {
        let run = sandbox.run([command, "--help"]);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{command}");
        assert!(run.stdout.contains(&format!("Usage: plimsoll {command}")));
    }
}

#[test]
fn wrong_flags_are_broken_runs() {
    let sandbox = Sandbox::new();
    sandbox.write("a.yaml", bad_pod("x"));
    for args in [
        &[][..],
        &["chek"],
        &["check", "--no-such-flag", "a.yaml"],
        &["check", "--fail-on", "deni", "a.yaml"],
        &["check", "--color", "sometimes", "a.yaml"],
        &["check", "--policies"],
        &["policies", "--profile", "nonsense"],
        &["policies", "surplus"],
    ] {
        let run = sandbox.run(args.iter().copied());
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{args:?}");
        assert!(
            run.stderr.contains("Usage") || run.stderr.contains("--help"),
            "{args:?}: {}",
            run.stderr
        );
    }
}

#[test]
fn printed_policies_are_taken_back() {
    let sandbox = Sandbox::new();
    sandbox.write("a.yaml", bad_pod("x"));
    for profile in ["batch-hygiene", "default", "mirror", "observe", "steady-nodes", "strict"] {
        let printed = sandbox.run(["policies", "--profile", profile]);
        assert_eq!((printed.code, printed.stderr.as_str()), (0, ""));
        sandbox.write("printed.yaml", &printed.stdout);
        let from_file = sandbox.run(["check", "--policies", "printed.yaml", "a.yaml"]);
        assert!(from_file.code < 2, "{profile}: {}", from_file.stderr);
        let args = ["check", "--policies", "-", "a.yaml"];
        let piped = sandbox.command(args).write_stdin(printed.stdout).output().unwrap();
        assert_eq!(Run::of(&piped).stdout, from_file.stdout);
        let list = sandbox.run(["policies", "--profile", profile, "--list"]);
        assert!(list.stdout.lines().all(|line| line.starts_with(&format!("{profile}/"))));
    }
    let built_in = sandbox.run(["check", "a.yaml"]);
    sandbox.write("printed.yaml", sandbox.run(["policies"]).stdout);
    assert_eq!(
        built_in.stdout,
        sandbox.run(["check", "--policies", "printed.yaml", "a.yaml"]).stdout
    );
    assert_eq!(built_in.code, 1);
}

#[test]
fn explain_knows_the_rules() {
    let sandbox = Sandbox::new();
    let list = sandbox.run(["explain"]);
    assert_eq!(list.code, 0);
    for rule in [
        "imageTag",
        "imagePullPolicy",
        "resources",
        "dns",
        "topologySpread",
        "placement",
        "termination",
    ] {
        assert!(list.stdout.contains(rule), "{}", list.stdout);
        let page = sandbox.run(["explain", rule]);
        assert_eq!((page.code, page.stderr.as_str()), (0, ""));
    }
    let run = sandbox.run(["explain", "imageTagg"]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("`imageTagg`") && run.stderr.contains("did you mean `imageTag`?"));
}
