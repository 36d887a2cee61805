//! Tekton tasks (pkg/pod/pod.go `Build`, pkg/apis/pipeline/v1/container_types.go).

use serde_json::{Map, Value};

use super::shared;
use crate::pod::shapes::projection::{Bond, Draft, is_small};
use crate::pod::shapes::{Embedded, Whole};
use crate::pointer::Pointer;

/// What the steps of a task take from its `stepTemplate` where they lack it.
const INHERITED: [&str; 6] = ["image", "imagePullPolicy", "command", "args", "env", "resources"];

/// What a pod takes from a podTemplate.
const FROM_POD_TEMPLATE: [&str; 6] = [
    "dnsPolicy",
    "dnsConfig",
    "hostNetwork",
    "nodeSelector",
    "affinity",
    "topologySpreadConstraints",
];

pub(super) fn holds(value: &Value) -> bool {
    let steps = value.get("steps").and_then(Value::as_array);
    steps.is_some_and(|steps| !steps.is_empty() && steps.iter().all(Value::is_object))
}

pub(super) fn draft(embedded: &Embedded<'_>, draft: &mut Draft) {
    let (task, at) = (embedded.node, &embedded.pointer);
    let names = Names { resources: resources_field(embedded.object.api_version) };
    let template_at = at.clone().join("stepTemplate");
    let template = task.get("stepTemplate").and_then(Value::as_object);
    for (index, step) in items(task, "steps") {
        let mut container = names.container(step, "step-", || format!("step-unnamed-{index}"));
        let to = at.clone().join("steps").join(index);
        let mut taken = Vec::new();
        // What a StepAction says, which is not here, counts before the template.
        let template = template.filter(|_| !step.contains_key("ref"));
        for field in INHERITED {
            let theirs = template.and_then(|template| template.get(names.of(template, field)));
            let theirs = theirs.filter(|value| is_small(value));
            if let (None, Some(value)) = (container.get(field), theirs) {
                container.insert(field.to_owned(), value.clone());
                taken.push(field);
            }
        }
        let from = draft.container("containers", Value::Object(container), to.clone());
        names.place(draft, &from, step, to);
        for field in taken {
            let written = template.map_or(field, |template| names.of(template, field));
            let to = template_at.clone().join(written);
            draft.at(&format!("{from}/{field}"), to, Bond::Derived);
        }
    }
    for (index, sidecar) in items(task, "sidecars") {
        let container = names.container(sidecar, "sidecar-", || format!("sidecar-{index}"));
        let to = at.clone().join("sidecars").join(index);
        let from = draft.container("containers", Value::Object(container), to.clone());
        names.place(draft, &from, sidecar, to);
    }
    draft.field("volumes", task.get("volumes"), at.clone().join("volumes"), Bond::Same);
    pod_template(embedded, draft);
    // Labels of tasks and of their runs come to the pod.
    if embedded.object.kind.starts_with("Pipeline") {
        draft.metadata(task.get("metadata"), at.clone().join("metadata"), Bond::Same);
    } else {
        let to = embedded.object.pointer.clone().join("metadata");
        draft.metadata(embedded.object.value.get("metadata"), to, Bond::Same);
    }
}

fn pod_template(embedded: &Embedded<'_>, draft: &mut Draft) {
    let steps = embedded.pods.map_or(&[][..], |pods| pods.shared);
    if steps.is_empty() {
        return;
    }
    let spec = embedded.object.value.get("spec");
    let of_spec = |field: &str| spec.and_then(|spec| spec.get(field));
    // v1beta1 has it in the spec of a PipelineRun as well.
    let older = of_spec("taskRunTemplate").is_none() && of_spec("podTemplate").is_some();
    let (template, to) = shared(embedded, if older { &["spec", "podTemplate"] } else { steps });
    let one = embedded.object.kind == "TaskRun";
    for field in FROM_POD_TEMPLATE {
        let bond = if one { Bond::Same } else { Bond::Derived };
        let value = template.and_then(|template| template.get(field));
        draft.field(field, value, to.clone().join(field), bond);
    }
    let overrides =
        ["computeResources", "stepSpecs", "sidecarSpecs", "stepOverrides", "taskRunSpecs"];
    if overrides.into_iter().any(|field| of_spec(field).is_some()) {
        draft.whole = Whole::Nothing;
    }
}

fn items<'v>(task: &'v Value, list: &str) -> impl Iterator<Item = (usize, &'v Map<String, Value>)> {
    let items = task.get(list).and_then(Value::as_array).into_iter().flatten();
    items.enumerate().filter_map(|(index, item)| item.as_object().map(|item| (index, item)))
}

/// `computeResources` since v1, `resources` before.
fn resources_field(api_version: &str) -> &'static str {
    if api_version.ends_with("beta1") || api_version.ends_with("alpha1") {
        "resources"
    } else {
        "computeResources"
    }
}

/// How a version writes the fields of a container.
struct Names {
    resources: &'static str,
}

impl Names {
    /// The name of a field as it is written in a step, or would be.
    fn of(&self, step: &Map<String, Value>, field: &'static str) -> &'static str {
        if field != "resources" {
            return field;
        }
        let written = ["computeResources", "resources"].into_iter();
        written.into_iter().find(|name| step.contains_key(*name)).unwrap_or(self.resources)
    }

    fn container(
        &self,
        step: &Map<String, Value>,
        prefix: &str,
        unnamed: impl FnOnce() -> String,
    ) -> Map<String, Value> {
        let mut container = step.clone();
        let resources = container.remove(self.of(step, "resources"));
        container.extend(resources.map(|resources| ("resources".to_owned(), resources)));
        let name = step.get("name").and_then(Value::as_str).filter(|name| !name.is_empty());
        let name = name.map_or_else(unnamed, |name| format!("{prefix}{name}"));
        container.insert("name".to_owned(), Value::from(name));
        container
    }

    fn place(&self, draft: &mut Draft, from: &str, step: &Map<String, Value>, to: Pointer) {
        let field = self.of(step, "resources");
        draft.at(&format!("{from}/resources"), to.join(field), Bond::Same);
    }
}
