//! Certificates that a person makes and keeps in a Secret: renewed, and replaced by those of another CA, as
//! docs/certificates.md says, with pods created all the while.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::cluster::process::{Progress, poll};
use crate::cluster::{Cluster, skipped};
use crate::helm::{CHART, NAMESPACE};
use crate::installation::{Installation, samples, values};
use crate::load::{Load, Shown};
use crate::under_load::cluster;

const SECRET: &str = "made-by-hand";
const PATIENCE: Duration = Duration::from_secs(60);
/// What API servers need to notice a changed configuration, and replicas a changed file.
const NOTICED: Duration = Duration::from_secs(5);

/// Runs certs/make.sh; the CA that is in the folder signs.
fn make(folder: &Path) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/certs/make.sh");
    let made = Command::new(script).arg(folder).args(["plimsoll", NAMESPACE]).output().unwrap();
    assert!(made.status.success(), "{made:?}");
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap()
}

/// Stores the certificate of `folder`, to be trusted by `ca`.
fn store(cluster: &Cluster, folder: &Path, ca: &str) {
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "type": "Opaque",
        "metadata": {"name": SECRET, "namespace": NAMESPACE},
        "stringData": {"tls.crt": read(folder, "tls.crt"), "tls.key": read(folder, "tls.key"), "ca.crt": ca}});
    cluster.apply(&secret.to_string()).unwrap();
}

/// Waits until every webhook configuration carries exactly `ca`.
fn await_ca(cluster: &Cluster, ca: &str) {
    let authorities = |pem: &str| pem.matches("BEGIN CERTIFICATE").count();
    poll("every caBundle to follow ca.crt", PATIENCE, || {
        let kinds = "mutatingwebhookconfigurations,validatingwebhookconfigurations";
        let found = cluster.get_json(&[kinds, "-l", "app.kubernetes.io/name=plimsoll"])?;
        let mut seen = Vec::new();
        for webhook in found["items"].as_array().into_iter().flatten().flat_map(webhooks) {
            let bundle = webhook["clientConfig"]["caBundle"].as_str().unwrap_or_default();
            let bundle = STANDARD.decode(bundle).unwrap_or_default();
            seen.push(String::from_utf8_lossy(&bundle).into_owned());
        }
        let last = ca.trim_end().lines().rev().nth(1).unwrap_or_default();
        let carried = |pem: &String| pem.contains(last) && authorities(pem) == authorities(ca);
        let all = seen.len() == 3 && seen.iter().all(carried);
        Ok(if all { Progress::Done(()) } else { Progress::NotYet(format!("{seen:?}")) })
    })
    .unwrap();
    std::thread::sleep(NOTICED);
}

fn webhooks(configuration: &Value) -> Vec<Value> {
    configuration["webhooks"].as_array().cloned().unwrap_or_default()
}

#[test]
fn certificates_of_files_are_replaced_without_a_failure() {
    if skipped("certificates_of_files_are_replaced_without_a_failure") {
        return;
    }
    let _alone = crate::alone();
    let cluster = cluster();
    let crowd = cluster.create_namespace("crowd-of-files", &[]).unwrap();
    let old = tempfile::tempdir().unwrap();
    make(old.path());
    let namespace =
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}});
    cluster.apply(&namespace.to_string()).unwrap();
    store(cluster, old.path(), &read(old.path(), "ca.crt"));

    let plimsoll = Installation::prepare(cluster);
    let mut by_hand = values();
    by_hand["certificates"] = json!({"mode": "files", "files": {"secretName": SECRET}});
    plimsoll.install(CHART, &by_hand);
    plimsoll.await_judgement(&crowd);
    let runtime = plimsoll.node.runtime();
    let load = Load::start(runtime, cluster, &crowd, 100, samples()).unwrap();
    load.guarded(true);

    load.stage("the certificate renewed");
    let before = read(old.path(), "tls.crt");
    make(old.path());
    assert_ne!(before, read(old.path(), "tls.crt"));
    store(cluster, old.path(), &read(old.path(), "ca.crt"));
    std::thread::sleep(NOTICED);

    load.stage("both CAs trusted");
    let new = tempfile::tempdir().unwrap();
    make(new.path());
    let both = read(old.path(), "ca.crt") + &read(new.path(), "ca.crt");
    store(cluster, old.path(), &both);
    await_ca(cluster, &both);

    load.stage("the new CA's certificate");
    store(cluster, new.path(), &both);
    std::thread::sleep(NOTICED);

    load.stage("the old CA trusted no more");
    store(cluster, new.path(), &read(new.path(), "ca.crt"));
    await_ca(cluster, &read(new.path(), "ca.crt"));
    plimsoll.await_judgement(&crowd);

    let rows = load.stop(runtime);
    eprintln!("{}", Shown(&rows));
    plimsoll.uninstall();
    plimsoll.await_end();
    cluster.kubectl_ok(&["delete", "secret", SECRET, "-n", NAMESPACE]).unwrap();
    for row in &rows {
        assert_eq!((row.failed, row.slipped), (0, 0), "{}: {:?}", row.name, row.problems);
    }
}
