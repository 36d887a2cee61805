//! An audit log as a cluster writes it that records pods at level RequestResponse and the rest at Metadata and Request.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use serde_json::{Value, json};

/// Of so many events, one is the creation of a pod.
const EVENTS_PER_POD: usize = 13;

/// A pod of about 8 kB, as the API server's defaults leave it.
fn pod(name: &str, stored: bool, image: &str) -> Value {
    let container = |name: &str, image: &str| {
        let env: Vec<_> = (0..24)
            .map(|at| json!({"name": format!("SETTING_{at}"), "value": format!("\"value\" of the setting {at}, which is long enough")}))
            .collect();
        json!({"name": name, "image": image, "args": ["bash", "-c", "exec run --threads 4 \"$@\""], "env": env,
            "resources": {"requests": {"cpu": "250m", "memory": "256Mi"}, "limits": {"memory": "512Mi"}},
            "volumeMounts": [{"name": "config", "mountPath": "/etc/app", "readOnly": true}],
            "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
            "imagePullPolicy": "Always"})
    };
    let mut metadata = json!({"generateName": format!("{name}-"), "namespace": "etl",
        "labels": {"dag_id": format!("dag-{}", name.len() % 7), "task_id": "load", "kubernetes_executor": "True"},
        "annotations": {"dag_id": "etl", "run_id": "scheduled__2026-11-21T10:00:00+00:00", "try_number": "1"}});
    if stored {
        metadata["name"] = json!(format!("{name}-abcde"));
        metadata["uid"] = json!("8a7c0b9e-2c9e-4c12-9f2e-6c9d0ed4f0a1");
        metadata["creationTimestamp"] = json!("2026-11-21T10:00:00Z");
    }
    json!({"kind": "Pod", "apiVersion": "v1", "metadata": metadata, "spec": {
        "volumes": [{"name": "config", "configMap": {"name": "app", "defaultMode": 420}}],
        "containers": [container("base", image), container("proxy", "registry.example.com/platform/proxy:2.1")],
        "restartPolicy": "Never", "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst",
        "serviceAccountName": "runner", "securityContext": {}, "schedulerName": "default-scheduler",
        "tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}]},
        "status": {"phase": "Pending", "qosClass": "Burstable"}})
}

fn event(at: usize, verb: &str, resource: &str, code: u64) -> String {
    // In the order in which the API server writes members.
    format!(
        "{{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"level\":\"RequestResponse\",\"auditID\":\"8a7c0b9e-2c9e-4c12-9f2e-{at:012x}\",\
         \"stage\":\"ResponseComplete\",\"requestURI\":\"/api/v1/namespaces/etl/{resource}?fieldManager=m\",\"verb\":\"{verb}\",\
         \"user\":{{\"username\":\"system:serviceaccount:etl:scheduler\",\"uid\":\"c1f1\",\"groups\":[\"system:serviceaccounts\",\
         \"system:serviceaccounts:etl\",\"system:authenticated\"]}},\"sourceIPs\":[\"10.0.0.{}\"],\"userAgent\":\"python-client/33.1\",\
         \"objectRef\":{{\"resource\":\"{resource}\",\"namespace\":\"etl\",\"apiVersion\":\"v1\"}},\
         \"responseStatus\":{{\"metadata\":{{}},\"code\":{code}}}",
        at % 250
    )
}

const END: &str = ",\"requestReceivedTimestamp\":\"2026-11-21T10:00:00.000000Z\",\"stageTimestamp\":\"2026-11-21T10:00:00.012345Z\",\
                   \"annotations\":{\"authorization.k8s.io/decision\":\"allow\",\"authorization.k8s.io/reason\":\"RBAC: allowed by RoleBinding\"}}\n";

/// Writes so many events; their size in bytes.
pub(crate) fn write(path: &Path, count: usize) -> u64 {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path).unwrap());
    let pods: Vec<[String; 2]> = (0..50)
        .map(|at| {
            let image = if at % 5 == 0 {
                "apache/airflow:latest".to_owned()
            } else {
                format!("apache/airflow:3.0.{at}")
            };
            let name = format!("task-{}{at}", "x".repeat(at % 11));
            [pod(&name, false, &image).to_string(), pod(&name, true, &image).to_string()]
        })
        .collect();
    let objects: Vec<String> = (0..17)
        .map(|at| {
            let conditions: Vec<_> = (0..12 + at)
                .map(|at| json!({"type": format!("Condition{at}"), "status": "True", "reason": "AllIsWell",
                    "lastHeartbeatTime": "2026-11-21T10:00:00Z", "message": "kubelet is posting \"ready\" status"}))
                .collect();
            json!({"kind": "Thing", "apiVersion": "v1", "metadata": {"name": "x"}, "status": {"conditions": conditions}}).to_string()
        })
        .collect();
    let others = [
        ("patch", "pods/status"),
        ("update", "leases"),
        ("get", "configmaps"),
        ("list", "endpoints"),
    ];
    let mut bytes = 0;
    for at in 0..count {
        let line = if at % EVENTS_PER_POD == 0 {
            let [sent, stored] = &pods[at / EVENTS_PER_POD % pods.len()];
            format!(
                "{},\"requestObject\":{sent},\"responseObject\":{stored}{END}",
                event(at, "create", "pods", 201)
            )
        } else {
            let (verb, resource) = others[at % others.len()];
            let object = &objects[at % objects.len()];
            format!("{},\"responseObject\":{object}{END}", event(at, verb, resource, 200))
        };
        bytes += line.len() as u64;
        out.write_all(line.as_bytes()).unwrap();
    }
    out.flush().unwrap();
    bytes
}
