//! `action.yml`, and the workflow that the documentation shows.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::cluster::go::tool;
use super::cluster::process::{Output, run};
use super::release::{Release, VERSION};
use super::{MANIFESTS, PATIENCE, file, git, python, repository, yaml};

/// One job of a runner: the files by which steps speak with it, and the repository.
struct Job {
    repository: tempfile::TempDir,
    runner: tempfile::TempDir,
    inputs: HashMap<String, String>,
}

impl Job {
    fn new() -> Self {
        let action = yaml("action.yml");
        let inputs = action["inputs"].as_object().unwrap();
        let default = |input: &Value| input["default"].as_str().unwrap().to_owned();
        let inputs = inputs.iter().map(|(name, input)| (name.clone(), default(input))).collect();
        let repository = repository(&[("deploy/pods.yaml", MANIFESTS)]);
        Self { repository, runner: tempfile::tempdir().unwrap(), inputs }
    }

    fn input(mut self, name: &str, value: &str) -> Self {
        assert!(self.inputs.contains_key(name), "action.yml has no input {name}");
        self.inputs.insert(name.to_owned(), value.to_owned());
        self
    }

    fn file(&self, name: &str) -> PathBuf {
        self.runner.path().join(name)
    }

    fn said(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap_or_default()
    }

    /// Runs one of the action's steps as the runner does: the script in a file, its environment from the inputs, what
    /// earlier steps put on the PATH in front of it.
    fn step(&self, name: &str) -> Output {
        let action = yaml("action.yml");
        let steps = action["runs"]["steps"].as_array().unwrap();
        let step = steps.iter().find(|step| step["name"] == name).unwrap();
        assert_eq!(step["shell"], "bash");
        let script = self.file("step.sh");
        fs::write(&script, step["run"].as_str().unwrap()).unwrap();
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc", "-eo", "pipefail"]).arg(&script);
        command.current_dir(self.repository.path());
        for (variable, expression) in step["env"].as_object().unwrap() {
            let expression = expression.as_str().unwrap();
            let input =
                expression.strip_prefix("${{ inputs.").unwrap().strip_suffix(" }}").unwrap();
            command.env(variable, &self.inputs[input]);
        }
        let path = std::env::var("PATH").unwrap();
        let added = self.said("path").trim().to_owned();
        command.env("PATH", if added.is_empty() { path } else { format!("{added}:{path}") });
        for name in ["path", "output", "summary"] {
            let variable = match name {
                "path" => "GITHUB_PATH",
                "output" => "GITHUB_OUTPUT",
                _ => "GITHUB_STEP_SUMMARY",
            };
            command.env(variable, self.file(name));
        }
        command.env("RUNNER_TEMP", self.runner.path());
        run(&mut command, None, PATIENCE).unwrap()
    }
}

#[test]
fn the_action_installs_a_release_and_shows_findings_on_their_lines() {
    let release = Release::new();
    let job = Job::new().input("releases", &release.url()).input("paths", "deploy");
    let installed = job.step("Install plimsoll");
    assert!(installed.success(), "{}", installed.stderr);
    assert!(Path::new(job.said("path").trim()).join("plimsoll").exists());
    let checked = job.step("Check the manifests");
    assert!(!checked.success());
    assert!(
        checked.stdout.contains("::error file=deploy/pods.yaml,line=7,endLine=7,col=12,"),
        "{}",
        checked.stdout
    );
    assert_eq!(job.said("output"), "exit-code=1\nsarif=plimsoll.sarif\n");
    assert!(job.said("summary").contains("nginx:latest"), "{}", job.said("summary"));
    let sarif = fs::read(job.repository.path().join("plimsoll.sarif")).unwrap();
    let sarif: Value = serde_json::from_slice(&sarif).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
}

