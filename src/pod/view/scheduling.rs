//! Where a pod may and should run.

use crate::pod::editing::view;
use crate::pod::scalars::Str;

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
        /// NodeSelectorTerms that should hold, with their weights.
        preferred: Vec<PreferredNodes<'a>> = "preferredDuringSchedulingIgnoredDuringExecution",
    }
}

view! {
    /// PreferredSchedulingTerm.
    pub struct PreferredNodes {
        /// From 1 to 100.
        weight: i64 = "weight",
        /// The nodes.
        preference: NodeSelectorTerm<'a> = "preference",
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
    /// Toleration.
    pub struct Toleration {
        /// Key of the taint; empty for every key, with `Exists`.
        key: Str<'a> = "key",
        /// `Equal` (the default), `Exists`, and `Lt` and `Gt` since 1.35.
        operator: Str<'a> = "operator",
        /// Value of the taint.
        value: Str<'a> = "value",
        /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`; empty for every effect.
        effect: Str<'a> = "effect",
        /// Seconds for which a `NoExecute` taint is tolerated; absent for ever.
        toleration_seconds: i64 = "tolerationSeconds",
    }
}
