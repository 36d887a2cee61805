//! Systems that keep pods running.

use super::Controller::Of;
use super::{CustomKind, JOB, PODS, Pods, REPLICA_SET, STATEFUL_SET, Whole};

pub(super) static SERVICES: &[CustomKind] = &[
    CustomKind {
        system: "Kubeflow Notebooks",
        group: "kubeflow.org",
        kinds: &["Notebook"],
        pods: &[STATEFUL_SET],
        source: "kubeflow/kubeflow: components/notebook-controller/controllers/notebook_controller.go",
    },
    CustomKind {
        system: "Knative Serving",
        group: "serving.knative.dev",
        kinds: &["Service", "Configuration", "Revision"],
        pods: &[Pods { container: "user-container", ..REPLICA_SET }],
        source: "knative/serving: pkg/reconciler/revision/resources/deploy.go",
    },
    CustomKind {
        system: "KServe",
        group: "serving.kserve.io",
        kinds: &["InferenceService", "InferenceGraph"],
        pods: &[Pods { container: "kserve-container", ..REPLICA_SET }],
        source: "kserve/kserve: pkg/controller/v1beta1/inferenceservice/reconcilers/deployment/deployment_reconciler.go",
    },
    CustomKind {
        system: "KServe",
        group: "serving.kserve.io",
        kinds: &[],
        pods: &[Pods { whole: Whole::Nothing, ..REPLICA_SET }],
        source: "kserve/kserve: pkg/controller/v1beta1/inferenceservice/components/predictor.go",
    },
    CustomKind {
        system: "OpenKruise",
        group: "apps.kruise.io",
        kinds: &["SidecarSet"],
        pods: &[Pods { at: &["spec"], whole: Whole::Containers, ..PODS }],
        source: "openkruise/kruise: pkg/webhook/pod/mutating/sidecarset.go",
    },
    CustomKind {
        system: "OpenKruise",
        group: "apps.kruise.io",
        kinds: &["AdvancedCronJob"],
        pods: &[
            Pods { at: &["spec", "template", "jobTemplate", "spec", "template"], ..JOB },
            Pods { owner: Of("apps.kruise.io/v1beta1", "BroadcastJob"), ..PODS },
        ],
        source: "openkruise/kruise: pkg/controller/advancedcronjob/advancedcronjob_controller.go",
    },
    CustomKind {
        system: "OpenKruise",
        group: "apps.kruise.io",
        kinds: &["UnitedDeployment"],
        pods: &[
            Pods {
                at: &["spec", "template", "deploymentTemplate", "spec", "template"],
                ..REPLICA_SET
            },
            Pods {
                at: &["spec", "template", "statefulSetTemplate", "spec", "template"],
                ..STATEFUL_SET
            },
            Pods { owner: Of("apps.kruise.io/v1beta1", "CloneSet"), ..PODS },
        ],
        source: "openkruise/kruise: pkg/controller/uniteddeployment/adapter",
    },
    CustomKind {
        system: "OpenKruise",
        group: "apps.kruise.io",
        kinds: &["CloneSet", "StatefulSet", "DaemonSet", "BroadcastJob"],
        pods: &[PODS],
        source: "openkruise/kruise: pkg/controller/cloneset/sync/cloneset_scale.go",
    },
    CustomKind {
        system: "LeaderWorkerSet",
        group: "leaderworkerset.x-k8s.io",
        kinds: &["LeaderWorkerSet"],
        pods: &[STATEFUL_SET],
        source: "kubernetes-sigs/lws: pkg/controllers/leaderworkerset_controller.go",
    },
    CustomKind {
        system: "Seldon",
        group: "machinelearning.seldon.io",
        kinds: &["SeldonDeployment"],
        pods: &[REPLICA_SET],
        source: "SeldonIO/seldon-core: operator/controllers/seldondeployment_controller.go",
    },
    CustomKind {
        system: "OpenShift",
        group: "apps.openshift.io",
        kinds: &["DeploymentConfig"],
        pods: &[Pods { owner: Of("v1", "ReplicationController"), ..PODS }],
        source: "openshift/openshift-controller-manager: pkg/apps/deploymentconfig/deploymentconfig_controller.go",
    },
    CustomKind {
        system: "Operator Lifecycle Manager",
        group: "operators.coreos.com",
        kinds: &["ClusterServiceVersion"],
        pods: &[REPLICA_SET],
        source: "operator-framework/operator-lifecycle-manager: pkg/controller/install/deployment.go",
    },
    CustomKind {
        system: "Prometheus operator",
        group: "monitoring.coreos.com",
        kinds: &["Prometheus", "PrometheusAgent", "Alertmanager", "ThanosRuler"],
        pods: &[Pods { at: &["spec"], whole: Whole::Nothing, ..STATEFUL_SET }],
        source: "prometheus-operator/prometheus-operator: pkg/k8s/merge.go",
    },
    CustomKind {
        system: "Elastic Cloud on Kubernetes",
        group: "elasticsearch.k8s.elastic.co",
        kinds: &[],
        pods: &[Pods { whole: Whole::Nothing, ..STATEFUL_SET }],
        source: "elastic/cloud-on-k8s: pkg/controller/common/defaults/pod_template.go",
    },
];
