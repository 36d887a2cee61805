//! Some pods belong on nodes that are never scaled down: ingress, coordinators, whatever loses an hour of work when it is
//! ended. Crowds of short-lived pods belong on nodes that come and go. This rule says which nodes the pods that a policy
//! matches (a class of workloads, mostly) may and should run on, and what they may not ask for.
//!
//! ```yaml
//! placement:
//!   nodeSelector: {node-pool: elastic}
//!   tolerations:
//!   - {key: dedicated, operator: Equal, value: batch, effect: NoSchedule}
//!   nodeAffinity:
//!     required: [{key: node-pool, operator: NotIn, values: [steady]}]
//!     preferred:
//!     - {weight: 50, matchExpressions: [{key: karpenter.sh/capacity-type, operator: In, values: [spot]}]}
//!   priorityClassName: batch-low
//!   forbid:
//!     tolerations: [{key: dedicated, value: steady}]
//!     nodeSelector: {node-pool: [steady, "gold-*"]}
//!     priorityClassName: ["system-*"]
//! ```
//!
//! ## What is read
//!
//! `spec.nodeSelector`, `spec.tolerations`, `spec.affinity.nodeAffinity`, `spec.priorityClassName`, `spec.schedulerName`,
//! `spec.runtimeClassName`, `spec.nodeName`, the pod's class, and two annotations. Each part that is asked for is required of
//! the pod, and injected with `action: Patch`. What a pod's author wrote is never changed: where it is at odds with what
//! is asked for, there is a finding that names both, and no fix.
//!
//! - `nodeSelector`: the pod's nodeSelector has the label, or each term of its required node affinity implies it. A pod
//!   that selects another value is a conflict.
//! - `tolerations`: a wider toleration of the pod satisfies: `operator: Exists`, no key, no effect, `Lt` and `Gt` over a
//!   larger range. One that fits but ends sooner (`tolerationSeconds`) is a conflict, because the first that fits counts.
//! - `nodeAffinity.required`: every term of the pod implies each requirement, or its nodeSelector does. Terms are
//!   alternatives, so each gets what it lacks; a term that matches no node, because it is empty or contradicts itself,
//!   stays as it is, and a pod that has only such terms runs nowhere and is left alone.
//! - A term that no node could meet beside what is asked for in `nodeSelector` or `nodeAffinity.required`, such as
//!   `node-pool In [a]` where `node-pool In [b]` is asked for, is a conflict, whatever the other terms say: the finding
//!   names the term and both requirements.
//! - `nodeAffinity.preferred`: a term with the same requirements is among the pod's own, whatever its weight.
//! - `priorityClassName`, `schedulerName`, `runtimeClassName`: the name. `default-scheduler` counts as no scheduler: the
//!   API server writes it where there is none. Likewise `globalDefaultPriorityClassName`, where the cluster has such a
//!   class.
//! - `disruption: Avoid`: the annotations `cluster-autoscaler.kubernetes.io/safe-to-evict: "false"` and
//!   `karpenter.sh/do-not-disrupt: "true"`, with which the Cluster Autoscaler and Karpenter leave a pod's node alone.
//!   `disruption: Allow`: neither of them.
//! - `forbid.tolerations` are taints: `key`, with `value` and `effect` or any. A toleration of everything (`operator:
//!   Exists` without a key) tolerates them too, and is a finding. What the API server adds to every pod
//!   (`node.kubernetes.io/not-ready` and `unreachable`, `NoExecute`, for some time) is none.
//! - `forbid.nodeSelector`: values of labels, as globs, that a pod may not ask for in nodeSelector, nor in a required or
//!   preferred node affinity with `In`; with `"*"`, not with `Exists`, `Gt` or `Lt` either. It keeps nobody off such nodes who
//!   asks for nothing: a taint does, or `nodeAffinity.required` with `NotIn`.
//! - `forbid.nodeName: true`: a pod that names its node passes by every scheduler and taint.
//! - `forbid.priorityClassName`, `schedulerName`, `runtimeClassName`: names, as globs.
//!
//! ## What the fix does
//!
//! It adds labels to nodeSelector, tolerations and preferred terms to their lists, requirements to every term of the required
//! node affinity (or one term where there is none), the names, and the annotations. Only a toleration that the API server
//! itself added for 300 seconds gets another time.
//!
//! While a term of the node affinity is in conflict, nothing is added to nodeSelector or to any term. In the term itself, or
//! in nodeSelector, it would close a way that the author left open; in the other terms alone, the pod could still run on
//! nodes that are not wanted. So a pod that the fix has given its labels and requirements has every alternative that it
//! had, and each leads to wanted nodes only.
//!
//! With a PriorityClass the fix removes `priority: 0` and `preemptionPolicy: PreemptLowerPriority`, and says so: that is
//! what the API server fills in, before webhooks, for a pod without a class. It fills in the class's own after the
//! webhook, and refuses a pod with any other. In place of `globalDefaultPriorityClassName` it removes whatever the two
//! hold, which is that class's. Anything else beside no class was written by the author, in a manifest: the API server
//! would refuse it, and the finding names it and has no fix.
//!
//! It is safe where it adds preferences and annotations. The rest is unsafe: the pod runs elsewhere, or waits for a node.
//! What is forbidden has no fix: whoever wrote it wanted something, and has to say what else will do.
//!
//! ## What it leaves alone
//!
//! - Static pods: no scheduler places them.
//! - Pods that name their node and pods of DaemonSets, as far as nodes and schedulers go: the first are placed, the second
//!   are bound to one node each by their controller, and would wait for ever if that node did not fit. Their classes and
//!   annotations are judged. With `boundPods: Forbid` they may not ask for what is forbidden; what the DaemonSet
//!   controller lets its pods tolerate is not held against them. `forbid.nodeName` is always judged.
//!
//! ## Limits
//!
//! - A PriorityClass or RuntimeClass that does not exist makes the API server refuse every pod that names it, and so does
//!   a RuntimeClass with a nodeSelector of its own that contradicts this one: create and check them first.
//! - Kubernetes adds to pods before webhooks see them where clusters ask for it: the plugins PodNodeSelector,
//!   PodTolerationRestriction and ExtendedResourceToleration. A manifest does not show that.
//! - Where the API server (`kube-apiserver --default-not-ready-toleration-seconds`, and the same with `unreachable`) gives
//!   pods another time than 300, a time that is asked for in `tolerations` for these two is a conflict in the cluster.
//! - The operators `Lt` and `Gt` of tolerations need the feature gate TaintTolerationComparisonOperators (alpha in 1.35);
//!   without it the API server refuses them.
//! - Scheduling fields cannot change after a pod is made: what runs stays where it is.
//! - Windows nodes and virtual nodes (virtual-kubelet) have taints and labels of their own: `kubernetes.io/os: windows`,
//!   `virtual-kubelet.io/provider`. Pods for them carry their own nodeSelector, and a policy that moves pods to other nodes
//!   should leave them out with `podSelector`.
//! - Settings that contradict themselves are refused when the policy loads: what is both asked for and forbidden,
//!   requirements that no node can meet, two tolerations for one taint, names, labels and integers that are none.

