//! `plimsoll emergency-off` and `emergency-on`, with no server anywhere.

use std::process::{Command, Output};
use std::time::Duration;

use serde_json::{Value, json};

use crate::cluster::process::{Progress, poll};
use crate::cluster::{Cluster, skipped};
use crate::webhook::pod;

/// Runs the command against the cluster, as its administrator.
pub(crate) fn plimsoll(cluster: &Cluster, args: &[&str]) -> (Output, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(args)
        .env("KUBECONFIG", cluster.kubeconfig())
        .env_remove("PLIMSOLL_NAME")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout.clone()).unwrap();
    (output, said)
}

/// A webhook whose server is gone, for one namespace.
fn stuck(kind: &str, name: &str, webhook: &str, namespace: &str) -> Value {
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": kind,
        "metadata": {"name": name, "labels": {"app.kubernetes.io/name": "plimsoll"}},
        "webhooks": [{
            "name": webhook, "failurePolicy": "Fail", "timeoutSeconds": 1, "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
            "clientConfig": {"service": {"namespace": namespace, "name": name, "path": "/x", "port": 443}},
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
            "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}],
        }],
    })
}

/// Runs the command with the kubeconfig as a flag, which wins over the variable.
fn by_file(cluster: &Cluster, args: &[&str]) -> (Output, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(args)
        .arg("--kubeconfig")
        .arg(cluster.kubeconfig())
        .env("KUBECONFIG", "/nonexistent/kubeconfig")
        .env_remove("PLIMSOLL_NAME")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout.clone()).unwrap();
    (output, said)
}

/// Without a name and a terminal, nothing happens that nobody agreed to.
fn all_of_them_only_when_told_to(cluster: &Cluster, installation: &str) {
    for command in ["emergency-on", "emergency-off"] {
        let (output, said) = plimsoll(cluster, &[command]);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), said.as_str()), (Some(2), ""), "{stderr}");
        let counted = format!("plimsoll: 1 installation: {installation}\n");
        assert!(stderr.starts_with(&counted) && stderr.contains("say --yes"), "{stderr}");
        let (output, said) = plimsoll(cluster, &[command, "--dry-run"]);
        let done = |line: &str| line.ends_with(" changed") && !line.ends_with("would be changed");
        assert!(output.status.success() && !said.lines().any(done), "{output:?}");
    }
}

#[test]
fn webhooks_go_off_and_on_again_without_a_server() {
    if skipped("webhooks_go_off_and_on_again_without_a_server") {
        return;
    }
    let cluster = Cluster::shared().unwrap();
    let namespace = cluster.create_namespace("emergency", &[]).unwrap();
    let kinds = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];
    let policies = format!("{namespace}-policies");
    for (kind, name, webhook) in [
        (kinds[0], &namespace, "mutate.plimsoll.dev"),
        (kinds[1], &namespace, "validate.plimsoll.dev"),
        (kinds[1], &policies, "policies.plimsoll.dev"),
    ] {
        cluster.create(&stuck(kind, name, webhook, &namespace)).unwrap();
    }
    let webhooks = || {
        [(kinds[0], &namespace), (kinds[1], &namespace), (kinds[1], &policies)]
            .map(|(kind, name)| cluster.get_json(&[kind, name]).unwrap()["webhooks"].clone())
    };
    let mut object = pod("probe", "nginx:1.27");
    object["metadata"]["namespace"] = json!(namespace);
    let pods_are = |taken: bool| {
        poll("the API server to know", Duration::from_secs(30), || {
            let args = ["create", "--dry-run=server", "-f", "-"];
            let created = cluster.kubectl_with(&args, &object.to_string())?;
            let done = created.success() == taken;
            Ok(if done { Progress::Done(()) } else { Progress::NotYet(created.stderr) })
        })
        .unwrap();
    };
    pods_are(false);
    let before = webhooks();

    let tried = ["emergency-off", "--name", &namespace, "--dry-run"];
    let (output, said) = plimsoll(cluster, &tried);
    assert!(output.status.success() && said.contains("would be changed"), "{output:?}");
    assert_eq!(webhooks(), before);

    for (mode, left) in [("ignore", 1), ("remove", 0)] {
        let off = ["emergency-off", "--name", &namespace, "--mode", mode, "--reason", "a \n test"];
        let (output, said) = plimsoll(cluster, &off);
        assert!(output.status.success(), "{output:?}");
        assert!(output.stderr.is_empty(), "{output:?}");
        assert!(
            said.contains(&format!("undo: plimsoll emergency-on --name {namespace}")),
            "{said}"
        );
        for list in webhooks() {
            let list = list.as_array().cloned().unwrap_or_default();
            assert_eq!(list.len(), left, "{list:?}");
            assert!(list.iter().all(|webhook| webhook["failurePolicy"] == "Ignore"));
        }
        let marked = cluster.get_json(&[kinds[0], &namespace]).unwrap();
        let record =
            marked["metadata"]["annotations"]["plimsoll.dev/emergency-off"].as_str().unwrap();
        assert!(record.ends_with(": a test") && record.starts_with("20"), "{record}");
        pods_are(true);
        let (output, said) = plimsoll(cluster, &off);
        assert!(output.status.success() && said.contains("was off already"), "{said}");
    }
    let events = cluster.get_json(&["events", "-n", &namespace]).unwrap();
    let event =
        events["items"].as_array().unwrap().iter().find(|one| one["reason"] == "EmergencyOff");
    assert!(event.unwrap()["message"].as_str().unwrap().contains("a test"), "{events}");

    all_of_them_only_when_told_to(cluster, &namespace);
    let args = ["emergency-on", "--name", &namespace, "--context", "nowhere"];
    let (output, _) = plimsoll(cluster, &args);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("has no context nowhere; it has: "), "{stderr}");
    let (output, said) = by_file(cluster, &["emergency-on", "--yes"]);
    assert!(output.status.success() && said.contains("with failurePolicy Fail"), "{output:?}");
    assert!(said.contains("check: plimsoll doctor --kubeconfig "), "{said}");
    assert_eq!(webhooks(), before);
    pods_are(false);
    let (output, said) = plimsoll(cluster, &["emergency-on", "--name", &namespace]);
    assert!(output.status.success() && said.contains("was not off"), "{output:?}");

    let (output, _) = plimsoll(cluster, &["emergency-off", "--name", "nobody"]);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr.contains("there is no webhook configuration called nobody"), "{stderr}");
    for (kind, name) in [(kinds[0], &namespace), (kinds[1], &namespace), (kinds[1], &policies)] {
        cluster.kubectl_ok(&["delete", kind, name]).unwrap();
    }
}
