//! Systems that run many pods which belong together, or one after the other.

use super::Controller::{Itself, Of};
use super::{CustomKind, JOB, NEVER, PODS, Pods, REPLICA_SET, Whole};

const RAY_POD: Pods = Pods { owner: Of("ray.io/v1", "RayCluster"), ..PODS };
const RAY_HEAD: Pods =
    Pods { labels: &[("ray.io/cluster", "ray"), ("ray.io/node-type", "head")], ..RAY_POD };
const RAY_WORKER: Pods =
    Pods { labels: &[("ray.io/cluster", "ray"), ("ray.io/node-type", "worker")], ..RAY_POD };
const SERVE: &[(&str, &str)] = &[("ray.io/cluster", "ray"), ("ray.io/serve", "true")];
const JOBSET_POD: Pods = Pods { labels: &[("jobset.sigs.k8s.io/jobset-name", "jobset")], ..JOB };
const TRAINING_POD: Pods = Pods {
    at: &["spec", "*", "*", "template"],
    labels: &[("training.kubeflow.org/job-name", "job")],
    ..PODS
};
const FLINK_POD: Pods = Pods {
    owner: Of("apps/v1", "Deployment"),
    labels: &[("type", "flink-native-kubernetes")],
    whole: Whole::Nothing,
    ..PODS
};
const DASK_POD: Pods = Pods {
    labels: &[("dask.org/cluster-name", "dask"), ("dask.org/component", "worker")],
    ..REPLICA_SET
};
const RUNNER_POD: Pods = Pods {
    at: &["spec", "template"],
    owner: Of("actions.github.com/v1alpha1", "EphemeralRunner"),
    restart_policy: NEVER,
    ..PODS
};

pub(super) static CLUSTERS: &[CustomKind] = &[
    CustomKind {
        system: "Ray",
        group: "ray.io",
        kinds: &["RayCluster"],
        pods: &[
            Pods { at: &["spec", "headGroupSpec", "template"], ..RAY_HEAD },
            Pods { at: &["spec", "workerGroupSpecs", "*", "template"], ..RAY_WORKER },
        ],
        source: "ray-project/kuberay: ray-operator/controllers/ray/common/pod.go",
    },
    CustomKind {
        system: "Ray",
        group: "ray.io",
        kinds: &["RayJob", "RayCronJob"],
        pods: &[
            Pods { at: &["spec", "rayClusterSpec", "headGroupSpec", "template"], ..RAY_HEAD },
            Pods {
                at: &["spec", "rayClusterSpec", "workerGroupSpecs", "*", "template"],
                ..RAY_WORKER
            },
            Pods {
                at: &["spec", "submitterPodTemplate"],
                labels: &[("ray.io/originated-from-crd", "RayJob")],
                restart_policy: NEVER,
                ..JOB
            },
            RAY_WORKER,
        ],
        source: "ray-project/kuberay: ray-operator/controllers/ray/common/{pod,job}.go",
    },
    CustomKind {
        system: "Ray",
        group: "ray.io",
        kinds: &["RayService"],
        pods: &[Pods { labels: SERVE, ..RAY_POD }],
        source: "ray-project/kuberay: ray-operator/controllers/ray/rayservice_controller.go",
    },
    CustomKind {
        system: "JobSet",
        group: "jobset.x-k8s.io",
        kinds: &["JobSet"],
        pods: &[JOBSET_POD],
        source: "kubernetes-sigs/jobset: pkg/controllers/jobset_controller.go",
    },
    CustomKind {
        system: "Kubeflow Trainer",
        group: "trainer.kubeflow.org",
        kinds: &["TrainingRuntime", "ClusterTrainingRuntime"],
        // A TrainJob brings image and resources of its own.
        pods: &[Pods { whole: Whole::Nothing, ..JOBSET_POD }],
        source: "kubeflow/trainer: pkg/runtime/framework/plugins/jobset/builder.go",
    },
    CustomKind {
        system: "Kubeflow Training",
        group: "kubeflow.org",
        kinds: &["PyTorchJob", "TFJob", "XGBoostJob", "PaddleJob", "JAXJob", "MXJob"],
        pods: &[TRAINING_POD],
        source: "kubeflow/training-operator: pkg/controller.v1/common/pod.go",
    },
    CustomKind {
        system: "Kubeflow MPI",
        group: "kubeflow.org",
        kinds: &["MPIJob"],
        pods: &[
            Pods {
                at: &["spec", "mpiReplicaSpecs", "Launcher", "template"],
                owner: Of("batch/v1", "Job"),
                ..TRAINING_POD
            },
            TRAINING_POD,
        ],
        source: "kubeflow/mpi-operator: pkg/controller/mpi_job_controller.go",
    },
    CustomKind {
        system: "Volcano",
        group: "batch.volcano.sh",
        kinds: &["Job"],
        pods: &[PODS],
        source: "volcano-sh/volcano: pkg/controllers/job/job_controller_util.go",
    },
    CustomKind {
        system: "Volcano",
        group: "batch.volcano.sh",
        kinds: &["CronJob"],
        pods: &[Pods { owner: Of("batch.volcano.sh/v1alpha1", "Job"), ..PODS }],
        source: "volcano-sh/volcano: pkg/controllers/cronjob/cronjob_controller_util.go",
    },
    CustomKind {
        system: "Volcano",
        group: "flow.volcano.sh",
        kinds: &["JobTemplate"],
        pods: &[Pods { owner: Of("batch.volcano.sh/v1alpha1", "Job"), ..PODS }],
        source: "volcano-sh/volcano: pkg/controllers/jobtemplate/jobtemplate_controller_action.go",
    },
    CustomKind {
        system: "Flink",
        group: "flink.apache.org",
        kinds: &["FlinkDeployment"],
        pods: &[FLINK_POD],
        source: "apache/flink-kubernetes-operator: …/operator/config/FlinkConfigBuilder.java",
    },
    CustomKind {
        system: "Dask",
        group: "kubernetes.dask.org",
        kinds: &["DaskCluster", "DaskWorkerGroup", "DaskJob"],
        pods: &[
            Pods { at: &["spec", "job"], owner: Itself, restart_policy: None, ..DASK_POD },
            DASK_POD,
        ],
        source: "dask/dask-kubernetes: dask_kubernetes/operator/controller/controller.py",
    },
    CustomKind {
        system: "GitHub Actions runners",
        group: "actions.github.com",
        kinds: &["AutoscalingRunnerSet", "EphemeralRunnerSet", "EphemeralRunner"],
        pods: &[
            Pods {
                at: &["spec", "listenerTemplate"],
                owner: Of("actions.github.com/v1alpha1", "AutoscalingListener"),
                whole: Whole::Nothing,
                ..PODS
            },
            RUNNER_POD,
            Pods { at: &["**"], ..RUNNER_POD },
        ],
        source: "actions/actions-runner-controller: controllers/actions.github.com/resourcebuilder.go",
    },
    CustomKind {
        system: "KEDA",
        group: "keda.sh",
        kinds: &["ScaledJob"],
        pods: &[JOB],
        source: "kedacore/keda: pkg/scaling/executor/scale_jobs.go",
    },
];
