//! The table of systems that make pods. One row adds one; `tests/workloads/` proves each with a pod as the
//! system's own code makes it.
//!
//! A sign must be one that the system's long-lived helpers lack: Tekton's affinity assistant carries
//! `tekton.dev/pipelineRun`, and the pause pods of GitLab's runner carry `manager.runner.gitlab.com/*`.

use super::Class;

/// Something by which pods of a system are recognised.
#[derive(Debug)]
pub enum Sign {
    /// A label with this key, whatever its value.
    Label(&'static str),
    /// A label with this key and value.
    LabelIs(&'static str, &'static str),
    /// A controller of this API group and kind. Groups count: Volcano's kind is `Job` too.
    Owner(&'static str, &'static str),
    /// A controller of any kind of this API group.
    OwnerGroup(&'static str),
    /// A container of this name.
    Container(&'static str),
    /// All of these.
    All(&'static [Sign]),
}

/// A system that makes pods, or one sort of its pods.
#[derive(Debug)]
pub struct System {
    /// The name policies use.
    pub name: &'static str,
    /// The class of its pods.
    pub class: Class,
    /// Any of these tells a pod of the system.
    pub signs: &'static [Sign],
    /// Why its pods need the names of Services even where neither env nor args show it.
    pub needs_cluster_dns: Option<&'static str>,
    /// The labels that name what its pods are attributed to, where their controller would say less.
    pub owner: Option<NamedOwner>,
    /// A pod of the system, below `tests/workloads/`.
    pub example: &'static str,
}

/// What the pods of a system are attributed to.
#[derive(Clone, Copy, Debug)]
pub struct NamedOwner {
    /// `group/version`; empty for what is no object of Kubernetes.
    pub api_version: &'static str,
    /// Kind.
    pub kind: &'static str,
    /// The labels whose value is its name; the first that is there counts.
    pub labels: &'static [&'static str],
}

use Sign::{All, Container, Label, LabelIs, Owner, OwnerGroup};

/// The systems known; the first row that matches counts, so helpers and special cases stand before the rest.
pub static SYSTEMS: &[System] = &[
    System {
        name: "Airflow",
        class: Class::Batch,
        signs: &[
            LabelIs("kubernetes_executor", "True"),
            LabelIs("kubernetes_pod_operator", "True"),
            All(&[Label("dag_id"), Label("task_id"), Label("airflow_version")]),
        ],
        needs_cluster_dns: None,
        owner: Some(NamedOwner { api_version: "", kind: "DAG", labels: &["dag_id"] }),
        example: "airflow/kubernetes-executor-task.json",
    },
    System {
        name: "Spark",
        class: Class::Batch,
        signs: &[
            All(&[Label("spark-app-selector"), LabelIs("spark-role", "driver")]),
            All(&[Label("spark-app-selector"), LabelIs("spark-role", "executor")]),
            OwnerGroup("sparkoperator.k8s.io"),
        ],
        needs_cluster_dns: Some(
            "a Spark driver calls kubernetes.default.svc, and executors call their driver",
        ),
        owner: None,
        example: "spark/driver.json",
    },
    System {
        name: "Kubeflow",
        class: Class::Batch,
        signs: &[
            Label("pipelines.kubeflow.org/v2_component"),
            Label("pipeline/runid"),
            Label("training.kubeflow.org/job-name"),
            OwnerGroup("kubeflow.org"),
        ],
        needs_cluster_dns: Some(
            "Kubeflow steps and trainers find each other and their store by Service names",
        ),
        owner: None,
        example: "kubeflow/pytorchjob-worker.json",
    },
    System {
        name: "ArgoWorkflows",
        class: Class::Batch,
        signs: &[Owner("argoproj.io", "Workflow"), Label("workflows.argoproj.io/workflow")],
        needs_cluster_dns: None,
        owner: None,
        example: "argo-workflows/task.json",
    },
    System {
        name: "Tekton",
        class: Class::Batch,
        signs: &[Owner("tekton.dev", "TaskRun"), Label("tekton.dev/taskRun")],
        needs_cluster_dns: None,
        owner: None,
        example: "tekton/taskrun.json",
    },
    System {
        name: "Ray",
        class: Class::Service,
        signs: &[All(&[Label("ray.io/cluster"), Label("ray.io/serve")])],
        needs_cluster_dns: Some("Ray workers find their head by its Service"),
        owner: None,
        example: "ray/serve-worker.json",
    },
    System {
        name: "Ray",
        class: Class::Batch,
        signs: &[
            OwnerGroup("ray.io"),
            Label("ray.io/node-type"),
            LabelIs("ray.io/originated-from-crd", "RayJob"),
        ],
        needs_cluster_dns: Some("Ray workers find their head by its Service"),
        owner: None,
        example: "ray/worker.json",
    },
    System {
        name: "Dask",
        class: Class::Batch,
        signs: &[
            OwnerGroup("kubernetes.dask.org"),
            All(&[Label("dask.org/cluster-name"), Label("dask.org/component")]),
        ],
        needs_cluster_dns: Some("Dask workers find their scheduler by its Service"),
        owner: None,
        example: "dask/worker.json",
    },
    System {
        name: "JupyterHub",
        class: Class::Batch,
        signs: &[Label("hub.jupyter.org/username")],
        needs_cluster_dns: Some("a notebook server calls the hub by the name of its Service"),
        owner: None,
        example: "jupyterhub/singleuser.json",
    },
    System {
        name: "GitLabRunner",
        class: Class::Batch,
        signs: &[Label("job.runner.gitlab.com/pod")],
        needs_cluster_dns: None,
        owner: None,
        example: "gitlab-runner/job.json",
    },
    System {
        name: "GitHubRunner",
        class: Class::Service,
        signs: &[Owner("actions.github.com", "AutoscalingListener")],
        needs_cluster_dns: None,
        owner: None,
        example: "github-runner/listener.json",
    },
    System {
        name: "GitHubRunner",
        class: Class::Batch,
        signs: &[
            Owner("actions.github.com", "EphemeralRunner"),
            LabelIs("actions-ephemeral-runner", "True"),
            All(&[Label("runner-pod"), Container("job")]),
        ],
        needs_cluster_dns: None,
        owner: None,
        example: "github-runner/ephemeral-runner.json",
    },
    System {
        name: "Dagster",
        class: Class::Batch,
        signs: &[Label("dagster/run-id")],
        needs_cluster_dns: Some(
            "a Dagster run reaches its storage by the address in dagster.yaml, often a Service",
        ),
        owner: None,
        example: "dagster/run-worker.json",
    },
    System {
        name: "Prefect",
        class: Class::Batch,
        signs: &[Label("prefect.io/flow-run-id")],
        needs_cluster_dns: None,
        owner: None,
        example: "prefect/flow-run.json",
    },
    System {
        name: "Flink",
        class: Class::Service,
        signs: &[
            LabelIs("type", "flink-native-kubernetes"),
            LabelIs("type", "flink-standalone-kubernetes"),
        ],
        needs_cluster_dns: Some("Flink task managers find their job manager by its Service"),
        owner: None,
        example: "flink/taskmanager-native.json",
    },
    System {
        name: "Trino",
        class: Class::Service,
        signs: &[
            Label("trino.io/network-policy-protection"),
            LabelIs("app.kubernetes.io/name", "trino"),
        ],
        needs_cluster_dns: Some("Trino workers find their coordinator by its Service"),
        owner: None,
        example: "trino/worker.json",
    },
    System {
        name: "Volcano",
        class: Class::Batch,
        signs: &[Owner("batch.volcano.sh", "Job"), Label("volcano.sh/job-name")],
        needs_cluster_dns: Some("the tasks of a Volcano job find each other through its Service"),
        owner: None,
        example: "volcano/task.json",
    },
    System {
        name: "JobSet",
        class: Class::Batch,
        signs: &[Label("jobset.sigs.k8s.io/jobset-name")],
        needs_cluster_dns: Some(
            "the pods of a JobSet find each other through its headless Service",
        ),
        owner: None,
        example: "jobset/worker.json",
    },
    System {
        name: "Jenkins",
        class: Class::Batch,
        signs: &[Label("jenkins/label-digest"), Label("kubernetes.jenkins.io/controller")],
        needs_cluster_dns: None,
        owner: None,
        example: "jenkins/agent.json",
    },
];
