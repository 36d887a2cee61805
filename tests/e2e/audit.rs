//! `plimsoll audit` of a real API server, with real rights.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::cluster::{Cluster, skipped};

/// A namespace with pods of a Deployment, of a CronJob by way of a Job whose name tells nothing, of a DAG, and two
/// without owners.
fn populated(cluster: &Cluster) -> String {
    let namespace = cluster.create_namespace("audit", &[]).unwrap();
    let create = |object: Value| cluster.create(&object).unwrap();
    let object = |version: &str, kind: &str, name: &str, owner: Option<&Value>, spec: Value| {
        let owners: Vec<Value> = owner
            .map(|owner| {
                json!({"apiVersion": owner["apiVersion"], "kind": owner["kind"], "controller": true,
                "name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"]})
            })
            .into_iter()
            .collect();
        json!({"apiVersion": version, "kind": kind, "spec": spec,
            "metadata": {"name": name, "namespace": namespace, "labels": {"app": "x"}, "ownerReferences": owners}})
    };
    let containers = |tag: &str| json!({"restartPolicy": "Never", "containers": [{"name": "main", "image": format!("nginx:{tag}")}]});
    let mut always = containers("latest");
    always["restartPolicy"] = json!("Always");
    let labels = json!({"labels": {"app": "x"}});
    let selector = json!({"matchLabels": {"app": "x"}});
    let running = json!({"replicas": 0, "selector": selector, "template": {"metadata": labels, "spec": always}});
    let job =
        json!({"suspend": true, "template": {"metadata": labels, "spec": containers("latest")}});

    let web = create(object("apps/v1", "Deployment", "web", None, running.clone()));
    let replicas = create(object("apps/v1", "ReplicaSet", "of-web", Some(&web), running));
    let schedule = json!({"schedule": "0 0 1 1 *", "suspend": true, "jobTemplate": {"spec": job}});
    let nightly = create(object("batch/v1", "CronJob", "nightly", None, schedule));
    let by_hand = create(object("batch/v1", "Job", "by-hand", Some(&nightly), job));
    for name in ["web-a", "web-b"] {
        create(object("v1", "Pod", name, Some(&replicas), always.clone()));
    }
    create(object("v1", "Pod", "job-a", Some(&by_hand), containers("latest")));
    for name in ["etl-load-a", "etl-load-b"] {
        let mut task = object("v1", "Pod", name, None, containers("1.29"));
        task["metadata"]["labels"] =
            json!({"dag_id": "etl", "task_id": "load", "kubernetes_executor": "True"});
        create(task);
    }
    create(object("v1", "Pod", "bare", None, containers("1.29")));
    namespace
}

fn audit(kubeconfig: &Path, args: &[&str]) -> (Value, Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(["audit", "--no-config", "--kubeconfig"])
        .arg(kubeconfig)
        .args(args)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{said}"));
    (report, output.status.code(), said)
}

fn texts<'v>(list: &'v Value, key: &str) -> Vec<&'v str> {
    list.as_array().into_iter().flatten().map(|one| one[key].as_str().unwrap()).collect()
}

/// In how many pods each rule found something in each container; `check` tells of each field in each pod.
fn found(report: &Value) -> BTreeMap<String, u64> {
    let mut found: BTreeMap<String, u64> = BTreeMap::new();
    let mut told = BTreeSet::new();
    for one in report["findings"].as_array().unwrap() {
        let key =
            format!("{} {} {} {}", one["policy"], one["rule"], one["container"], one["action"]);
        let of_owner = one.get("owner").is_some();
        if of_owner || told.insert((key.clone(), one["object"]["name"].to_string())) {
            *found.entry(key).or_default() += one["count"].as_u64().unwrap_or(1);
        }
    }
    found
}

/// A kubeconfig of a ServiceAccount in the namespace.
fn as_account(cluster: &Cluster, namespace: &str, name: &str) -> PathBuf {
    cluster.kubectl_ok(&["create", "serviceaccount", name, "-n", namespace]).unwrap();
    let token = cluster.kubectl_ok(&["create", "token", name, "-n", namespace]).unwrap();
    let folder = cluster.folder();
    let authority = folder.join(format!("{namespace}-{name}.pem"));
    std::fs::write(&authority, cluster.ca_pem()).unwrap();
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "it",
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
        "clusters": [{"name": "it", "cluster": {"server": cluster.url(), "certificate-authority": authority}}],
        "users": [{"name": "it", "user": {"token": token.trim()}}],
    });
    let path = folder.join(format!("{namespace}-{name}.kubeconfig"));
    std::fs::write(&path, config.to_string()).unwrap();
    path
}

