//! `replay` of the log that a real API server wrote: every pod it created, with the verdicts of `check` and the webhook.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::cluster::process::{Progress, poll};
use crate::cluster::{Cluster, Options, Webhooks, skipped};
use crate::webhook::{Served, pod};

/// The creation of pods with their content, but for one namespace, and nothing else: the policy that docs/replay.md
/// shows, and the rule for `default`.
fn policy() -> Value {
    let pods = json!([{"group": "", "resources": ["pods"]}]);
    json!({"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived"], "rules": [
        {"level": "Metadata", "namespaces": ["default"], "verbs": ["create"], "resources": pods},
        {"level": "RequestResponse", "verbs": ["create", "patch"], "resources": pods},
        {"level": "None"},
    ]})
}

/// Runs Plimsoll and answers with its report.
fn report(args: &[&str]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .env_clear()
        .env("PLIMSOLL_FORMAT", "json")
        .env("PLIMSOLL_SURVEY_FORMAT", "json")
        .args(args)
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {stderr}"))
}

/// What was found, as `policy/rule action container`, in the pods of one owner where one is named.
fn found(report: &Value, owner: Option<&str>) -> BTreeSet<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    findings
        .filter(|found| owner.is_none_or(|owner| found["owner"]["name"] == owner))
        .map(|found| {
            let part = |key: &str| text(&found[key]);
            format!("{}/{} {} {}", part("policy"), part("rule"), part("action"), part("container"))
        })
        .collect()
}

fn named(mut object: Value, name: &str, namespace: &str) -> Value {
    object["metadata"]["name"] = json!(name);
    object["metadata"]["namespace"] = json!(namespace);
    object
}

/// The pods that are made by hand, by name; that of a Deployment comes beside.
fn pods() -> Vec<(&'static str, Value)> {
    let mut always = pod("", "nginx:1.29");
    always["spec"]["containers"][0]["imagePullPolicy"] = json!("Always");
    let mut bounded = pod("", "nginx:1.29");
    bounded["spec"]["containers"][0]["resources"] =
        json!({"requests": {"cpu": "1", "memory": "64Mi"}, "limits": {"memory": "64Mi"}});
    vec![("fleeting", pod("", "nginx:latest")), ("always", always), ("bounded", bounded)]
}