use super::{FixMeta, Meta, Origin, Rule, SettingsError, Subject};
use crate::finding::{Claim, Violation};
use crate::pod::workload::Class;

mod clashes;
mod classes;
mod compile;
mod domain;
mod forbidden;
mod nodes;
mod schemas;
mod settings;
#[cfg(test)]
mod tests;
mod texts;
mod tolerations;

pub(super) use settings::Settings;
use settings::{BoundPods, Disruption, NodeOperator, NodeRequirement, PreferredNodes};

/// Which nodes pods may and should run on.
#[derive(Debug)]
pub(super) struct Placement {
    /// nodeSelector: `In` with one value each.
    labels: Vec<NodeRequirement>,
    tolerations: Vec<tolerations::Wanted>,
    required: Vec<NodeRequirement>,
    preferred: Vec<PreferredNodes>,
    priority_class: Option<String>,
    default_priority_class: Option<String>,
    scheduler: Option<String>,
    runtime_class: Option<String>,
    disruption: Option<Disruption>,
    forbid: forbidden::Forbidden,
    bound_pods: BoundPods,
}

impl Rule for Placement {
    const META: Meta = Meta {
        name: "placement",
        summary: "Pods run on the nodes that are meant for them.",
        fix: Some(FixMeta {
            summary: "adds nodeSelector labels, tolerations, node affinity, class names and annotations that are missing",
            safety: "safe where only preferences and annotations are added, else unsafe",
        }),
        page: include_str!("../../docs/rules/placement.md"),
    };
    type Settings = Settings;

