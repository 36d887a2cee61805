//! Objects judged as `check` judges them: pods, templates, and pods in objects of any other kind.

use std::sync::Arc;

use serde_json::Value;

use super::inputs::{group_of, kind_of, namespace_of};
use crate::digests::Digests;
use crate::engine::{Attributes, Decision, Engine, NamespaceFacts, Operation, Stage};
use crate::pod::kinds::Object;
use crate::pod::shapes::{self, Projection};
use crate::policy::CompiledPolicy;

/// What is decided about a pod in an object.
pub(super) struct Judged {
    pub(super) decision: Decision,
    /// The policies that are about it.
    pub(super) matched: Vec<Arc<CompiledPolicy>>,
}

/// Whether an object holds a pod.
pub(super) fn holds_pod(value: &Value) -> bool {
    let is_object = value.get("apiVersion").is_some() && value.get("kind").is_some();
    kind_of(value).is_some() || (is_object && !shapes::find(value).is_empty())
}

/// Judges every pod of an object.
pub(super) fn judge<'n>(
    engine: &Engine,
    value: &Value,
    (now, digests): (Option<i64>, &Digests),
    facts: impl Fn(&str) -> NamespaceFacts<'n>,
) -> Vec<Judged> {
    let namespace = namespace_of(value);
    let attributes = Attributes {
        operation: Operation::Create,
        group: group_of(value),
        kind: value.get("kind").and_then(Value::as_str).unwrap_or_default(),
        subresource: "",
        namespace,
        user: None,
        object: Some(Object::Value(value)),
        old_object: None,
        facts: facts(namespace),
        digests: Some(digests),
        now,
        ..Attributes::default()
    };
    if kind_of(value).is_some() {
        let decision = engine.decide(&attributes, Stage::Whole);
        return vec![Judged { decision, matched: engine.policies_about(&attributes) }];
    }
    let (group, kind) = Projection::KIND;
    let embedded = shapes::find(value);
    embedded
        .iter()
        .map(|embedded| {
            let namespace = embedded.namespace().unwrap_or(namespace);
            let within = Attributes { namespace, facts: facts(namespace), ..attributes.clone() };
            let decision = engine.decide_embedded(embedded, &within);
            let projection = embedded.project();
            let pod = Attributes { group, kind, object: Some(projection.object()), ..within };
            Judged { decision, matched: engine.policies_about(&pod) }
        })
        .collect()
}
