//! Exit codes and the two formats of `check`.

use serde_json::json;

use crate::sandbox::{Sandbox, bad_pod};

#[test]
fn exit_codes() {
    let sandbox = Sandbox::new();
    sandbox.write("bad.yaml", bad_pod("x"));
    sandbox.write("good.yaml", bad_pod("x").replace("latest", "1.27"));
    sandbox.write("broken.yaml", "a: [");
    assert_eq!(sandbox.check(["good.yaml"]).code, 0);
    assert_eq!(sandbox.check(["bad.yaml"]).code, 1);
    assert_eq!(sandbox.check(["broken.yaml"]).code, 2);
    assert_eq!(sandbox.check(["bad.yaml", "broken.yaml"]).code, 2);
    assert_eq!(sandbox.check(["good.yaml", "missing.yaml"]).code, 2);
    assert_eq!(sandbox.check([]).code, 2);
}

#[test]
fn the_line_at_which_it_fails() {
    let reached = |action: &str, line: &str| {
        let sandbox = Sandbox::with_policy(
            &crate::sandbox::DENY_LATEST.replace("action: Deny", &format!("action: {action}")),
        );
        sandbox.write("bad.yaml", bad_pod("x"));
        let run = sandbox.check(["--fail-on", line, "bad.yaml"]);
        assert!(run.stdout.contains("latest"), "{action} {line}: {}", run.stdout);
        run.code
    };
    for (action, codes) in [("Deny", [1, 1, 1, 1]), ("Warn", [0, 1, 1, 1]), ("Audit", [0, 0, 0, 1])]
    {
        let found = ["deny", "warn", "patch", "audit"].map(|line| reached(action, line));
        assert_eq!(found, codes, "{action}");
    }
}

#[test]
fn what_admission_mends_is_no_error() {
    let policy = |settings: &str, otherwise: &str| {
        crate::sandbox::DENY_LATEST.replace(
            "action: Deny\n    imageTag: {deny: [latest]}",
            &format!("action: Patch\n{otherwise}    resources: {{requests: {{cpu: {settings}}}}}"),
        )
    };
    let fixable = "{required: true, default: 100m}";
    let unfixable = "{required: true}";
    for (settings, otherwise, action, code) in [
        (fixable, "", "Patch", 0),
        (fixable, "    otherwise: Deny\n", "Patch", 0),
        (unfixable, "", "Warn", 0),
        (unfixable, "    otherwise: Audit\n", "Audit", 0),
        (unfixable, "    otherwise: Deny\n", "Deny", 1),
    ] {
        let sandbox = Sandbox::with_policy(&policy(settings, otherwise));
        sandbox.write("pod.yaml", bad_pod("x"));
        let run = sandbox.check(["--format", "json", "pod.yaml"]);
        let report = run.json();
        let finding = &report["findings"][0];
        assert_eq!((finding["action"].as_str(), run.code), (Some(action), code), "{report:#}");
        // The request is absent, so the container that should hold it is pointed at.
        assert_eq!((&finding["line"], &finding["column"]), (&6.into(), &5.into()));
        let patched = action == "Patch";
        assert_eq!(report["summary"]["patched"], u64::from(patched));
        assert_eq!(finding["fixable"], patched);
        assert_eq!(
            sandbox.check(["--fail-on", "patch", "pod.yaml"]).code,
            i32::from(action != "Audit")
        );
    }
}

#[test]
fn text_is_like_a_compilers() {
    let sandbox = Sandbox::new();
    sandbox.write("pods/bad.yaml", format!("# a comment\n{}", bad_pod("x")));
    let run = sandbox.check(["pods"]);
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert!(lines[0].starts_with("error[images/no-latest]: ") && lines[0].contains("latest"));
    assert_eq!(
        &lines[1..5],
        [
            " --> pods/bad.yaml:8:12",
            "  |",
            "8 |     image: nginx:latest",
            "  |            ^^^^^^^^^^^^ Pod x, container app",
        ]
    );
    assert!(lines[6].starts_with("  = help: "), "{}", run.stdout);
    assert_eq!(lines.last(), Some(&"1 pod in 1 file: 1 would be denied"));
}

#[test]
fn json_is_as_scripts_rely_on() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "jobs/nightly.yaml",
        "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: nightly, namespace: etl}\nspec:\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          containers:\n          - name: task\n            image: nginx:latest\n",
    );
    sandbox.write("jobs/broken.yaml", "a: 1\nb: [\n");
    let run = sandbox.check(["--format", "json", "jobs"]);
    assert_eq!(run.code, 2);
    let mut report = run.json();
    let finding = &mut report["findings"][0];
    for text in ["message", "help"] {
        assert!(finding[text].take().is_string_and_not_empty(), "{text}");
    }
    let error = &mut report["errors"][0];
    assert!(error["message"].take().is_string_and_not_empty());
    error.as_object_mut().unwrap().remove("help");
    assert_eq!(
        report,
        json!({
            "version": 1,
            "findings": [{
                "policy": "images", "rule": "no-latest", "kind": "imageTag", "action": "Deny",
                "message": null, "help": null,
                "object": {"apiVersion": "batch/v1", "kind": "CronJob", "namespace": "etl", "name": "nightly"},
                "container": "task", "path": "/spec/jobTemplate/spec/template/spec/containers/0/image",
                "file": "jobs/nightly.yaml", "line": 11, "column": 20, "endLine": 11, "endColumn": 32,
                "fixable": false,
            }],
            "errors": [{"file": "jobs/broken.yaml", "line": 2, "column": 4, "message": null}],
            "summary": {"files": 2, "objects": 1, "pods": 1, "findings": 1, "denied": 1, "warned": 0, "patched": 0, "fixable": 0, "exempted": 0, "unsafeFixes": 0, "unchanged": 0, "silenced": {"comments": 0, "annotations": 0, "baseline": 0, "exemptions": 0}},
            "unmatchedPolicies": [],
        })
    );
}

trait IsText {
    fn is_string_and_not_empty(&self) -> bool;
}

impl IsText for serde_json::Value {
    fn is_string_and_not_empty(&self) -> bool {
        self.as_str().is_some_and(|text| !text.is_empty())
    }
}

#[test]
fn findings_are_sorted_and_the_same_every_time() {
    let sandbox = Sandbox::new();
    sandbox.write("z.yaml", bad_pod("z"));
    for at in 0..40 {
        sandbox.write(&format!("many/{at}.yaml"), format!("{}---\n{}", bad_pod("a"), bad_pod("b")));
    }
    sandbox.write("many/broken-1.yaml", "a: [");
    sandbox.write("many/broken-2.yaml", "a: [");
    let first = sandbox.check(["--format", "json", "z.yaml", "many"]);
    let report = first.json();
    let keys: Vec<_> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| {
            let file = std::path::PathBuf::from(found["file"].as_str().unwrap());
            (file, found["line"].as_u64(), found["column"].as_u64())
        })
        .collect();
    assert_eq!(keys.len(), 81);
    assert!(keys.is_sorted());
    for _ in 0..5 {
        assert_eq!(sandbox.check(["--format", "json", "z.yaml", "many"]).stdout, first.stdout);
    }
    let swapped = sandbox.check(["--format", "json", "many", "z.yaml"]);
    assert_eq!(swapped.stdout, first.stdout);
}