    fn compile(settings: Settings, _origin: &Origin<'_>) -> Result<Self, SettingsError> {
        compile::compile(settings)
    }

    fn evaluate(&self, subject: &Subject<'_, '_>, violations: &mut Vec<Violation>) {
        let spec = subject.spec;
        if subject.workload.class == Class::Static {
            return;
        }
        let names_node = spec.node_name.as_deref().is_some_and(|name| !name.is_empty());
        let is_bound = names_node || subject.workload.class == Class::Daemon;
        if !is_bound {
            self.judge_nodes(spec, violations);
            self.judge_preferences(spec, violations);
            self.judge_tolerations(spec, violations);
            self.judge_scheduler(spec, violations);
        }
        self.judge_classes(spec, violations);
        self.judge_disruption(subject, violations);
        self.judge_forbidden_classes(spec, violations);
        self.judge_forbidden_name(spec, violations);
        if !is_bound || self.bound_pods == BoundPods::Forbid {
            self.judge_forbidden_nodes(spec, violations);
            self.judge_forbidden_tolerations(subject, violations);
            self.judge_forbidden_scheduler(spec, violations);
        }
    }

    fn claims(&self) -> Vec<Claim> {
        let claim = |field: String, value: &str| Claim { field, value: value.to_owned() };
        // A label with one value is the same wish in nodeSelector and in node affinity.
        let one_value =
            |one: &&NodeRequirement| one.operator == NodeOperator::In && one.values.len() == 1;
        let labels = self.labels.iter().chain(&self.required).filter(one_value).map(|one| {
            let field = format!("spec.nodeSelector[\"{}\"]", one.key);
            claim(field, one.values.first().map(String::as_str).unwrap_or_default())
        });
        let taint = |text: String| format!("spec.tolerations[{text}]");
        let tolerated =
            self.tolerations.iter().map(|one| claim(taint(texts::toleration(one)), "there"));
        let intolerable = self.forbid.taints.iter().map(|one| claim(taint(one.text()), "absent"));
        let names = [
            ("spec.priorityClassName", &self.priority_class),
            ("spec.schedulerName", &self.scheduler),
            ("spec.runtimeClassName", &self.runtime_class),
        ];
        let names = names
            .into_iter()
            .filter_map(|(field, name)| Some(claim(field.to_owned(), name.as_deref()?)));
        let disruption = self.disruption.into_iter().flat_map(|wanted| {
            classes::KEEPS_NODE.map(|(key, keeps)| {
                let value = if wanted == Disruption::Avoid { keeps } else { "absent" };
                claim(format!("metadata.annotations[\"{key}\"]"), value)
            })
        });
        labels.chain(tolerated).chain(intolerable).chain(names).chain(disruption).collect()
    }
}

impl Placement {
    /// Whether nothing is asked for and nothing forbidden.
    fn is_empty(&self) -> bool {
        let names = [&self.priority_class, &self.scheduler, &self.runtime_class];
        self.labels.is_empty()
            && self.tolerations.is_empty()
            && self.required.is_empty()
            && self.preferred.is_empty()
            && names.iter().all(|name| name.is_none())
            && self.disruption.is_none()
            && self.forbid.is_empty()
    }
}
