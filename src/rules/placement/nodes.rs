//! The labels of the nodes that a pod can run on: nodeSelector and node affinity.

use serde_json::{Map, Value, json};

use super::domain::Domain;
use super::settings::{NodeOperator, NodeRequirement, PreferredNodes};
use super::{Placement, clashes, texts};
use crate::edit::Edit;
use crate::finding::{Safety, Violation};
use crate::pod::scalars::Str;
use crate::pod::view;
use crate::pointer::Pointer;

const SELECTOR: &str = "/spec/nodeSelector";
pub(super) const REQUIRED: &str =
    "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str =
    "/spec/affinity/nodeAffinity/preferredDuringSchedulingIgnoredDuringExecution";

/// The most requirements that are added to the terms of one pod. Authors write a few terms; a review of 3 MiB has room for
/// fifty thousand.
const MAX_ADDED: usize = 4096;

/// What a pod itself asks of its nodes.
pub(super) struct Nodes<'p> {
    selector: Option<&'p crate::pod::scalars::Map<'p, Str<'p>>>,
    /// Alternatives, with their places. An empty term matches no node (`isEmptyNodeSelectorTerm`), so it is none; nor
    /// is one that contradicts itself.
    pub(super) terms: Vec<(usize, &'p view::NodeSelectorTerm<'p>)>,
    /// There are terms, and none of them matches any node.
    nowhere: bool,
}

impl<'p> Nodes<'p> {
    /// `wanted` are the requirements whose labels matter here.
    fn of(spec: &'p view::Spec<'p>, wanted: &[&NodeRequirement]) -> Self {
        let affinity = spec.affinity.as_ref().and_then(|affinity| affinity.node_affinity.as_ref());
        let required = affinity.and_then(|affinity| affinity.required.as_ref());
        let all = required.and_then(|required| required.node_selector_terms.as_deref());
        let all = all.unwrap_or_default();
        let is_some = |list: &Option<Vec<_>>| list.as_ref().is_some_and(|list| !list.is_empty());
        let terms: Vec<_> = all
            .iter()
            .enumerate()
            .filter(|(_, term)| is_some(&term.match_expressions) || is_some(&term.match_fields))
            .filter(|(_, term)| !wanted.iter().any(|one| domain(term, &one.key).is_empty()))
            .collect();
        let nowhere = !all.is_empty() && terms.is_empty();
        Self { selector: spec.node_selector.as_ref(), terms, nowhere }
    }

    fn selected(&self, key: &str) -> Option<&'p str> {
        self.selector.and_then(|labels| labels.get(key)).map(|value| &**value)
    }

    /// Whether every alternative implies the requirement.
    fn imply(&self, wanted: &NodeRequirement) -> bool {
        !self.terms.is_empty() && self.terms.iter().all(|(_, term)| term_implies(term, wanted))
    }
}

/// What a term says of one label.
pub(super) fn domain<'t>(term: &'t view::NodeSelectorTerm<'_>, key: &str) -> Domain<'t> {
    let mut domain = Domain::any();
    for one in term.match_expressions.iter().flatten() {
        let operator = one.operator.as_deref().and_then(NodeOperator::of);
        if let (true, Some(operator)) = (one.key.as_deref() == Some(key), operator) {
            domain.narrow(operator, one.values.iter().flatten().map(|value| &**value));
        }
    }
    domain
}

fn term_implies(term: &view::NodeSelectorTerm<'_>, wanted: &NodeRequirement) -> bool {
    domain(term, &wanted.key).implies(wanted.operator, wanted.values())
}

impl NodeRequirement {
    pub(super) fn values(&self) -> impl Iterator<Item = &str> + Clone {
        self.values.iter().map(String::as_str)
    }

    pub(super) fn narrow<'r>(&'r self, domain: &mut Domain<'r>) {
        domain.narrow(self.operator, self.values());
    }

    /// Whether a node whose label has this value meets it.
    fn admits(&self, value: &str) -> bool {
        let mut domain = Domain::any();
        domain.narrow(NodeOperator::In, std::iter::once(value));
        domain.implies(self.operator, self.values())
    }
}

impl Placement {
    /// Reports what is not required of nodes' labels.
    pub(super) fn judge_nodes(&self, spec: &view::Spec<'_>, violations: &mut Vec<Violation>) {
        let wanted: Vec<&NodeRequirement> = self.labels.iter().chain(&self.required).collect();
        if wanted.is_empty() {
            return;
        }
        let nodes = Nodes::of(spec, &wanted);
        if nodes.nowhere {
            return;
        }
        let selects = |wanted: &NodeRequirement| nodes.selected(&wanted.key);
        let mut open: Vec<&NodeRequirement> = Vec::new();
        for wanted in wanted {
            match selects(wanted) {
                Some(value) if !wanted.admits(value) => {
                    violations.push(contradicted(wanted, value));
                }
                // A term that wants another value than nodeSelector was lost before.
                Some(_) => {}
                None => open.push(wanted),
            }
        }
        let labels: Vec<&NodeRequirement> = self
            .labels
            .iter()
            .filter(|wanted| selects(wanted).is_none() && !nodes.imply(wanted))
            .collect();
        // What nodeSelector says, or will say, needs no saying twice.
        let is_settled = |wanted: &NodeRequirement| {
            selects(wanted).is_some() || self.labels.iter().any(|label| label.key == wanted.key)
        };
        let required: Vec<&NodeRequirement> = self
            .required
            .iter()
            .filter(|wanted| !is_settled(wanted) && !nodes.imply(wanted))
            .collect();
        if labels.is_empty() && required.is_empty() {
            return;
        }
        let clashes = clashes::violations(&nodes, &open);
        if !clashes.is_empty() {
            // What is added here would take an alternative away that the author gave the pod.
            violations.extend(clashes);
            return;
        }
        if !labels.is_empty() {
            violations.push(missing_labels(&labels));
        }
        if !required.is_empty() {
            violations.push(missing_requirements(&nodes, &required));
        }
    }

