//! What a policy's author writes, checked and made ready.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Constraint, HOSTNAME, Over, TopologySpread, ZONE, conditions};
use crate::label::{self, LabelError};
use crate::pointer::Pointer;
use crate::rules::{Origin, SettingsError};

/// Label of the crowd a pod belongs to.
const CROWD_KEY: &str = "plimsoll.dev/crowd";

/// How pods spread over nodes and zones.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
#[schemars(extend("x-kubernetes-validations" = conditions::of_settings()))]
pub(crate) struct Settings {
    /// The constraints that pods must have, each one of a kind by `topologyKey` and `whenUnsatisfiable`. Absent:
    /// maxSkew 1 over `kubernetes.io/hostname` and maxSkew 5 over `topology.kubernetes.io/zone`, both ScheduleAnyway.
    #[schemars(
        length(min = 1),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["topologyKey", "whenUnsatisfiable"]),
    )]
    pub(crate) constraints: Option<Vec<SpreadConstraint>>,
    /// Which pods are counted together. `Crowd` (default): those with the same crowd label, which the fix adds.
    /// `Labels`: those with the pod's own values of `labels`.
    pub(crate) over: OverWhat,
    /// With `over: Labels`: the label keys; those that a pod has are used.
    pub(crate) labels: Vec<String>,
    /// With `over: Crowd`: `key` and `value` of the label. By default `plimsoll.dev/crowd` and the policy's name. A pod
    /// that has the label keeps its value and is counted with that.
    pub(crate) crowd: Option<Crowd>,
    /// `Keep` (default): pods of a ReplicaSet, StatefulSet or ReplicationController, which the scheduler spreads by
    /// itself, are left alone. `Replace`: they get the constraints too, which then must name hostname and zone.
    pub(crate) built_in: BuiltIn,
}

/// A constraint, as in `spec.topologySpreadConstraints` but for the `labelSelector`, which the rule makes.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = conditions::of_constraint()))]
pub(crate) struct SpreadConstraint {
    /// Node label whose values are the domains.
    #[schemars(length(min = 1))]
    pub(crate) topology_key: String,
    /// Largest difference between domains; at least 1.
    #[schemars(range(min = 1))]
    pub(crate) max_skew: i32,
    /// `ScheduleAnyway` (default), or `DoNotSchedule`, which can leave pods Pending.
    #[serde(default)]
    pub(crate) when_unsatisfiable: WhenUnsatisfiable,
    /// Least number of domains, at least 1; with `DoNotSchedule` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub(crate) min_domains: Option<i32>,
    /// Whether nodes that the pod's nodeAffinity and nodeSelector exclude are counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) node_affinity_policy: Option<NodeInclusion>,
    /// Whether nodes whose taints the pod does not tolerate are counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) node_taints_policy: Option<NodeInclusion>,
    /// Further labels whose values must be the pod's own for a pod to be counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) match_label_keys: Vec<String>,
}

/// What happens to a pod that would make the skew too large.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub(crate) enum WhenUnsatisfiable {
    /// It goes where the skew is least.
    #[default]
    ScheduleAnyway,
    /// It waits.
    DoNotSchedule,
}

impl WhenUnsatisfiable {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::ScheduleAnyway => "ScheduleAnyway",
            Self::DoNotSchedule => "DoNotSchedule",
        }
    }
}

/// NodeInclusionPolicy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub(crate) enum NodeInclusion {
    /// They are not counted.
    Honor,
    /// They are counted.
    Ignore,
}

/// Which pods are counted together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub(crate) enum OverWhat {
    /// Those with the same crowd label.
    #[default]
    Crowd,
    /// Those with the same values of some labels.
    Labels,
}

/// The label of a crowd.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct Crowd {
    /// The label's key. Absent: `plimsoll.dev/crowd`.
    pub(crate) key: Option<String>,
    /// The label's value. Absent: the policy's name.
    pub(crate) value: Option<String>,
}

/// What happens to pods that the scheduler spreads by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub(crate) enum BuiltIn {
    /// They are left alone.
    #[default]
    Keep,
    /// They get the constraints.
    Replace,
}

pub(super) fn compile(
    settings: Settings,
    origin: &Origin<'_>,
) -> Result<TopologySpread, SettingsError> {
    let over = over(&settings, origin)?;
    let written = settings.constraints.unwrap_or_else(defaults);
    if written.is_empty() {
        return Err(refused(
            "/constraints",
            "the rule asks for nothing",
            "name a constraint, or leave `constraints` out for the default ones",
        ));
    }
    for (index, constraint) in written.iter().enumerate() {
        check(constraint, &over, &written[..index])
            .map_err(|error| error.below(index).below("constraints"))?;
    }
    let names = |key: &str| written.iter().any(|constraint| constraint.topology_key == key);
    if settings.built_in == BuiltIn::Replace && !(names(HOSTNAME) && names(ZONE)) {
        return Err(refused(
            "/builtIn",
            format!(
                "the scheduler's own spreading ends with a pod's first constraint, and these do not cover both `{HOSTNAME}` and `{ZONE}`"
            ),
            "add a constraint for the one that is missing, or leave `builtIn` out",
        ));
    }
    Ok(TopologySpread {
        constraints: written.into_iter().map(Constraint::new).collect(),
        over,
        built_in: settings.built_in,
    })
}

