//! `.pre-commit-hooks.yaml`, with the real pre-commit.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::cluster::process::{Output, run};
use super::{MANIFESTS, PATIENCE, file, git, python, repository};

/// A repository with manifests, and one with the hooks, as pre-commit clones it.
struct Hooked {
    repository: tempfile::TempDir,
    hooks: tempfile::TempDir,
    home: tempfile::TempDir,
    tools: std::path::PathBuf,
}

impl Hooked {
    fn new(test: &str, config: &str) -> Option<Self> {
        let tools = python::tools(test)?;
        let hooks = repository(&[(".pre-commit-hooks.yaml", &file(".pre-commit-hooks.yaml"))]);
        git(hooks.path(), &["tag", "v1.0.0"]);
        let config = config.replace("HOOKS", &hooks.path().display().to_string());
        let repository =
            repository(&[("deploy/pods.yaml", MANIFESTS), (".pre-commit-config.yaml", &config)]);
        Some(Self { repository, hooks, home: tempfile::tempdir().unwrap(), tools })
    }

    fn run(&self) -> Output {
        let mut command = Command::new(self.tools.join("pre-commit"));
        command.args(["run", "--all-files", "--color=never"]).current_dir(self.repository.path());
        let program = Path::new(env!("CARGO_BIN_EXE_plimsoll")).parent().unwrap();
        let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
        command.env("PATH", path).env("PRE_COMMIT_HOME", self.home.path());
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        let ran = run(&mut command, None, PATIENCE).unwrap();
        assert!(self.hooks.path().exists());
        ran
    }
}

const CONFIG: &str = "\
repos:
- repo: HOOKS
  rev: v1.0.0
  hooks:
  - id: ID
";

#[test]
fn the_check_hook_refuses_a_commit_with_a_finding_and_lets_others_pass() {
    let config = CONFIG.replace("ID", "plimsoll-check-system");
    let Some(hooked) = Hooked::new("the_check_hook", &config) else { return };
    let refused = hooked.run();
    assert!(!refused.success());
    assert!(
        refused.stdout.contains("deploy/pods.yaml:7:12"),
        "{}{}",
        refused.stdout,
        refused.stderr
    );
    let pods = hooked.repository.path().join("deploy/pods.yaml");
    fs::write(&pods, MANIFESTS.replace(":latest", ":1.29")).unwrap();
    let passed = hooked.run();
    assert!(passed.success(), "{}{}", passed.stdout, passed.stderr);
}

#[test]
fn the_fix_hook_edits_what_is_safe_and_says_so() {
    let config = CONFIG.replace("ID", "plimsoll-fix-system");
    let Some(hooked) = Hooked::new("the_fix_hook", &config) else { return };
    let pods = hooked.repository.path().join("deploy/pods.yaml");
    let always = MANIFESTS.replace(":latest", ":1.30").replace(
        "    image: nginx:1.29\n",
        "    image: nginx:1.29 # pinned\n    imagePullPolicy: Always\n",
    );
    fs::write(&pods, &always).unwrap();
    let fixed = hooked.run();
    // pre-commit fails where a hook changes files, so that they are looked at and added.
    assert!(!fixed.success(), "{}", fixed.stdout);
    assert!(fixed.stdout.contains("files were modified by this hook"), "{}", fixed.stdout);
    let expected = always.replace("imagePullPolicy: Always", "imagePullPolicy: IfNotPresent");
    let text = fs::read_to_string(&pods).unwrap();
    assert!(
        text.contains("    image: nginx:1.29 # pinned\n    imagePullPolicy: IfNotPresent\n"),
        "{text}"
    );
    assert!(text.lines().count() >= expected.lines().count());
    let again = hooked.run();
    assert!(again.success(), "{}{}", again.stdout, again.stderr);
}

#[test]
fn excluded_files_are_left_out_though_pre_commit_names_them() {
    let config =
        CONFIG.replace("ID", "plimsoll-check-system\n    args: [\"--exclude\", \"deploy/**\"]");
    let Some(hooked) = Hooked::new("excluded_files", &config) else { return };
    let passed = hooked.run();
    assert!(passed.success(), "{}{}", passed.stdout, passed.stderr);
}

#[test]
fn the_hooks_have_the_form_that_pre_commit_takes() {
    let Some(tools) = python::tools("the_hooks_have_the_form") else { return };
    let mut command = Command::new(tools.join("pre-commit"));
    command.args(["validate-manifest", ".pre-commit-hooks.yaml"]);
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    let checked = run(&mut command, None, PATIENCE).unwrap();
    assert!(checked.success(), "{}{}", checked.stdout, checked.stderr);
}
