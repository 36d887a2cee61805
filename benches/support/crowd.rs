//! A crowd of pods as an API server tells of it: written into a file, item after item, in the order of its lists.
//!
//! Four sorts, as clusters of short-lived pods have them: replicas of Deployments, tasks of Airflow, pods of CronJobs'
//! Jobs and executors of Spark. Each pod carries what a kubelet and the controllers leave in it, `managedFields` above
//! all: 5 to 8 kB.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::ops::Range;
use std::path::Path;

use serde_json::{Value, json};

/// Namespaces of a crowd.
pub(crate) const NAMESPACES: usize = 50;
/// Owners in each.
pub(crate) const OWNERS: usize = 40;

/// Items in a file, separated by commas, so that every page of a list is one piece of the file.
#[derive(Debug)]
pub(crate) struct Items {
    /// Where each begins, and one more: the length of the file.
    pub(crate) starts: Vec<u64>,
    /// Which of them are in which namespace, in the order of the namespaces.
    pub(crate) namespaces: Vec<(String, Range<usize>)>,
}

impl Items {
    /// Where the bytes of these items are, the comma behind the last one left out.
    pub(crate) fn bytes(&self, items: Range<usize>) -> Range<u64> {
        match items.is_empty() {
            true => 0..0,
            false => self.starts[items.start]..self.starts[items.end] - 1,
        }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.starts.len() - 1
    }
}

/// What the pods are counted by.
#[derive(Debug, Default)]
pub(crate) struct Crowd {
    pub(crate) pods: Option<Items>,
    pub(crate) replica_sets: Vec<String>,
    pub(crate) jobs: Vec<String>,
    pub(crate) namespaces: Vec<String>,
}

/// Writes `count` pods of 2,000 owners in 50 namespaces.
pub(crate) fn write(path: &Path, count: usize) -> Crowd {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path).unwrap());
    let mut crowd = Crowd::default();
    let (mut starts, mut spans, mut at) = (vec![0], Vec::new(), 0);
    for space in 0..NAMESPACES {
        let namespace = format!("team-{space:02}");
        crowd.namespaces.push(metadata(&json!({
            "name": namespace, "uid": uid(space, 0, 1),
            "labels": {"kubernetes.io/metadata.name": namespace, "team": format!("t{space}")},
        })));
        let first = starts.len() - 1;
        for owner in 0..OWNERS {
            let replicas = share(count, space * OWNERS + owner);
            let owned = Owned { namespace: &namespace, space, owner };
            owned.describe(&mut crowd);
            for number in 0..replicas {
                let text = owned.pod(number).to_string();
                out.write_all(text.as_bytes()).unwrap();
                out.write_all(b",").unwrap();
                at += text.len() as u64 + 1;
                starts.push(at);
            }
        }
        spans.push((namespace, first..starts.len() - 1));
    }
    out.flush().unwrap();
    crowd.pods = Some(Items { starts, namespaces: spans });
    crowd
}

/// How many of the pods the owner with this number has.
fn share(count: usize, at: usize) -> usize {
    let owners = NAMESPACES * OWNERS;
    count / owners + usize::from(at < count % owners)
}

fn uid(space: usize, owner: usize, number: usize) -> String {
    format!("{space:08x}-{owner:04x}-4000-8000-{number:012x}")
}

/// An item of a list that asks for metadata only.
fn metadata(metadata: &Value) -> String {
    json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata})
        .to_string()
}

/// One owner of pods.
struct Owned<'c> {
    namespace: &'c str,
    space: usize,
    owner: usize,
}

