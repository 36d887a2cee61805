//! `--resolve-digests`: what a real registry says, at the doors of CI.

use serde_json::Value;

use crate::images::Images;
use crate::sandbox::{Run, Sandbox};

const PIN: &str = "\
apiVersion: plimsoll.dev/v1alpha1
kind: PodPolicy
metadata: {name: pins}
spec:
  rules:
  - name: pin
    action: Patch
    otherwise: Deny
    imageDigest: {onFailure: Deny}
";

fn deployment(image: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      containers:
      # What serves.
      - name: web
        image: {image}  # moved by the release
        ports: [{{containerPort: 80}}]
"
    )
}

fn actions(run: &Run) -> Vec<String> {
    let report: Value = run.json();
    let found = report["findings"].as_array().unwrap().iter();
    found.map(|one| one["action"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn nothing_is_claimed_of_what_was_not_asked() {
    let sandbox = Sandbox::with_policy(PIN);
    sandbox.write("web.yaml", deployment("registry.example.com/team/web:1"));
    let run = sandbox.check(["web.yaml", "--fail-on", "audit"]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let said =
        "registry.example.com/team/web:1; digests are not resolved here: use --resolve-digests";
    assert!(run.stderr.contains(said), "{}", run.stderr);
    // Nor is a comment said to be about nothing that may be about what was not asked.
    let silenced = deployment("registry.example.com/team/web:1  # plimsoll: ignore[pin]");
    sandbox.write("web.yaml", silenced);
    let run = sandbox.check(["web.yaml"]);
    assert!(run.code == 0 && !run.stdout.contains("ignore"), "{}", run.stdout);
    sandbox.write("web.yaml", deployment("registry.example.com/team/web:1"));
    let run = sandbox.run(["fix", "--policies", "policy.yaml", "web.yaml"]);
    assert!(run.code == 0 && run.stderr.contains(said), "{}", run.stderr);
    let pinned = format!("registry.example.com/team/web:1@sha256:{}", "a".repeat(64));
    sandbox.write("web.yaml", deployment(&pinned));
    let run = sandbox.check(["web.yaml", "--fail-on", "audit"]);
    assert!(run.code == 0 && !run.stderr.contains("digests"), "{}", run.stderr);
}

#[test]
fn digests_are_written_where_the_tag_stands_and_asked_for_once() {
    let images = Images::start();
    let digest = images.push("team/web:1");
    let sandbox = Sandbox::with_policy(PIN);
    sandbox.write("registries.yaml", images.config(""));
    let image = format!("{}/team/web:1", images.host);
    for file in ["a.yaml", "b/c.yaml"] {
        sandbox.write(file, deployment(&image));
    }
    let asking = ["--resolve-digests", "--registries", "registries.yaml", "a.yaml", "b"];
    let run = sandbox.check(asking.into_iter().chain(["--format", "json"]));
    assert_eq!((actions(&run), run.code), (vec!["Patch".to_owned(); 2], 0), "{}", run.stderr);
    assert_eq!(images.requests("team/web", "1"), 1);

    let fix = ["fix", "--policies", "policy.yaml"];
    let run = sandbox.run(fix.into_iter().chain(asking));
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let wanted = deployment(&format!("{image}@{digest}"));
    for file in ["a.yaml", "b/c.yaml"] {
        assert_eq!(std::fs::read_to_string(sandbox.path().join(file)).unwrap(), wanted);
    }
    let run = sandbox.check(["a.yaml", "b", "--fail-on", "audit"]);
    assert_eq!(run.code, 0, "{}", run.stdout);
}

#[test]
fn what_cannot_be_had_follows_on_failure() {
    let mut images = Images::start();
    images.push("team/web:1");
    let sandbox = Sandbox::with_policy(PIN);
    sandbox.write("registries.yaml", images.config(""));
    let asking = ["--resolve-digests", "--registries", "registries.yaml", "web.yaml"];
    for (image, why) in [
        (format!("{}/team/web:2", images.host), "team/web"),
        ("registry.example.com/team/web:1".to_owned(), "registry.example.com"),
    ] {
        sandbox.write("web.yaml", deployment(&image));
        let run = sandbox.check(asking);
        assert!(run.code == 1 && run.stdout.contains("its digest is not known"), "{}", run.stdout);
        assert!(run.stdout.contains(why), "{}", run.stdout);
    }
    images.kill();
    sandbox.write("web.yaml", deployment(&format!("{}/team/web:1", images.host)));
    let run = sandbox.check(asking);
    assert_eq!((run.code, run.stdout.matches("its digest is not known").count()), (1, 1));
}

#[test]
fn a_file_of_registries_that_is_wrong_stops_the_run() {
    let sandbox = Sandbox::with_policy(PIN);
    sandbox.write("web.yaml", deployment("nginx:1.29"));
    for (text, said) in [
        ("registries:\n- {hosst: docker.io}\n", "hosst"),
        ("- docker.io\n", "mapping"),
        ("allow: []\n---\nallow: []\n", "second"),
        ("registries:\n- {host: r.example.com, ca: absent.pem}\n", "absent.pem"),
    ] {
        sandbox.write("registries.yaml", text);
        let args = ["web.yaml", "--resolve-digests", "--registries", "registries.yaml"];
        let run = sandbox.check(args);
        assert_eq!(run.code, 2, "{text}: {}{}", run.stdout, run.stderr);
        assert!(run.stderr.contains(said) || run.stdout.contains(said), "{text}: {}", run.stderr);
    }
}

#[test]
fn machines_are_told_what_was_not_judged() {
    let sandbox = Sandbox::with_policy(PIN);
    sandbox.write("web.yaml", deployment("registry.example.com/team/web:1"));
    sandbox.write("registries.yaml", "registries: [{host: registry.example.com}]\n");
    let image = "registry.example.com/team/web:1";
    let run = sandbox.check(["web.yaml", "--format", "json", "--registries", "registries.yaml"]);
    let report: Value = run.json();
    assert_eq!(report["unresolvedImages"], serde_json::json!([image]), "{}", run.stdout);
    assert!(run.stderr.contains("--registries says nothing without"), "{}", run.stderr);
    let run = sandbox.check(["web.yaml", "--format", "junit"]);
    assert!(run.stdout.contains("<skipped") && run.stdout.contains(image), "{}", run.stdout);
    let run = sandbox.check(["web.yaml", "--format", "sarif"]);
    assert!(run.stdout.contains(&format!("rules that pin them: {image}")), "{}", run.stdout);

    sandbox.write("web.yaml", deployment(&format!("{image}@sha256:{}", "a".repeat(64))));
    let run = sandbox.check(["web.yaml", "--format", "json"]);
    assert_eq!(run.json()["unresolvedImages"], Value::Null, "{}", run.stdout);
    let run = sandbox.check(["web.yaml", "--format", "junit"]);
    assert!(!run.stdout.contains("<skipped"), "{}", run.stdout);
}

#[test]
fn what_admission_rewrites_and_fix_does_not_is_asked_about_too() {
    let images = Images::start();
    images.push("mirror/team/web:1");
    let host = &images.host;
    let mirror = format!(
        "{PIN}---
apiVersion: plimsoll.dev/v1alpha1
kind: PodPolicy
metadata: {{name: mirror}}
spec:
  rules:
  - name: mirror
    action: Patch
    imageRegistry: {{rewrite: [{{from: \"registry.example.com/\", to: \"{host}/mirror/\"}}]}}
"
    );
    let sandbox = Sandbox::with_policy(&mirror);
    sandbox.write("registries.yaml", images.config(""));
    sandbox.write("web.yaml", deployment("registry.example.com/team/web:1"));
    let asking = ["--resolve-digests", "--registries", "registries.yaml", "web.yaml"];
    let run = sandbox.check(asking.into_iter().chain(["--format", "json"]));
    let checked = actions(&run);
    assert_eq!((&*checked, run.code), (&["Patch".to_owned(), "Patch".to_owned()][..], 0));
    let fix = ["fix", "--policies", "policy.yaml", "--format", "json"];
    let run = sandbox.run(fix.into_iter().chain(asking));
    assert_eq!((actions(&run), run.code), (checked, 0), "{}{}", run.stdout, run.stderr);
}
