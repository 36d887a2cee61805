//! GitLab's code quality report against what GitLab documents of it.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::varied;

/// The fields that GitLab names as required, with their types, and nothing else.
fn schema() -> Value {
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "array",
        "items": {
            "type": "object",
            "required": ["description", "check_name", "fingerprint", "severity", "location"],
            "additionalProperties": false,
            "properties": {
                "description": {"type": "string", "minLength": 1},
                "check_name": {"type": "string", "minLength": 1},
                "fingerprint": {"type": "string", "minLength": 1},
                "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
                "location": {
                    "type": "object",
                    "required": ["path", "lines"],
                    "additionalProperties": false,
                    "properties": {
                        // Relative, and without `./`.
                        "path": {"type": "string", "pattern": "^[^./]"},
                        "lines": {
                            "type": "object",
                            "required": ["begin"],
                            "additionalProperties": false,
                            "properties": {
                                "begin": {"type": "integer", "minimum": 1},
                                "end": {"type": "integer", "minimum": 1}
                            }
                        }
                    }
                }
            }
        }
    })
}

#[test]
fn entries_are_as_gitlab_documents_them() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let sandbox = varied();
    let report = sandbox.check(["--format", "gitlab", "./jobs", "missing.yaml"]).json();
    let errors: Vec<_> = validator.iter_errors(&report).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let entries = report.as_array().unwrap();
    let prints: HashSet<_> = entries.iter().map(|entry| entry["fingerprint"].as_str()).collect();
    assert_eq!(
        (entries.len(), prints.len()),
        (19, 19),
        "17 findings and 2 errors, each with its own"
    );
    let severity = |name: &str| {
        let entry = entries.iter().find(|entry| entry["check_name"] == name).unwrap();
        entry["severity"].as_str().unwrap()
    };
    let names = ["plimsoll/error", "all/denied", "all/warned", "all/patched", "all/recorded"];
    assert_eq!(names.map(severity), ["blocker", "critical", "major", "minor", "info"]);
    let odd =
        entries.iter().find(|entry| entry["location"]["path"] == "jobs/two words/100%,é:#?.yaml");
    assert!(odd.is_some());
    // The schema can tell.
    for wrong in [json!([{}]), json!([{"description": "x"}]), json!({})] {
        assert!(!validator.is_valid(&wrong));
    }
}

#[test]
fn nothing_found_is_an_empty_list() {
    let sandbox = crate::sandbox::Sandbox::new();
    sandbox.write("good.yaml", crate::sandbox::bad_pod("x").replace("latest", "1.29"));
    assert_eq!(sandbox.check(["--format", "gitlab", "good.yaml"]).json(), json!([]));
}

#[test]
fn fingerprints_stay_when_lines_move() {
    let prints = |text: String| -> Vec<String> {
        let sandbox = varied();
        sandbox.write("jobs/twins.yaml", text);
        let report = sandbox.check(["--format", "gitlab", "jobs/twins.yaml"]).json();
        let entries = report.as_array().unwrap().iter();
        let mut prints: Vec<_> =
            entries.map(|entry| entry["fingerprint"].as_str().unwrap().to_owned()).collect();
        prints.sort();
        prints
    };
    let twin = crate::sandbox::bad_pod("twin");
    let before = prints(format!("{twin}---\n{twin}"));
    assert_eq!(prints(format!("# moved\n\n{twin}---\n# by comments\n{twin}")), before);
    assert_ne!(prints(format!("{twin}---\n{}", twin.replace("name: twin", "name: other"))), before);
}
