//! `check --since` wherever it is run, and whatever a file is called: a change that is not seen is a finding that nobody
//! is told of.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use crate::sandbox::{Run, Sandbox, bad_pod};

fn git(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=t", "-c", "user.email=t@example.com"]);
    command.args(["-c", "commit.gpgsign=false", "-c", "protocol.file.allow=always"]);
    command.args(arguments).current_dir(folder).env("GIT_CONFIG_GLOBAL", "/dev/null");
    let output = command.env("GIT_CONFIG_NOSYSTEM", "1").output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {output:?}");
}

fn commit(folder: &Path) {
    git(folder, &["add", "--all"]);
    git(folder, &["commit", "--quiet", "--allow-empty", "--message", "x"]);
}

fn two(first: &str, second: &str) -> String {
    format!("{}---\n{}", bad_pod(first), bad_pod(second))
}

/// Two bad pods; then the second is changed.
const CHANGED: &str = ":15:12: error[images/no-latest] ";

fn repository(folder: &Path, file: &str) {
    fs::create_dir_all(folder.join(file).parent().unwrap()).unwrap();
    git(folder, &["init", "--quiet", "--initial-branch=main"]);
    fs::write(folder.join(file), two("a", "b")).unwrap();
    commit(folder);
}

fn change(file: &Path) {
    let text = fs::read_to_string(file).unwrap();
    let at = text.rfind("nginx").unwrap();
    fs::write(file, format!("{}redis{}", &text[..at], &text[at + 5..])).unwrap();
}

/// `check --since HEAD --format compact` in a folder.
fn since(sandbox: &Sandbox, folder: &Path, arguments: &[&str]) -> Run {
    let policy = sandbox.path().join("policy.yaml");
    let all = ["check", "--since", "HEAD", "--format", "compact", "--policies"].into_iter();
    let all = all.chain([policy.to_str().unwrap()]).chain(arguments.iter().copied());
    let mut command = sandbox.command(all.collect::<Vec<_>>());
    command.current_dir(folder).env("PATH", std::env::var_os("PATH").unwrap());
    Run::of(&command.output().unwrap())
}

/// Only the second pod is told of, and before it was changed none.
fn only_the_change(sandbox: &Sandbox, folder: &Path, argument: &str, file: &Path) {
    let run = since(sandbox, folder, &[argument]);
    assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{argument}: {}", run.stderr);
    let text = fs::read(file).unwrap();
    change(file);
    let run = since(sandbox, folder, &[argument]);
    assert_eq!(run.code, 1, "{argument}: {}{}", run.stdout, run.stderr);
    assert_eq!(run.stdout.lines().count(), 1, "{argument}: {}", run.stdout);
    assert!(run.stdout.contains(CHANGED), "{argument}: {}", run.stdout);
    fs::write(file, text).unwrap();
}

#[test]
fn names_of_files_may_hold_anything() {
    let names = [
        "a pod.yaml",
        "a\tpod.yaml",
        "caf\u{e9}.yaml",
        "\"q\".yaml",
        "b/b/ x .yaml",
        "back\\slash.yaml",
    ];
    for name in names {
        let sandbox = Sandbox::new();
        let root = sandbox.path().join("repository");
        fs::create_dir(&root).unwrap();
        let name = format!("my pods/{name}");
        repository(&root, &name);
        for argument in [".", "my pods", &name] {
            only_the_change(&sandbox, &root, argument, &root.join(&name));
        }
    }
}

#[test]
fn the_working_directory_and_the_way_to_a_file_do_not_matter() {
    let sandbox = Sandbox::new();
    let root = sandbox.path().canonicalize().unwrap().join("real");
    fs::create_dir(&root).unwrap();
    repository(&root, "deploy/pods.yaml");
    let link = sandbox.path().canonicalize().unwrap().join("link");
    symlink(&root, &link).unwrap();
    symlink("deploy", root.join("current")).unwrap();
    symlink("pods.yaml", root.join("deploy/also.yaml")).unwrap();
    commit(&root);
    let file = root.join("deploy/pods.yaml");
    let absolute = file.to_str().unwrap();
    let linked = link.join("deploy/pods.yaml");
    for (folder, argument) in [
        (root.clone(), "deploy/pods.yaml"),
        (root.join("deploy"), "pods.yaml"),
        (root.join("deploy"), "./../deploy/pods.yaml"),
        (root.join("deploy"), absolute),
        (sandbox.path().join("link"), "deploy/pods.yaml"),
        (sandbox.path().join("link/deploy"), "pods.yaml"),
        (sandbox.path().join("link"), absolute),
        (root.clone(), linked.to_str().unwrap()),
        (root.join("deploy"), linked.to_str().unwrap()),
        (root.clone(), "current/pods.yaml"),
        (root.clone(), "current"),
        (root.clone(), "deploy/also.yaml"),
    ] {
        if argument == "current" {
            fs::remove_file(root.join("deploy/also.yaml")).unwrap();
        }
        only_the_change(&sandbox, &folder, argument, &file);
        if argument == "current" {
            symlink("pods.yaml", root.join("deploy/also.yaml")).unwrap();
        }
    }
}

