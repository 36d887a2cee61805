use std::sync::Arc;

use serde_json::{Value, json};

use crate::engine::{Attributes, Decision, Engine, NamespaceFacts, Operation, Stage};
use crate::pod::kinds::Object;
use crate::pod::limit_range::LimitRange;
use crate::policy::PolicySet;

mod api;
mod generated;
mod load;
mod verdicts;

fn policy(settings: &Value, action: &str) -> Value {
    json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": "p"},
           "spec": {"rules": [{"name": "sizes", "action": action, "resources": settings}]}})
}

fn engine(settings: &Value, action: &str) -> Engine {
    Engine::new(Arc::new(PolicySet::compile(&[&policy(settings, action)]).unwrap()))
}

fn decide(engine: &Engine, pod: &Value, ranges: &[LimitRange], stage: Stage) -> Decision {
    engine.decide(
        &Attributes {
            operation: Operation::Create,
            group: "",
            kind: "Pod",
            subresource: "",
            namespace: "team",
            user: None,
            object: Some(Object::Value(pod)),
            old_object: None,
            facts: NamespaceFacts { labels: None, limit_ranges: ranges },
            now: None,
            ..Attributes::default()
        },
        stage,
    )
}

fn patched(decision: &Decision, pod: &Value) -> Value {
    let patch: json_patch::Patch =
        serde_json::from_value(serde_json::to_value(&decision.patch).unwrap()).unwrap();
    let mut after = pod.clone();
    json_patch::patch(&mut after, &patch).unwrap();
    if let Some(metadata) = after["metadata"].as_object_mut() {
        metadata.remove("annotations");
    }
    after
}

/// A pod of one container with these resources.
fn pod(resources: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"},
           "spec": {"containers": [{"name": "base", "image": "a:1", "resources": resources}]}})
}
