//! Labels and annotations that are added, as the API server stores them.

use serde_json::{Value, json};

use crate::cluster::skipped;
use crate::webhook::{Guarded, pod};

fn policy(name: &str, settings: &Value) -> String {
    json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": name},
        "spec": {"rules": [{"name": name, "action": "Patch", "otherwise": "Deny", "labels": settings}]}})
    .to_string()
}

#[test]
fn labels_are_added_and_none_is_overwritten() {
    if skipped("labels_are_added_and_none_is_overwritten") {
        return;
    }
    // The longest of everything that the API server takes.
    let key = format!("{}.example.com/{}", "a".repeat(63), "B_c.".repeat(15) + "x");
    let longest = "a".to_owned() + &"-_.".repeat(20) + "bc";
    let settings = json!({
        "labels": [{"key": key, "default": {"value": longest}}, {"key": "stage", "oneOf": ["prod", "test"], "default": {"value": "test"}}],
        "annotations": [{"key": "Example.COM/On-Call", "default": {"value": "me, and \"others\" \u{e9}"}}],
    });
    let guarded = Guarded::by("labels", &[&policy("labels", &settings)]);
    let mut task = pod("task", "app:1");
    task["metadata"]["labels"] = json!({"app": "x", "stage": "prod"});
    let stored = guarded.stored(&task);
    let labels = &stored["metadata"]["labels"];
    assert_eq!(labels[&key], longest.as_str());
    assert_eq!((&labels["app"], &labels["stage"]), (&json!("x"), &json!("prod")));
    let annotation = &stored["metadata"]["annotations"]["Example.COM/On-Call"];
    assert_eq!(annotation, "me, and \"others\" \u{e9}");

    task["metadata"]["labels"]["stage"] = json!("production");
    let output = guarded.create(&task);
    assert!(output.stderr.contains("where it must be one of `prod`, `test`"), "{}", output.stderr);
}

#[test]
fn annotations_stay_within_what_the_api_server_takes() {
    if skipped("annotations_stay_within_what_the_api_server_takes") {
        return;
    }
    let settings = json!({"annotations": [{"key": "a", "default": {"value": "x".repeat(1000)}}]});
    let guarded = Guarded::by("annotations", &[&policy("full", &settings)]);
    let with = |name: &str, size: usize| {
        let mut pod = pod(name, "app:1");
        pod["metadata"]["annotations"] = json!({"note": "x".repeat(size)});
        guarded.create(&pod)
    };
    // 256 KiB, of which the rule leaves 4 free.
    let room = (256 << 10) - (4 << 10) - 1001 - "note".len();
    let output = with("fits", room);
    assert!(output.success(), "{}", output.stderr);
    let output = with("full", room + 1);
    assert!(
        output.stderr.contains("all annotations together would be too long"),
        "{}",
        output.stderr
    );
    // The API server agrees on the bound.
    let output = guarded.unguarded(|| with("bound", (256 << 10) - "note".len()));
    assert!(output.success(), "{}", output.stderr);
    let output = guarded.unguarded(|| with("beyond", (256 << 10) - "note".len() + 1));
    assert!(output.stderr.contains("may not be more than 262144 bytes"), "{}", output.stderr);
}
