use std::sync::Arc;

use serde_json::{Value, json};

use crate::engine::{Attributes, Decision, Engine, Finding, Operation, Stage};
use crate::finding::Safety;
use crate::pod::kinds::Object;
use crate::policy::{Action, PolicySet};

fn policy(settings: &Value, action: &str) -> Value {
    json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": "p"},
           "spec": {"rules": [{"name": "end", "action": action, "termination": settings}]}})
}

fn refusal(settings: &Value) -> String {
    format!("{:?}", PolicySet::compile(&[&policy(settings, "Warn")]).unwrap_err())
}

fn engine(settings: &Value, action: &str) -> Engine {
    Engine::new(Arc::new(PolicySet::compile(&[&policy(settings, action)]).unwrap()))
}

fn attributes<'a>(group: &'a str, kind: &'a str, object: &'a Value) -> Attributes<'a> {
    Attributes {
        operation: Operation::Create,
        group,
        kind,
        namespace: "team",
        object: Some(Object::Value(object)),
        ..Attributes::default()
    }
}

fn messages(decision: &Decision) -> Vec<String> {
    let line = |finding: &Finding| {
        format!("{}: {}", finding.violation.pointer.as_str(), finding.violation.message)
    };
    decision.findings.iter().map(line).collect()
}

fn job(spec: &Value) -> Value {
    json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"}, "spec": spec})
}

fn template() -> Value {
    json!({"spec": {"restartPolicy": "Never", "containers": [{"name": "base", "image": "a:1"}]}})
}

#[test]
fn contradictions_are_refused_when_the_policy_loads() {
    for (settings, part) in [
        (json!({}), "the rule asks for nothing"),
        (json!({"backoffLimit": {}}), "nothing is asked"),
        (json!({"backoffLimit": {"min": -1}}), "no value below 0"),
        (json!({"activeDeadlineSeconds": {"max": 0}}), "no value below 1"),
        (json!({"terminationGracePeriodSeconds": {"min": 9, "max": 8}}), "the least, 9, is more"),
        (json!({"ttlSecondsAfterFinished": {"default": 9}}), "nothing asks for the default"),
        (
            json!({"ttlSecondsAfterFinished": {"required": true, "default": 9, "max": 8}}),
            "the default 9 is not within the bounds",
        ),
        (json!({"preStop": {"sleepSeconds": 0}}), "a sleep of 0 s is none"),
        (json!({"backoffLimit": {"max": 1}, "containers": {"include": ["a"]}}), "narrow `preStop`"),
        (
            json!({"preStop": {"sleepSeconds": 9}, "terminationGracePeriodSeconds": {"max": 8}}),
            "the sleep of 9 s is longer",
        ),
    ] {
        let refused = refusal(&settings);
        assert!(refused.contains(part), "{settings}: {refused}");
    }
}

#[test]
fn what_is_wrong_in_a_job_is_not_taken_for_mended_by_a_webhook() {
    let settings = json!({"ttlSecondsAfterFinished": {"required": true, "default": 60}});
    let engine = engine(&settings, "Patch");
    let object = job(&json!({"template": template()}));
    let request = attributes("batch", "Job", &object);
    for stage in [Stage::Validate, Stage::Whole] {
        let decision = engine.decide(&request, stage);
        let expected = ["/spec/ttlSecondsAfterFinished: ttlSecondsAfterFinished is missing"];
        assert_eq!(messages(&decision), expected);
        assert_eq!(decision.findings[0].action, Action::Warn, "{stage:?}");
    }
    let fixed = engine.decide(&request, Stage::Fix(Safety::Unsafe));
    let edits: Vec<_> = fixed.edits().map(|edit| edit.pointer.as_str().to_owned()).collect();
    assert_eq!(edits, ["/spec/ttlSecondsAfterFinished"]);
}

#[test]
fn an_update_that_leaves_a_jobs_fault_alone_goes_on() {
    let engine = engine(&json!({"ttlSecondsAfterFinished": {"required": true}}), "Deny");
    let old = job(&json!({"template": template()}));
    let new = job(&json!({"suspend": true, "template": template()}));
    let mut request = attributes("batch", "Job", &new);
    assert!(!engine.decide(&request, Stage::Validate).allowed);
    request.operation = Operation::Update;
    request.old_object = Some(Object::Value(&old));
    assert!(engine.decide(&request, Stage::Validate).allowed);
    let fine = job(&json!({"ttlSecondsAfterFinished": 5, "template": template()}));
    request.old_object = Some(Object::Value(&fine));
    assert!(!engine.decide(&request, Stage::Validate).allowed);
}

#[test]
fn a_deadline_counts_where_the_job_or_its_template_has_it() {
    let settings = json!({"activeDeadlineSeconds": {"required": true, "max": 100}});
    let engine = engine(&settings, "Warn");
    let mut with_own = template();
    with_own["spec"]["activeDeadlineSeconds"] = json!(200);
    for (spec, expected) in [
        (
            json!({"template": template()}),
            vec!["/spec/activeDeadlineSeconds: activeDeadlineSeconds is missing"],
        ),
        (json!({"activeDeadlineSeconds": 50, "template": template()}), vec![]),
        (
            json!({"template": with_own}),
            vec!["/spec/template/spec/activeDeadlineSeconds: `200` is more than the most, 100"],
        ),
        (
            json!({"activeDeadlineSeconds": 101, "template": template()}),
            vec!["/spec/activeDeadlineSeconds: `101` is more than the most, 100"],
        ),
    ] {
        let object = job(&spec);
        let decision = engine.decide(&attributes("batch", "Job", &object), Stage::Whole);
        assert_eq!(messages(&decision), expected, "{spec}");
    }
    let pod = |owners: Value| json!({"metadata": {"name": "p", "ownerReferences": owners}, "spec": template()["spec"]});
    let job = json!({"apiVersion": "batch/v1", "kind": "Job", "name": "j", "uid": "1", "controller": true});
    let of_job = pod(json!([job]));
    assert!(engine.decide(&attributes("", "Pod", &of_job), Stage::Whole).findings.is_empty());
    let bare = pod(json!([]));
    assert_eq!(engine.decide(&attributes("", "Pod", &bare), Stage::Whole).findings.len(), 1);
}

#[test]
fn retries_counted_for_each_index_are_left_alone() {
    let engine = engine(&json!({"backoffLimit": {"max": 3}}), "Warn");
    for (spec, found) in [
        (json!({"template": template()}), 1),
        (json!({"backoffLimit": 3, "template": template()}), 0),
        (json!({"backoffLimitPerIndex": 9, "template": template()}), 0),
        (json!({"backoffLimitPerIndex": 9, "backoffLimit": i32::MAX, "template": template()}), 0),
        (json!({"backoffLimitPerIndex": 9, "backoffLimit": 7, "template": template()}), 1),
    ] {
        let object = job(&spec);
        let decision = engine.decide(&attributes("batch", "Job", &object), Stage::Whole);
        assert_eq!(decision.findings.len(), found, "{spec}");
    }
}
