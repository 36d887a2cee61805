use std::sync::Arc;

use serde_json::{Value, json};

use super::super::{Attributes, Engine, Operation, Stage};
use super::*;
use crate::policy::{Action, PolicySet};

fn engine(conditions: Value, rules: Value) -> Engine {
    let policy = json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": "p"},
        "spec": {"matchConditions": conditions, "rules": rules}});
    Engine::new(Arc::new(PolicySet::compile(&[&policy]).unwrap()))
}

fn decide(engine: &Engine, pod: &Value, stage: Stage) -> Decision {
    let attributes = Attributes {
        kind: "Pod",
        namespace: "etl",
        object: Some(Object::Value(pod)),
        ..Attributes::default()
    };
    engine.decide(&attributes, stage)
}

fn rules() -> Value {
    json!([{"name": "warns", "imageTag": {}}, {"name": "denies", "action": "Deny", "imageTag": {"deny": ["2"]}}])
}

fn pod() -> Value {
    json!({"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "a", "image": "x"}]}})
}

fn condition(expression: &str) -> Value {
    let letters = expression.split(' ').next().unwrap_or_default();
    let name = letters.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    json!({"name": name.trim_matches('-'), "expression": expression})
}

#[test]
fn a_condition_that_is_false_decides_whatever_the_others_come_to() {
    let fails = condition("object.metadata.labels['x'] == 'y'");
    let is_false = condition("1 == 2");
    let user = condition("request.userInfo.username == 'jane'");
    let found = |conditions: &[&Value]| {
        let decision = decide(&engine(json!(conditions), rules()), &pod(), Stage::Whole);
        let rules: Vec<_> = decision.findings.iter().map(|one| one.rule.to_string()).collect();
        (rules.join(" "), decision.undecided.len(), decision.allowed)
    };
    assert_eq!(found(&[&condition("object.metadata.labels.a == 'b'")]), ("warns".into(), 0, true));
    assert_eq!(found(&[&is_false]), (String::new(), 0, true));
    assert_eq!(found(&[&fails, &is_false]), (String::new(), 0, true));
    // It fails closed, as the gravest rule would.
    assert_eq!(found(&[&fails]), ("denies".into(), 0, false));
    assert_eq!(found(&[&user]), (String::new(), 1, true));
    assert_eq!(found(&[&user, &fails]), (String::new(), 1, true));
    assert_eq!(found(&[&user, &is_false]), (String::new(), 0, true));
}

#[test]
fn conditions_have_names_as_kubernetes_checks_them() {
    let errors = |condition: Value| {
        let policy = json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": "p"},
            "spec": {"matchConditions": [condition], "rules": rules()}});
        let errors = PolicySet::compile(&[&policy]).err();
        errors.map(|errors| format!("{errors:?}")).unwrap_or_default()
    };
    for name in ["a b", "-a", "a/", "ä"] {
        let found = errors(json!({"name": name, "expression": "true"}));
        assert!(found.contains("no qualified name"), "{name}: {found}");
    }
    assert_eq!(errors(json!({"name": "example.com/not_on.the-Host", "expression": "true"})), "");
    let found = errors(json!({"name": "a", "expression": "variables.a"}));
    assert!(found.contains("match conditions have none"), "{found}");
}

#[test]
fn a_policy_of_which_one_expression_is_left_out_is_applied_in_part() {
    let rule = |name: &str, expression: &str| json!({"name": name, "action": "Deny", "expression": {"validations": [{"expression": expression}]}});
    let rules = json!([rule("r", "request.userInfo.username == 'jane'"), rule("r2", "1 == 2")]);
    let decision = decide(&engine(json!([]), rules), &pod(), Stage::Whole);
    let found: Vec<_> = decision.findings.iter().map(|one| one.rule.to_string()).collect();
    assert_eq!(found, ["r2"]);
    assert_eq!(decision.lacking, [(Arc::from("p"), "the user of the request")]);
    // A condition that hangs on the user leaves out the whole of it.
    let user = condition("request.userInfo.username == 'jane'");
    let decision = decide(&engine(json!([user]), self::rules()), &pod(), Stage::Whole);
    assert!(decision.lacking.is_empty() && decision.undecided.len() == 1);
}

