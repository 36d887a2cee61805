//! Which files of folders are read.

use crate::sandbox::{Sandbox, bad_pod};

fn files(sandbox: &Sandbox, args: &[&str]) -> Vec<String> {
    let args = [&["--format", "json"], args].concat();
    let report = sandbox.check(args).json();
    let findings = report["findings"].as_array().unwrap().iter();
    findings.map(|found| found["file"].as_str().unwrap().to_owned()).collect()
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    for name in ["a.yaml", "build/b.yaml", "t/c.yaml.tpl", "t/d.json.yaml"] {
        sandbox.write(name, bad_pod("x"));
    }
    sandbox
}

#[test]
fn without_a_path_it_is_this_folder() {
    let sandbox = sandbox();
    let all = ["a.yaml", "build/b.yaml", "t/d.json.yaml"];
    assert_eq!(files(&sandbox, &[]), all);
    assert_eq!(files(&sandbox, &["."]), all);
}

#[test]
fn globs_choose_and_leave_out() {
    let sandbox = sandbox();
    assert_eq!(files(&sandbox, &["--exclude", "build/"]), ["a.yaml", "t/d.json.yaml"]);
    assert_eq!(files(&sandbox, &["--exclude=t", "--exclude=/a.yaml"]), ["build/b.yaml"]);
    assert_eq!(files(&sandbox, &["--include", "*.tpl"]), ["t/c.yaml.tpl"]);
    assert_eq!(files(&sandbox, &["--include", "t/"]), ["t/d.json.yaml"]);
    assert_eq!(files(&sandbox, &["--include", "{build,t}/**"]), ["build/b.yaml", "t/d.json.yaml"]);
    let run = sandbox.check(["--exclude", "{a"]);
    assert!(run.code == 2 && run.stderr.contains("--exclude: `{a` is no glob"), "{}", run.stderr);
}

/// pre-commit names every file that changed.
#[test]
fn what_is_named_is_read_unless_it_is_forced_out() {
    let sandbox = sandbox();
    sandbox.write("plimsoll.yaml", "exclude: [build]\n");
    assert_eq!(files(&sandbox, &["build/b.yaml"]), ["build/b.yaml"]);
    let run = sandbox.check(["--force-exclude", "build/b.yaml"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    sandbox.write("plimsoll.yaml", "exclude: [build]\nforceExclude: true\n");
    assert_eq!(files(&sandbox, &["build/b.yaml", "a.yaml"]), ["a.yaml"]);
}

#[test]
fn globs_of_the_file_count_from_its_folder() {
    let sandbox = sandbox();
    sandbox.write("plimsoll.yaml", "exclude: [/build/b.yaml, /t]\npolicies: [policy.yaml]\n");
    let mut command = sandbox.command(["check", "--format", "json", ".", "../t"]);
    let output = command.current_dir(sandbox.path().join("build")).output().unwrap();
    let report = crate::sandbox::Run::of(&output).json();
    // The folder itself was named; what is in it is not what the glob is about.
    let found: Vec<_> = report["findings"].as_array().unwrap().iter().map(|f| &f["file"]).collect();
    assert_eq!(found, ["../t/d.json.yaml"]);
}

#[test]
fn a_file_that_several_paths_lead_to_is_judged_once() {
    let sandbox = Sandbox::new();
    sandbox.write("src/deep/pod.yaml", bad_pod("a"));
    let own = sandbox.path().canonicalize().unwrap();
    for other in ["src", "src/deep/pod.yaml", ""] {
        let other = own.join(other);
        let run = sandbox.check(["--format", "json", "src", other.to_str().unwrap()]);
        let report = run.json();
        let findings = report["findings"].as_array().unwrap();
        assert_eq!(findings.len(), 1, "{}", run.stdout);
        assert_eq!(findings[0]["file"], "src/deep/pod.yaml");
    }
    let run = sandbox.check(["--format", "json", ".", "./src", "src/deep"]);
    assert_eq!(run.json()["findings"].as_array().unwrap().len(), 1, "{}", run.stdout);
}

#[cfg(unix)]
#[test]
fn errors_and_findings_name_files_alike() {
    let sandbox = Sandbox::new();
    std::os::unix::fs::symlink("nothing.yaml", sandbox.path().join("dangling.yaml")).unwrap();
    let run = sandbox.check(["."]);
    assert_eq!(run.code, 2);
    assert!(run.stdout.contains("--> dangling.yaml\n"), "{}", run.stdout);
}
