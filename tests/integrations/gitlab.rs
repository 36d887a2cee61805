//! `docs/ci/gitlab.yml`.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::cluster::process::run;
use super::release::{Release, VERSION};
use super::{MANIFESTS, PATIENCE, python, repository, yaml};

/// The script of the job as its runner would run it, but for the installation of Debian packages, with the program
/// unpacked to a folder of its own.
fn script(bin: &Path) -> String {
    let job = &yaml("docs/ci/gitlab.yml")["plimsoll"];
    let lines = ["before_script", "script"].map(|part| job[part].as_array().unwrap().clone());
    let lines: Vec<String> = lines
        .into_iter()
        .flatten()
        .map(|line| line.as_str().unwrap().to_owned())
        .filter(|line| !line.starts_with("apt-get"))
        .collect();
    lines.join("\n").replace("/usr/local/bin", &bin.display().to_string())
}

#[test]
fn the_job_downloads_checks_and_leaves_both_reports() {
    let release = Release::new();
    let folder = repository(&[("deploy/pods.yaml", MANIFESTS)]);
    let bin = tempfile::tempdir().unwrap();
    let job = &yaml("docs/ci/gitlab.yml")["plimsoll"];
    let mut command = Command::new("bash");
    command.args(["-eo", "pipefail", "-c", &script(bin.path())]).current_dir(folder.path());
    for (name, value) in job["variables"].as_object().unwrap() {
        command.env(name, value.as_str().unwrap());
    }
    let path = format!("{}:{}", bin.path().display(), std::env::var("PATH").unwrap());
    command.env("PLIMSOLL_RELEASES", release.url()).env("PATH", path);
    let ran = run(&mut command, None, PATIENCE).unwrap();
    assert!(!ran.success());
    assert!(ran.stdout.contains("error[image-tag/no-latest]"), "{}{}", ran.stdout, ran.stderr);
    let reports = &job["artifacts"]["reports"];
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    let quality: Value =
        serde_json::from_str(&read(reports["codequality"].as_str().unwrap())).unwrap();
    let found = quality.as_array().unwrap();
    let denied = found.iter().find(|found| found["check_name"] == "image-tag/no-latest").unwrap();
    assert_eq!(denied["location"]["path"], "deploy/pods.yaml");
    assert_eq!(denied["location"]["lines"]["begin"], 7);
    assert!(read(reports["junit"].as_str().unwrap()).contains("<testsuites"));
    assert_eq!(job["variables"]["PLIMSOLL_VERSION"], VERSION);
}

#[test]
fn the_job_has_the_form_that_gitlab_takes() {
    let Some(tools) = python::tools("the_job_has_the_form_that_gitlab_takes") else { return };
    let mut command = Command::new(tools.join("check-jsonschema"));
    command.args(["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"]);
    command.arg("docs/ci/gitlab.yml").current_dir(env!("CARGO_MANIFEST_DIR"));
    let checked = run(&mut command, None, PATIENCE).unwrap();
    assert!(checked.success(), "{}{}", checked.stdout, checked.stderr);
}
