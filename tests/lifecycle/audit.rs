//! The chart's CronJob, run: by its own account, against a real API server, to its end.

use std::time::Duration;

use serde_json::{Value, json};

use crate::cluster::audit::Asked;
use crate::cluster::process::{Progress, poll};
use crate::cluster::{Cluster, skipped};
use crate::helm::{CHART, NAMESPACE};
use crate::installation::{Installation, values};
use crate::under_load::cluster;

const PATIENCE: Duration = Duration::from_secs(90);
const ACCOUNT: &str = "plimsoll-audit";
const REPLICAS: usize = 3;

/// Runs the CronJob now, and answers whether its Job succeeded.
fn run(cluster: &Cluster, job: &str) -> bool {
    let from = format!("--from=cronjob/{ACCOUNT}");
    cluster.kubectl_ok(&["create", "job", job, &from, "-n", NAMESPACE]).unwrap();
    poll("the Job to end", PATIENCE, || {
        let job = cluster.get_json(&["job", job, "-n", NAMESPACE])?;
        let conditions = job["status"]["conditions"].as_array().cloned().unwrap_or_default();
        let is = |kind: &str| {
            conditions.iter().any(|one| one["type"] == kind && one["status"] == "True")
        };
        Ok(match (is("Complete"), is("Failed")) {
            (true, _) => Progress::Done(true),
            (_, true) => Progress::Done(false),
            _ => Progress::NotYet(job["status"].to_string()),
        })
    })
    .unwrap_or_else(|error| panic!("{error}\n{}", log(cluster, job)))
}

/// What the Job's pod has written.
fn log(cluster: &Cluster, job: &str) -> String {
    let logs = std::fs::read_dir(cluster.logs()).unwrap().flatten();
    let of_job = logs.filter(|file| file.file_name().to_string_lossy().starts_with(job));
    of_job.map(|file| std::fs::read_to_string(file.path()).unwrap()).collect()
}

/// The JSON report in a log.
fn report(log: &str) -> Value {
    let (start, end) = (log.find('{').unwrap(), log.rfind('}').unwrap());
    serde_json::from_str(&log[start..=end]).unwrap_or_else(|error| panic!("{error}: {log}"))
}

/// A Deployment whose pods nobody runs, made before anybody would refuse it.
fn furnish(cluster: &Cluster, namespace: &str) {
    let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {"replicas": REPLICAS, "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "main", "image": "app:latest", "imagePullPolicy": "Always"}]}}}});
    cluster.apply(&deployment.to_string()).unwrap();
    poll("the pods of the Deployment", PATIENCE, || {
        let pods = cluster.get_json(&["pods", "-n", namespace])?;
        let count = pods["items"].as_array().map_or(0, Vec::len);
        Ok(if count == REPLICAS { Progress::Done(()) } else { Progress::NotYet(count.to_string()) })
    })
    .unwrap();
}

#[test]
fn the_audit_of_the_chart_runs_with_its_own_rights() {
    if skipped("the_audit_of_the_chart_runs_with_its_own_rights") {
        return;
    }
    let _alone = crate::alone();
    let cluster = cluster();
    let namespace = cluster.create_namespace("audited", &[]).unwrap();
    furnish(cluster, &namespace);

    let plimsoll = Installation::prepare(cluster);
    let mut with_audit = values();
    with_audit["audit"] = json!({"enabled": true, "suspend": true, "format": "json"});
    plimsoll.install(CHART, &with_audit);
    assert!(run(cluster, "first"), "{}", log(cluster, "first"));

    let text = log(cluster, "first");
    let found = report(&text);
    assert_eq!(found["errors"], json!([]), "{found}");
    assert!(!text.contains("note: "), "it lacks a right: {text}");
    let denied = found["findings"].as_array().unwrap().iter().find(|one| {
        one["policy"] == "load"
            && one["rule"] == "no-latest"
            && one["owner"]["namespace"] == *namespace
    });
    let denied = denied.unwrap_or_else(|| panic!("{found}"));
    assert_eq!(
        (&denied["owner"]["kind"], &denied["count"]),
        (&json!("Deployment"), &json!(REPLICAS))
    );
    // Its own namespace and kube-system are none of its business.
    let elsewhere = [NAMESPACE, "kube-system"];
    let findings = found["findings"].as_array().unwrap();
    assert!(
        findings.iter().all(|one| !elsewhere.iter().any(|name| one["owner"]["namespace"] == *name))
    );

    let asked = cluster.audit_log(NAMESPACE, ACCOUNT).unwrap();
    assert!(asked.iter().any(|one| one.resource == "pods"), "{asked:?}");
    let strange: Vec<&Asked> =
        asked.iter().filter(|one| one.verb != "list" || one.code != 200).collect();
    assert!(strange.is_empty(), "{strange:?}");

    // Where findings are to fail it, it fails once, and is not tried again.
    with_audit["audit"]["failOn"] = json!("deny");
    plimsoll.install(CHART, &with_audit);
    assert!(!run(cluster, "second"), "{}", log(cluster, "second"));
    let pods = cluster.get_json(&["pods", "-n", NAMESPACE, "-l", "job-name=second"]).unwrap();
    assert_eq!(pods["items"].as_array().map(Vec::len), Some(1));

    for job in ["first", "second"] {
        cluster.kubectl_ok(&["delete", "job", job, "-n", NAMESPACE]).unwrap();
    }
    cluster.kubectl_ok(&["delete", "deployment", "web", "-n", &namespace]).unwrap();
    plimsoll.uninstall();
    plimsoll.await_end();
}
