//! What a policy's author writes.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::schemas::{patterns, short_text};
use crate::glob::{MAX_PATTERN, MAX_PATTERNS};
use crate::label;

/// The most entries of a list or map, and the most values of a requirement: far above what pods have.
pub(super) const MAX_ENTRIES: usize = 64;
/// The longest key of a label: a prefix, a slash and a name.
const MAX_KEY: usize = label::MAX_PREFIX + 1 + label::MAX_NAME;
/// The longest name of a PriorityClass or RuntimeClass (a DNS-1123 subdomain).
const MAX_NAME: usize = label::MAX_PREFIX;

/// Which nodes pods may and should run on.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct Settings {
    /// Labels that the pod's nodes must have, as in `spec.nodeSelector`. The fix adds those whose keys are absent; another
    /// value is a finding without a fix.
    #[schemars(extend("maxProperties" = MAX_ENTRIES, "additionalProperties" = short_text(label::MAX_NAME)))]
    pub(crate) node_selector: BTreeMap<String, String>,
    /// Taints that the pod must tolerate, as in `spec.tolerations`. A wider toleration satisfies; the fix appends what is
    /// missing.
    #[schemars(length(max = MAX_ENTRIES))]
    pub(crate) tolerations: Vec<Toleration>,
    /// `required`: requirements on nodes' labels that hold in every term of the pod's required node affinity;
    /// `preferred`: terms that are among the preferred ones.
    pub(crate) node_affinity: Option<NodeAffinity>,
    /// The PriorityClass that the pod must name. The fix sets it where there is none.
    #[schemars(length(min = 1, max = MAX_NAME))]
    pub(crate) priority_class_name: Option<String>,
    /// The cluster's PriorityClass with `globalDefault: true`, if it has one. The API server gives it to pods without
    /// one before any webhook sees them: a pod that has it counts as one without.
    #[schemars(length(min = 1, max = MAX_NAME))]
    pub(crate) global_default_priority_class_name: Option<String>,
    /// The scheduler that the pod must name. The fix sets it where there is none; `default-scheduler` counts as none,
    /// because that is what the API server makes of absence.
    #[schemars(length(min = 1, max = MAX_NAME))]
    pub(crate) scheduler_name: Option<String>,
    /// The RuntimeClass that the pod must name. The fix sets it where there is none.
    #[schemars(length(min = 1, max = MAX_NAME))]
    pub(crate) runtime_class_name: Option<String>,
    /// What the node autoscalers may do to the pod. `Avoid`: never end it to remove its node; the fix adds the annotations
    /// `cluster-autoscaler.kubernetes.io/safe-to-evict: "false"` and `karpenter.sh/do-not-disrupt: "true"`. `Allow`: it
    /// must not carry either. Absent: not looked at.
    pub(crate) disruption: Option<Disruption>,
    /// What pods may not ask for: `tolerations`, `nodeSelector`, `nodeName`, `priorityClassName`, `schedulerName`,
    /// `runtimeClassName`. There is no fix for these.
    pub(crate) forbid: Option<Forbid>,
    /// Pods that choose no node, because they name one or belong to a DaemonSet. `Ignore` (default): only their classes
    /// and annotations are looked at. `Forbid`: what `forbid` says holds for them too.
    pub(crate) bound_pods: BoundPods,
}

/// A toleration, as in `spec.tolerations`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Toleration {
    /// Key of the taint; absent for every key, with `operator: Exists`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = MAX_KEY))]
    pub(crate) key: Option<String>,
    /// `Equal` (default), `Exists`; `Lt` and `Gt` need Kubernetes 1.35 and its feature gate
    /// TaintTolerationComparisonOperators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) operator: Option<TolerationOperator>,
    /// Value of the taint; an integer with `Lt` and `Gt`, none with `Exists`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = label::MAX_NAME))]
    pub(crate) value: Option<String>,
    /// Effect of the taint; absent for every effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) effect: Option<TaintEffect>,
    /// Seconds for which a `NoExecute` taint is tolerated, 0 or more; absent for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub(crate) toleration_seconds: Option<i64>,
}

/// TolerationOperator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub(crate) enum TolerationOperator {
    /// The taint has this value.
    Equal,
    /// The taint has any value.
    Exists,
    /// The taint's value is a smaller integer.
    Lt,
    /// The taint's value is a larger integer.
    Gt,
}

/// TaintEffect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub(crate) enum TaintEffect {
    /// No pod is placed there.
    NoSchedule,
    /// Pods are placed elsewhere where that is possible.
    PreferNoSchedule,
    /// Pods that are there are ended, too.
    NoExecute,
}

impl TaintEffect {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::NoSchedule => "NoSchedule",
            Self::PreferNoSchedule => "PreferNoSchedule",
            Self::NoExecute => "NoExecute",
        }
    }
}

