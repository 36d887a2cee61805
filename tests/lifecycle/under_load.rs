//! From the first install to the last trace, with pods created all the while.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::cluster::process::{Progress, poll};
use crate::cluster::{Cluster, Options, skipped};
use crate::helm::{CHART, NAMESPACE};
use crate::installation::{Installation, samples, values};
use crate::load::{Load, Row, Shown};
use crate::node::loopback;

const RATE: u32 = 200;
const PATIENCE: Duration = Duration::from_secs(60);

fn rest(seconds: u64) {
    std::thread::sleep(Duration::from_secs(seconds));
}

/// The tests here count what fails, and count on nobody else's disturbances.
pub(crate) fn cluster() -> &'static Cluster {
    let (service_range, _) = loopback();
    let options = Options { service_range, audit: true, ..Options::complete() };
    Cluster::shared_with(&options).unwrap()
}

/// A policy that the API server takes and the compiler does not.
fn bad_policy(name: &str) -> Value {
    json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": name},
        "spec": {"match": {"podSelector": {"matchLabels": {"not a label": "x"}}},
            "rules": [{"name": "r", "action": "Deny", "imageTag": {"deny": ["latest"]}}]}})
}

#[test]
fn nothing_fails_and_nothing_slips_through() {
    if skipped("nothing_fails_and_nothing_slips_through") {
        return;
    }
    let _alone = crate::alone();
    let cluster = cluster();
    let start = jiff::Timestamp::now().to_string();
    let crowd = cluster.create_namespace("crowd", &[]).unwrap();
    let plimsoll = Installation::prepare(cluster);
    let runtime = plimsoll.node.runtime();
    let load = Load::start(runtime, cluster, &crowd, RATE, samples()).unwrap();
    load.guarded(false);
    load.stage("before");
    rest(2);

    load.stage("install");
    let began = Instant::now();
    plimsoll.install(CHART, &values());
    plimsoll.await_judgement(&crowd);
    eprintln!("installed and asked after {:.1} s", began.elapsed().as_secs_f64());
    load.guarded(true);
    load.stage("steady");
    rest(3);

    load.stage("rolling restart");
    cluster.kubectl_ok(&["rollout", "restart", "deployment/plimsoll", "-n", NAMESPACE]).unwrap();
    plimsoll.rollout();

    load.stage("a bad policy");
    let refused = cluster.kubectl_with(&["create", "-f", "-"], &bad_policy("bad").to_string());
    let refused = refused.unwrap();
    assert!(refused.stderr.contains("not a label"), "{}", refused.stderr);
    rest(2);

    load.stage("a bad policy got in");
    spoil_the_policy(cluster);
    rest(3);
    let mend = ["patch", "podpolicy", "load", "--type=merge", "-p", r#"{"spec":{"match":null}}"#];
    cluster.kubectl_ok(&mend).unwrap();
    // Brings the webhook back that was taken away.
    plimsoll.install(CHART, &values());

    load.stage("the Secret deleted");
    delete_secret(&plimsoll);
    rest(4);

    load.stage("API server restart");
    let undisturbed = jiff::Timestamp::now().to_string();
    cluster.restart_api_server().unwrap();
    rest(5);

    load.stage("SIGKILL of one");
    plimsoll.replicas()[0].signal("KILL").unwrap();
    rest(5);

    load.stage("short-lived certificates");
    let mut short = values();
    short["extraEnv"] = json!([
        {"name": "PLIMSOLL_CERTIFICATE_LIFETIME", "value": "12s"},
        {"name": "PLIMSOLL_CA_LIFETIME", "value": "36s"},
        {"name": "PLIMSOLL_CA_SETTLE_TIME", "value": "4s"},
    ]);
    plimsoll.install(CHART, &short);
    // What lasts long is not replaced for the sake of new settings.
    let renew = ["annotate", "secret", "plimsoll-tls", "-n", NAMESPACE, "plimsoll.dev/rotate=ca"];
    cluster.kubectl_ok(&renew).unwrap();
    load.stage("leaves and CAs renewed");
    let (leaves, authorities) = renewals(&plimsoll, Duration::from_secs(30));
    eprintln!("{leaves} leaves and {authorities} CAs were made meanwhile");

    load.stage("chart upgrade");
    plimsoll.install(&plimsoll.next_chart(), &values());
    rest(2);

    load.stage("uninstall");
    load.guarded(false);
    let began = Instant::now();
    plimsoll.uninstall();
    eprintln!("uninstalled after {:.1} s", began.elapsed().as_secs_f64());
    rest(2);
    let rows = load.stop(runtime);
    eprintln!("{}", Shown(&rows));
    plimsoll.await_end();
    eprintln!("what the kubelet found wanting: {:#?}", plimsoll.node.complaints());
    assert_rows(&rows);
    assert!(leaves >= 2 && authorities >= 2, "{leaves} leaves, {authorities} CAs");
    leaves_nothing(cluster);
    asks_for_little(cluster, &start, &undisturbed);
}

/// Has the API server store a policy that does not compile, in place of the one that all pods are judged by, as it would
/// while nobody answers for policies. What was in force must stay so.
fn spoil_the_policy(cluster: &Cluster) {
    let webhook = "validatingwebhookconfiguration/plimsoll-policies";
    cluster.kubectl_ok(&["delete", webhook]).unwrap();
    let spoil = r#"{"spec":{"match":{"podSelector":{"matchLabels":{"not a label":"x"}}}}}"#;
    poll("a bad policy to get in", PATIENCE, || {
        let patch = ["patch", "podpolicy", "load", "--type=merge", "-p", spoil];
        let output = cluster.kubectl(&patch)?;
        let stored = output.success();
        Ok(if stored { Progress::Done(()) } else { Progress::NotYet(output.stderr) })
    })
    .unwrap();
    poll("its status to say so", PATIENCE, || {
        let policy = cluster.get_json(&["podpolicy", "load"])?;
        let conditions = policy["status"]["conditions"].as_array().cloned().unwrap_or_default();
        let told = conditions.iter().any(|one| one["type"] == "Ready" && one["status"] == "False");
        Ok(if told { Progress::Done(()) } else { Progress::NotYet(policy["status"].to_string()) })
    })
    .unwrap();
}

/// Deletes the certificates, and waits until there are others.
fn delete_secret(plimsoll: &Installation) {
    let uid = || plimsoll.secret()["metadata"]["uid"].as_str().map(str::to_owned);
    let before = uid();
    plimsoll.cluster.kubectl_ok(&["delete", "secret", "plimsoll-tls", "-n", NAMESPACE]).unwrap();
    poll("another Secret", PATIENCE, || {
        let now = uid();
        Ok(if now.is_some() && now != before {
            Progress::Done(())
        } else {
            Progress::NotYet("the same or none".to_owned())
        })
    })
    .unwrap();
}

fn assert_rows(rows: &[Row]) {
    for row in rows {
        assert_eq!(row.slipped, 0, "{}: {:?}", row.name, row.problems);
        if row.name == "SIGKILL of one" {
            // What was on its way to the process that died is lost: API servers repeat no POST.
            let lost = |problem: &String| problem.contains("failed calling webhook");
            assert!(row.problems.keys().all(lost), "{:?}", row.problems);
            continue;
        }
        assert_eq!(row.failed, 0, "{}: {:?}", row.name, row.problems);
    }
}

/// How many different leaves and CAs the Secret holds within `time`.
fn renewals(plimsoll: &Installation, time: Duration) -> (usize, usize) {
    let until = Instant::now() + time;
    let mut seen = std::collections::BTreeMap::<String, std::collections::BTreeSet<String>>::new();
    while Instant::now() < until {
        let secret = plimsoll.secret();
        for (key, value) in secret["data"].as_object().into_iter().flatten() {
            let values = seen.entry(key.clone()).or_default();
            values.insert(value.as_str().unwrap_or_default().to_owned());
        }
        std::thread::sleep(Duration::from_millis(500));
    }
    let count = |key: &str| seen.get(key).map_or(0, std::collections::BTreeSet::len);
    (count("tls.crt"), count("ca.crt"))
}

/// Everything of the release is gone, its namespace and the CRDs aside, which Helm leaves.
fn leaves_nothing(cluster: &Cluster) {
    let kinds = "deployments,replicasets,pods,services,endpointslices,secrets,configmaps,serviceaccounts,roles,\
                 rolebindings,leases,poddisruptionbudgets,networkpolicies,resourcequotas";
    let left = cluster.get_json(&[kinds, "-n", NAMESPACE]).unwrap();
    let global = "clusterroles,clusterrolebindings,mutatingwebhookconfigurations,\
                  validatingwebhookconfigurations,podpolicies";
    let global = cluster.get_json(&[global]).unwrap();
    let named: Vec<String> = [left, global]
        .iter()
        .flat_map(|list| list["items"].as_array().cloned().unwrap_or_default())
        .map(|object| format!("{}/{}", object["kind"], object["metadata"]["name"]))
        .filter(|name| {
            name.contains("plimsoll") && !name.contains("plimsoll-test-admin")
                || name.contains("PodPolicy")
        })
        .collect();
    assert!(named.is_empty(), "left behind: {named:?}");
}

/// No pod was listed or watched, and little was written. Nothing was refused up to `undisturbed`: an API server that
/// starts refuses what it has not read the roles for, and so does one from which they have been uninstalled.
fn asks_for_little(cluster: &Cluster, start: &str, undisturbed: &str) {
    let mut asked = cluster.audit_log(NAMESPACE, "plimsoll").unwrap();
    // Other tests have used the same account.
    asked.retain(|one| one.at.as_str() >= start);
    assert!(!asked.is_empty());
    let mut counts = std::collections::BTreeMap::<String, u32>::new();
    for one in &asked {
        if one.stage == "ResponseComplete" {
            *counts.entry(format!("{} {} {}", one.verb, one.resource, one.code)).or_default() += 1;
        }
    }
    eprintln!("what the ServiceAccount asked for: {counts:#?}");
    for one in &asked {
        assert!(!one.resource.starts_with("pods"), "{one:?}");
        assert!(one.code != 403 || one.at.as_str() >= undisturbed, "{one:?}");
    }
    let written = asked.iter().filter(|one| one.resource.ends_with("/status")).count();
    assert!(written <= 10, "{written} writes of status");
}
