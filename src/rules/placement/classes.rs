//! Classes that a pod names, its scheduler, and what node autoscalers may do to it.

use super::Placement;
use super::settings::Disruption;
use crate::edit::Edit;
use crate::finding::{Safety, Violation, quoted};
use crate::pod::view::Spec;
use crate::pointer::Pointer;
use crate::rules::Subject;

/// What the API server makes of an absent `schedulerName` (`DefaultSchedulerName`, k8s.io/api/core/v1/types.go).
pub(super) const DEFAULT_SCHEDULER: &str = "default-scheduler";
/// Annotations with which a pod keeps its node, each with the value that does
/// (cluster-autoscaler/utils/drain/drain.go; sigs.k8s.io/karpenter/pkg/apis/v1/labels.go).
pub(super) const KEEPS_NODE: [(&str, &str); 2] = [
    ("cluster-autoscaler.kubernetes.io/safe-to-evict", "false"),
    ("karpenter.sh/do-not-disrupt", "true"),
];

fn named(name: Option<&str>) -> Option<&str> {
    name.filter(|name| !name.is_empty())
}

/// A field of the spec with one name in it.
struct Field<'s> {
    name: &'static str,
    what: &'static str,
    /// What is there, unless it stands for nothing.
    now: Option<&'s str>,
    wanted: &'s str,
}

impl Field<'_> {
    /// What is wrong. `removed` are fields of the spec that make way for the name.
    fn judge(&self, removed: &[&str], violations: &mut Vec<Violation>) {
        let Self { name, what, now, wanted } = self;
        let place = Pointer::new("/spec").join(name);
        match now {
            Some(now) if now == wanted => {}
            Some(now) => violations.push(Violation::pod(
                place,
                format!("{} is the pod's {what}, and `{wanted}` is asked for", quoted(now)),
                format!("set {name}: {wanted}, or let the policy leave this pod out"),
            )),
            None => {
                let mut help = format!("set {name}: {wanted}");
                let mut summary = format!("{name} {wanted}");
                if !removed.is_empty() {
                    let fields = removed.join(" and ");
                    help += &format!(", and remove {fields}, which go with it");
                    summary += &format!(", without {fields}");
                }
                let spec = Pointer::new("/spec");
                let removals = removed.iter().map(|field| Edit::remove(spec.clone().join(field)));
                let edits = removals.chain([Edit::set(place.clone(), *wanted)]).collect();
                violations.push(
                    Violation::pod(
                        place,
                        format!("the pod names no {what}, and `{wanted}` is asked for"),
                        help,
                    )
                    .with_fix(summary, Safety::Unsafe, edits),
                );
            }
        }
    }
}

impl Placement {
    /// Reports another PriorityClass or RuntimeClass, or none.
    pub(super) fn judge_classes(&self, spec: &Spec<'_>, violations: &mut Vec<Violation>) {
        if let Some(wanted) = self.priority_class.as_deref() {
            let default = self.default_priority_class.as_deref();
            let there = named(spec.priority_class_name.as_deref());
            let now = there.filter(|now| *now == wanted || Some(*now) != default);
            if let (None, Some(own)) = (there, own_priority(spec)) {
                violations.push(without_class(own, wanted));
            } else {
                let field = Field { name: "priorityClassName", what: "PriorityClass", now, wanted };
                field.judge(&priority_fields(spec), violations);
            }
        }
        if let Some(wanted) = self.runtime_class.as_deref() {
            let now = named(spec.runtime_class_name.as_deref());
            let field = Field { name: "runtimeClassName", what: "RuntimeClass", now, wanted };
            field.judge(&[], violations);
        }
    }

    /// Reports another scheduler.
    pub(super) fn judge_scheduler(&self, spec: &Spec<'_>, violations: &mut Vec<Violation>) {
        let Some(wanted) = self.scheduler.as_deref() else { return };
        let now = named(spec.scheduler_name.as_deref()).unwrap_or(DEFAULT_SCHEDULER);
        let now = Some(now).filter(|now| *now == wanted || *now != DEFAULT_SCHEDULER);
        let field = Field { name: "schedulerName", what: "scheduler", now, wanted };
        field.judge(&[], violations);
    }

