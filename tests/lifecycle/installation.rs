//! The chart, installed on the test cluster as a person installs it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::cluster::process::{Progress, poll};
use crate::cluster::{Cluster, Program};
use crate::helm::{CHART, Helm, NAMESPACE};
use crate::load::{Expect, Sample};
use crate::node::Node;

const PATIENCE: Duration = Duration::from_secs(60);

/// One release of the chart, and the node that runs its pods.
pub(crate) struct Installation {
    pub(crate) cluster: &'static Cluster,
    pub(crate) node: Node,
    helm: Helm,
}

/// What these tests want of the chart: nobody passes unjudged, two rules that are easy to tell, and a drain that a
/// test can wait for.
pub(crate) fn values() -> Value {
    json!({
        // Time that two busy cores take away is not to count as a failure.
        "webhooks": {"failurePolicy": "Fail", "timeoutSeconds": 10},
        "drainDelaySeconds": 4,
        "policies": {"profile": "none", "extra": [{
            "apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": "load"},
            "spec": {"rules": [
                {"name": "no-latest", "action": "Deny", "imageTag": {"deny": ["latest"]}},
                {"name": "pull-once", "action": "Patch", "imagePullPolicy": {}},
            ]},
        }]},
    })
}

/// Pods that those rules are about, and one that they are not about.
pub(crate) fn samples() -> Vec<Sample> {
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

impl Installation {
    /// A node for the chart's pods, and a Helm; nothing is installed yet.
    pub(crate) fn prepare(cluster: &'static Cluster) -> Self {
        let node = Node::start(cluster, NAMESPACE).unwrap();
        Self { cluster, node, helm: Helm::in_cluster(cluster) }
    }

    /// `helm upgrade --install` of the chart in `chart`, until its pods are ready.
    pub(crate) fn install(&self, chart: &str, values: &Value) {
        let path = self.cluster.folder().join("values.json");
        std::fs::write(&path, values.to_string()).unwrap();
        let path = path.display().to_string();
        let args = ["upgrade", "--install", "plimsoll", chart, "--namespace", NAMESPACE];
        let more = ["--create-namespace", "--values", &path];
        self.helm.ok(&[&args[..], &more].concat());
        self.rollout();
    }

    /// Waits until the pods of the present revision are ready and no other is left.
    pub(crate) fn rollout(&self) {
        let timeout = Duration::from_secs(100);
        let args = ["rollout", "status", "deployment/plimsoll", "-n", NAMESPACE, "--timeout=90s"];
        let output = self.cluster.kubectl_within(timeout, &args, None).unwrap();
        assert!(output.success(), "{output:?}\n{:#?}\n{}", self.node.complaints(), self.state());
        poll("the pods before to end", PATIENCE, || {
            Ok(match self.node.programs().len() {
                2 => Progress::Done(()),
                count => Progress::NotYet(format!("there are {count}")),
            })
        })
        .unwrap();
    }

    /// What there is to see, for a test that has waited in vain.
    fn state(&self) -> String {
        let args = ["get", "pods,replicasets,events", "-n", NAMESPACE, "-o", "wide"];
        self.cluster.kubectl(&args).unwrap().stdout + &self.logs()
    }

    /// The last words of every replica.
    pub(crate) fn logs(&self) -> String {
        let programs = self.node.programs();
        programs.iter().map(|(pod, program)| format!("{pod}:\n{}", program.log_tail())).collect()
    }

    /// The replicas' processes.
    pub(crate) fn replicas(&self) -> Vec<Program> {
        self.node.programs().into_values().collect()
    }

    pub(crate) fn uninstall(&self) {
        self.helm.ok(&["uninstall", "plimsoll", "--namespace", NAMESPACE, "--wait"]);
    }

    /// Waits until nothing runs on the node any more, so that another test can take it.
    pub(crate) fn await_end(&self) {
        poll("the last pods to end", PATIENCE, || {
            let left = self.cluster.get_json(&["pods", "-n", NAMESPACE])?;
            let left = left["items"].as_array().map_or(0, Vec::len) + self.node.programs().len();
            Ok(if left == 0 { Progress::Done(()) } else { Progress::NotYet(left.to_string()) })
        })
        .unwrap();
    }

    /// Waits until the API server has the pods of `namespace` judged.
    pub(crate) fn await_judgement(&self, namespace: &str) {
        poll("pods to be denied and patched", PATIENCE, || {
            let mut answers = Vec::new();
            for image in ["app:latest", "app:1"] {
                let args = ["run", "probe", "--dry-run=server", "-o", "json", "-n", namespace];
                let more = [&format!("--image={image}"), "--image-pull-policy=Always"];
                let output = self.cluster.kubectl(&[&args[..], &more].concat()).unwrap();
                answers.push(output.stdout + &output.stderr);
            }
            let judged = answers[0].contains("rule no-latest")
                && answers[1].contains("\"plimsoll.dev/patched-by\"");
            Ok(if judged { Progress::Done(()) } else { Progress::NotYet(answers.join("\n")) })
        })
        .unwrap_or_else(|error| panic!("{error}\n{}", self.logs()));
    }

    /// The managed certificate as it is stored.
    pub(crate) fn secret(&self) -> Value {
        self.cluster.get_json(&["secret", "plimsoll-tls", "-n", NAMESPACE]).unwrap_or_default()
    }

    /// The chart as the next version.
    pub(crate) fn next_chart(&self) -> String {
        let folder = self.cluster.folder().join("next-chart");
        let copied = std::process::Command::new("cp").arg("-r").arg(CHART).arg(&folder).status();
        assert!(copied.unwrap().success());
        let path = folder.join("Chart.yaml");
        let text = std::fs::read_to_string(&path).unwrap();
        let lines = text.lines().map(|line| match line.split_once(": ") {
            Some(("version", _)) => "version: 99.0.0\n".to_owned(),
            Some(("appVersion", _)) => "appVersion: \"99.0.0\"\n".to_owned(),
            _ => format!("{line}\n"),
        });
        std::fs::write(&path, lines.collect::<String>()).unwrap();
        folder.display().to_string()
    }
}