impl Owned<'_> {
    fn sort(&self) -> usize {
        self.owner % 4
    }

    fn name(&self) -> String {
        let sort = ["api", "etl", "nightly", "churn"][self.sort()];
        format!("{sort}-{:02}", self.owner)
    }

    /// The object between the pods and their top owner, where there is one.
    fn controller(&self) -> Option<(&'static str, &'static str, String)> {
        match self.sort() {
            0 => Some(("apps/v1", "ReplicaSet", format!("{}-6b7f9c8d5f", self.name()))),
            2 => Some(("batch/v1", "Job", format!("{}-29301660", self.name()))),
            3 => Some(("v1", "Pod", format!("{}-driver", self.name()))),
            _ => None,
        }
    }

    fn reference(&self, version: &str, kind: &str, name: &str) -> Value {
        json!([{"apiVersion": version, "kind": kind, "name": name, "uid": uid(self.space, self.owner, 2),
                "controller": true, "blockOwnerDeletion": true}])
    }

    fn describe(&self, crowd: &mut Crowd) {
        let Some((_, _, name)) = self.controller() else { return };
        let (list, owner) = match self.sort() {
            0 => (&mut crowd.replica_sets, self.reference("apps/v1", "Deployment", &self.name())),
            2 => (&mut crowd.jobs, self.reference("batch/v1", "CronJob", &self.name())),
            _ => return,
        };
        list.push(metadata(&json!({
            "name": name, "namespace": self.namespace, "uid": uid(self.space, self.owner, 3),
            "creationTimestamp": "2026-03-01T00:00:00Z", "ownerReferences": owner,
        })));
    }

    fn labels(&self, number: usize) -> Value {
        let name = self.name();
        match self.sort() {
            0 => json!({"app.kubernetes.io/name": name, "app.kubernetes.io/instance": name,
                        "app.kubernetes.io/version": "1.42.0", "pod-template-hash": "6b7f9c8d5f"}),
            1 => {
                json!({"kubernetes_executor": "True", "dag_id": name, "task_id": format!("load_{}", number % 12),
                        "run_id": "scheduled__2026-03-01T0000000000-a1b2c3d4e", "try_number": "1",
                        "airflow_version": "3.0.2", "airflow-worker": "17", "release": "airflow",
                        "component": "worker", "tier": "airflow"})
            }
            2 => json!({"batch.kubernetes.io/controller-uid": uid(self.space, self.owner, 2),
                        "batch.kubernetes.io/job-name": format!("{name}-29301660"), "job-name": format!("{name}-29301660")}),
            _ => {
                json!({"spark-role": "executor", "spark-app-name": name, "spark-app-selector": "spark-1a2b3c4d",
                        "spark-exec-id": number.to_string(), "spark-version": "4.0.0"})
            }
        }
    }

    fn pod(&self, number: usize) -> Value {
        let (name, at) = (
            self.name(),
            format!("2026-03-01T{:02}:{:02}:{:02}Z", number % 24, number % 60, self.owner),
        );
        let labels = self.labels(number);
        let image = format!(
            "registry.example.com/team-{}/{name}:{}",
            self.space,
            if self.owner.is_multiple_of(8) {
                "latest".to_owned()
            } else {
                format!("1.{}", self.owner)
            }
        );
        let (node, ip) = (
            format!("node-{:03}", (number * 7 + self.space) % 500),
            format!("10.{}.{}.{}", self.space, self.owner, number % 250),
        );
        let container = self.container(&image);
        let token = format!("kube-api-access-{:05x}", number + 4096);
        let mut pod = json!({
            "metadata": {
                "name": format!("{name}-{:05x}", number + 65536), "generateName": format!("{name}-"),
                "namespace": self.namespace, "uid": uid(self.space, self.owner, number + 10),
                "resourceVersion": (number + 4711).to_string(), "creationTimestamp": at, "labels": labels,
                "annotations": {
                    "prometheus.io/scrape": "true", "prometheus.io/port": "9102",
                    "checksum/config": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                },
                "managedFields": managed(&labels, &at),
            },
            "spec": {
                "volumes": [
                    {"name": "config", "configMap": {"name": format!("{name}-config"), "defaultMode": 420}},
                    {"name": "scratch", "emptyDir": {"sizeLimit": "2Gi"}},
                    {"name": token, "projected": {"defaultMode": 420, "sources": [
                        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
                        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
                        {"downwardAPI": {"items": [{"path": "namespace",
                            "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]}},
                    ]}},
                ],
                "containers": [container.clone(), sidecar()],
                "restartPolicy": if self.sort() == 0 { "Always" } else { "Never" },
                "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst",
                "serviceAccountName": "runner", "serviceAccount": "runner", "nodeName": node,
                "securityContext": {"runAsNonRoot": true, "runAsUser": 1000, "fsGroup": 1000},
                "schedulerName": "default-scheduler", "priority": 0, "enableServiceLinks": true,
                "preemptionPolicy": "PreemptLowerPriority",
                "tolerations": [
                    {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
                    {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
                ],
            },
            "status": status(&at, &image, &ip),
        });
        for container in pod["spec"]["containers"].as_array_mut().unwrap() {
            let mounts = container["volumeMounts"].as_array_mut().unwrap();
            mounts.push(json!({"name": token, "readOnly": true, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}));
        }
        if let Some((version, kind, owner)) = self.controller() {
            pod["metadata"]["ownerReferences"] = self.reference(version, kind, &owner);
        }
        pod
    }

    fn container(&self, image: &str) -> Value {
        let mut container = json!({
            "name": "main", "image": image,
            "command": ["/app/run"],
            "args": ["--threads=4", "--log-format=json", "--listen=0.0.0.0:8080",
                     format!("--queue=amqp://rabbitmq.platform.svc.cluster.local:5672/{}", self.name())],
            "env": [
                {"name": "DATABASE_URL", "valueFrom": {"secretKeyRef": {"name": "database", "key": "url"}}},
                {"name": "JAVA_TOOL_OPTIONS", "value": "-XX:MaxRAMPercentage=75 -XX:+ExitOnOutOfMemoryError -Dfile.encoding=UTF-8"},
                {"name": "POD_IP", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "status.podIP"}}},
                {"name": "OTEL_EXPORTER_OTLP_ENDPOINT", "value": "http://otel-collector.observability:4317"},
            ],
            "resources": {},
            "volumeMounts": [{"name": "config", "readOnly": true, "mountPath": "/etc/app"},
                             {"name": "scratch", "mountPath": "/tmp"}],
            "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
            "imagePullPolicy": if self.owner.is_multiple_of(5) { "Always" } else { "IfNotPresent" },
            "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
        });
        if !self.owner.is_multiple_of(3) {
            container["resources"] = json!({"requests": {"cpu": "250m", "memory": "256Mi"}, "limits": {"memory": "512Mi"}});
        }
        container
    }
}

fn sidecar() -> Value {
    json!({
        "name": "logs", "image": "registry.example.com/platform/fluent-bit:4.1.1",
        "args": ["--config=/etc/app/fluent-bit.yaml"],
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "64Mi"}},
        "volumeMounts": [{"name": "config", "readOnly": true, "mountPath": "/etc/app"}],
        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
    })
}

fn status(at: &str, image: &str, ip: &str) -> Value {
    let conditions =
        ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"];
    let conditions = conditions.map(|kind| {
        json!({"type": kind, "status": "True", "lastProbeTime": null, "lastTransitionTime": at, "observedGeneration": 1})
    });
    let container = |name: &str, image: &str| {
        json!({
            "name": name, "image": image, "ready": true, "started": true, "restartCount": 0, "lastState": {},
            "state": {"running": {"startedAt": at}},
            "imageID": format!("{image}@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
            "containerID": "containerd://2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
        })
    };
    json!({
        "phase": "Running", "observedGeneration": 1, "conditions": conditions, "hostIP": "10.0.0.1",
        "hostIPs": [{"ip": "10.0.0.1"}], "podIP": ip, "podIPs": [{"ip": ip}], "startTime": at,
        "containerStatuses": [container("main", image), container("logs", "registry.example.com/platform/fluent-bit:4.1.1")],
        "qosClass": "Burstable",
    })
}

/// Who owns which field: as long as what it is about.
fn managed(labels: &Value, at: &str) -> Value {
    let fields = |names: &[&str]| -> Value {
        names
            .iter()
            .map(|name| (format!("f:{name}"), json!({})))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    let mut of_labels: serde_json::Map<String, Value> =
        labels.as_object().unwrap().keys().map(|key| (format!("f:{key}"), json!({}))).collect();
    of_labels.insert(".".to_owned(), json!({}));
    let container = fields(&[
        "name",
        "image",
        "imagePullPolicy",
        "args",
        "command",
        "env",
        "resources",
        "securityContext",
        "terminationMessagePath",
        "terminationMessagePolicy",
        "volumeMounts",
    ]);
    let condition =
        fields(&["lastProbeTime", "lastTransitionTime", "status", "type", "observedGeneration"]);
    let mut spec = fields(&[
        "dnsPolicy",
        "enableServiceLinks",
        "restartPolicy",
        "schedulerName",
        "securityContext",
        "serviceAccount",
        "serviceAccountName",
        "terminationGracePeriodSeconds",
        "volumes",
    ]);
    spec["f:containers"] =
        json!({"k:{\"name\":\"main\"}": container, "k:{\"name\":\"logs\"}": container});
    json!([
        {"manager": "kube-controller-manager", "operation": "Update", "apiVersion": "v1", "time": at,
         "fieldsType": "FieldsV1", "fieldsV1": {
            "f:metadata": {"f:annotations": fields(&["prometheus.io/scrape", "prometheus.io/port", "checksum/config"]),
                           "f:generateName": {}, "f:labels": of_labels, "f:ownerReferences": {}},
            "f:spec": spec}},
        {"manager": "kubelet", "operation": "Update", "apiVersion": "v1", "time": at, "fieldsType": "FieldsV1",
         "subresource": "status", "fieldsV1": {"f:status": {
            "f:conditions": {"k:{\"type\":\"Ready\"}": condition, "k:{\"type\":\"Initialized\"}": condition,
                             "k:{\"type\":\"ContainersReady\"}": condition},
            "f:containerStatuses": {}, "f:hostIP": {}, "f:hostIPs": {}, "f:phase": {}, "f:podIP": {}, "f:podIPs": {}, "f:startTime": {}}}},
    ])
}