#[test]
fn a_worktree_is_a_repository() {
    let sandbox = Sandbox::new();
    let root = sandbox.path().join("repository");
    fs::create_dir(&root).unwrap();
    repository(&root, "deploy/pods.yaml");
    git(&root, &["worktree", "add", "--quiet", "../beside", "-b", "other"]);
    let beside = sandbox.path().join("beside");
    assert!(beside.join(".git").is_file());
    let file = beside.join("deploy/pods.yaml");
    only_the_change(&sandbox, &beside, "deploy", &file);
    only_the_change(&sandbox, &beside.join("deploy"), "pods.yaml", &file);
}

#[test]
fn submodules_are_seen_from_inside_and_from_around() {
    let sandbox = Sandbox::new();
    let path = |name: &str| sandbox.path().join(name);
    fs::create_dir(path("module")).unwrap();
    fs::create_dir(path("whole")).unwrap();
    repository(&path("module"), "deploy/pods.yaml");
    repository(&path("whole"), "own.yaml");
    git(&path("whole"), &["submodule", "--quiet", "add", "../module", "parts/module"]);
    // It is new, and so are all of its files.
    let run = since(&sandbox, &path("whole"), &["parts"]);
    assert_eq!(run.stdout.lines().count(), 2, "{}{}", run.stdout, run.stderr);
    commit(&path("whole"));
    let inside = path("whole/parts/module");
    assert!(inside.join(".git").is_file());
    let file = inside.join("deploy/pods.yaml");
    only_the_change(&sandbox, &inside, "deploy", &file);
    only_the_change(&sandbox, &path("whole"), "parts/module/deploy/pods.yaml", &file);
    only_the_change(&sandbox, &path("whole"), ".", &file);
    // What was committed there, and what git does not know there yet.
    change(&file);
    commit(&inside);
    fs::write(inside.join("deploy/new.yaml"), bad_pod("c")).unwrap();
    let run = since(&sandbox, &path("whole"), &["parts", "own.yaml"]);
    let told: Vec<_> = run.stdout.lines().filter_map(|line| line.split(": ").next()).collect();
    let expected = ["parts/module/deploy/new.yaml:7:12", "parts/module/deploy/pods.yaml:15:12"];
    assert_eq!(told, expected, "{}", run.stderr);
}

#[test]
fn what_git_does_not_keep_is_new() {
    let sandbox = Sandbox::new();
    let root = sandbox.path().join("repository");
    fs::create_dir(&root).unwrap();
    fs::create_dir(root.join("nested")).unwrap();
    repository(&root, "deploy/pods.yaml");
    fs::write(root.join(".gitignore"), "built\n").unwrap();
    repository(&root.join("nested"), "pods.yaml");
    fs::create_dir(root.join("built")).unwrap();
    fs::write(root.join("built/pods.yaml"), two("a", "b")).unwrap();
    fs::write(sandbox.path().join("outside.yaml"), two("a", "b")).unwrap();
    let absolute = sandbox.path().join("outside.yaml");
    for argument in
        ["built/pods.yaml", "nested/pods.yaml", "../outside.yaml", absolute.to_str().unwrap()]
    {
        let run = since(&sandbox, &root, &[argument]);
        assert_eq!((run.code, run.stdout.lines().count()), (1, 2), "{argument}: {}", run.stdout);
    }
}

/// Attributes that hide a file in diffs do not hide its findings, nor does the configuration of a user.
#[test]
fn attributes_and_configuration_hide_nothing() {
    let sandbox = Sandbox::new();
    let root = sandbox.path().join("repository");
    fs::create_dir(&root).unwrap();
    repository(&root, "deploy/pods.yaml");
    for (name, value) in [
        ("diff.noprefix", "true"),
        ("diff.mnemonicPrefix", "true"),
        ("color.ui", "always"),
        ("diff.external", "false"),
        ("diff.interHunkContext", "99"),
        ("diff.context", "99"),
        ("core.quotePath", "true"),
        ("diff.srcPrefix", "x/"),
        ("diff.dstPrefix", "y/"),
    ] {
        git(&root, &["config", name, value]);
    }
    only_the_change(&sandbox, &root, "deploy", &root.join("deploy/pods.yaml"));
    fs::write(root.join(".gitattributes"), "*.yaml -diff\n").unwrap();
    commit(&root);
    assert_eq!(since(&sandbox, &root, &["deploy"]).code, 0);
    change(&root.join("deploy/pods.yaml"));
    let run = since(&sandbox, &root, &["deploy"]);
    assert_eq!((run.code, run.stdout.lines().count()), (1, 2), "{}", run.stdout);
}
