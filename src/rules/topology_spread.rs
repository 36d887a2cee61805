//! The scheduler spreads by itself only pods that a Service selects or that belong to a ReplicationController, ReplicaSet
//! or StatefulSet. **Pods of Jobs and bare pods, such as the tasks of Airflow, get none of that**: they pile up on the
//! nodes that look emptiest. This rule closes the gap with spread constraints of the pod's own.
//!
//! Measured with 900 pods on 30 uneven nodes (kube-scheduler 1.36), busiest node against the mean: 3.07 without a
//! constraint, 1.27 with maxSkew 1 over hostname and `ScheduleAnyway`. Under churn (60 pods a second that live 20 seconds)
//! the worst node held 123 pods without and 52 with it.
//!
//! ```yaml
//! topologySpread:
//!   constraints:
//!   - {topologyKey: kubernetes.io/hostname, maxSkew: 1, whenUnsatisfiable: ScheduleAnyway}
//!   - {topologyKey: topology.kubernetes.io/zone, maxSkew: 5, whenUnsatisfiable: ScheduleAnyway}
//!   over: Crowd
//! ```
//!
//! These are the defaults: `topologySpread: {}` says the same.
//!
//! ## What is read
//!
//! `spec.topologySpreadConstraints`, the pod's labels, its controller, and what binds it to a node (`spec.nodeName`,
//! `spec.nodeSelector`, `spec.affinity.nodeAffinity`).
//!
//! - `constraints`: `topologyKey` and `maxSkew` (1 or more); `whenUnsatisfiable` is `ScheduleAnyway` (the default) or
//!   `DoNotSchedule`; `minDomains` (with `DoNotSchedule`), `nodeAffinityPolicy` and `nodeTaintsPolicy` (`Honor` or
//!   `Ignore`) and `matchLabelKeys` pass through. A pod's own constraint with the same `topologyKey` and
//!   `whenUnsatisfiable` satisfies the rule whatever else it says, and is kept.
//! - `over: Crowd` counts pods by one label. Task pods carry labels that differ from task to task, so none of their own
//!   can tell the crowd. The label is `plimsoll.dev/crowd` with the policy's name as its value (what a label may not hold
//!   becomes `-`, and at most 63 characters are kept), or `crowd: {key: example.com/crowd, value: batch}`.
//! - `over: Labels` counts pods by the pod's own values of `labels`, as many of them as it has. A pod with none of them
//!   is a finding without a fix. Labels that are different on every pod count nothing.
//!
//! A constraint counts pods of one namespace only; that is how Kubernetes defines it.
//!
//! ## What the fix does
//!
//! It appends the constraints that are missing, with a selector that matches the pod itself, and adds the crowd label
//! where the pod has none of that key; a label that is there is never overwritten, and its value is then what the
//! selector matches. Constraints that are there keep their order and text.
//!
//! It is safe where it adds `ScheduleAnyway` only: that is a preference among the nodes which could run the pod anyway,
//! and no pod waits for it. With a `DoNotSchedule` it is unsafe, because pods may stay Pending.
//!
//! ## What it leaves alone
//!
//! - Pods that are not placed by spread: with `nodeName`, of a DaemonSet, static pods, and pods pinned to one node by
//!   `kubernetes.io/hostname` in nodeSelector, or by a required node affinity on `kubernetes.io/hostname` or
//!   `metadata.name` with one value.
//! - Pods of a ReplicaSet, StatefulSet or ReplicationController: the scheduler's own spreading (maxSkew 3 over hostname, 5
//!   over zone) ends with a pod's first constraint. With `builtIn: Replace` they are judged like others, and the settings
//!   must then name both hostname and zone, so that neither is lost.
//!
//! ## Limits
//!
//! - `DoNotSchedule` leaves pods Pending when one node that is full holds the global minimum down: with two full nodes of
//!   30, maxSkew 10 left 620 of 900 pods Pending, `ScheduleAnyway` none (1.33 times the mean). Beside a soft constraint a
//!   hard one gains little (maxSkew 10: 1.17, maxSkew 5: 1.07). That is why soft is the default.
//! - Whether a Service selects a bare pod cannot be seen; such a pod loses the scheduler's own spreading too, so keep a
//!   zone constraint beside the hostname one.
//! - Other schedulers than the default one may not know spread constraints.
//! - Settings that the API server would refuse are refused when the policy loads: a maxSkew below 1, two constraints of a
//!   kind, `minDomains` without `DoNotSchedule`, a `matchLabelKeys` entry that is in the selector, an illegal label.