#[test]
fn a_clean_run_succeeds_and_more_arguments_are_passed_on() {
    let release = Release::new();
    let job = Job::new()
        .input("releases", &release.url())
        .input("args", "--exclude deploy/pods.yaml\n--since HEAD")
        .input("sarif", "");
    assert!(job.step("Install plimsoll").success());
    let checked = job.step("Check the manifests");
    assert!(checked.success(), "{}{}", checked.stdout, checked.stderr);
    assert_eq!(job.said("output"), "exit-code=0\nsarif=\n");
}

#[test]
fn a_file_of_an_earlier_run_is_no_result_of_one_that_died() {
    let release = Release::new();
    let job = Job::new().input("releases", &release.url()).input("args", "--no-such-flag");
    assert!(job.step("Install plimsoll").success());
    fs::write(job.repository.path().join("plimsoll.sarif"), "{}").unwrap();
    assert!(!job.step("Check the manifests").success());
    assert_eq!(job.said("output"), "exit-code=2\nsarif=\n");
}

#[test]
fn arguments_are_words_and_never_commands_or_patterns() {
    let release = Release::new();
    let job = Job::new().input("releases", &release.url()).input("paths", "$(touch owned) * ;");
    assert!(job.step("Install plimsoll").success());
    let checked = job.step("Check the manifests");
    assert!(job.said("output").starts_with("exit-code=2\n"), "{}", checked.stdout);
    assert!(!job.repository.path().join("owned").exists());
    for word in ["$(touch", "*", ";"] {
        let named = checked.stdout.contains(word) || checked.stderr.contains(word);
        assert!(named, "{word}: {}{}", checked.stdout, checked.stderr);
    }
}

#[test]
fn an_archive_that_is_not_the_released_one_is_not_run() {
    let release = Release::new();
    release.spoil();
    let job = Job::new().input("releases", &release.url());
    let installed = job.step("Install plimsoll");
    assert!(!installed.success());
    assert!(installed.stderr.contains("checksum"), "{}", installed.stderr);
    assert_eq!(job.said("path"), "");
}

#[test]
fn the_action_installs_the_version_of_its_own_source() {
    let action = yaml("action.yml");
    assert_eq!(action["inputs"]["version"]["default"], VERSION);
    for page in ["docs/ci/github.yml", "docs/ci/gitlab.yml", "docs/ci.md"] {
        assert!(file(page).contains(VERSION), "{page}");
    }
}

#[test]
fn actionlint_finds_nothing_in_the_documented_workflow() {
    let workflow = file("docs/ci/github.yml");
    assert!(workflow.contains("uses: plimsoll/plimsoll@"));
    // With the action in the same repository, its inputs and outputs are checked as well.
    let workflow = workflow.replace(&format!("plimsoll/plimsoll@v{VERSION}"), "./");
    let folder = repository(&[
        (".github/workflows/manifests.yml", &workflow),
        ("action.yml", &file("action.yml")),
    ]);
    let lint = |folder: &Path| {
        let mut command = Command::new(tool("actionlint").unwrap());
        command.args(["-no-color", "-shellcheck=", "-pyflakes="]).current_dir(folder);
        run(&mut command, None, PATIENCE).unwrap()
    };
    let clean = lint(folder.path());
    assert!(clean.success(), "{}{}", clean.stdout, clean.stderr);
    let misspelt = workflow.replace("          paths:", "          path:");
    fs::write(folder.path().join(".github/workflows/manifests.yml"), misspelt).unwrap();
    let found = lint(folder.path());
    assert!(!found.success() && found.stdout.contains("path"), "{}", found.stdout);
}

#[test]
fn the_action_has_the_form_that_github_takes() {
    let Some(tools) = python::tools("the_action_has_the_form_that_github_takes") else { return };
    let folder = repository(&[("action.yml", &file("action.yml"))]);
    git(folder.path(), &["status", "--short"]);
    let mut command = Command::new(tools.join("check-jsonschema"));
    command.args(["--builtin-schema", "vendor.github-actions", "action.yml"]);
    let checked = run(command.current_dir(folder.path()), None, PATIENCE).unwrap();
    assert!(checked.success(), "{}{}", checked.stdout, checked.stderr);
}
