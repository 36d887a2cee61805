//! `plimsoll audit --write-reports` in a real API server: PolicyReports and OpenReports' Reports.

use std::sync::OnceLock;
use std::time::Duration;

use serde_json::{Value, json};

use crate::audit::{as_account, audit};
use crate::cluster::process::{Progress, poll};
use crate::cluster::{Cluster, Options, skipped};

const PATIENCE: Duration = Duration::from_secs(60);
/// Both kinds, as kubectl calls them.
const KINDS: [&str; 2] = ["policyreports.wgpolicyk8s.io", "reports.openreports.io"];

/// What the published definitions of both kinds have, as far as Plimsoll writes it. It keeps nothing that it does not
/// name, so that a misspelt field is lost.
fn definition(group: &str, version: &str, kind: &str, plural: &str) -> Value {
    let text = || json!({"type": "string"});
    let number = || json!({"type": "integer"});
    let object = |properties: Value| json!({"type": "object", "properties": properties});
    let strings = json!({"type": "object", "additionalProperties": {"type": "string"}});
    let reference = object(
        json!({"apiVersion": text(), "kind": text(), "namespace": text(), "name": text(), "uid": text()}),
    );
    let outcome = json!({"type": "string", "enum": ["pass", "fail", "warn", "error", "skip"]});
    let severity = json!({"type": "string", "enum": ["critical", "high", "low", "medium", "info"]});
    let mut result = object(json!({
        "source": text(), "policy": text(), "rule": text(), "category": text(), "severity": severity,
        "timestamp": {"type": "object", "required": ["nanos", "seconds"], "properties": {
            "nanos": {"type": "integer", "format": "int32"}, "seconds": {"type": "integer", "format": "int64"}}},
        "result": outcome, "scored": {"type": "boolean"},
        "resources": {"type": "array", "items": reference}, "message": text(), "properties": strings,
    }));
    result["required"] = json!(["policy"]);
    let mut properties = json!({
        "apiVersion": text(), "kind": text(), "metadata": {"type": "object"}, "scope": reference,
        "summary": object(json!({"pass": number(), "fail": number(), "warn": number(), "error": number(), "skip": number()})),
        "results": {"type": "array", "items": result},
    });
    if group == "openreports.io" {
        properties["source"] = text();
        let limits = object(json!({"maxResults": number()}));
        properties["configuration"] =
            json!({"type": "object", "required": ["limits"], "properties": {"limits": limits}});
    }
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {
            "name": format!("{plural}.{group}"),
            "annotations": {"api-approved.kubernetes.io": "unapproved, a definition of a test"},
        },
        "spec": {
            "group": group, "scope": "Namespaced",
            "names": {"kind": kind, "listKind": format!("{kind}List"), "plural": plural, "singular": kind.to_lowercase()},
            "versions": [{"name": version, "served": true, "storage": true,
                          "schema": {"openAPIV3Schema": object(properties)}}],
        },
    })
}

/// A cluster of our own, so that reports are not written into the namespaces of other tests.
fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| {
        let cluster = Cluster::start(&Options::default()).unwrap();
        without_definitions(&cluster);
        for (group, version, kind, plural) in [
            ("wgpolicyk8s.io", "v1alpha2", "PolicyReport", "policyreports"),
            ("openreports.io", "v1alpha1", "Report", "reports"),
        ] {
            cluster.apply(&definition(group, version, kind, plural).to_string()).unwrap();
            poll("the definition to be served", PATIENCE, || {
                let found = cluster.kubectl(&["get", &format!("{plural}.{group}"), "-A"])?;
                let served = found.success();
                Ok(if served { Progress::Done(()) } else { Progress::NotYet(found.stderr) })
            })
            .unwrap();
        }
        cluster
    })
}