use serde_json::{Map, Value};

use super::{FixMeta, Meta, Origin, Rule, SettingsError, Subject};
use crate::edit::Edit;
use crate::finding::{Claim, Safety, Violation};
use crate::pod::view::{NodeRequirement, NodeSelector, Spec, SpreadConstraint};
use crate::pod::workload::Class;
use crate::pointer::Pointer;

mod conditions;
mod settings;
#[cfg(test)]
mod tests;

pub(super) use settings::Settings;
use settings::{BuiltIn, WhenUnsatisfiable};

const HOSTNAME: &str = "kubernetes.io/hostname";
const ZONE: &str = "topology.kubernetes.io/zone";

/// How pods spread over nodes and zones.
#[derive(Debug)]
pub(super) struct TopologySpread {
    constraints: Vec<Constraint>,
    over: Over,
    built_in: BuiltIn,
}

/// A constraint, ready to be added but for its selector.
#[derive(Debug)]
struct Constraint {
    topology_key: String,
    when: WhenUnsatisfiable,
    entry: Map<String, Value>,
}

impl Constraint {
    fn new(written: settings::SpreadConstraint) -> Self {
        // A struct of text and numbers always has a JSON form.
        let entry = match serde_json::to_value(&written) {
            Ok(Value::Object(entry)) => entry,
            _ => Map::new(),
        };
        Self { topology_key: written.topology_key, when: written.when_unsatisfiable, entry }
    }
}

/// What pods are counted by.
#[derive(Debug)]
enum Over {
    Crowd { key: String, value: String },
    Labels(Vec<String>),
}

impl Over {
    fn keys(&self) -> impl Iterator<Item = &String> {
        match self {
            Self::Crowd { key, .. } => std::slice::from_ref(key).iter(),
            Self::Labels(keys) => keys.iter(),
        }
    }
}

impl Rule for TopologySpread {
    const META: Meta = Meta {
        name: "topologySpread",
        summary: "Pods that come in crowds spread over nodes and zones.",
        fix: Some(FixMeta {
            summary: "adds the spread constraints that are missing, and the label they count by",
            safety: "safe where every constraint that is added says `ScheduleAnyway`, else unsafe",
        }),
        page: include_str!("../../docs/rules/topologySpread.md"),
    };
    type Settings = Settings;

    fn compile(settings: Settings, origin: &Origin<'_>) -> Result<Self, SettingsError> {
        settings::compile(settings, origin)
    }

    fn evaluate(&self, subject: &Subject<'_, '_>, violations: &mut Vec<Violation>) {
        let present = subject.spec.topology_spread_constraints.as_deref().unwrap_or_default();
        let mut missing = self
            .constraints
            .iter()
            .filter(|wanted| !present.iter().any(|there| wanted.is_met_by(there)))
            .peekable();
        if missing.peek().is_some() && !self.leaves_alone(subject) {
            let missing: Vec<&Constraint> = missing.collect();
            violations.push(self.violation(subject, &missing));
        }
    }

    fn claims(&self) -> Vec<Claim> {
        let (label, by) = match &self.over {
            Over::Crowd { key, value } => {
                let field = format!("metadata.labels[\"{key}\"]");
                (Some(Claim { field, value: value.clone() }), key.clone())
            }
            Over::Labels(keys) => (None, keys.join(", ")),
        };
        let constraints = self.constraints.iter().map(|constraint| Claim {
            field: format!(
                "spec.topologySpreadConstraints[{}, {}]",
                constraint.topology_key,
                constraint.when.name()
            ),
            value: format!("{} by {by}", constraint.settings()),
        });
        label.into_iter().chain(constraints).collect()
    }
}

impl TopologySpread {
    fn leaves_alone(&self, subject: &Subject<'_, '_>) -> bool {
        let spec = subject.spec;
        matches!(subject.workload.class, Class::Daemon | Class::Static)
            || (subject.workload.replicated && self.built_in == BuiltIn::Keep)
            || spec.node_name.as_deref().is_some_and(|name| !name.is_empty())
            || is_pinned(spec)
    }

