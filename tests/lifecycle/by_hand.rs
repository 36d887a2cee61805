//! Plimsoll in a Deployment that a person wrote: certificates from a Secret, policies from a ConfigMap, webhooks that
//! are always there.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::cluster::certs::Authority;
use crate::cluster::process::{Progress, poll};
use crate::cluster::{Cluster, Options, Webhooks, skipped};
use crate::load::{Expect, Load, Sample, Shown};
use crate::node::{Node, loopback};

const HOME: &str = "plimsoll-system";

fn deployment() -> Value {
    let probe =
        |path: &str| json!({"httpGet": {"path": path, "port": "admin"}, "periodSeconds": 1});
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "plimsoll", "namespace": HOME},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "plimsoll"}},
        "strategy": {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
        "template": {"metadata": {"labels": {"app": "plimsoll"}}, "spec": {
            "terminationGracePeriodSeconds": 30,
            "containers": [{
                "name": "plimsoll", "image": "plimsoll:test",
                "args": ["serve", "--listen=:8443", "--admin-listen=0.0.0.0:8080",
                    "--tls-cert=/tls/tls.crt", "--tls-key=/tls/tls.key", "--policies=/policies"],
                "ports": [{"name": "https", "containerPort": 8443}, {"name": "admin", "containerPort": 8080}],
                "readinessProbe": probe("/readyz"), "livenessProbe": probe("/livez"),
                "volumeMounts": [{"name": "tls", "mountPath": "/tls"}, {"name": "policies", "mountPath": "/policies"}],
            }],
            "volumes": [{"name": "tls", "secret": {"secretName": "tls"}},
                {"name": "policies", "configMap": {"name": "policies"}}],
        }},
    }})
}

const POLICIES: &str = "apiVersion: plimsoll.dev/v1alpha1
kind: PodPolicy
metadata: {name: load}
spec:
  rules:
  - {name: no-latest, action: Deny, imageTag: {deny: [latest]}}
  - {name: pull-once, action: Patch, imagePullPolicy: {}}
";

fn samples() -> Vec<Sample> {
    let pod = |image: &str, policy: &str| {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {},
            "spec": {"containers": [{"name": "main", "image": image, "imagePullPolicy": policy}]}})
    };
    vec![
        Sample { name: "good", pod: pod("app:1", "IfNotPresent"), expect: Expect::Stored },
        Sample {
            name: "patched",
            pod: pod("app:1", "Always"),
            expect: Expect::Patched("/spec/containers/0/imagePullPolicy", json!("IfNotPresent")),
        },
        Sample {
            name: "denied",
            pod: pod("app:latest", "IfNotPresent"),
            expect: Expect::Denied("rule no-latest"),
        },
    ]
}

fn rollout(cluster: &Cluster) {
    cluster
        .kubectl_ok(&["rollout", "status", "deployment/plimsoll", "-n", HOME, "--timeout=50s"])
        .unwrap();
}

#[test]
fn a_deployment_by_hand_survives_under_load() {
    if skipped("a_deployment_by_hand_survives_under_load") {
        return;
    }
    let (service_range, _) = loopback();
    let options = Options { service_range, audit: true, ..Options::complete() };
    let cluster = Cluster::shared_with(&options).unwrap();
    cluster
        .create(&json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": HOME}}))
        .unwrap();
    let node = Node::start(cluster, HOME).unwrap();
    let authority = Authority::new("by hand").unwrap();
    let serving = authority.serving_cert(&[&format!("plimsoll.{HOME}.svc")]).unwrap();
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "tls", "namespace": HOME},
        "data": {"tls.crt": STANDARD.encode(&serving.cert_pem), "tls.key": STANDARD.encode(&serving.key_pem)}});
    cluster.create(&secret).unwrap();
    cluster
        .create(&json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "policies", "namespace": HOME},
            "data": {"load.yaml": POLICIES}}))
        .unwrap();
    cluster
        .create(&json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "plimsoll", "namespace": HOME},
            "spec": {"selector": {"app": "plimsoll"}, "ports": [{"name": "https", "port": 443, "targetPort": "https"}]}}))
        .unwrap();
    cluster.create(&deployment()).unwrap();
    rollout(cluster);
    let crowd = cluster.create_namespace("crowd", &[]).unwrap();
    let webhooks =
        Webhooks::at_service(HOME, "plimsoll", 443, &authority.ca_pem()).only_for(&crowd);
    cluster.register_webhooks(&webhooks).unwrap();

    let load = Load::start(node.runtime(), cluster, &crowd, 200, samples()).unwrap();
    load.stage("steady");
    std::thread::sleep(Duration::from_secs(3));

    load.stage("rolling restart");
    cluster.kubectl_ok(&["rollout", "restart", "deployment/plimsoll", "-n", HOME]).unwrap();
    rollout(cluster);
    poll("the old pods to be gone", Duration::from_secs(40), || {
        Ok(if node.programs().len() == 2 {
            Progress::Done(())
        } else {
            Progress::NotYet("not".into())
        })
    })
    .unwrap();
    load.stage("steady");
    std::thread::sleep(Duration::from_secs(2));

    load.stage("SIGKILL of one");
    let (_, program) = node.programs().into_iter().next().unwrap();
    program.signal("KILL").unwrap();
    std::thread::sleep(Duration::from_secs(6));

    load.stage("API server restart");
    cluster.restart_api_server().unwrap();
    std::thread::sleep(Duration::from_secs(5));

    load.stage("end");
    std::thread::sleep(Duration::from_secs(2));
    let rows = load.stop(node.runtime());
    eprintln!("{}", Shown(&rows));
    eprintln!("{:#?}", node.complaints());
    for row in &rows {
        assert_eq!((row.failed, row.slipped), (0, 0), "{}", row.name);
    }
}
