//! Pull-through mirrors as docs/registries.md shows them, and the rules that lead to them.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use plimsoll::manifest::parse;
use serde_json::Value;

use crate::real::{Auth, Registry};
use crate::world::PATIENCE;

const PAGE: &str = include_str!("../../docs/registries.md");

/// The first block of YAML on the page behind some text.
fn block(behind: &str) -> &'static str {
    let (_, rest) = PAGE.split_once(behind).unwrap();
    let (_, rest) = rest.split_once("```yaml\n").unwrap();
    rest.split_once("```").unwrap().0
}

/// The text with another one in a place, of which there is one.
fn put(text: &str, place: &str, other: &str) -> String {
    assert_eq!(text.matches(place).count(), 1, "{place} in {text}");
    text.replace(place, other)
}

/// The mirror of the page, of this registry and at a free port.
fn mirror_of(upstream: &Registry) -> Registry {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store").display().to_string();
    let config = block("### Run one");
    let config = put(config, "/var/lib/registry", &store);
    let config = put(&config, ":5000", "127.0.0.1:0");
    let config = put(&config, "https://registry-1.docker.io", &format!("http://{}", upstream.host));
    Registry::launch(folder, &config)
}

/// Runs `plimsoll fix` in a folder; what it wrote into `task.yaml` is answered.
fn fixed(folder: &Path, more: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(["fix", "--unsafe-fixes", "--policies", "policies.yaml", "task.yaml"])
        .args(more)
        .current_dir(folder)
        .env("DOCKER_CONFIG", folder)
        .env("NO_PROXY", "127.0.0.1")
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}{}", String::from_utf8_lossy(&output.stdout));
    fs::read_to_string(folder.join("task.yaml")).unwrap()
}

fn images(manifest: &str) -> Vec<String> {
    let pod = parse(None, manifest.as_bytes().to_vec()).documents.remove(0).value;
    let containers = pod["spec"]["containers"].as_array().unwrap().iter();
    containers.map(|one: &Value| one["image"].as_str().unwrap().to_owned()).collect()
}

/// Pulls all of an image. What a mirror has just given it keeps a moment later.
fn pull(mirror: &Registry, image: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("image.tar").display().to_string();
    let begun = Instant::now();
    while let Err(error) = mirror.try_crane(&["pull", image, &file]) {
        assert!(begun.elapsed() < PATIENCE, "{error}");
        sleep(Duration::from_millis(200));
    }
    assert!(fs::metadata(file).unwrap().len() > 0);
}

#[test]
fn the_mirror_of_the_page_serves_what_the_policy_of_the_page_names() {
    let upstream = Registry::start(None, &Auth::Anybody);
    let digest = upstream.push("library/nginx:1.29", 4);
    upstream.push("library/nginx:1.28", 5);
    let mirror = mirror_of(&upstream);
    let folder = tempfile::tempdir().unwrap();
    let to = format!("\"{}/\"", mirror.host);
    let policy = put(block("`mirror.yaml`:"), "dockerhub.mirror.example.com/", &to);
    fs::write(folder.path().join("policies.yaml"), policy).unwrap();
    fs::write(folder.path().join("task.yaml"), block("`task.yaml`:")).unwrap();

    let images = images(&fixed(folder.path(), &[]));
    assert_eq!(images, [mirror.image("library/nginx:1.29"), "gcr.io/team/app:1".to_owned()]);
    let image = &images[0];
    pull(&mirror, image);
    drop(upstream);
    // What nobody has pulled is not there, so that it is the mirror's own that is pulled.
    mirror.try_crane(&["digest", &mirror.image("library/nginx:1.28")]).unwrap_err();
    pull(&mirror, image);
    pull(&mirror, &format!("{image}@{digest}"));
    assert_eq!(mirror.digest("library/nginx:1.29"), digest);
}

const ALL_OF_THEM: &str = "\
apiVersion: plimsoll.dev/v1alpha1
kind: PodPolicy
metadata: {name: images}
spec:
  rules:
  - {name: tagged, action: Deny, imageTag: {deny: [latest]}}
  - {name: pinned, action: Patch, otherwise: Deny, imageDigest: {onFailure: Deny}}
  - {name: once, action: Patch, imagePullPolicy: {}}
  - name: mirrored
    action: Patch
    otherwise: Deny
    imageRegistry:
      allow: [\"MIRROR/**\"]
      rewrite: [{from: docker.io/, to: \"MIRROR/\"}]
";
const TASK: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: task}
spec:
  containers:
  - name: main
    image: nginx:1.29  # what runs
    imagePullPolicy: Always
  - name: beside
    image: docker.io/team/beside
";

#[test]
fn every_rule_about_images_has_its_way_at_once() {
    let upstream = Registry::start(None, &Auth::Anybody);
    let nginx = upstream.push("library/nginx:1.29", 4);
    let beside = upstream.push("team/beside:latest", 5);
    let mirror = mirror_of(&upstream);
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| fs::write(folder.path().join(name), text).unwrap();
    write("policies.yaml", ALL_OF_THEM.replace("MIRROR", &mirror.host));
    write("task.yaml", TASK.to_owned());
    // The mirror alone may be asked.
    let may = format!("registries: [{{host: '{}', plainHttp: true}}]\n", mirror.host);
    write("registries.yaml", may);
    let asking = ["--resolve-digests", "--registries", "registries.yaml"];

    let once = fixed(folder.path(), &asking);
    let wanted = TASK
        .replace(
            "nginx:1.29 ",
            &format!("{} ", mirror.image(&format!("library/nginx:1.29@{nginx}"))),
        )
        .replace("Always", "IfNotPresent")
        .replace("docker.io/team/beside", &mirror.image(&format!("team/beside:latest@{beside}")))
        // What the API server makes of a tag that goes without saying is Always.
        + "    imagePullPolicy: IfNotPresent\n";
    assert_eq!(once, wanted);
    assert_eq!(fixed(folder.path(), &asking), wanted);
    for image in images(&once) {
        pull(&mirror, &image);
    }
    // Nothing is left to ask, and nothing to say.
    drop((upstream, mirror));
    assert_eq!(fixed(folder.path(), &[]), wanted);
}