    /// Reports preferred terms that are missing.
    pub(super) fn judge_preferences(&self, spec: &view::Spec<'_>, violations: &mut Vec<Violation>) {
        let affinity = spec.affinity.as_ref().and_then(|affinity| affinity.node_affinity.as_ref());
        let present = affinity.and_then(|affinity| affinity.preferred.as_deref());
        let present = present.unwrap_or_default();
        let missing: Vec<&PreferredNodes> = self
            .preferred
            .iter()
            .filter(|wanted| !present.iter().any(|there| wanted.is_met_by(there)))
            .collect();
        if missing.is_empty() {
            return;
        }
        let named: Vec<String> = missing.iter().map(|one| one.text()).collect();
        let text = named.join(" and ");
        let place = Pointer::new(PREFERRED);
        let edits = missing.iter().map(|one| Edit::append(place.clone(), one.entry())).collect();
        violations.push(
            Violation::pod(
                place,
                format!("nodes with `{text}` are not preferred"),
                "add the terms to the preferred node affinity",
            )
            .with_fix(
                format!("nodeAffinity preferred + {text}"),
                // A preference leaves no pod waiting.
                Safety::Safe,
                edits,
            ),
        );
    }
}

fn contradicted(wanted: &NodeRequirement, value: &str) -> Violation {
    let (key, asked) = (&wanted.key, texts::requirement(wanted));
    Violation::pod(
        Pointer::new(SELECTOR).join(key),
        format!("nodeSelector `{key}: {value}` keeps the pod off the nodes with `{asked}`"),
        format!("remove `{key}` from nodeSelector, or give it a value that `{asked}` allows"),
    )
}

fn missing_labels(missing: &[&NodeRequirement]) -> Violation {
    let place = Pointer::new(SELECTOR);
    let pairs = || missing.iter().filter_map(|one| Some((&one.key, one.values.first()?)));
    let texts: Vec<String> = pairs().map(|(key, value)| format!("{key}={value}")).collect();
    let text = texts.join(", ");
    let edits =
        pairs().map(|(key, value)| Edit::set(place.clone().join(key), value.as_str())).collect();
    Violation::pod(
        place,
        format!("the pod may run on nodes without `{text}`"),
        format!("add to nodeSelector: {text}"),
    )
    .with_fix(format!("nodeSelector + {text}"), Safety::Unsafe, edits)
}

fn missing_requirements(nodes: &Nodes<'_>, missing: &[&NodeRequirement]) -> Violation {
    let texts: Vec<String> = missing.iter().map(|one| texts::requirement(one)).collect();
    let text = texts.join(", ");
    let violation = Violation::pod(
        Pointer::new(REQUIRED),
        format!("the pod may run on nodes without `{text}`"),
        format!("require {text} in every term of the required node affinity"),
    );
    if nodes.terms.len().saturating_mul(missing.len()) > MAX_ADDED {
        return violation;
    }
    let terms = Pointer::new(REQUIRED).join("nodeSelectorTerms");
    let edits: Vec<Edit> = if nodes.terms.is_empty() {
        let all: Vec<Value> = missing.iter().map(|one| json!(one)).collect();
        vec![Edit::append(terms, json!({"matchExpressions": all}))]
    } else {
        let each = nodes.terms.iter().flat_map(|(at, term)| {
            let list = terms.clone().join(at).join("matchExpressions");
            let lacking = missing.iter().filter(|wanted| !term_implies(term, wanted));
            lacking.map(move |wanted| Edit::append(list.clone(), json!(wanted)))
        });
        each.collect()
    };
    violation.with_fix(format!("nodeAffinity required + {text}"), Safety::Unsafe, edits)
}

impl PreferredNodes {
    fn is_met_by(&self, there: &view::PreferredNodes<'_>) -> bool {
        let Some(preference) = &there.preference else { return false };
        let own = preference.match_expressions.as_deref().unwrap_or_default();
        let fields = preference.match_fields.as_deref().unwrap_or_default();
        let wanted = &self.match_expressions;
        fields.is_empty()
            && own.len() == wanted.len()
            && wanted.iter().all(|one| own.iter().any(|there| one.is_met_by(there)))
    }

    fn entry(&self) -> Map<String, Value> {
        let preference = json!({"matchExpressions": self.match_expressions});
        let fields = [("weight", json!(self.weight)), ("preference", preference)];
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    fn text(&self) -> String {
        let all: Vec<String> = self.match_expressions.iter().map(texts::requirement).collect();
        all.join(", ")
    }
}

impl NodeRequirement {
    /// Whether it is the same; the order of values does not matter.
    fn is_met_by(&self, there: &view::NodeRequirement<'_>) -> bool {
        let values = there.values.as_deref().unwrap_or_default();
        there.key.as_deref() == Some(self.key.as_str())
            && there.operator.as_deref() == Some(self.operator.name())
            && values.len() == self.values.len()
            && self.values().all(|value| values.iter().any(|there| **there == *value))
    }
}
