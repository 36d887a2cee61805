//! `kubectl plimsoll`: the plugin as krew would install it, run by the real kubectl.

use std::fs;
use std::process::Command;

use super::cluster::{binaries::binaries, process::run, skipped};
use super::release::{Release, VERSION};
use super::{MANIFESTS, PATIENCE, file};

/// `.krew.yaml` as the release bot fills it in: it replaces the tag, and each address by itself and a checksum.
fn filled_in(sum: &str) -> serde_json::Value {
    let mut text = String::new();
    for line in file(".krew.yaml").lines() {
        let line = match line.trim().strip_prefix("{{addURIAndSha \"") {
            Some(rest) => {
                let uri = rest.strip_suffix("\" .TagName }}").unwrap();
                // The bot indents what it adds by four spaces.
                assert!(line.starts_with("    {{"), "{line}");
                format!("    uri: {uri}\n    sha256: {sum}")
            }
            None => line.to_owned(),
        };
        text += &line.replace("{{ .TagName }}", &format!("v{VERSION}"));
        text.push('\n');
    }
    assert!(!text.contains("{{"), "{text}");
    let manifest = plimsoll::manifest::parse(None, text.into_bytes());
    assert!(manifest.errors.is_empty(), "{:?}", manifest.errors);
    manifest.documents.into_iter().next().unwrap().value
}

#[test]
fn the_plugin_is_installed_from_its_archive_and_run_by_kubectl() {
    if skipped("the_plugin_is_installed_from_its_archive_and_run_by_kubectl") {
        return;
    }
    let release = Release::new();
    let sum = Command::new("sha256sum").arg(release.archive()).output().unwrap();
    let sum = String::from_utf8(sum.stdout).unwrap()[..64].to_owned();
    let plugin = filled_in(&sum);
    assert_eq!(plugin["apiVersion"], "krew.googlecontainertools.github.com/v1alpha2");
    assert_eq!(plugin["spec"]["version"], format!("v{VERSION}"));
    let arch = if cfg!(target_arch = "x86_64") { "amd64" } else { "arm64" };
    let platforms = plugin["spec"]["platforms"].as_array().unwrap();
    let ours = |platform: &&serde_json::Value| platform["selector"]["matchLabels"]["arch"] == arch;
    let platform = platforms.iter().find(ours).unwrap();
    let name = super::release::archive();
    assert!(platform["uri"].as_str().unwrap().ends_with(&format!("/v{VERSION}/{name}")));

    // Krew unpacks, copies `files`, and links `kubectl-<name>` to `bin`.
    let (unpacked, bin) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut tar = Command::new("tar");
    tar.arg("-xzf").arg(release.archive()).arg("-C").arg(unpacked.path());
    assert!(tar.status().unwrap().success());
    for copied in platform["files"].as_array().unwrap() {
        assert!(unpacked.path().join(copied["from"].as_str().unwrap()).is_file(), "{copied}");
    }
    let program = unpacked.path().join(platform["bin"].as_str().unwrap());
    let link = bin.path().join(format!("kubectl-{}", plugin["metadata"]["name"].as_str().unwrap()));
    std::os::unix::fs::symlink(&program, link).unwrap();

    fs::write(unpacked.path().join("pods.yaml"), MANIFESTS).unwrap();
    let kubectl = |arguments: &[&str]| {
        let mut command = Command::new(binaries().unwrap().path("kubectl").unwrap());
        let path = format!("{}:{}", bin.path().display(), std::env::var("PATH").unwrap());
        command.args(arguments).current_dir(unpacked.path()).env("PATH", path);
        run(&mut command, None, PATIENCE).unwrap()
    };
    let checked = kubectl(&["plimsoll", "check", "pods.yaml"]);
    assert!(!checked.success());
    assert!(
        checked.stdout.contains("error[image-tag/no-latest]"),
        "{}{}",
        checked.stdout,
        checked.stderr
    );
    let help = kubectl(&["plimsoll", "check", "--help"]);
    assert!(help.stdout.contains("Usage: kubectl plimsoll check"), "{}", help.stdout);
    let wrong = kubectl(&["plimsoll", "chekc"]);
    assert!(wrong.stderr.contains("Usage: kubectl plimsoll"), "{}", wrong.stderr);
}
