//! The managed certificate on a real API server, with several replicas and exactly the rights the chart gives.

#[path = "certificates/installation.rs"]
mod installation;
#[path = "certificates/serving.rs"]
mod serving;

use std::time::Duration;

use plimsoll::cluster::certificates::Settings;
use serde_json::{Value, json};

use self::installation::{Installation, eventually};
use crate::cluster::skipped;

const SHORT: Duration = Duration::from_secs(12);

fn short_lived(settings: Settings) -> Settings {
    Settings { settle_time: Duration::from_secs(3), ..settings }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_that_start_at_once_show_leaves_of_one_ca() {
    if skipped("replicas_that_start_at_once_show_leaves_of_one_ca") {
        return;
    }
    let mut all = Installation::new("certs-start", |settings| settings);
    all.start(5).await;
    let secret = all.secret();
    let mut keys: Vec<&String> = secret["data"].as_object().unwrap().keys().collect();
    keys.sort();
    assert_eq!(keys, ["ca.crt", "ca.key", "tls.crt", "tls.key"]);
    for replica in &all.replicas {
        assert_eq!(replica.leaf_shown().await.unwrap(), all.leaf_stored());
        assert!(replica.connect(&all.stored("ca.crt")).await.is_ok());
    }
}

/// The chart makes the Secret without data, so that Helm removes it: what is in it is not Helm's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_secret_of_the_chart_is_filled_and_applied_again_without_harm() {
    if skipped("an_empty_secret_of_the_chart_is_filled_and_applied_again_without_harm") {
        return;
    }
    let mut all = Installation::new("certs-chart", |settings| settings);
    let labels = json!({"app.kubernetes.io/managed-by": "Helm"});
    let chart = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {
        "name": "plimsoll-tls", "namespace": all.namespace, "labels": labels}});
    all.cluster.apply(&chart.to_string()).unwrap();
    all.start(2).await;
    let before = all.secret();
    for how in ["--server-side=false", "--server-side=true"] {
        let args = ["apply", how, "--field-manager=helm", "-f", "-"];
        let applied = all.cluster.kubectl_with(&args, &chart.to_string()).unwrap();
        assert!(applied.success(), "{}", applied.stderr);
        assert_eq!(all.secret()["data"], before["data"], "{how}");
    }
    // Deleted, it comes back as Helm's.
    all.kubectl(&["delete", "secret", "plimsoll-tls"]);
    eventually("the Secret is back", || {
        let secret = all.find_secret()?;
        Some(secret["data"] == before["data"] && secret["metadata"]["labels"] == labels)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_that_is_deleted_or_spoiled_heals_within_seconds() {
    if skipped("a_secret_that_is_deleted_or_spoiled_heals_within_seconds") {
        return;
    }
    let mut all = Installation::new("certs-heal", |settings| settings);
    all.start(3).await;
    let traffic = all.traffic();
    let before = all.secret()["data"].clone();
    let healed = async |what: &str| {
        eventually(what, || Some(all.find_secret()?["data"] == before)).await;
    };
    all.kubectl(&["delete", "secret", "plimsoll-tls"]);
    healed("deleted").await;
    for (key, value) in [
        ("tls.crt", json!("bm9uc2Vuc2U=")),
        ("tls.key", Value::Null),
        ("ca.crt", json!("")),
        ("ca.key", json!("bm9uc2Vuc2U=")),
        ("next-ca.crt", json!("bm9uc2Vuc2U=")),
    ] {
        all.patch(&json!({"data": {key: value}}));
        healed(key).await;
    }
    all.patch(&json!({"data": null}));
    healed("data").await;
    // What is not Plimsoll's stays.
    all.patch(&json!({"data": {"note": "bm90ZQ==", "tls.crt": null}}));
    eventually("another key", || {
        let secret = all.find_secret()?;
        Some(secret["data"]["note"] == "bm90ZQ==" && secret["data"]["tls.crt"] == before["tls.crt"])
    })
    .await;
    let (connections, failures) = traffic.stop().await;
    println!("{connections} connections while the Secret was spoiled, {} failed", failures.len());
    assert!(connections > 10 && failures.is_empty(), "{failures:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_and_cas_are_replaced_without_one_refused_connection() {
    if skipped("certificates_and_cas_are_replaced_without_one_refused_connection") {
        return;
    }
    let mut all = Installation::new("certs-rotate", |settings| Settings {
        certificate_lifetime: SHORT,
        ca_lifetime: SHORT * 3,
        ..short_lived(settings)
    });
    all.start(3).await;
    let traffic = all.traffic();
    let first_ca = all.signing_ca();
    let first_leaf = all.leaf_stored();
    eventually("another leaf", || Some(all.leaf_stored() != first_leaf)).await;
    assert_eq!(all.signing_ca(), first_ca, "the leaf alone is renewed");
    eventually("another CA", || Some(all.signing_ca() != first_ca)).await;
    let second_ca = all.signing_ca();
    assert!(all.stored("ca.crt").contains(&first_ca), "the CA before is trusted still");
    eventually("the CA before is gone", || Some(!all.stored("ca.crt").contains(&first_ca))).await;
    eventually("a third CA", || Some(all.signing_ca() != second_ca)).await;
    let (connections, failures) = traffic.stop().await;
    println!("{connections} connections through two rotations, {} failed", failures.len());
    assert!(connections > 40 && failures.is_empty(), "{failures:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_rotate_by_annotation() {
    if skipped("people_rotate_by_annotation") {
        return;
    }
    let mut all = Installation::new("certs-ask", short_lived);
    all.start(2).await;
    let traffic = all.traffic();
    let (ca, leaf) = (all.signing_ca(), all.leaf_stored());
    let ask = |what: &str| {
        all.kubectl(&[
            "annotate",
            "secret",
            "plimsoll-tls",
            &format!("plimsoll.dev/rotate={what}"),
        ]);
    };
    let answered =
        || Some(all.find_secret()?["metadata"]["annotations"]["plimsoll.dev/rotate"].is_null());
    ask("certificate");
    eventually("another leaf", || Some(all.leaf_stored() != leaf)).await;
    assert!(answered().unwrap() && all.signing_ca() == ca);
    ask("ca");
    eventually("another CA", || Some(all.signing_ca() != ca)).await;
    assert!(answered().unwrap() && all.secret()["data"]["next-ca.key"].is_null());
    // While the API server cannot be asked, what is in memory is shown on.
    all.forbid();
    tokio::time::sleep(Duration::from_secs(2)).await;
    all.allow();
    let (connections, failures) = traffic.stop().await;
    assert!(connections > 10 && failures.is_empty(), "{failures:?}");
}

/// A person puts a backup back that is of another CA: it takes over, but not before it is trusted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_takes_over_without_a_gap() {
    if skipped("a_backup_takes_over_without_a_gap") {
        return;
    }
    let mut all = Installation::new("certs-backup", short_lived);
    all.start(1).await;
    let (backup, ca) = (all.secret()["data"].clone(), all.signing_ca());
    all.stop().await;
    all.kubectl(&["delete", "secret", "plimsoll-tls"]);
    all.start(2).await;
    eventually("another CA is trusted", || Some(all.carried() == all.stored("ca.crt"))).await;
    assert_ne!(all.signing_ca(), ca);
    let traffic = all.traffic();
    all.patch(&json!({"data": backup}));
    for replica in &all.replicas.clone() {
        let end = std::time::Instant::now() + Duration::from_secs(60);
        while replica.connect(&ca).await.is_err() {
            assert!(std::time::Instant::now() < end, "the backup never takes over");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    assert_eq!(all.signing_ca(), ca);
    let (connections, failures) = traffic.stop().await;
    assert!(connections > 10 && failures.is_empty(), "{failures:?}");
}

/// One for another name is of no use: what was there comes back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_secret_of_another_installation_is_refused() {
    if skipped("the_secret_of_another_installation_is_refused") {
        return;
    }
    let mut other = Installation::new("certs-other", short_lived);
    other.start(1).await;
    let mut all = Installation::new("certs-own", short_lived);
    all.start(2).await;
    let (before, traffic) = (all.secret()["data"].clone(), all.traffic());
    all.patch(&json!({"data": other.secret()["data"]}));
    eventually("what was there", || Some(all.find_secret()?["data"] == before)).await;
    let (_, failures) = traffic.stop().await;
    assert!(failures.is_empty(), "{failures:?}");
}
