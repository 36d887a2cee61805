//! What rules read of a pod, borrowed from the bytes of a review or the value of a manifest.
//!
//! Field names and types follow `core/v1` (staging/src/k8s.io/api/core/v1/types.go). Everything else in the
//! object, `managedFields` above all, is skipped unread.

mod annotations;
mod job;
mod lifecycle;
mod scheduling;

pub use annotations::Annotations;
pub use job::Job;
pub use lifecycle::{Lifecycle, PreStop, Sleep};
pub use scheduling::{
    Affinity, NodeAffinity, NodeRequirement, NodeSelector, NodeSelectorTerm, PreferredNodes,
    SpreadConstraint, Toleration,
};

use super::editing::view;
use super::mentions::{EnvMentions, Mentions};
use super::scalars::{Amount, Map, Str};

view! {
    /// A pod or a pod template.
    pub struct Pod {
        /// ObjectMeta.
        metadata: Metadata<'a> = "metadata",
        /// PodSpec.
        spec: Spec<'a> = "spec",
    } beside {
        /// The Job whose template this is; `/..` is where it stands, seen from the pod.
        job: Job<'a> = "..",
    }
}

view! {
    /// The ObjectMeta fields that policies match on.
    pub struct Metadata {
        /// Absent on CREATE when only `generateName` is given.
        name: Str<'a> = "name",
        /// The prefix of a generated name.
        generate_name: Str<'a> = "generateName",
        /// Not to be trusted in a review: `request.namespace` is.
        namespace: Str<'a> = "namespace",
        /// Labels.
        labels: Map<'a, Str<'a>> = "labels",
        /// Annotations.
        annotations: Annotations<'a> = "annotations",
        /// Owners; at most one is the controller.
        owner_references: Vec<OwnerReference<'a>> = "ownerReferences",
    }
}

view! {
    /// metav1.OwnerReference.
    pub struct OwnerReference {
        /// `group/version`, or `v1`.
        api_version: Str<'a> = "apiVersion",
        /// Kind of the owner.
        kind: Str<'a> = "kind",
        /// Name of the owner.
        name: Str<'a> = "name",
        /// The very object of that name.
        uid: Str<'a> = "uid",
        /// Whether this owner manages the pod.
        controller: bool = "controller",
    }
}

view! {
    /// PodSpec.
    pub struct Spec {
        /// Main containers.
        containers: Vec<Container<'a>> = "containers",
        /// Init containers, sidecars among them.
        init_containers: Vec<Container<'a>> = "initContainers",
        /// Debug containers, added to a running pod.
        ephemeral_containers: Vec<Container<'a>> = "ephemeralContainers",
        /// Volumes, read for image volumes.
        volumes: Vec<Volume<'a>> = "volumes",
        /// `Always`, `OnFailure` or `Never`; see [`Spec::restart_policy`].
        restart: Str<'a> = "restartPolicy",
        /// `ClusterFirst`, `ClusterFirstWithHostNet`, `Default` or `None`; see [`Spec::dns_policy`].
        dns: Str<'a> = "dnsPolicy",
        /// PodDNSConfig.
        dns_config: DnsConfig<'a> = "dnsConfig",
        /// The pod shares the node's network.
        host_network: bool = "hostNetwork",
        /// Set when the pod is bound without the scheduler.
        node_name: Str<'a> = "nodeName",
        /// The headless Service through which the pod's peers find it.
        subdomain: Str<'a> = "subdomain",
        /// Labels that a node must have.
        node_selector: Map<'a, Str<'a>> = "nodeSelector",
        /// Affinity, read for that to nodes.
        affinity: Affinity<'a> = "affinity",
        /// Taints that the pod tolerates.
        tolerations: Vec<Toleration<'a>> = "tolerations",
        /// Name of the PriorityClass.
        priority_class_name: Str<'a> = "priorityClassName",
        /// What the API server made of the PriorityClass.
        priority: i64 = "priority",
        /// The same of its preemptionPolicy.
        preemption_policy: Str<'a> = "preemptionPolicy",
        /// Name of the scheduler.
        scheduler_name: Str<'a> = "schedulerName",
        /// Name of the RuntimeClass.
        runtime_class_name: Str<'a> = "runtimeClassName",
        /// Seconds between the request to end and the kill.
        termination_grace_period_seconds: i64 = "terminationGracePeriodSeconds",
        /// Seconds that the pod may run.
        active_deadline_seconds: i64 = "activeDeadlineSeconds",
        /// Secrets with which nodes pull images.
        image_pull_secrets: Vec<LocalReference<'a>> = "imagePullSecrets",
        /// Spread constraints.
        topology_spread_constraints: Vec<SpreadConstraint<'a>> = "topologySpreadConstraints",
        /// Pod-level resources (KEP-2837).
        resources: Resources<'a> = "resources",
        /// Operating system of the pod.
        os: Os<'a> = "os",
        /// ServiceAccount the pod runs as.
        service_account_name: Str<'a> = "serviceAccountName",
    }
}

view! {
    /// Container, init container or ephemeral container.
    pub struct Container {
        /// Name, unique in the pod.
        name: Str<'a> = "name",
        /// Image reference.
        image: Str<'a> = "image",
        /// See [`Container::image_pull_policy`].
        pull_policy: Str<'a> = "imagePullPolicy",
        /// Requests and limits.
        resources: Resources<'a> = "resources",
        /// `Always` on an init container makes it a sidecar.
        restart: Str<'a> = "restartPolicy",
        /// What is done around start and end.
        lifecycle: Lifecycle<'a> = "lifecycle",
        /// What the environment names; never its text.
        env: EnvMentions = "env",
        /// What the arguments name; never their text.
        args: Mentions = "args",
        /// What the command names; never its text.
        command: Mentions = "command",
    }
}

view! {
    /// ResourceRequirements.
    pub struct Resources {
        /// What the scheduler reserves.
        requests: Map<'a, Amount<'a>> = "requests",
        /// What the kernel enforces.
        limits: Map<'a, Amount<'a>> = "limits",
    }
}

view! {
    /// LocalObjectReference.
    pub struct LocalReference {
        /// Name of an object in the pod's namespace.
        name: Str<'a> = "name",
    }
}

view! {
    /// Volume.
    pub struct Volume {
        /// Name, unique in the pod.
        name: Str<'a> = "name",
        /// ImageVolumeSource.
        image: ImageVolume<'a> = "image",
    }
}

view! {
    /// ImageVolumeSource (KEP-4639).
    pub struct ImageVolume {
        /// Image reference.
        reference: Str<'a> = "reference",
        /// As `imagePullPolicy` of a container.
        pull_policy: Str<'a> = "pullPolicy",
    }
}

view! {
    /// PodDNSConfig.
    pub struct DnsConfig {
        /// Addresses of name servers.
        nameservers: Vec<Str<'a>> = "nameservers",
        /// Search domains.
        searches: Vec<Str<'a>> = "searches",
        /// Resolver options.
        options: Vec<DnsOption<'a>> = "options",
    }
}

view! {
    /// PodDNSConfigOption.
    pub struct DnsOption {
        /// `ndots`, `single-request-reopen` …
        name: Str<'a> = "name",
        /// Absent for options without a value.
        value: Str<'a> = "value",
    }
}

view! {
    /// PodOS.
    pub struct Os {
        /// `linux` or `windows`.
        name: Str<'a> = "name",
    }
}
