//! Judging the pods that stand in objects of other kinds.

use std::collections::HashSet;
use std::hash::{BuildHasher, Hash, RandomState};

use serde_json::Value;

use crate::engine::{Attributes, Decision, Engine, Finding, Namespaces};
use crate::pod::shapes;

/// Judges each pod in an object of no kind of Kubernetes' own, and hands on what is decided, with its namespace.
pub(super) fn judge(
    engine: &Engine,
    object: &Value,
    namespaces: &Namespaces,
    within: &Attributes<'_>,
    mut tell: impl FnMut(&str, Decision),
) {
    // Pods of an object can share a field, and the reader is told of it once. What was told is known by its hash:
    // an object can have a million findings.
    let mut told: HashSet<u64> = HashSet::new();
    let state = RandomState::new();
    for embedded in shapes::find(object) {
        let namespace = embedded.namespace().unwrap_or(within.namespace);
        let facts = namespaces.facts(namespace);
        let attributes = Attributes { namespace, facts, ..within.clone() };
        let mut decision = engine.decide_embedded(&embedded, &attributes);
        decision.findings.retain(|finding| told.insert(state.hash_one(key(finding))));
        tell(namespace, decision);
    }
}

/// What makes two findings one.
fn key(finding: &Finding) -> impl Hash + '_ {
    let violation = &finding.violation;
    (
        &*finding.policy,
        &*finding.rule,
        violation.pointer.as_str(),
        violation.container.as_ref(),
        violation.message.as_str(),
    )
}