/// A cluster that has neither kind is told so, and the audit all the same.
fn without_definitions(cluster: &Cluster) {
    let (report, code, _) = audit(&cluster.kubeconfig(), &["--write-reports"]);
    assert_eq!(code, Some(2));
    let error = &report["errors"][0];
    assert_eq!(
        error["message"],
        "not written: the cluster has no policyreports.wgpolicyk8s.io/v1alpha2 or reports.openreports.io/v1alpha1"
    );
    assert!(error["help"].as_str().unwrap().contains("CustomResourceDefinition"), "{error}");
    assert_eq!(report["summary"]["pods"], 0);
}

fn create_pod(namespace: &str, name: &str, image: &str) {
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace},
                     "spec": {"containers": [{"name": "main", "image": image}]}});
    cluster().create(&pod).unwrap();
}

fn delete_pod(namespace: &str, name: &str) {
    cluster().kubectl_ok(&["delete", "pod", name, "-n", namespace, "--now"]).unwrap();
}

/// What an audit says it did with reports, and its exit code.
fn written(args: &[&str]) -> (String, Option<i32>) {
    let (report, code, said) =
        audit(&cluster().kubeconfig(), &[&["--write-reports"], args].concat());
    assert!(report["errors"].as_array().unwrap().is_empty(), "{report:#}");
    let line = said.lines().find_map(|line| line.split_once("reports: "));
    (line.unwrap_or_else(|| panic!("{said}")).1.to_owned(), code)
}

fn reports(namespace: &str) -> Vec<Value> {
    let of = |kind: &&str| cluster().get_json(&[kind, "plimsoll-audit", "-n", namespace]).ok();
    KINDS.iter().filter_map(of).collect()
}

fn resources(report: &Value) -> Vec<String> {
    let results = report["results"].as_array().unwrap().iter();
    let mut names: Vec<_> = results
        .map(|result| {
            let resource = &result["resources"][0];
            format!("{}/{} {}", resource["kind"], resource["name"], result["result"])
                .replace('"', "")
        })
        .collect();
    names.dedup();
    names
}

#[test]
fn reports_follow_what_is_found() {
    if skipped("reports_follow_what_is_found") {
        return;
    }
    let namespace = cluster().create_namespace("reports-follow", &[]).unwrap();
    let here = ["-n", &*namespace];
    create_pod(&namespace, "bad", "nginx:latest");
    create_pod(&namespace, "worse", "nginx");
    assert_eq!(written(&here), ("2 written, 0 unchanged, 0 removed".to_owned(), Some(1)));
    let found = reports(&namespace);
    assert_eq!(found.len(), 2, "one of each kind");
    for report in &found {
        assert_eq!(report["metadata"]["labels"]["app.kubernetes.io/managed-by"], "plimsoll");
        assert_eq!(report["scope"]["name"], *namespace);
        let denied: Vec<_> = report["results"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|result| result["rule"] == "no-latest")
            .collect();
        assert_eq!(denied.len(), 2, "{report:#}");
        assert_eq!(report["summary"]["fail"], 2);
        let result = denied[0];
        assert_eq!(
            (&result["result"], &result["severity"], &result["source"]),
            (&json!("fail"), &json!("high"), &json!("plimsoll"))
        );
        assert_eq!(result["resources"][0]["kind"], "Pod");
        assert_eq!(result["properties"]["count"], "1");
        assert_eq!(result["properties"]["container"], "main");
        assert_eq!(result["properties"]["action"], "Deny");
        assert!(result["timestamp"]["seconds"].as_i64().is_some_and(|at| at > 0));
    }
    assert_eq!(found[0]["results"], found[1]["results"]);
    assert_eq!(found[1]["source"], "plimsoll");

    let versions = || {
        reports(&namespace)
            .iter()
            .map(|report| report["metadata"]["resourceVersion"].to_string())
            .collect::<Vec<_>>()
    };
    let before = versions();
    assert_eq!(written(&here).0, "0 written, 2 unchanged, 0 removed");
    assert_eq!(versions(), before);

    // Somebody's label stays, and what somebody changed is set right.
    for kind in KINDS {
        let report = ["-n", &*namespace, kind, "plimsoll-audit"];
        cluster().kubectl_ok(&[&["label"], &report[..], &["team=a"]].concat()).unwrap();
        let patch = r#"--patch={"summary":{"fail":9}}"#;
        cluster()
            .kubectl_ok(&[&["patch"], &report[..], &["--type=merge", patch]].concat())
            .unwrap();
    }
    delete_pod(&namespace, "worse");
    assert_eq!(written(&here).0, "2 written, 0 unchanged, 0 removed");
    for report in reports(&namespace) {
        assert!(!resources(&report).iter().any(|name| name.contains("worse")), "{report:#}");
        assert_eq!(report["summary"]["fail"], 1);
        assert_eq!(report["metadata"]["labels"]["team"], "a");
    }

    assert_eq!(
        written(&[&here[..], &["--report-results", "1"]].concat()).0,
        "2 written, 0 unchanged, 0 removed"
    );
    for report in reports(&namespace) {
        assert_eq!(resources(&report), ["Pod/bad fail"], "the gravest is kept");
        let summary = &report["summary"];
        let all = summary["fail"].as_u64().unwrap() + summary["warn"].as_u64().unwrap();
        let dropped = &report["metadata"]["annotations"]["plimsoll.dev/dropped-results"];
        assert_eq!(*dropped, (all - 1).to_string());
    }

    delete_pod(&namespace, "bad");
    assert_eq!(written(&here), ("0 written, 0 unchanged, 2 removed".to_owned(), Some(0)));
    assert!(reports(&namespace).is_empty());
}

