//! The Jobs of docs/examples, as a person applies them, and what their pods do.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cluster::process::run;
use crate::cluster::{Cluster, skipped};
use crate::helm::{NAMESPACE, documents};

const RECIPE: &str = include_str!("../../docs/examples/replay-job.yaml");
const PODS: usize = 500;

#[test]
fn the_jobs_that_replay_large_logs_are_taken() {
    if skipped("the_jobs_that_replay_large_logs_are_taken") {
        return;
    }
    let cluster = Cluster::shared().unwrap();
    let namespace = cluster.create_namespace("recipes", &[]).unwrap();
    let label = "pod-security.kubernetes.io/enforce=restricted";
    cluster.kubectl_ok(&["label", "namespace", &namespace, label]).unwrap();
    let here = RECIPE.replace(NAMESPACE, &namespace);
    let dry = ["apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-"];
    let taken = cluster.kubectl_with(&dry, &here).unwrap();
    assert!(taken.success() && !taken.stderr.contains("Warning"), "{}", taken.stderr);
    for job in documents(&here) {
        let mut pod = job["spec"]["template"].clone();
        pod["apiVersion"] = "v1".into();
        pod["kind"] = "Pod".into();
        pod["metadata"]["name"] = job["metadata"]["name"].clone();
        let args = ["create", "--dry-run=server", "-n", &namespace, "-f", "-"];
        let made = cluster.kubectl_with(&args, &pod.to_string()).unwrap();
        assert!(made.success(), "{}", made.stderr);
    }
}

/// The creation of a pod, as API servers write it down.
fn event(number: usize) -> Value {
    let (namespace, name) = ("etl", format!("load-{number}"));
    let tag = if number.is_multiple_of(3) { "latest" } else { "1.2" };
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace},
        "spec": {"containers": [{"name": "main", "image": format!("app:{tag}")}]}});
    json!({
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "RequestResponse",
        "auditID": format!("8a7c0b9e-2c9e-4c12-9f2e-{number:012x}"), "stage": "ResponseComplete",
        "requestURI": format!("/api/v1/namespaces/{namespace}/pods"), "verb": "create",
        "user": {"username": "system:serviceaccount:etl:scheduler"},
        "objectRef": {"resource": "pods", "namespace": namespace, "name": name, "apiVersion": "v1"},
        "responseStatus": {"code": 201}, "requestObject": pod, "responseObject": pod,
        "requestReceivedTimestamp": "2026-03-01T00:00:00.000000Z",
        "stageTimestamp": "2026-03-01T00:00:00.010000Z",
    })
}

/// Runs a container of the recipe with its own arguments, its volumes being folders here.
fn run_container(job: &Value, folder: &Path, index: Option<u64>) -> (Option<i32>, String) {
    let container = &job["spec"]["template"]["spec"]["containers"][0];
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    for arg in container["args"].as_array().unwrap() {
        let mut arg = arg.as_str().unwrap().to_owned();
        for mount in container["volumeMounts"].as_array().unwrap() {
            let path = mount["mountPath"].as_str().unwrap();
            arg = arg.replace(path, &folder.join(&path[1..]).display().to_string());
        }
        let number = index.map(|index| index.to_string()).unwrap_or_default();
        command.arg(arg.replace("$(JOB_COMPLETION_INDEX)", &number));
    }
    command.envs(index.map(|index| ("JOB_COMPLETION_INDEX", index.to_string())));
    let output = run(command.current_dir(folder), None, Duration::from_secs(60)).unwrap();
    (output.status.code(), output.stdout + &output.stderr)
}

#[test]
fn the_jobs_that_replay_large_logs_add_up_to_one_replay() {
    let folder = TempDir::new().unwrap();
    for name in ["logs", "parts"] {
        fs::create_dir(folder.path().join(name)).unwrap();
    }
    for file in 0..3 {
        let events = (0..PODS).filter(|number| number % 3 == file).map(event);
        let lines: String = events.map(|event| format!("{event}\n")).collect();
        fs::write(folder.path().join(format!("logs/audit-{file}.log")), lines).unwrap();
    }
    let jobs = documents(RECIPE);
    let [replay, report] = &jobs[..] else { panic!("{jobs:?}") };
    let count = replay["spec"]["completions"].as_u64().unwrap();
    for index in 0..count {
        let (code, said) = run_container(replay, folder.path(), Some(index));
        assert_eq!(code, Some(0), "a part that is written is done: {said}");
    }
    let parts = fs::read_dir(folder.path().join("parts")).unwrap().count();
    assert_eq!(parts as u64, count);
    let (code, said) = run_container(report, folder.path(), None);
    assert_eq!(code, Some(1), "there are findings: {said}");

    let json_of = |args: &[&str]| -> Value {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
        command.args(args).args(["--format=json"]).current_dir(folder.path());
        let output = run(&mut command, None, Duration::from_secs(60)).unwrap();
        serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
    };
    let merged = json_of(&["report", "--merge", "parts"]);
    let whole = json_of(&["replay", "logs"]);
    assert_eq!(whole["summary"]["pods"], PODS);
    assert_eq!(merged["findings"], whole["findings"]);
    assert_eq!(merged["summary"], whole["summary"]);
}