    fn violation(&self, subject: &Subject<'_, '_>, missing: &[&Constraint]) -> Violation {
        let place = Pointer::new("/spec/topologySpreadConstraints");
        let keys: Vec<&str> = missing.iter().map(|one| one.topology_key.as_str()).collect();
        let named: Vec<String> = missing.iter().map(|one| one.name()).collect();
        let message = format!("nothing spreads the pod over {}", named.join(" and "));
        let mut edits = Vec::with_capacity(missing.len() + 1);
        let mut summary = format!("topologySpreadConstraints + {}", keys.join(", "));
        let labels: Vec<(&String, &str)> = match &self.over {
            Over::Crowd { key, value } => {
                let own = subject.pod.label(key);
                if own.is_none() {
                    let label = Pointer::new("/metadata/labels").join(key);
                    edits.push(Edit::set(label, value.as_str()));
                    summary += &format!(", label {key}={value}");
                }
                vec![(key, own.unwrap_or(value))]
            }
            Over::Labels(keys) => {
                keys.iter().filter_map(|key| Some((key, subject.pod.label(key)?))).collect()
            }
        };
        if labels.is_empty() {
            let keys: Vec<String> = self.over.keys().map(|key| format!("`{key}`")).collect();
            return Violation::pod(
                place,
                format!("{message}, and it has no label to count by: {}", keys.join(", ")),
                "give the pod one of these labels, or let the policy say `over: Crowd`",
            );
        }
        let selector = serde_json::json!({"matchLabels":
            labels.into_iter().map(|(key, value)| (key.clone(), Value::from(value))).collect::<Map<_, _>>()});
        edits.extend(missing.iter().map(|constraint| {
            let mut entry = constraint.entry.clone();
            entry.insert("labelSelector".to_owned(), selector.clone());
            Edit::append(place.clone(), entry)
        }));
        let texts: Vec<String> = missing.iter().map(|one| one.settings()).collect();
        let help = format!("add topologySpreadConstraints with {}", texts.join(" and "));
        Violation::pod(place, message, help).with_fix(summary, safety(missing), edits)
    }
}

/// A preference of the scheduler leaves no pod waiting, and the containers are the same on every node that it takes.
fn safety(added: &[&Constraint]) -> Safety {
    if added.iter().all(|one| one.when == WhenUnsatisfiable::ScheduleAnyway) {
        Safety::Safe
    } else {
        Safety::Unsafe
    }
}

impl Constraint {
    fn is_met_by(&self, there: &SpreadConstraint<'_>) -> bool {
        there.topology_key.as_deref() == Some(self.topology_key.as_str())
            && there.when_unsatisfiable.as_deref() == Some(self.when.name())
    }

    fn name(&self) -> String {
        match self.when {
            WhenUnsatisfiable::ScheduleAnyway => format!("`{}`", self.topology_key),
            WhenUnsatisfiable::DoNotSchedule => format!("`{}` strictly", self.topology_key),
        }
    }

    /// What it says beside its key: `maxSkew 1, ScheduleAnyway`.
    fn settings(&self) -> String {
        let mut text = format!("maxSkew {}", self.entry["maxSkew"]);
        for (field, value) in &self.entry {
            match field.as_str() {
                "topologyKey" | "maxSkew" => {}
                "whenUnsatisfiable" => text += &format!(", {}", self.when.name()),
                _ => text += &format!(", {field} {}", value.to_string().replace('"', "")),
            }
        }
        text
    }
}

/// Whether only one node can take the pod.
fn is_pinned(spec: &Spec<'_>) -> bool {
    let selected = spec.node_selector.as_ref().and_then(|labels| labels.get(HOSTNAME)).is_some();
    selected
        || spec
            .affinity
            .as_ref()
            .and_then(|affinity| affinity.node_affinity.as_ref()?.required.as_ref())
            .is_some_and(names_one_node)
}

/// Whether every term pins the pod, and all to the same node: terms are alternatives.
fn names_one_node(required: &NodeSelector<'_>) -> bool {
    let mut terms = required.node_selector_terms.iter().flatten().map(|term| {
        let by_label = term.match_expressions.iter().flatten().map(|one| one_value(one, HOSTNAME));
        let by_name = term.match_fields.iter().flatten().map(|one| one_value(one, "metadata.name"));
        by_label.chain(by_name).flatten().next()
    });
    match terms.next() {
        Some(Some(first)) => terms.all(|node| node == Some(first)),
        _ => false,
    }
}

fn one_value<'s>(requirement: &'s NodeRequirement<'_>, key: &str) -> Option<&'s str> {
    let is = |field: &Option<crate::pod::scalars::Str<'_>>, wanted: &str| {
        field.as_deref() == Some(wanted)
    };
    match requirement.values.as_deref() {
        Some([value]) if is(&requirement.key, key) && is(&requirement.operator, "In") => {
            Some(value)
        }
        _ => None,
    }
}