#[test]
fn only_our_reports_of_what_was_audited_are_removed() {
    if skipped("only_our_reports_of_what_was_audited_are_removed") {
        return;
    }
    let [one, other] =
        ["reports-one", "reports-other"].map(|name| cluster().create_namespace(name, &[]).unwrap());
    let both = ["-n", &*one, "-n", &*other];
    for namespace in [&one, &other] {
        create_pod(namespace, "bad", "nginx:latest");
    }
    let foreign = json!({"apiVersion": "wgpolicyk8s.io/v1alpha2", "kind": "PolicyReport",
                         "metadata": {"name": "kyverno", "namespace": one}, "results": []});
    cluster().create(&foreign).unwrap();
    assert_eq!(written(&both).0, "4 written, 0 unchanged, 0 removed");
    for namespace in [&one, &other] {
        delete_pod(namespace, "bad");
    }
    // Found by listing, as an audit of everything does; the other namespace is left alone.
    let args = ["--exclude-namespace", &*other, "--exclude-namespace", "reports-[f-n]*"];
    let (said, _) = written(&args);
    assert!(said.ends_with(", 2 removed"), "{said}");
    assert_eq!((reports(&one).len(), reports(&other).len()), (0, 2));
    assert!(cluster().get_json(&["policyreport", "kyverno", "-n", &one]).is_ok());
    let only = ["-n", &*other, "--write-reports=openreports"];
    let (report, _, said) = audit(&cluster().kubeconfig(), &only);
    assert!(said.contains("0 written, 0 unchanged, 1 removed"), "{said}{report:#}");
    assert_eq!(reports(&other)[0]["kind"], "PolicyReport");
}

