//! The table of systems that make pods. One row adds one; `tests/workloads/` proves each with a pod as the
//! system's own code makes it.
//!
//! A sign must be one that the system's long-lived helpers lack: Tekton's affinity assistant carries
//! `tekton.dev/pipelineRun`, and the pause pods of GitLab's runner carry `manager.runner.gitlab.com/*`.

use super::Class;
use super::owners::{NamedOwner, SCALE_SET, named, run};

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
    /// The labels that name what its pods are attributed to, where their controller would say less; the first whose
    /// labels are there counts.
    pub owners: &'static [NamedOwner],
    /// A pod of the system, below `tests/workloads/`.
    pub example: &'static str,
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
        owners: &[named("", "DAG", &["dag_id"])],
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
        owners: &[
            run(
                "sparkoperator.k8s.io/v1beta2",
                "SparkApplication",
                &["sparkoperator.k8s.io/app-name"],
            ),
            named("", "SparkApp", &["spark-app-name"]),
        ],
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
        owners: &[],
        example: "kubeflow/pytorchjob-worker.json",
    },
    System {
        name: "ArgoWorkflows",
        class: Class::Batch,
        signs: &[Owner("argoproj.io", "Workflow"), Label("workflows.argoproj.io/workflow")],
        needs_cluster_dns: None,
        owners: &[
            named("argoproj.io/v1alpha1", "CronWorkflow", &["workflows.argoproj.io/cron-workflow"]),
            named(
                "argoproj.io/v1alpha1",
                "WorkflowTemplate",
                &["workflows.argoproj.io/workflow-template"],
            ),
        ],
        example: "argo-workflows/task.json",
    },
    System {
        name: "Tekton",
        class: Class::Batch,
        signs: &[Owner("tekton.dev", "TaskRun"), Label("tekton.dev/taskRun")],
        needs_cluster_dns: None,
        owners: &[
            // Of a PipelineRun that holds its pipeline, the name of the run.
            run("tekton.dev/v1", "Pipeline", &["tekton.dev/pipeline"]),
            named("tekton.dev/v1", "Task", &["tekton.dev/task"]),
            named("tekton.dev/v1beta1", "ClusterTask", &["tekton.dev/clusterTask"]),
        ],
        example: "tekton/taskrun.json",
    },
    System {
        name: "Ray",
        class: Class::Service,
        signs: &[All(&[Label("ray.io/cluster"), Label("ray.io/serve")])],
        needs_cluster_dns: Some("Ray workers find their head by its Service"),
        owners: &[],
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
        owners: &[named("ray.io/v1", "RayJob", &["ray.io/originated-from-cr-name"])],
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
        owners: &[named("kubernetes.dask.org/v1", "DaskCluster", &["dask.org/cluster-name"])],
        example: "dask/worker.json",
    },
    System {
        name: "JupyterHub",
        class: Class::Batch,
        signs: &[Label("hub.jupyter.org/username")],
        needs_cluster_dns: Some("a notebook server calls the hub by the name of its Service"),
        owners: &[
            // Users cannot change the pods of their servers.
            named("", "JupyterHub", &["release"]),
            named("", "JupyterHub", &["app"]),
        ],
        example: "jupyterhub/singleuser.json",
    },
    System {
        name: "GitLabRunner",
        class: Class::Batch,
        signs: &[Label("job.runner.gitlab.com/pod")],
        needs_cluster_dns: None,
        owners: &[
            named(
                "",
                "GitLabProject",
                &["project.runner.gitlab.com/namespace", "project.runner.gitlab.com/name"],
            ),
            named("", "GitLabProject", &["project.runner.gitlab.com/id"]),
        ],
        example: "gitlab-runner/job.json",
    },
    System {
        name: "GitHubRunner",
        class: Class::Service,
        signs: &[Owner("actions.github.com", "AutoscalingListener")],
        needs_cluster_dns: None,
        owners: &[SCALE_SET],
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
        owners: &[
            SCALE_SET,
            run("actions.github.com/v1alpha1", "EphemeralRunner", &["runner-pod"]),
        ],
        example: "github-runner/ephemeral-runner.json",
    },
    System {
        name: "Dagster",
        class: Class::Batch,
        signs: &[Label("dagster/run-id")],
        needs_cluster_dns: Some(
            "a Dagster run reaches its storage by the address in dagster.yaml, often a Service",
        ),
        owners: &[
            named("", "DagsterJob", &["dagster/code-location", "dagster/job"]),
            named("", "DagsterJob", &["dagster/job"]),
        ],
        example: "dagster/run-worker.json",
    },
    System {
        name: "Prefect",
        class: Class::Batch,
        signs: &[Label("prefect.io/flow-run-id")],
        needs_cluster_dns: None,
        owners: &[
            named("", "PrefectDeployment", &["prefect.io/flow-name", "prefect.io/deployment-name"]),
            named("", "PrefectFlow", &["prefect.io/flow-name"]),
        ],
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
        owners: &[],
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
        owners: &[],
        example: "trino/worker.json",
    },
    System {
        name: "Volcano",
        class: Class::Batch,
        signs: &[Owner("batch.volcano.sh", "Job"), Label("volcano.sh/job-name")],
        needs_cluster_dns: Some("the tasks of a Volcano job find each other through its Service"),
        owners: &[],
        example: "volcano/task.json",
    },
    System {
        name: "JobSet",
        class: Class::Batch,
        signs: &[Label("jobset.sigs.k8s.io/jobset-name")],
        needs_cluster_dns: Some(
            "the pods of a JobSet find each other through its headless Service",
        ),
        owners: &[named("jobset.x-k8s.io/v1alpha2", "JobSet", &["jobset.sigs.k8s.io/jobset-name"])],
        example: "jobset/worker.json",
    },
    System {
        name: "Jenkins",
        class: Class::Batch,
        signs: &[Label("jenkins/label-digest"), Label("kubernetes.jenkins.io/controller")],
        needs_cluster_dns: None,
        owners: &[run("", "JenkinsAgent", &["jenkins/label"])],
        example: "jenkins/agent.json",
    },
];