/// Node affinity.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct NodeAffinity {
    /// Requirements that the labels of the pod's nodes must meet, all of them. Terms of a pod are alternatives, so each
    /// gets what it does not imply; a pod without terms gets one.
    #[schemars(length(max = MAX_ENTRIES))]
    pub(crate) required: Vec<NodeRequirement>,
    /// Terms that must be among the pod's preferred ones. One with the same requirements satisfies whatever its weight.
    #[schemars(length(max = MAX_ENTRIES))]
    pub(crate) preferred: Vec<PreferredNodes>,
}

/// A preferred term.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct PreferredNodes {
    /// From 1 to 100.
    #[schemars(range(min = 1, max = 100))]
    pub(crate) weight: i32,
    /// Requirements on the labels of nodes, all of which must be met.
    #[schemars(length(min = 1, max = MAX_ENTRIES))]
    pub(crate) match_expressions: Vec<NodeRequirement>,
}

/// A requirement on a label of nodes (core/v1 NodeSelectorRequirement).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct NodeRequirement {
    /// The label's key.
    #[schemars(length(min = 1, max = MAX_KEY))]
    pub(crate) key: String,
    /// `In`, `NotIn`, `Exists`, `DoesNotExist`, `Gt` or `Lt`.
    pub(crate) operator: NodeOperator,
    /// The values: one or more with `In` and `NotIn`, one integer with `Gt` and `Lt`, none with the others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = MAX_ENTRIES), inner(length(max = label::MAX_NAME)))]
    pub(crate) values: Vec<String>,
}

/// NodeSelectorOperator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub(crate) enum NodeOperator {
    /// The label has one of the values.
    In,
    /// The label is absent or has none of the values.
    NotIn,
    /// The label is there.
    Exists,
    /// The label is absent.
    DoesNotExist,
    /// The label is a larger integer.
    Gt,
    /// The label is a smaller integer.
    Lt,
}

impl NodeOperator {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::In => "In",
            Self::NotIn => "NotIn",
            Self::Exists => "Exists",
            Self::DoesNotExist => "DoesNotExist",
            Self::Gt => "Gt",
            Self::Lt => "Lt",
        }
    }

    pub(super) fn of(name: &str) -> Option<Self> {
        [Self::In, Self::NotIn, Self::Exists, Self::DoesNotExist, Self::Gt, Self::Lt]
            .into_iter()
            .find(|operator| operator.name() == name)
    }
}

/// What the node autoscalers may do to pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub(crate) enum Disruption {
    /// They may not end the pod to remove its node.
    Avoid,
    /// The pod may not keep them from it.
    Allow,
}

/// What happens to pods that choose no node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub(crate) enum BoundPods {
    /// Only their classes and annotations are looked at.
    #[default]
    Ignore,
    /// What is forbidden is forbidden to them too.
    Forbid,
}

/// What pods may not ask for.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct Forbid {
    /// Taints that the pod may not tolerate. A toleration of more, such as `operator: Exists` without a key, is one of
    /// these too.
    #[schemars(length(max = MAX_ENTRIES))]
    pub(crate) tolerations: Vec<Taint>,
    /// Labels of nodes, each with globs on its value, that the pod may not ask for: in `spec.nodeSelector`, or in its
    /// required or preferred node affinity.
    #[schemars(extend("maxProperties" = MAX_ENTRIES, "additionalProperties" = patterns()))]
    pub(crate) node_selector: BTreeMap<String, Vec<String>>,
    /// The pod may not name its node itself.
    pub(crate) node_name: bool,
    /// Names of PriorityClasses, as globs.
    #[schemars(length(max = MAX_PATTERNS), inner(length(min = 1, max = MAX_PATTERN)))]
    pub(crate) priority_class_name: Vec<String>,
    /// Names of schedulers, as globs; a pod without one has `default-scheduler`.
    #[schemars(length(max = MAX_PATTERNS), inner(length(min = 1, max = MAX_PATTERN)))]
    pub(crate) scheduler_name: Vec<String>,
    /// Names of RuntimeClasses, as globs.
    #[schemars(length(max = MAX_PATTERNS), inner(length(min = 1, max = MAX_PATTERN)))]
    pub(crate) runtime_class_name: Vec<String>,
}

/// A taint of nodes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Taint {
    /// Its key.
    #[schemars(length(min = 1, max = MAX_KEY))]
    pub(crate) key: String,
    /// Its value; absent for any.
    #[serde(default)]
    #[schemars(length(max = label::MAX_NAME))]
    pub(crate) value: Option<String>,
    /// Its effect; absent for any.
    #[serde(default)]
    pub(crate) effect: Option<TaintEffect>,
}
