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
    /// What is wrong, with the change that comes with the name.
    fn judge(&self, further: impl FnOnce() -> Vec<Edit>, violations: &mut Vec<Violation>) {
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
                let mut edits = further();
                edits.push(Edit::set(place.clone(), *wanted));
                violations.push(
                    Violation::pod(
                        place,
                        format!("the pod names no {what}, and `{wanted}` is asked for"),
                        format!("set {name}: {wanted}"),
                    )
                    .with_fix(
                        format!("{name} {wanted}"),
                        Safety::Unsafe,
                        edits,
                    ),
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
            let now = named(spec.priority_class_name.as_deref());
            let now = now.filter(|now| *now == wanted || Some(*now) != default);
            let field = Field { name: "priorityClassName", what: "PriorityClass", now, wanted };
            field.judge(|| forget_priority(spec), violations);
        }
        if let Some(wanted) = self.runtime_class.as_deref() {
            let now = named(spec.runtime_class_name.as_deref());
            let field = Field { name: "runtimeClassName", what: "RuntimeClass", now, wanted };
            field.judge(Vec::new, violations);
        }
    }

    /// Reports another scheduler.
    pub(super) fn judge_scheduler(&self, spec: &Spec<'_>, violations: &mut Vec<Violation>) {
        let Some(wanted) = self.scheduler.as_deref() else { return };
        let now = named(spec.scheduler_name.as_deref()).unwrap_or(DEFAULT_SCHEDULER);
        let now = Some(now).filter(|now| *now == wanted || *now != DEFAULT_SCHEDULER);
        let field = Field { name: "schedulerName", what: "scheduler", now, wanted };
        field.judge(Vec::new, violations);
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

/// What the admission plugin Priority made of no class, or of the cluster's default one. It runs again after the webhook
/// and refuses a number or policy that is not the new class's own (`admitPod`, plugin/pkg/admission/priority/admission.go),
/// so neither can be an author's wish.
fn forget_priority(spec: &Spec<'_>) -> Vec<Edit> {
    let fields = [
        ("priority", spec.priority.is_some()),
        ("preemptionPolicy", spec.preemption_policy.is_some()),
    ];
    let there = fields.into_iter().filter(|(_, is_there)| *is_there);
    there.map(|(field, _)| Edit::remove(Pointer::new("/spec").join(field))).collect()
}