#[test]
fn every_pod_is_judged_as_check_does_and_attributed_to_its_top_owner() {
    if skipped("every_pod_is_judged_as_check_does_and_attributed_to_its_top_owner") {
        return;
    }
    let cluster = Cluster::shared().unwrap();
    let namespace = populated(cluster);
    let admin = cluster.kubeconfig();
    let args = ["-n", &*namespace, "--profile", "strict"];
    let (report, code, said) = audit(&admin, &args);
    assert_eq!(code, Some(1), "{said}{report:#}");
    assert_eq!(report["summary"]["pods"], 6);
    assert!(report["errors"].as_array().unwrap().is_empty() && report["notes"].is_null());
    let mut owners: Vec<String> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            format!(
                "{}/{}",
                one["owner"]["kind"].as_str().unwrap(),
                one["owner"]["name"].as_str().unwrap()
            )
        })
        .collect();
    owners.sort();
    owners.dedup();
    assert_eq!(owners, ["CronJob/nightly", "DAG/etl", "Deployment/web", "Pod/bare"]);

    let (paged, ..) = audit(&admin, &[&args[..], &["--page-size", "2"]].concat());
    assert_eq!(paged["findings"], report["findings"]);
    let requests = |report: &Value| report["summary"]["cost"]["requests"].as_u64().unwrap();
    assert_eq!(requests(&paged), requests(&report) + 2, "three pages of pods in place of one");

    let pods = cluster.get_json(&["pods", "-n", &namespace]).unwrap();
    let file = cluster.folder().join(format!("{namespace}.json"));
    std::fs::write(&file, pods.to_string()).unwrap();
    let checked = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(["check", "--no-config", "--format=json", "--profile=strict"])
        .arg(&file)
        .output()
        .unwrap();
    let checked: Value = serde_json::from_slice(&checked.stdout).unwrap();
    assert_eq!(found(&report), found(&checked));
    assert!(!found(&report).is_empty());
}

#[test]
fn an_account_of_one_namespace_audits_that_and_says_what_it_may_not_read() {
    if skipped("an_account_of_one_namespace_audits_that_and_says_what_it_may_not_read") {
        return;
    }
    let cluster = Cluster::shared().unwrap();
    let namespace = populated(cluster);
    let account = as_account(cluster, &namespace, "auditor");
    let bind = |what: &[&str]| {
        cluster.kubectl_ok(&[&["create"], what, &["-n", &namespace]].concat()).unwrap()
    };
    let member = format!("--serviceaccount={namespace}:auditor");
    bind(&["role", "auditor", "--verb=list", "--resource=pods"]);
    bind(&["rolebinding", "auditor", "--role=auditor", &member]);

    let (report, code, said) = audit(&account, &["-n", &namespace]);
    assert_eq!((code, &report["summary"]["pods"]), (Some(2), &json!(6)), "{said}{report:#}");
    let of_namespace = format!("namespace {namespace}");
    let ranges = format!("LimitRanges in {of_namespace}");
    assert_eq!(texts(&report["errors"], "file"), [&*ranges, &*of_namespace]);
    assert!(texts(&report["errors"], "message").iter().all(|text| text.contains("is forbidden")));
    let unknown = ["owners of kind Job (batch/v1)", "owners of kind ReplicaSet (apps/v1)"];
    assert_eq!(texts(&report["notes"], "file"), unknown);

    let (report, code, _) = audit(&account, &[]);
    assert_eq!((code, &report["summary"]["pods"]), (Some(2), &json!(0)));
    assert!(texts(&report["errors"], "file").contains(&"pods of all namespaces"), "{report:#}");
}

#[test]
fn the_rights_of_the_page_are_enough() {
    if skipped("the_rights_of_the_page_are_enough") {
        return;
    }
    let cluster = Cluster::shared().unwrap();
    let namespace = populated(cluster);
    let account = as_account(cluster, &namespace, "reader");
    let page = include_str!("../../docs/audit.md");
    let (_, rest) = page.split_once("```yaml\napiVersion: rbac").unwrap();
    let (rights, _) = rest.split_once("```").unwrap();
    cluster.apply(&format!("apiVersion: rbac{rights}")).unwrap();
    let member = format!("--serviceaccount={namespace}:reader");
    let binding =
        ["create", "clusterrolebinding", &namespace, "--clusterrole=plimsoll-audit", &member];
    cluster.kubectl_ok(&binding).unwrap();
    let (report, code, said) =
        audit(&account, &["-A", "--field-selector", &format!("metadata.namespace={namespace}")]);
    assert_eq!(code, Some(1), "{said}{report:#}");
    assert!(report["errors"].as_array().unwrap().is_empty(), "{report:#}");
    assert_eq!(report["summary"]["pods"], 6);
    let kinds = texts(&report["notes"], "file");
    assert!(kinds.is_empty(), "{kinds:?}");
    cluster.kubectl_ok(&["delete", "clusterrolebinding", &namespace]).unwrap();
}