    /// Reports annotations by which autoscalers would do otherwise.
    pub(super) fn judge_disruption(
        &self,
        subject: &Subject<'_, '_>,
        violations: &mut Vec<Violation>,
    ) {
        let Some(wanted) = self.disruption else { return };
        let place = Pointer::new("/metadata/annotations");
        let mut missing = Vec::new();
        for (key, keeps) in KEEPS_NODE {
            match (wanted, subject.pod.annotation(key)) {
                (Disruption::Avoid, None) => missing.push((key, keeps)),
                (Disruption::Avoid, Some(now)) if now != keeps => violations.push(Violation::pod(
                    place.clone().join(key),
                    format!("the annotation {key} lets the pod be ended, which is to be avoided"),
                    format!("give it the value \"{keeps}\""),
                )),
                (Disruption::Allow, Some(now)) if now == keeps => violations.push(Violation::pod(
                    place.clone().join(key),
                    format!("the annotation {key} keeps the pod's node from being removed"),
                    "remove it; a pod like this may be ended and started elsewhere",
                )),
                _ => {}
            }
        }
        if missing.is_empty() {
            return;
        }
        let texts: Vec<String> =
            missing.iter().map(|(key, value)| format!("{key}: \"{value}\"")).collect();
        let text = texts.join(", ");
        let edits =
            missing.iter().map(|(key, value)| Edit::set(place.clone().join(key), *value)).collect();
        violations.push(
            Violation::pod(
                place,
                "node autoscalers may end the pod to remove its node",
                format!("add the annotations {text}"),
            )
            .with_fix(
                format!("annotations + {text}"),
                // The containers run as before, and longer.
                Safety::Safe,
                edits,
            ),
        );
    }

    /// Reports names that are forbidden.
    pub(super) fn judge_forbidden_classes(&self, spec: &Spec<'_>, violations: &mut Vec<Violation>) {
        let default = self.default_priority_class.as_deref();
        let priority = named(spec.priority_class_name.as_deref()).or(default);
        let runtime = named(spec.runtime_class_name.as_deref());
        for (globs, field, what, now) in [
            (&self.forbid.priority_class, "priorityClassName", "PriorityClass", priority),
            (&self.forbid.runtime_class, "runtimeClassName", "RuntimeClass", runtime),
        ] {
            forbidden(globs.as_ref(), field, what, now, violations);
        }
    }

    /// Reports a scheduler that is forbidden.
    pub(super) fn judge_forbidden_scheduler(
        &self,
        spec: &Spec<'_>,
        violations: &mut Vec<Violation>,
    ) {
        let now = named(spec.scheduler_name.as_deref()).unwrap_or(DEFAULT_SCHEDULER);
        let globs = self.forbid.scheduler.as_ref();
        forbidden(globs, "schedulerName", "scheduler", Some(now), violations);
    }
}

fn forbidden(
    globs: Option<&crate::glob::Globs>,
    field: &str,
    what: &str,
    now: Option<&str>,
    violations: &mut Vec<Violation>,
) {
    if let (Some(globs), Some(now)) = (globs, now)
        && globs.matches(now)
    {
        violations.push(Violation::pod(
            Pointer::new("/spec").join(field),
            format!("the {what} {} is forbidden", quoted(now)),
            format!("name another {what}"),
        ));
    }
}

/// What the admission plugin Priority fills in for a pod without a class, where the cluster has no default one: `priority`
/// and `preemptionPolicy` (`getDefaultPriority`, plugin/pkg/admission/priority/admission.go). With a default class it
/// fills in that class's name, too, so that a pod in review without a class has these two.
const OF_NO_CLASS: (i64, &str) = (0, "PreemptLowerPriority");

/// What the pod has that comes with its class, or with the absence of one.
fn priority_fields(spec: &Spec<'_>) -> Vec<&'static str> {
    let fields = [
        ("priority", spec.priority.is_some()),
        ("preemptionPolicy", spec.preemption_policy.is_some()),
    ];
    fields.into_iter().filter_map(|(field, is_there)| is_there.then_some(field)).collect()
}

/// The fields that hold something else than the API server fills in for a pod without a class, with what they hold: only
/// an author can have written that.
fn own_priority(spec: &Spec<'_>) -> Option<Vec<(&'static str, String)>> {
    let (number, policy) = OF_NO_CLASS;
    let priority = spec.priority.filter(|own| *own != number);
    let policy = spec.preemption_policy.as_deref().filter(|own| *own != policy);
    let own: Vec<_> = priority
        .map(|own| ("priority", format!("`{own}`")))
        .into_iter()
        .chain(policy.map(|own| ("preemptionPolicy", quoted(own))))
        .collect();
    (!own.is_empty()).then_some(own)
}

/// A priority that its author wrote without a class. The API server refuses each that is not the class's own (`admitPod`,
/// the same file), and nobody but the author knows whether the class may replace it.
fn without_class(own: Vec<(&'static str, String)>, wanted: &str) -> Violation {
    let told: Vec<String> = own.iter().map(|(field, value)| format!("{field} {value}")).collect();
    let fields: Vec<&str> = own.iter().map(|(field, _)| *field).collect();
    let (first, fields) = (fields.first().copied().unwrap_or_default(), fields.join(" and "));
    Violation::pod(
        Pointer::new("/spec").join(first),
        format!(
            "the pod has {} of its own and names no PriorityClass, and `{wanted}` is asked for",
            told.join(" and ")
        ),
        format!(
            "remove {fields}, which the API server takes from the class alone, and set priorityClassName: {wanted}"
        ),
    )
}
