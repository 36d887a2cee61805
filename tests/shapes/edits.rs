//! Fixes go where the object has a place for them, and nowhere else.

use plimsoll::edit::{Change, Patch};
use serde_json::{Value, json};

use super::rules::{decide, engine};

/// The object after all fixes.
fn fixed(engine: &plimsoll::engine::Engine, object: &Value) -> Value {
    let mut patched = object.clone();
    for decision in decide(engine, object) {
        let mut patch = Patch::default();
        for edit in decision.edits() {
            let steps: Vec<String> =
                edit.pointer.tokens().map(std::borrow::Cow::into_owned).collect();
            let there = patched.clone();
            patch.push(edit, |_| {
                let mut value = &there;
                let below = steps.iter().take_while(|step| {
                    let next = match value {
                        Value::Array(list) => {
                            step.parse::<usize>().ok().and_then(|at| list.get(at))
                        }
                        other => other.get(step.as_str()),
                    };
                    next.inspect(|next| value = next).is_some()
                });
                below.count()
            });
            assert!(!matches!(edit.change, Change::Remove));
        }
        let operations = serde_json::to_value(patch.into_operations()).unwrap();
        let patch: json_patch::Patch = serde_json::from_value(operations).unwrap();
        json_patch::patch(&mut patched, &patch).unwrap();
    }
    patched
}

fn all() -> plimsoll::engine::Engine {
    engine(json!({"rules": [
        {"name": "pull", "action": "Patch", "imagePullPolicy": {}},
        {"name": "sizes", "action": "Patch", "resources": {"requests": {"cpu": {"default": "100m"}}}},
        {"name": "dns", "action": "Patch", "dns": {"policy": "Default"}},
    ]}))
}

#[test]
fn a_template_of_a_custom_kind_is_fixed_in_place() {
    let object = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "spec": {"template": {
        "spec": {"containers": [{"name": "web", "image": "nginx:1.29", "imagePullPolicy": "Always"}]}}}});
    let patched = fixed(&all(), &object);
    let spec = &patched["spec"]["template"]["spec"];
    assert_eq!(spec["dnsPolicy"], "Default");
    assert_eq!(spec["containers"][0]["imagePullPolicy"], "IfNotPresent");
    assert_eq!(spec["containers"][0]["resources"]["requests"]["cpu"], "100m");
    assert!(decide(&all(), &patched).iter().all(|decision| decision.findings.is_empty()));
}

#[test]
fn a_workflow_is_fixed_in_its_containers_and_not_in_what_all_its_pods_share() {
    let object = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "spec": {"templates": [
        {"name": "a", "script": {"image": "python:3.13", "imagePullPolicy": "Always", "source": "1"},
         "sidecars": [{"name": "s", "image": "redis:8"}]}]}});
    let patched = fixed(&all(), &object);
    let template = &patched["spec"]["templates"][0];
    assert_eq!(template["script"]["imagePullPolicy"], "IfNotPresent");
    assert_eq!(template["script"]["resources"]["requests"]["cpu"], "100m");
    assert_eq!(template["sidecars"][0]["resources"]["requests"]["cpu"], "100m");
    let mut left = object.clone();
    left["spec"]["templates"] = patched["spec"]["templates"].clone();
    assert_eq!(patched, left, "nothing else is touched");
    let decisions = decide(&all(), &patched);
    let [finding] = &decisions[0].findings[..] else { panic!("{decisions:?}") };
    assert_eq!(finding.violation.pointer.as_str(), "/spec/dnsPolicy");
    assert!(finding.violation.fix.is_none());
    assert!(finding.violation.help.contains("Argo Workflows takes it from `dnsPolicy`"));
}

#[test]
fn a_task_is_fixed_under_the_names_of_its_version() {
    for (version, field) in
        [("tekton.dev/v1", "computeResources"), ("tekton.dev/v1beta1", "resources")]
    {
        let object = json!({"apiVersion": version, "kind": "TaskRun", "spec": {"taskSpec": {
            "steps": [{"name": "say", "image": "alpine:3.22", "imagePullPolicy": "Always"}]}}});
        let patched = fixed(&all(), &object);
        assert_eq!(patched["spec"]["taskSpec"]["steps"][0][field]["requests"]["cpu"], "100m");
        assert_eq!(patched["spec"]["podTemplate"]["dnsPolicy"], "Default");
        assert!(decide(&all(), &patched).iter().all(|decision| decision.findings.is_empty()));
    }
}

#[test]
fn an_application_is_not_given_resources_in_a_form_that_it_does_not_have() {
    let object = json!({"apiVersion": "sparkoperator.k8s.io/v1beta2", "kind": "SparkApplication",
        "spec": {"image": "spark:4.0.0", "imagePullPolicy": "Always", "driver": {}, "executor": {}}});
    assert_eq!(fixed(&all(), &object), object);
    let decisions = decide(&all(), &object);
    for decision in &decisions {
        let pull =
            decision.findings.iter().find(|finding| finding.kind == "imagePullPolicy").unwrap();
        assert_eq!(pull.violation.pointer.as_str(), "/spec/imagePullPolicy");
        assert!(pull.violation.fix.is_none());
    }
    assert_eq!(decisions.len(), 2);
}
