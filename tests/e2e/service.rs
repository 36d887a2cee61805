//! Plimsoll behind a Service, as in a real cluster: the API server verifies `<service>.<namespace>.svc`.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::cluster::certs::Authority;
use crate::cluster::{Cluster, Webhooks, skipped};
use crate::webhook::pod;

const ADDRESS: &str = "127.100.7.7";
const PORT: u16 = 8443;

#[test]
fn a_webhook_behind_a_service_is_asked_under_its_own_name() {
    if skipped("a_webhook_behind_a_service_is_asked_under_its_own_name") {
        return;
    }
    let cluster = Cluster::shared().unwrap();
    let home = cluster.create_namespace("plimsoll-home", &[]).unwrap();
    let guarded = cluster.create_namespace("by-service", &[]).unwrap();
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "plimsoll", "namespace": home},
        "spec": {"clusterIP": ADDRESS, "ports": [{"port": PORT, "name": "https"}]}});
    cluster.create(&service).unwrap();

    let folder = cluster.folder().join("by-service");
    fs::create_dir_all(&folder).unwrap();
    let authority = Authority::new("plimsoll service authority").unwrap();
    let name = format!("plimsoll.{home}.svc");
    let files = authority.serving_cert(&[&name]).unwrap().write_to(&folder).unwrap();
    let args = [
        "serve".to_owned(),
        format!("--listen={ADDRESS}:{PORT}"),
        "--admin-listen=127.0.0.1:0".to_owned(),
        format!("--tls-cert={}", files.cert.display()),
        format!("--tls-key={}", files.key.display()),
    ];
    cluster.run(&guarded, Path::new(env!("CARGO_BIN_EXE_plimsoll")), &args, &[]).unwrap();
    let webhooks =
        Webhooks::at_service(&home, "plimsoll", PORT, &authority.ca_pem()).only_for(&guarded);
    cluster.register_webhooks(&webhooks).unwrap();

    let create = |pod: serde_json::Value| {
        cluster.kubectl_with(&["create", "-f", "-", "-n", &guarded], &pod.to_string()).unwrap()
    };
    let refused = create(pod("x", "nginx"));
    assert!(refused.stderr.contains("policy image-tag, rule no-latest"), "{}", refused.stderr);
    let taken = create(pod("x", "nginx:1.27"));
    assert!(taken.success() && taken.stderr.contains("patched by"), "{}", taken.stderr);
}