#[test]
fn a_replay_finds_every_pod_and_says_what_the_webhook_says() {
    if skipped("a_replay_finds_every_pod_and_says_what_the_webhook_says") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(file("policy.json"), policy().to_string()).unwrap();
    let log = file("audit.log");
    let options = Options { controllers: true, ..Options::default() }
        .api_server_arg(&format!("--audit-policy-file={}", file("policy.json")))
        .api_server_arg(&format!("--audit-log-path={log}"));
    let cluster = Cluster::start(&options).unwrap();
    let namespace = cluster.create_namespace("recorded", &[]).unwrap();
    let create = |object: &Value, more: &[&str]| {
        let args = [&["create", "-f", "-", "-o", "json", "-n", &namespace], more].concat();
        cluster.kubectl_with(&args, &object.to_string()).unwrap()
    };

    for (name, object) in pods() {
        let created = create(&named(object, name, &namespace), &[]);
        assert!(created.success(), "{}", created.stderr);
    }
    cluster
        .kubectl_ok(&["delete", "pod", "fleeting", "-n", &namespace, "--grace-period=0", "--force"])
        .unwrap();
    let mut generated = pod("", "nginx");
    generated["metadata"] = json!({"generateName": "run-"});
    let answer = create(&generated, &["--as=jane", "--as-group=system:masters"]);
    let generated_name: Value = serde_json::from_str(&answer.stdout).unwrap();
    let generated_name = generated_name["metadata"]["name"].as_str().unwrap().to_owned();
    let applied = named(pod("", "nginx:latest"), "applied", &namespace).to_string();
    for _ in 0..2 {
        let args = ["apply", "--server-side", "-f", "-"];
        assert!(cluster.kubectl_with(&args, &applied).unwrap().success());
    }
    // None of these comes into being.
    assert!(create(&pod("dry", "nginx:latest"), &["--dry-run=server"]).success());
    let mut invalid = pod("invalid", "nginx:latest");
    invalid["spec"]["restartPolicy"] = json!("Sometimes");
    assert!(!create(&invalid, &["--validate=false"]).success());
    // Of this one the log says nothing but that it was created.
    cluster.kubectl_ok(&["run", "unseen", "--image=nginx:latest", "-n", "default"]).unwrap();
    let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {
        "replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": {
            "metadata": {"labels": {"app": "web"}}, "spec": pod("", "nginx:latest")["spec"]}}});
    assert!(create(&deployment, &[]).success());
    poll("the pods of the Deployment", Duration::from_secs(90), || {
        let there = cluster
            .kubectl_ok(&["get", "pods", "-l", "app=web", "-o", "name", "-n", &namespace])?;
        Ok(match there.lines().count() {
            2 => Progress::Done(()),
            _ => Progress::NotYet(there),
        })
    })
    .unwrap();

    let replayed = report(&["replay", &log]);
    let sources = &replayed["summary"]["sources"];
    assert_eq!(replayed["summary"]["pods"], 7, "{replayed:#}");
    assert_eq!(
        (&sources["refused"], &sources["withoutContent"]),
        (&json!(1), &json!(1)),
        "{sources}"
    );
    assert_eq!((&sources["damaged"], &replayed["errors"]), (&json!(0), &json!([])));

    let check = |object: &Value| {
        fs::write(file("pod.json"), object.to_string()).unwrap();
        found(&report(&["check", "--no-config", &file("pod.json")]), None)
    };
    for (name, object) in pods() {
        let expected = check(&named(object, name, &namespace));
        assert_eq!(found(&replayed, Some(name)), expected, "{name}");
    }
    assert_eq!(found(&replayed, Some("web")), check(&deployment));
    assert_eq!(found(&replayed, Some("run-")), check(&generated));
    assert_eq!(found(&replayed, Some("applied")), check(&serde_json::from_str(&applied).unwrap()));
    let of = |owner: &str| {
        let findings = replayed["findings"].as_array().unwrap().iter();
        findings
            .clone()
            .find(|found| found["owner"]["name"] == owner && found["rule"] == "no-latest")
            .unwrap()
    };
    assert_eq!(
        (&of("web")["count"], &of("web")["owner"]["kind"]),
        (&json!(2), &json!("Deployment"))
    );
    assert_eq!(of("run-")["object"]["name"], generated_name.as_str());

    the_webhook_says_the_same(&cluster, &replayed);
    // The log is read while the API server writes it, so that nothing above was a matter of luck.
    let again = report(&["replay", &log]);
    assert!(again["summary"]["sources"]["refused"].as_u64() > Some(1), "{again:#}");
    assert!(Path::new(&log).exists());
}

/// The same pods where Plimsoll is asked: refused where the replay says so, and patched by the same policies.
fn the_webhook_says_the_same(cluster: &Cluster, replayed: &Value) {
    let guarded = cluster.create_namespace("guarded", &[]).unwrap();
    let served = Served::start(cluster, "plimsoll", &[]);
    let webhooks = Webhooks::at_url(&served.url, &served.ca_pem).only_for(&guarded);
    cluster.register_webhooks(&webhooks).unwrap();
    for (name, object) in pods() {
        let args = ["create", "-f", "-", "-o", "json"];
        let object = named(object, name, &guarded).to_string();
        let answer = cluster.kubectl_with(&args, &object).unwrap();
        let found = found(replayed, Some(name));
        let denied = found.iter().any(|found| found.contains(" Deny "));
        assert_eq!(!answer.success(), denied, "{name}: {found:?}\n{}", answer.stderr);
        let Ok(stored) = serde_json::from_str::<Value>(&answer.stdout) else { continue };
        let patched_by = stored["metadata"]["annotations"]["plimsoll.dev/patched-by"].as_str();
        let expected: BTreeSet<_> = found
            .iter()
            .filter(|found| found.contains(" Patch "))
            .filter_map(|found| found.split('/').next())
            .collect();
        let patched_by: BTreeSet<_> =
            patched_by.into_iter().flat_map(|names| names.split(',')).collect();
        assert_eq!(patched_by, expected, "{name}: {found:?}");
    }
}
