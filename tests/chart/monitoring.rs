//! The alerts fire when they should and only then, and everything asks for metrics that exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use regex::Regex;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cluster::process::{Progress, poll};
use crate::cluster::skipped;
use crate::helm::{Helm, find, run_in, there_is};
use crate::life::installed;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// What Kubernetes' own exporters name; kube-state-metrics and the kubelet.
const FOREIGN: [&str; 3] = [
    "kube_deployment_status_replicas_available",
    "container_memory_working_set_bytes",
    "container_cpu_usage_seconds_total",
];

/// The rule as the chart renders it.
fn rule() -> Value {
    let objects = Helm::alone().objects(&["--set", "monitoring.rules.enabled=true"]);
    find(&objects, "PrometheusRule", "plimsoll")["spec"].clone()
}

fn alerts(rule: &Value) -> Vec<&Value> {
    rule["groups"][0]["rules"].as_array().unwrap().iter().collect()
}

fn names(rule: &Value) -> BTreeSet<String> {
    alerts(rule).iter().map(|alert| alert["alert"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn promtool_finds_the_alerts_right() {
    if skipped("promtool_finds_the_alerts_right") || !there_is("promtool", "the alerts' tests") {
        return;
    }
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("rules.yaml"), rule().to_string()).unwrap();
    let tests = Path::new(ROOT).join("tests/chart/alerts.yaml");
    fs::copy(&tests, folder.path().join("alerts.yaml")).unwrap();
    for args in
        [&["check", "rules", "--lint-fatal", "rules.yaml"], &["test", "rules", "alerts.yaml"][..]]
    {
        let said = run_in(folder.path(), "promtool", args);
        assert!(said.success(), "{}{}", said.stdout, said.stderr);
    }
}

#[test]
fn every_alert_is_tested_documented_and_known() {
    if skipped("every_alert_is_tested_documented_and_known") {
        return;
    }
    let names = names(&rule());
    let read = |path: &str| fs::read_to_string(Path::new(ROOT).join(path)).unwrap();
    let tests = read("tests/chart/alerts.yaml");
    let page = read("docs/operations.md");
    for name in &names {
        assert!(page.contains(&format!("### {name}\n")), "docs/operations.md has no {name}");
        let case = format!("alertname: {name}\n");
        let (quiet, fires): (Vec<_>, Vec<_>) =
            tests.split(&case).skip(1).partition(|rest| rest.starts_with("    exp_alerts: []"));
        assert!(!fires.is_empty(), "{name}: when does it fire?");
        assert!(!quiet.is_empty(), "{name}: when does it not fire?");
    }
    let schema: Value = serde_json::from_str(&read("charts/plimsoll/values.schema.json")).unwrap();
    let known = schema["$defs"]["alert"]["enum"].as_array().unwrap();
    let known: BTreeSet<_> = known.iter().map(|name| name.as_str().unwrap().to_owned()).collect();
    assert_eq!(known, names);
}

/// The metrics that an expression asks for, as they are exposed: without `_bucket`.
fn metrics_in(text: &str) -> BTreeSet<String> {
    let name = Regex::new(r"\b(plimsoll|apiserver|kube|container)_[a-z0-9_]+\b").unwrap();
    let found = name.find_iter(text).map(|found| found.as_str().trim_end_matches("_bucket"));
    found.map(str::to_owned).collect()
}

/// Every expression of the dashboard.
fn dashboard() -> Vec<String> {
    let path = Path::new(ROOT).join("charts/plimsoll/dashboards/plimsoll.json");
    let dashboard: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().unwrap());
    let mut found: Vec<_> =
        targets.map(|target| target["expr"].as_str().unwrap().to_owned()).collect();
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    found.extend(
        variables.iter().filter_map(|one| one["query"]["query"].as_str().map(str::to_owned)),
    );
    found
}

/// The metrics table of docs/serve.md, which a test holds against what `serve` exposes, and those that come with
/// `--kubernetes`.
fn own_metrics() -> BTreeSet<String> {
    let page = fs::read_to_string(Path::new(ROOT).join("docs/serve.md")).unwrap();
    let row = |line: &str| Some(line.strip_prefix("| `plimsoll_")?.split_once('`')?.0.to_owned());
    let shown = page.lines().filter_map(row).map(|name| format!("plimsoll_{name}"));
    let in_a_cluster = [
        "plimsoll_policy_ready",
        "plimsoll_exempted_findings_total",
        "plimsoll_exemption_expiry_timestamp_seconds",
        "plimsoll_leader",
        "plimsoll_watch_restarts_total",
        "plimsoll_status_writes_total",
        "plimsoll_events_total",
        "plimsoll_webhook_configuration_in_place",
        "plimsoll_namespaces",
    ];
    shown.chain(in_a_cluster.map(str::to_owned)).collect()
}

#[test]
fn dashboard_and_alerts_ask_for_metrics_that_exist() {
    if skipped("dashboard_and_alerts_ask_for_metrics_that_exist") {
        return;
    }
    let rule = rule();
    let expressions =
        alerts(&rule).into_iter().map(|alert| alert["expr"].as_str().unwrap().to_owned());
    let asked: BTreeSet<_> =
        expressions.chain(dashboard()).flat_map(|text| metrics_in(&text)).collect();
    assert!(asked.len() > 15, "{asked:?}");

    let mut known = own_metrics();
    known.extend(FOREIGN.map(str::to_owned));
    known.extend(metrics_of_the_api_server());
    let missing: Vec<_> = asked.difference(&known).collect();
    assert!(missing.is_empty(), "nobody exposes {missing:?}");
}

/// What the API server counts about webhooks, once one of each sort has failed.
fn metrics_of_the_api_server() -> BTreeSet<String> {
    let cluster = installed();
    let namespace = cluster.create_namespace("metrics", &[]).unwrap();
    for policy in ["Ignore", "Fail"] {
        let object = json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": format!("{namespace}-{}", policy.to_lowercase())},
            "webhooks": [{
                "name": "validate.plimsoll.dev", "failurePolicy": policy, "sideEffects": "None",
                "admissionReviewVersions": ["v1"], "timeoutSeconds": 1,
                "clientConfig": {"url": "https://127.0.0.1:1/"},
                "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"],
                           "operations": ["CREATE"]}],
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
            }],
        });
        cluster.create(&object).unwrap();
    }
    let config_map = json!({"apiVersion": "v1", "kind": "ConfigMap",
                            "metadata": {"generateName": "x-", "namespace": namespace}});
    poll("the API server to count", Duration::from_secs(60), || {
        drop(cluster.create(&config_map));
        let text = cluster.kubectl_ok(&["get", "--raw", "/metrics"])?;
        let labelled = |name: &str, label: &str| {
            text.lines().any(|line| {
                line.starts_with(name)
                    && line.contains(label)
                    && line.contains(r#"name="validate.plimsoll.dev""#)
            })
        };
        let counted = labelled("apiserver_admission_webhook_fail_open_count", "")
            && labelled(
                "apiserver_admission_webhook_rejection_count",
                r#"error_type="calling_webhook_error""#,
            )
            && labelled("apiserver_admission_webhook_admission_duration_seconds_bucket", "le=");
        let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
        Ok(if counted {
            Progress::Done(types.map(str::to_owned).collect())
        } else {
            Progress::NotYet("the webhook metrics are not all there".to_owned())
        })
    })
    .unwrap()
}
