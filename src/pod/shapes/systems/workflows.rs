//! Systems that run tasks, one pod each.

use super::Controller::Of;
use super::{CustomKind, Form, JOB, NEVER, PODS, Pods, REPLICA_SET, Whole};

const WORKFLOW_POD: Pods = Pods {
    form: Form::ArgoTemplate,
    owner: Of("argoproj.io/v1alpha1", "Workflow"),
    restart_policy: NEVER,
    container: "main",
    shared: &["spec"],
    elsewhere: &[
        ("dnsPolicy", "`dnsPolicy` of the workflow's spec, for all its pods"),
        ("dnsConfig", "`dnsConfig` of the workflow's spec, for all its pods"),
        ("hostNetwork", "`hostNetwork` of the workflow's spec, for all its pods"),
        ("topologySpreadConstraints", "`podSpecPatch` of the template or of the workflow's spec"),
        ("resources", "`podSpecPatch` of the template or of the workflow's spec"),
    ],
    ..PODS
};
const CRON_WORKFLOW_POD: Pods = Pods { shared: &["spec", "workflowSpec"], ..WORKFLOW_POD };
const TASK_POD: Pods = Pods {
    form: Form::TektonTask,
    owner: Of("tekton.dev/v1", "TaskRun"),
    restart_policy: NEVER,
    elsewhere: &[
        ("dnsPolicy", TEKTON),
        ("dnsConfig", TEKTON),
        ("hostNetwork", TEKTON),
        ("topologySpreadConstraints", TEKTON),
        ("affinity", TEKTON),
        ("nodeSelector", TEKTON),
    ],
    ..PODS
};
const TEKTON: &str = "`podTemplate` of the TaskRun, or `taskRunTemplate.podTemplate` of the PipelineRun, for all its tasks";
const PIPELINE_POD: Pods = Pods { shared: &["spec", "taskRunTemplate", "podTemplate"], ..TASK_POD };
const SPARK_POD: Pods = Pods {
    form: Form::SparkRole,
    restart_policy: NEVER,
    shared: &["spec"],
    elsewhere: &[
        ("dnsPolicy", "`template.spec` of the driver or executor, since version 2 of the operator"),
        (
            "topologySpreadConstraints",
            "`template.spec` of the driver or executor, since version 2 of the operator",
        ),
        (
            "containers/0/imagePullPolicy",
            "`imagePullPolicy` of the application's spec, for all its pods",
        ),
        (
            "containers/0/resources",
            "`cores`, `coreRequest`, `coreLimit`, `memory` and `memoryOverhead`",
        ),
    ],
    ..PODS
};
const DRIVER_POD: Pods = Pods {
    labels: &[("spark-app-selector", "spark"), ("spark-role", "driver")],
    container: "spark-kubernetes-driver",
    ..SPARK_POD
};
const EXECUTOR_POD: Pods = Pods {
    owner: Of("v1", "Pod"),
    labels: &[("spark-app-selector", "spark"), ("spark-role", "executor")],
    container: "spark-kubernetes-executor",
    ..SPARK_POD
};
const SCHEDULED: &[&str] = &["spec", "template"];