/// The scheduler's own zone spreading (maxSkew 5), and a hostname one that is stricter than its 3: measured, maxSkew 1
/// brings the busiest node from 3.07 times the mean to 1.27.
fn defaults() -> Vec<SpreadConstraint> {
    [(HOSTNAME, 1), (ZONE, 5)]
        .map(|(topology_key, max_skew)| SpreadConstraint {
            topology_key: topology_key.to_owned(),
            max_skew,
            when_unsatisfiable: WhenUnsatisfiable::ScheduleAnyway,
            min_domains: None,
            node_affinity_policy: None,
            node_taints_policy: None,
            match_label_keys: Vec::new(),
        })
        .into()
}

fn over(settings: &Settings, origin: &Origin<'_>) -> Result<Over, SettingsError> {
    let valid = |place: &str, result: Result<(), LabelError>| {
        result.map_err(|error| refused(place, error.to_string(), "it must be a legal label"))
    };
    match settings.over {
        OverWhat::Crowd if !settings.labels.is_empty() => Err(refused(
            "/labels",
            "`labels` has a meaning only beside `over: Labels`",
            "remove it, or set `over: Labels`",
        )),
        OverWhat::Labels if settings.crowd.is_some() => Err(refused(
            "/crowd",
            "`crowd` has a meaning only beside `over: Crowd`",
            "remove one of them",
        )),
        OverWhat::Labels if settings.labels.is_empty() => Err(refused(
            "/over",
            "`Labels` needs at least one label key",
            "name keys in `labels`: app.kubernetes.io/name",
        )),
        OverWhat::Labels => {
            for (index, key) in settings.labels.iter().enumerate() {
                let place = Pointer::new("/labels").join(index);
                valid(place.as_str(), label::validate_key(key))?;
                if settings.labels[..index].contains(key) {
                    return Err(refused(
                        place.as_str(),
                        format!("`{key}` stands here twice"),
                        "keep one of them",
                    ));
                }
            }
            Ok(Over::Labels(settings.labels.clone()))
        }
        OverWhat::Crowd => {
            let Crowd { key, value } = settings.crowd.clone().unwrap_or_default();
            let key = key.unwrap_or_else(|| CROWD_KEY.to_owned());
            valid("/crowd/key", label::validate_key(&key))?;
            let value = value.unwrap_or_else(|| crowd_of(origin.policy));
            if value.is_empty() {
                return Err(refused("/crowd/value", "the value is empty", "name the crowd"));
            }
            valid("/crowd/value", label::validate_value(&value))?;
            Ok(Over::Crowd { key, value })
        }
    }
}

/// A legal label value made of a policy's name: what a value may not hold becomes `-`, what is too long is cut.
pub(super) fn crowd_of(policy: &str) -> String {
    let name: String = policy
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' })
        .collect();
    let is_end = |c: char| !c.is_ascii_alphanumeric();
    let name = name.trim_start_matches(is_end);
    let name = name[..name.len().min(label::MAX_NAME)].trim_end_matches(is_end);
    if name.is_empty() { "crowd".to_owned() } else { name.to_owned() }
}

/// As `validateTopologySpreadConstraints`, and stricter on a topologyKey that no node can have.
fn check(
    constraint: &SpreadConstraint,
    over: &Over,
    before: &[SpreadConstraint],
) -> Result<(), SettingsError> {
    let SpreadConstraint { topology_key, max_skew, when_unsatisfiable, min_domains, .. } =
        constraint;
    label::validate_key(topology_key).map_err(|error| {
        refused("/topologyKey", error.to_string(), "it is the key of a node label")
    })?;
    if *max_skew < 1 {
        return Err(refused("/maxSkew", format!("`{max_skew}` is below 1"), "use 1 or more"));
    }
    let same = |other: &SpreadConstraint| {
        (&other.topology_key, other.when_unsatisfiable) == (topology_key, *when_unsatisfiable)
    };
    if before.iter().any(same) {
        return Err(refused(
            "",
            format!(
                "there are two constraints for `{topology_key}` with {}",
                when_unsatisfiable.name()
            ),
            "the API server takes one of a kind; remove the other",
        ));
    }
    if let Some(least) = min_domains {
        if *least < 1 {
            return Err(refused("/minDomains", format!("`{least}` is below 1"), "use 1 or more"));
        }
        if *when_unsatisfiable != WhenUnsatisfiable::DoNotSchedule {
            return Err(refused(
                "/minDomains",
                "`minDomains` has a meaning only beside `whenUnsatisfiable: DoNotSchedule`",
                "remove it, or set `whenUnsatisfiable: DoNotSchedule`",
            ));
        }
    }
    for (index, key) in constraint.match_label_keys.iter().enumerate() {
        let place = Pointer::new("/matchLabelKeys").join(index);
        label::validate_key(key)
            .map_err(|error| refused(place.as_str(), error.to_string(), "it is a label key"))?;
        if over.keys().any(|selected| selected == key) {
            return Err(refused(
                place.as_str(),
                format!("`{key}` is in the selector already"),
                "remove it here; the API server refuses it in both",
            ));
        }
    }
    Ok(())
}

fn refused(at: &str, message: impl Into<String>, help: impl Into<String>) -> SettingsError {
    SettingsError { pointer: Pointer::new(at), message: message.into(), help: Some(help.into()) }
}