#[test]
fn an_update_is_not_blamed_for_what_failed_before() {
    let engine = engine(json!([condition("object.spec.nodeSelector['x'] == 'y'")]), rules());
    let decide = |old: &Value, new: &Value| {
        let attributes = Attributes {
            operation: Operation::Update,
            kind: "Pod",
            namespace: "etl",
            object: Some(Object::Value(new)),
            old_object: Some(Object::Value(old)),
            ..Attributes::default()
        };
        engine.decide(&attributes, Stage::Validate).allowed
    };
    let mut fine = pod();
    fine["spec"]["nodeSelector"] = json!({"x": "z"});
    assert!(decide(&pod(), &pod()));
    assert!(!decide(&fine, &pod()));
}

#[test]
fn conditions_are_read_with_care() {
    let refused = |conditions: Value| {
        let policy = json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": "p"},
            "spec": {"matchConditions": conditions, "rules": rules()}});
        let errors = PolicySet::compile(&[&policy]).unwrap_err();
        errors.iter().map(|error| error.pointer.as_str().to_owned()).collect::<Vec<_>>()
    };
    let one = |name: &str, expression: &str| json!({"name": name, "expression": expression});
    assert_eq!(
        refused(json!([one("a", "true"), one("a", "true")])),
        ["/spec/matchConditions/1/name"]
    );
    assert_eq!(
        refused(json!([one("", "1")])),
        ["/spec/matchConditions/0/name", "/spec/matchConditions/0/expression"]
    );
    assert_eq!(
        refused(json!([one("a", "object.spec.nope")])),
        ["/spec/matchConditions/0/expression"]
    );
    let many: Vec<_> = (0..65).map(|at| one(&at.to_string(), "true")).collect();
    assert_eq!(refused(json!(many)), ["/spec/matchConditions"]);
}

/// A patch must not replace what stands beside what it changes, where no rule reads that.
#[test]
fn patches_keep_what_the_view_does_not_read() {
    let expression =
        "[JSONPatch{op: 'add', path: '/spec/securityContext/runAsNonRoot', value: true},
        JSONPatch{op: 'add', path: '/spec/containers/0/env/-', value: {'name': 'B', 'value': '2'}}]
        .filter(p, !has(object.spec.securityContext.runAsNonRoot))";
    let rules = json!([{"name": "r", "action": "Patch", "expression": {
        "patches": [{"expression": expression}],
        "validations": [{"expression": "object.spec.securityContext.?runAsNonRoot.orValue(false)"}]}}]);
    let engine = engine(json!([]), rules);
    let mut pod = pod();
    pod["spec"]["securityContext"] = json!({"fsGroup": 7});
    pod["spec"]["containers"][0]["env"] = json!([{"name": "A", "value": "1"}]);
    let decision = decide(&engine, &pod, Stage::Whole);
    assert!(decision.settled && decision.conflicts.is_empty(), "{:?}", decision.conflicts);
    let actions: Vec<_> = decision.findings.iter().map(|one| one.action).collect();
    assert_eq!(actions, [Action::Patch], "{:?}", decision.findings);
    let patch = json!(decision.patch);
    assert_eq!(patch[0]["path"], "/spec/securityContext/runAsNonRoot", "{patch}");
    assert_eq!(
        patch[1],
        json!({"op": "add", "path": "/spec/containers/0/env/-", "value": {"name": "B", "value": "2"}})
    );
    // Rules see what others changed before them.
    decision.edits().for_each(|edit| assert!(edit.apply(&mut pod)));
    assert!(decide(&engine, &pod, Stage::Whole).findings.is_empty());
}