pub(super) static WORKFLOWS: &[CustomKind] = &[
    CustomKind {
        system: "Argo Workflows",
        group: "argoproj.io",
        kinds: &["Workflow", "WorkflowTemplate", "ClusterWorkflowTemplate"],
        pods: &[
            Pods { at: &["spec", "templates", "*"], ..WORKFLOW_POD },
            Pods { at: &["spec", "templates", "*", "steps", "*", "*", "inline"], ..WORKFLOW_POD },
            Pods { at: &["spec", "templates", "*", "dag", "tasks", "*", "inline"], ..WORKFLOW_POD },
        ],
        source: "argoproj/argo-workflows: workflow/controller/workflowpod.go",
    },
    CustomKind {
        system: "Argo Workflows",
        group: "argoproj.io",
        kinds: &["CronWorkflow"],
        pods: &[
            Pods { at: &["spec", "workflowSpec", "templates", "*"], ..CRON_WORKFLOW_POD },
            Pods {
                at: &["spec", "workflowSpec", "templates", "*", "steps", "*", "*", "inline"],
                ..CRON_WORKFLOW_POD
            },
            Pods {
                at: &["spec", "workflowSpec", "templates", "*", "dag", "tasks", "*", "inline"],
                ..CRON_WORKFLOW_POD
            },
        ],
        source: "argoproj/argo-workflows: workflow/controller/workflowpod.go",
    },
    CustomKind {
        system: "Argo Rollouts",
        group: "argoproj.io",
        kinds: &["Rollout", "Experiment"],
        pods: &[REPLICA_SET],
        source: "argoproj/argo-rollouts: rollout/sync.go, experiments/replicaset.go",
    },
    CustomKind {
        system: "Argo Rollouts",
        group: "argoproj.io",
        kinds: &["AnalysisTemplate", "ClusterAnalysisTemplate", "AnalysisRun"],
        pods: &[JOB],
        source: "argoproj/argo-rollouts: metricproviders/job/job.go",
    },
    CustomKind {
        system: "Tekton",
        group: "tekton.dev",
        kinds: &["Task", "ClusterTask"],
        pods: &[Pods { at: &["spec"], whole: Whole::Containers, ..TASK_POD }],
        source: "tektoncd/pipeline: pkg/pod/pod.go",
    },
    CustomKind {
        system: "Tekton",
        group: "tekton.dev",
        kinds: &["TaskRun"],
        pods: &[Pods { at: &["spec", "taskSpec"], shared: &["spec", "podTemplate"], ..TASK_POD }],
        source: "tektoncd/pipeline: pkg/pod/pod.go",
    },
    CustomKind {
        system: "Tekton",
        group: "tekton.dev",
        kinds: &["Pipeline"],
        pods: &[
            Pods { at: &["spec", "tasks", "*", "taskSpec"], whole: Whole::Containers, ..TASK_POD },
            Pods {
                at: &["spec", "finally", "*", "taskSpec"],
                whole: Whole::Containers,
                ..TASK_POD
            },
        ],
        source: "tektoncd/pipeline: pkg/pod/pod.go",
    },
    CustomKind {
        system: "Tekton",
        group: "tekton.dev",
        kinds: &["PipelineRun"],
        pods: &[
            Pods { at: &["spec", "pipelineSpec", "tasks", "*", "taskSpec"], ..PIPELINE_POD },
            Pods { at: &["spec", "pipelineSpec", "finally", "*", "taskSpec"], ..PIPELINE_POD },
            Pods {
                at: &[
                    "spec",
                    "pipelineSpec",
                    "tasks",
                    "*",
                    "pipelineSpec",
                    "tasks",
                    "*",
                    "taskSpec",
                ],
                ..PIPELINE_POD
            },
        ],
        source: "tektoncd/pipeline: pkg/pod/pod.go",
    },
    CustomKind {
        system: "Spark",
        group: "sparkoperator.k8s.io",
        kinds: &["SparkApplication"],
        pods: &[
            Pods { at: &["spec", "driver"], ..DRIVER_POD },
            Pods { at: &["spec", "executor"], ..EXECUTOR_POD },
        ],
        source: "kubeflow/spark-operator: internal/controller/sparkapplication/submission.go",
    },
    CustomKind {
        system: "Spark",
        group: "sparkoperator.k8s.io",
        kinds: &["ScheduledSparkApplication"],
        pods: &[
            Pods { at: &["spec", "template", "driver"], shared: SCHEDULED, ..DRIVER_POD },
            Pods { at: &["spec", "template", "executor"], shared: SCHEDULED, ..EXECUTOR_POD },
        ],
        source: "kubeflow/spark-operator: internal/controller/sparkapplication/submission.go",
    },
];