#[test]
fn a_name_that_is_taken_and_rights_that_are_missing_are_told() {
    if skipped("a_name_that_is_taken_and_rights_that_are_missing_are_told") {
        return;
    }
    let namespace = cluster().create_namespace("reports-missing", &[]).unwrap();
    create_pod(&namespace, "bad", "nginx:latest");
    let taken = json!({"apiVersion": "openreports.io/v1alpha1", "kind": "Report", "source": "else",
                       "metadata": {"name": "plimsoll-audit", "namespace": namespace}});
    cluster().create(&taken).unwrap();
    let args = ["-n", &*namespace, "--write-reports=openreports"];
    let (report, code, _) = audit(&cluster().kubeconfig(), &args);
    assert_eq!(code, Some(2));
    let message = report["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains("there is a plimsoll-audit that is not Plimsoll's"), "{message}");
    assert_eq!(reports(&namespace)[0]["source"], "else");

    let kubeconfig = as_account(cluster(), &namespace, "reader");
    let role = [
        "create",
        "role",
        "reader",
        "--verb=list,get",
        "--resource=pods,limitranges,namespaces",
        "-n",
    ];
    cluster().kubectl_ok(&[&role[..], &[&namespace]].concat()).unwrap();
    let account = format!("--serviceaccount={namespace}:reader");
    let binding = ["create", "rolebinding", "reader", "--role=reader", &account, "-n", &namespace];
    cluster().kubectl_ok(&binding).unwrap();
    let (report, code, _) = audit(&kubeconfig, &["-n", &namespace, "--write-reports=wgpolicy"]);
    assert_eq!(code, Some(2));
    let wanted = format!("policyreports.wgpolicyk8s.io in namespace {namespace}");
    let errors = report["errors"].as_array().unwrap();
    let error = errors.iter().find(|error| error["file"] == *wanted);
    let error = error.unwrap_or_else(|| panic!("{report:#}"));
    assert!(error["message"].as_str().unwrap().contains("forbidden"), "{error}");
    assert!(error["help"].as_str().unwrap().contains("grant list, get, create"), "{error}");
    assert_eq!(report["summary"]["denied"], 1, "everything else is told");
}

#[test]
fn reports_of_what_was_judged_only_in_part_are_left_alone() {
    if skipped("reports_of_what_was_judged_only_in_part_are_left_alone") {
        return;
    }
    let namespace = cluster().create_namespace("reports-partial", &[]).unwrap();
    let here = ["-n", &*namespace];
    create_pod(&namespace, "bad", "nginx:latest");
    assert_eq!(written(&here).0, "2 written, 0 unchanged, 0 removed");
    // What it finds without the labels of the namespace and its LimitRanges may be less than there is.
    delete_pod(&namespace, "bad");
    let kubeconfig = as_account(cluster(), &namespace, "writer");
    let resources = "--resource=pods,policyreports.wgpolicyk8s.io,reports.openreports.io";
    let verbs = "--verb=list,get,create,update,delete";
    cluster()
        .kubectl_ok(&["create", "role", "writer", verbs, resources, "-n", &namespace])
        .unwrap();
    let account = format!("--serviceaccount={namespace}:writer");
    let binding = ["create", "rolebinding", "writer", "--role=writer", &account, "-n", &namespace];
    cluster().kubectl_ok(&binding).unwrap();
    let (report, code, said) = audit(&kubeconfig, &["-n", &namespace, "--write-reports"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("0 written, 0 unchanged, 0 removed"), "{said}{report:#}");
    let left = format!("left as they are in namespaces that were judged only in part: {namespace}");
    assert_eq!(report["notes"][0]["message"], *left, "{report:#}");
    assert_eq!(reports(&namespace).len(), 2);

    assert_eq!(written(&here).0, "0 written, 0 unchanged, 2 removed", "once everything is known");
}

#[test]
fn two_audits_at_once_come_to_one_report() {
    if skipped("two_audits_at_once_come_to_one_report") {
        return;
    }
    let namespace = cluster().create_namespace("reports-at-once", &[]).unwrap();
    create_pod(&namespace, "first", "nginx:latest");
    for round in 0..3 {
        let said: Vec<String> = std::thread::scope(|scope| {
            let run = || scope.spawn(|| written(&["-n", &namespace, "--qps", "0"]).0);
            let runs: Vec<_> = (0..4).map(|_| run()).collect();
            runs.into_iter().map(|run| run.join().unwrap()).collect()
        });
        assert!(said.iter().all(|said| said.ends_with(", 0 removed")), "{said:?}");
        for report in reports(&namespace) {
            let mut failed = resources(&report);
            failed.retain(|name| name.ends_with(" fail"));
            assert_eq!(failed.len(), round + 1, "{report:#}");
        }
        create_pod(&namespace, &format!("more-{round}"), "nginx:latest");
    }
}
