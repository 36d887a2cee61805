//! `check --since`: what a branch changed, and nothing else.

use std::process::Command;

use crate::sandbox::{Sandbox, bad_pod};

fn git(sandbox: &Sandbox, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=t", "-c", "user.email=t@example.com"]);
    command.args(["-c", "commit.gpgsign=false"]).args(arguments).current_dir(sandbox.path());
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    assert!(command.output().unwrap().status.success(), "git {arguments:?}");
}

/// A repository whose first commit has these pods, all of them bad.
fn repository(pods: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    let text: Vec<_> = pods.iter().map(|name| bad_pod(name)).collect();
    sandbox.write("deploy/pods.yaml", text.join("---\n"));
    git(&sandbox, &["init", "--quiet", "--initial-branch=main"]);
    git(&sandbox, &["add", "--all"]);
    git(&sandbox, &["commit", "--quiet", "--message", "first"]);
    sandbox
}

/// `check --since HEAD` with the PATH, where git is.
fn since(sandbox: &Sandbox, arguments: &[&str]) -> crate::sandbox::Run {
    let all = ["check", "--policies", "policy.yaml", "--since"].into_iter();
    let mut command = sandbox.command(all.chain(arguments.iter().copied()));
    command.env("PATH", std::env::var_os("PATH").unwrap());
    crate::sandbox::Run::of(&command.output().unwrap())
}

#[test]
fn old_findings_are_counted_and_new_ones_told() {
    let sandbox = repository(&["one", "two"]);
    let nothing = since(&sandbox, &["HEAD", "deploy"]);
    assert_eq!(nothing.code, 0, "{}", nothing.stdout);
    assert_eq!(
        nothing.stdout,
        "2 pods in 1 file: nothing to say, 2 findings about what was not changed\n"
    );
    let text = format!(
        "{}---\n{}",
        bad_pod("one"),
        bad_pod("two").replace("nginx:latest", "redis:latest")
    );
    sandbox.write("deploy/pods.yaml", text);
    sandbox.write("deploy/new.yaml", bad_pod("three"));
    let found = since(&sandbox, &["HEAD", "deploy", "--format", "compact"]);
    assert_eq!(found.code, 1);
    let places: Vec<_> = found.stdout.lines().filter_map(|line| line.split(": ").next()).collect();
    assert_eq!(places, ["deploy/new.yaml:7:12", "deploy/pods.yaml:15:12"], "{}", found.stdout);
    // The working directory changes neither.
    let mut inside = sandbox.command([
        "check",
        "--policies",
        "../policy.yaml",
        "--since",
        "HEAD",
        ".",
        "--quiet",
    ]);
    inside
        .current_dir(sandbox.path().join("deploy"))
        .env("PATH", std::env::var_os("PATH").unwrap());
    let inside = crate::sandbox::Run::of(&inside.output().unwrap());
    assert!(inside.stdout.contains("new.yaml:7:12") && inside.stdout.contains("pods.yaml:15:12"));
    assert_eq!(inside.stdout.matches("error[").count(), 2);
}

/// Removing a field changes the mapping it stood in, wherever that begins.
#[test]
fn what_was_removed_is_a_change_of_what_held_it() {
    let sandbox = Sandbox::with_policy(
        "apiVersion: plimsoll.dev/v1alpha1\nkind: PodPolicy\nmetadata: {name: p}\nspec:\n  rules:\n  - name: requests\n    action: Deny\n    resources: {requests: {cpu: {required: true}}}\n",
    );
    let pod = |resources: &str| {
        format!("{}{resources}    env:\n    - {{name: A, value: b}}\n", bad_pod("one"))
    };
    sandbox.write("pod.yaml", pod("    resources: {requests: {cpu: 1}}\n"));
    git(&sandbox, &["init", "--quiet", "--initial-branch=main"]);
    git(&sandbox, &["add", "--all"]);
    git(&sandbox, &["commit", "--quiet", "--message", "first"]);
    sandbox.write("pod.yaml", pod(""));
    let found = since(&sandbox, &["HEAD", "pod.yaml", "--format", "compact"]);
    assert_eq!(found.code, 1, "{}", found.stdout);
    assert!(found.stdout.starts_with("pod.yaml:6:"), "{}", found.stdout);
    let json = since(&sandbox, &["HEAD", "pod.yaml", "--format", "json"]).json();
    assert_eq!(json["summary"]["unchanged"], 0);
}

/// Namespaces that were not changed still say what holds for the pods in them.
#[test]
fn the_verdict_takes_all_files_into_account() {
    let sandbox = repository(&["one"]);
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: relaxed\n  labels: {plimsoll.dev/mode: warn}\n";
    sandbox.write("deploy/namespace.yaml", namespace);
    git(&sandbox, &["add", "--all"]);
    git(&sandbox, &["commit", "--quiet", "--message", "namespace"]);
    let pod = bad_pod("two").replace("{name: two}", "{name: two, namespace: relaxed}");
    sandbox.write("deploy/two.yaml", pod);
    let found = since(&sandbox, &["HEAD", "deploy", "--format", "compact"]);
    assert_eq!(found.code, 0, "{}", found.stdout);
    assert!(found.stdout.contains("warning[images/no-latest]"), "{}", found.stdout);
}

/// A silence whose finding is old is no silence in vain.
#[test]
fn silences_of_old_findings_are_not_called_needless() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "pod.yaml",
        bad_pod("one").replace("nginx:latest", "nginx:latest # plimsoll: ignore[no-latest] known"),
    );
    git(&sandbox, &["init", "--quiet", "--initial-branch=main"]);
    git(&sandbox, &["add", "--all"]);
    git(&sandbox, &["commit", "--quiet", "--message", "first"]);
    let run = since(&sandbox, &["HEAD", "pod.yaml"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{}", run.stderr);
}

#[test]
fn what_git_cannot_tell_is_an_error() {
    let sandbox = repository(&["one"]);
    for (reference, message) in
        [("origin/nowhere", "no such commit"), ("--output=x", "no such commit")]
    {
        let argument = format!("--since={reference}");
        let mut command =
            sandbox.command(["check", "--policies", "policy.yaml", &argument, "deploy"]);
        command.env("PATH", std::env::var_os("PATH").unwrap());
        let run = crate::sandbox::Run::of(&command.output().unwrap());
        assert_eq!((run.code, run.stdout.as_str()), (2, ""));
        assert!(run.stderr.contains(message), "{}", run.stderr);
    }
    let mut without_git =
        sandbox.command(["check", "--policies", "policy.yaml", "--since", "HEAD", "deploy"]);
    let without_git = without_git.env("PATH", "/nowhere").output().unwrap();
    let without_git = crate::sandbox::Run::of(&without_git);
    assert_eq!(without_git.code, 2);
    assert!(without_git.stderr.contains("--since needs git"), "{}", without_git.stderr);
    let outside = Sandbox::new();
    outside.write("pod.yaml", bad_pod("one"));
    let run = since(&outside, &["HEAD", "pod.yaml"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("not a git repository"), "{}", run.stderr);
}
