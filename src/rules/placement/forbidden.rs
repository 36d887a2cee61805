//! Nodes that a pod may not ask for.

use super::settings::Taint;
use super::{Placement, texts};
use crate::finding::{Violation, quoted};
use crate::glob::Globs;
use crate::pod::view::{NodeRequirement, NodeSelectorTerm, Spec};
use crate::pointer::Pointer;

/// What is forbidden, ready to be compared.
#[derive(Debug, Default)]
pub(super) struct Forbidden {
    pub(super) taints: Vec<Taint>,
    pub(super) labels: Vec<Label>,
    pub(super) node_name: bool,
    pub(super) priority_class: Option<Globs>,
    pub(super) scheduler: Option<Globs>,
    pub(super) runtime_class: Option<Globs>,
}

/// A label of nodes with its forbidden values.
#[derive(Debug)]
pub(super) struct Label {
    pub(super) key: String,
    pub(super) values: Globs,
    /// The globs, for people.
    pub(super) text: String,
    /// Every value is forbidden.
    pub(super) any: bool,
}

impl Forbidden {
    /// Whether nothing is forbidden.
    pub(super) fn is_empty(&self) -> bool {
        let names = [&self.priority_class, &self.scheduler, &self.runtime_class];
        self.taints.is_empty()
            && self.labels.is_empty()
            && !self.node_name
            && names.iter().all(|globs| globs.is_none())
    }

    /// What is forbidden of this requirement's label, if the requirement asks for such nodes.
    pub(super) fn asks<'v>(
        &self,
        key: &str,
        operator: &str,
        mut values: impl Iterator<Item = &'v str>,
    ) -> Option<&Label> {
        let label = self.labels.iter().find(|label| label.key == key)?;
        let asks = match operator {
            "In" => values.any(|value| label.values.matches(value)),
            "Exists" | "Gt" | "Lt" => label.any,
            _ => false,
        };
        asks.then_some(label)
    }
}

impl Placement {
    /// Reports a node that the pod names itself and may not.
    pub(super) fn judge_forbidden_name(&self, spec: &Spec<'_>, violations: &mut Vec<Violation>) {
        let name = spec.node_name.as_deref().filter(|name| !name.is_empty());
        if let (true, Some(name)) = (self.forbid.node_name, name) {
            violations.push(Violation::pod(
                Pointer::new("/spec/nodeName"),
                format!("the pod names its node, {}, past every scheduler", quoted(name)),
                "remove nodeName; let the scheduler choose",
            ));
        }
    }

    /// Reports nodes that the pod asks for and may not.
    pub(super) fn judge_forbidden_nodes(&self, spec: &Spec<'_>, violations: &mut Vec<Violation>) {
        let forbid = &self.forbid;
        if forbid.labels.is_empty() {
            return;
        }
        for label in &forbid.labels {
            let value = spec.node_selector.as_ref().and_then(|labels| labels.get(&label.key));
            if let Some(value) = value.filter(|value| label.values.matches(value)) {
                let pair = format!("{}: {}", label.key, &**value);
                let place = Pointer::new("/spec/nodeSelector").join(&label.key);
                violations.push(violation(
                    place,
                    &format!("nodeSelector {}", quoted(&pair)),
                    label,
                ));
            }
        }
        let Some(affinity) = spec.affinity.as_ref().and_then(|all| all.node_affinity.as_ref())
        else {
            return;
        };
        let base = Pointer::new("/spec/affinity/nodeAffinity");
        let required = affinity.required.as_ref();
        let terms = required.and_then(|required| required.node_selector_terms.as_deref());
        let place = base.clone().join("requiredDuringSchedulingIgnoredDuringExecution");
        let place = place.join("nodeSelectorTerms");
        for (at, term) in terms.unwrap_or_default().iter().enumerate() {
            self.judge_term(term, || place.clone().join(at), violations);
        }
        let place = base.join("preferredDuringSchedulingIgnoredDuringExecution");
        for (at, one) in affinity.preferred.iter().flatten().enumerate() {
            if let Some(term) = &one.preference {
                self.judge_term(term, || place.clone().join(at).join("preference"), violations);
            }
        }
    }

    fn judge_term(
        &self,
        term: &NodeSelectorTerm<'_>,
        place: impl Fn() -> Pointer,
        violations: &mut Vec<Violation>,
    ) {
        for (at, one) in term.match_expressions.iter().flatten().enumerate() {
            if let Some(label) = self.asks_for_forbidden(one) {
                let seen = format!("node affinity `{}`", texts::requirement_of_pod(one));
                let place = place().join("matchExpressions").join(at);
                violations.push(violation(place, &seen, label));
            }
        }
    }

    fn asks_for_forbidden(&self, one: &NodeRequirement<'_>) -> Option<&Label> {
        let values = one.values.iter().flatten().map(|value| &**value);
        self.forbid.asks(one.key.as_deref()?, one.operator.as_deref()?, values)
    }
}

fn violation(place: Pointer, seen: &str, label: &Label) -> Violation {
    Violation::pod(
        place,
        format!("{seen} asks for nodes with `{}` {}, which are forbidden", label.key, label.text),
        "remove it, or ask for other nodes",
    )
}
