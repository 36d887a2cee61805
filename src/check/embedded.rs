//! Judging the pods that stand in objects of other kinds.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::Value;

use crate::engine::{Attributes, Decision, Engine, Finding, Namespaces};
use crate::finding::ContainerId;
use crate::pod::shapes;
use crate::pointer::Pointer;

/// What makes two findings one for the reader: pods of an object can share a field, and it is named once.
type Seen = (Arc<str>, Arc<str>, Pointer, Option<ContainerId>, String);

/// Judges each pod in an object of no kind of Kubernetes' own, and hands on what is decided, with its namespace.
pub(super) fn judge(
    engine: &Engine,
    object: &Value,
    namespaces: &Namespaces,
    within: &Attributes<'_>,
    mut tell: impl FnMut(&str, Decision),
) {
    let mut seen: HashSet<Seen> = HashSet::new();
    for embedded in shapes::find(object) {
        let namespace = embedded.namespace().unwrap_or(within.namespace);
        let facts = namespaces.facts(namespace);
        let attributes = Attributes { namespace, facts, ..within.clone() };
        let mut decision = engine.decide_embedded(&embedded, &attributes);
        decision.findings.retain(|finding| seen.insert(key(finding)));
        tell(namespace, decision);
    }
}

fn key(finding: &Finding) -> Seen {
    let violation = &finding.violation;
    (
        Arc::clone(&finding.policy),
        Arc::clone(&finding.rule),
        violation.pointer.clone(),
        violation.container.clone(),
        violation.message.clone(),
    )
}
