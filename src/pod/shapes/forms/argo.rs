//! Templates of Argo workflows (workflow/controller/workflowpod.go `createWorkflowPod`).

use serde_json::Value;

use super::shared;
use crate::pod::shapes::projection::{Bond, Draft};
use crate::pod::shapes::{Embedded, Whole};

/// A template that runs containers; the others run nothing of their own.
pub(super) fn holds(value: &Value) -> bool {
    let is_map = |key: &str| value.get(key).is_some_and(Value::is_object);
    ["container", "script", "containerSet"].into_iter().any(is_map)
}

pub(super) fn draft(embedded: &Embedded<'_>, draft: &mut Draft) {
    let (template, at) = (embedded.node, &embedded.pointer);
    let (workflow, workflow_at) = shared(embedded, embedded.pods.map_or(&[], |pods| pods.shared));
    let of_workflow = |field: &str| workflow.and_then(|workflow| workflow.get(field));
    for field in ["container", "script"] {
        if let Some(container) = template.get(field).filter(|value| value.is_object()) {
            draft.container("containers", container.clone(), at.clone().join(field));
        }
    }
    let set = template.get("containerSet").and_then(|set| set.get("containers"));
    draft.containers("containers", set, &at.clone().join("containerSet").join("containers"));
    draft.containers("containers", template.get("sidecars"), &at.clone().join("sidecars"));
    let init = "initContainers";
    draft.containers(init, template.get(init), &at.clone().join(init));
    draft.field("volumes", template.get("volumes"), at.clone().join("volumes"), Bond::Same);
    for field in ["nodeSelector", "affinity", "serviceAccountName"] {
        match (template.get(field), of_workflow(field)) {
            (None, Some(value)) => {
                let to = workflow_at.clone().join(field);
                draft.field(field, Some(value), to, Bond::Derived);
            }
            (value, _) => draft.field(field, value, at.clone().join(field), Bond::Same),
        }
    }
    for field in ["dnsPolicy", "dnsConfig", "hostNetwork"] {
        let to = workflow_at.clone().join(field);
        draft.field(field, of_workflow(field), to, Bond::Derived);
    }
    draft.metadata(template.get("metadata"), at.clone().join("metadata"), Bond::Same);
    let all = of_workflow("podMetadata").and_then(|metadata| metadata.get("labels"));
    let labels = all.and_then(Value::as_object).into_iter().flatten();
    draft.labels(labels.map(|(key, value)| (key.as_str(), value)));
    // Both can set any field of the pod, in text that is filled in later.
    let is_patched = template.get("podSpecPatch").or_else(|| of_workflow("podSpecPatch")).is_some();
    if is_patched || of_workflow("templateDefaults").is_some() {
        draft.whole = Whole::Nothing;
    }
}
