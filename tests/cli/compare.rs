//! `--compare`: what other policies would make of the same pods.

use serde_json::{Value, json};

use crate::sandbox::{DENY_LATEST, Run, Sandbox};

fn event(owner: &str, name: &str, image: &str) -> String {
    let pod = json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "labels": {"kubernetes_executor": "True", "dag_id": owner}},
        "spec": {"containers": [{"name": "app", "image": image}]}});
    json!({"kind": "Event", "apiVersion": "audit.k8s.io/v1", "stage": "ResponseComplete", "verb": "create",
        "requestURI": "/api/v1/namespaces/etl/pods", "responseStatus": {"code": 201},
        "objectRef": {"resource": "pods", "namespace": "etl", "name": name, "apiVersion": "v1"},
        "requestReceivedTimestamp": "2026-11-21T10:00:00.000000Z", "requestObject": pod})
    .to_string()
}

/// A log of three pods, and policies that deny, warn of and patch.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let events = [
        event("a", "a1", "nginx:latest"),
        event("a", "a2", "nginx:latest"),
        event("b", "b1", "nginx:1"),
    ];
    sandbox.write("a.log", events.join("\n"));
    sandbox.write("warn.yaml", DENY_LATEST.replace("Deny", "Warn"));
    sandbox.write("new/deny.yaml", DENY_LATEST);
    sandbox
}

fn compare(sandbox: &Sandbox, args: &[&str]) -> Run {
    sandbox.run(["replay", "--compare"].into_iter().chain(args.iter().copied()).chain(["a.log"]))
}

fn json_of(sandbox: &Sandbox, args: &[&str]) -> Value {
    let args: Vec<&str> = args.iter().copied().chain(["--format", "json"]).collect();
    compare(sandbox, &args).json()["comparison"].clone()
}

#[test]
fn what_would_newly_be_denied_is_told_by_owner_and_fails() {
    let sandbox = sandbox();
    let run = compare(&sandbox, &["warn.yaml", "new"]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    for told in [
        "warned -> denied in 2",
        "DAG etl/a",
        "images/no-latest: Warn -> Deny in 2 pods",
        "such as a2",
    ] {
        assert!(run.stdout.contains(told), "{told}: {}", run.stdout);
    }
    assert!(!run.stdout.contains("etl/b"), "{}", run.stdout);
    let compared = json_of(&sandbox, &["warn.yaml", "new"]);
    assert_eq!(
        (&compared["pods"], &compared["changed"], &compared["newlyDenied"]),
        (&json!(3), &json!(2), &json!(2))
    );
    let owner = &compared["owners"][0];
    assert_eq!(owner["owner"], json!({"kind": "DAG", "name": "a"}));
    let verdict = &owner["verdicts"][0];
    assert_eq!(
        (&verdict["from"], &verdict["to"], &verdict["count"]),
        (&json!("warned"), &json!("denied"), &json!(2))
    );
    assert!(verdict["message"].as_str().unwrap().contains("nginx:latest"), "{verdict:#}");
}

#[test]
fn what_gets_better_or_stays_is_no_failure() {
    let sandbox = sandbox();
    let better = compare(&sandbox, &["new", "warn.yaml"]);
    assert_eq!(better.code, 0, "{}{}", better.stdout, better.stderr);
    assert!(better.stdout.contains("denied -> warned in 2"), "{}", better.stdout);
    // That some are denied before and after is not what was asked.
    let same = compare(&sandbox, &["new", "policy.yaml"]);
    assert_eq!(same.code, 0, "{}{}", same.stdout, same.stderr);
    assert!(same.stdout.contains("nothing changes in any of 3 pods"), "{}", same.stdout);
    let from_nothing = compare(&sandbox, &["observe", "default", "--fail-on", "patch"]);
    assert_eq!(from_nothing.code, 1, "profiles are policies too: {}", from_nothing.stderr);
}

#[test]
fn comparisons_add_up_over_shards() {
    let sandbox = sandbox();
    let whole = json_of(&sandbox, &["warn.yaml", "new"]);
    for number in 1..=3 {
        let (shard, format) = (format!("{number}/3"), format!("partial=parts/{number}.json"));
        std::fs::create_dir_all(sandbox.path().join("parts")).unwrap();
        let run = compare(&sandbox, &["warn.yaml", "new", "--shard", &shard, "--format", &format]);
        assert_eq!(run.code, 0, "{}", run.stderr);
    }
    let merged = sandbox.run(["report", "--format", "json", "--merge", "parts"]);
    assert_eq!((merged.code, &merged.json()["comparison"]), (1, &whole), "{}", merged.stderr);
}

#[test]
fn policies_that_are_wrong_are_told_before_anything_is_read() {
    let sandbox = sandbox();
    sandbox.write("bad.yaml", "kind: PodPolicy\n");
    for args in [["bad.yaml", "new"], ["new", "bad.yaml"], ["new", "gone.yaml"]] {
        let run = compare(&sandbox, &args);
        assert_eq!((run.code, &*run.stdout), (2, ""), "{args:?}");
        assert!(run.stderr.contains("error"), "{}", run.stderr);
    }
    let both = compare(&sandbox, &["new", "new", "--policies", "new"]);
    assert_eq!(both.code, 2);
    assert!(both.stderr.contains("--policies"), "{}", both.stderr);
}
