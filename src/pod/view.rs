//! What rules read of a pod, borrowed from the bytes of a review or the value of a manifest.
//!
//! Field names and types follow `core/v1` (staging/src/k8s.io/api/core/v1/types.go). Everything else in the
//! object, `managedFields` above all, is skipped unread.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::editing::{View, view};
use super::mentions::{EnvMentions, Mentions};
use super::scalars::{Amount, Map, Str};
use crate::edit::Change;

view! {
    /// A pod or a pod template.
    pub struct Pod {
        /// ObjectMeta.
        metadata: Metadata<'a> = "metadata",
        /// PodSpec.
        spec: Spec<'a> = "spec",
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
        /// Only the annotations that Plimsoll itself reads.
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
        /// Affinity, read for pods pinned to one node.
        affinity: Affinity<'a> = "affinity",
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
    /// Affinity.
    pub struct Affinity {
        /// NodeAffinity.
        node_affinity: NodeAffinity<'a> = "nodeAffinity",
    }
}

view! {
    /// NodeAffinity.
    pub struct NodeAffinity {
        /// NodeSelector that must hold.
        required: NodeSelector<'a> = "requiredDuringSchedulingIgnoredDuringExecution",
    }
}

view! {
    /// NodeSelector: any of its terms must hold.
    pub struct NodeSelector {
        /// Terms.
        node_selector_terms: Vec<NodeSelectorTerm<'a>> = "nodeSelectorTerms",
    }
}

view! {
    /// NodeSelectorTerm: all of its requirements must hold.
    pub struct NodeSelectorTerm {
        /// Requirements on labels.
        match_expressions: Vec<NodeRequirement<'a>> = "matchExpressions",
        /// Requirements on fields (`metadata.name`).
        match_fields: Vec<NodeRequirement<'a>> = "matchFields",
    }
}

view! {
    /// NodeSelectorRequirement.
    pub struct NodeRequirement {
        /// Label or field.
        key: Str<'a> = "key",
        /// `In`, `NotIn` …
        operator: Str<'a> = "operator",
        /// Values.
        values: Vec<Str<'a>> = "values",
    }
}

view! {
    /// TopologySpreadConstraint.
    pub struct SpreadConstraint {
        /// Node label whose values are the domains.
        topology_key: Str<'a> = "topologyKey",
        /// Largest difference allowed between domains.
        max_skew: i64 = "maxSkew",
        /// `DoNotSchedule` or `ScheduleAnyway`.
        when_unsatisfiable: Str<'a> = "whenUnsatisfiable",
    }
}

view! {
    /// PodOS.
    pub struct Os {
        /// `linux` or `windows`.
        name: Str<'a> = "name",
    }
}

/// The annotations Plimsoll reads; the others, which may carry secrets or whole manifests, are skipped.
#[derive(Clone, Debug, Default)]
pub struct Annotations<'a>(Map<'a, Str<'a>>);

impl Annotations<'_> {
    /// Marks a static pod's mirror in the API server (k8s.io/api/core/v1 `MirrorPodAnnotationKey`).
    pub const MIRROR: &'static str = "kubernetes.io/config.mirror";
    /// The policies that changed a pod.
    pub const PATCHED_BY: &'static str = "plimsoll.dev/patched-by";

    /// The value of an annotation that is read.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(|value| &**value)
    }

    fn reads(key: &str) -> bool {
        matches!(key, Self::MIRROR | Self::PATCHED_BY)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Annotations<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;

        impl<'de> Visitor<'de> for Entries {
            type Value = Annotations<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of annotations")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut read = Vec::new();
                while let Some(key) = map.next_key::<Str<'de>>()? {
                    if Annotations::reads(&key) {
                        if let Some(value) = map.next_value::<Option<Str<'de>>>()? {
                            read.push((key, value));
                        }
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(Annotations(Map(read)))
            }
        }

        deserializer.deserialize_map(Entries)
    }
}

impl<'a> View<'a> for Annotations<'a> {
    fn depth(&self, path: &[&str]) -> usize {
        self.0.depth(path)
    }

    fn apply(&mut self, path: &[&str], change: &Change) -> Result<(), serde_json::Error> {
        self.0.apply(path, change)
    }
}
