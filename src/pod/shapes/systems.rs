//! What is known of the systems that keep pods in kinds of their own. One row of [`custom_kinds`] adds one.

use super::search::Step;

mod clusters;
mod services;
mod workflows;

/// The systems known.
pub fn custom_kinds() -> impl Iterator<Item = &'static CustomKind> {
    workflows::WORKFLOWS.iter().chain(clusters::CLUSTERS).chain(services::SERVICES)
}

/// Kinds of a system in which pods stand in the same places.
#[derive(Debug)]
pub struct CustomKind {
    /// The system, for people.
    pub system: &'static str,
    /// API group.
    pub group: &'static str,
    /// Kinds.
    pub kinds: &'static [&'static str],
    /// Where pods stand; the first place that fits counts.
    pub pods: &'static [Pods],
    /// The source file of the system that makes pods of them.
    pub source: &'static str,
}

/// The pods of one place in an object.
#[derive(Debug)]
pub struct Pods {
    /// Steps from the object; `*` is any one step, and `**` alone is any place.
    pub at: &'static [&'static str],
    /// How they are written.
    pub form: Form,
    /// Who controls them in the cluster.
    pub owner: Controller,
    /// Labels that the system puts on them, as far as they tell the system.
    pub labels: &'static [(&'static str, &'static str)],
    /// The restart policy that the system sets, whatever is written.
    pub restart_policy: Option<&'static str>,
    /// How much of the pod is written here.
    pub whole: Whole,
    /// Steps from the object to the fields that all its pods share.
    pub shared: &'static [&'static str],
    /// The name that a container gets which has none.
    pub container: &'static str,
    /// Fields of the pod that stand somewhere else, and where; for people.
    pub elsewhere: &'static [(&'static str, &'static str)],
}

/// How a pod is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As a PodTemplateSpec or a PodSpec, whichever it looks like.
    Shape,
    /// As a PodTemplateSpec.
    Template,
    /// As a PodSpec.
    Spec,
    /// As a template of an Argo workflow: `container`, `script` or `containerSet`, and sidecars.
    ArgoTemplate,
    /// As a Tekton task: `steps` and `sidecars`.
    TektonTask,
    /// As the `driver` or the `executor` of a SparkApplication.
    SparkRole,
}

/// The controller of pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Controller {
    /// The object itself.
    Itself,
    /// An object of this API version and kind, which the system makes.
    Of(&'static str, &'static str),
}

/// How much of a pod an object holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whole {
    /// All of it.
    Pod,
    /// Whole containers, for a pod that the system makes.
    Containers,
    /// Parts that the system merges into its own pod: what is absent may well be there in the end.
    Nothing,
}

/// What most places have in common.
pub(super) const PODS: Pods = Pods {
    at: &["**"],
    form: Form::Shape,
    owner: Controller::Itself,
    labels: &[],
    restart_policy: None,
    whole: Whole::Pod,
    shared: &[],
    container: "",
    elsewhere: &[],
};

/// Never restarted: the system sets it, and runs a new pod instead.
const NEVER: Option<&str> = Some("Never");
const REPLICA_SET: Pods = Pods { owner: Controller::Of("apps/v1", "ReplicaSet"), ..PODS };
const STATEFUL_SET: Pods = Pods { owner: Controller::Of("apps/v1", "StatefulSet"), ..PODS };
const JOB: Pods = Pods { owner: Controller::Of("batch/v1", "Job"), ..PODS };

impl CustomKind {
    /// The row of a kind.
    pub fn find(group: &str, kind: &str) -> Option<&'static Self> {
        custom_kinds()
            .find(|row| row.group == group && (row.kinds.contains(&kind) || row.kinds.is_empty()))
    }

    pub(super) fn pods_at(&self, path: &[Step<'_>]) -> Option<&'static Pods> {
        self.pods.iter().find(|pods| pods.is_at(path))
    }
}

impl Pods {
    fn is_at(&self, path: &[Step<'_>]) -> bool {
        self.at == ["**"]
            || self.at.len() == path.len()
                && path.iter().zip(self.at).all(|(step, pattern)| step.fits(pattern))
    }

    /// The place as people write it: `spec.templates[*]`.
    pub fn field_path(&self) -> String {
        match self.at {
            ["**"] => "anywhere".to_owned(),
            steps => steps.join(".").replace(".*", "[*]"),
        }
    }
}

/// Groups whose objects are no workloads: they describe pods, match them, or measure them, or hold values and patches
/// from which a tool makes manifests.
const SPEAK_OF_PODS: [&str; 48] = [
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "apps.gitlab.com",
    "apps.kubermatic.k8c.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "autoscaling.k8s.io",
    "batch",
    "catalog.cattle.io",
    "certificates.k8s.io",
    "chainsaw.kyverno.io",
    "cli.kyverno.io",
    "config.gatekeeper.sh",
    "constraints.gatekeeper.sh",
    "coordination.k8s.io",
    "data.packaging.carvel.dev",
    "discovery.k8s.io",
    "events.k8s.io",
    "expansion.gatekeeper.sh",
    "extensions",
    "fleet.cattle.io",
    "helm.cattle.io",
    "helm.crossplane.io",
    "helm.fluxcd.io",
    "helm.m.crossplane.io",
    "helm.toolkit.fluxcd.io",
    "install.istio.io",
    "kueue.x-k8s.io",
    "kustomize.config.k8s.io",
    "kustomize.toolkit.fluxcd.io",
    "kyverno.io",
    "metrics.k8s.io",
    "mutations.gatekeeper.sh",
    "networking.k8s.io",
    "node.k8s.io",
    "packaging.carvel.dev",
    "plimsoll.dev",
    "policies.kubewarden.io",
    "policies.kyverno.io",
    "policy",
    "rbac.authorization.k8s.io",
    "sailoperator.io",
    "storage.k8s.io",
    "templates.gatekeeper.sh",
    "wgpolicyk8s.io",
];

/// Kinds of the same sort, in groups that have others: what looks like a pod in them are values of a Helm chart.
const VALUES: [(&str, &str); 8] = [
    ("apps.open-cluster-management.io", "HelmRelease"),
    ("argoproj.io", "AppProject"),
    ("argoproj.io", "Application"),
    ("argoproj.io", "ApplicationSet"),
    ("core.gardener.cloud", "ControllerDeployment"),
    ("operator.gardener.cloud", "Extension"),
    ("provisioning.cattle.io", "Cluster"),
    ("rke.cattle.io", "RKEControlPlane"),
];

/// Whether objects of a kind are not searched. Kubernetes' own kinds hold pods where [`crate::pod::kinds`] says, and
/// nowhere else; a revision of a StatefulSet holds a copy of one.
pub(super) fn only_speaks_of_pods(group: &str, kind: &str) -> bool {
    let is_native = crate::pod::kinds::PodKind::find(group, kind).is_some();
    let is_core = group.is_empty() && !matches!(kind, "Template" | "List");
    let speaks = SPEAK_OF_PODS.contains(&group) || VALUES.contains(&(group, kind));
    !is_native && (is_core || speaks)
}
