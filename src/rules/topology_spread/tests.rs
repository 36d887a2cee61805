use std::sync::Arc;

use rstest::rstest;
use serde_json::{Value, json};

use super::settings::crowd_of;
use crate::engine::{Attributes, Decision, Engine, NamespaceFacts, Operation, Stage};
use crate::label::validate_value;
use crate::pod::kinds::Object;
use crate::policy::PolicySet;

fn policy(name: &str, settings: &Value) -> Value {
    json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": name},
           "spec": {"rules": [{"name": "r", "action": "Patch", "topologySpread": settings}]}})
}

fn decide(policies: &[&Value], group: &str, kind: &str, object: &Value, stage: Stage) -> Decision {
    let engine = Engine::new(Arc::new(PolicySet::compile(policies).unwrap()));
    let attributes = Attributes {
        operation: Operation::Create,
        group,
        kind,
        subresource: "",
        namespace: "default",
        user: None,
        object: Some(Object::Value(object)),
        old_object: None,
        facts: NamespaceFacts::default(),
        now: None,
        ..Attributes::default()
    };
    engine.decide(&attributes, stage)
}

#[rstest]
#[case(json!({"constraints": []}), "/constraints", "asks for nothing")]
#[case(json!({"constraints": [{"topologyKey": "a", "maxSkew": 0}]}), "/constraints/0/maxSkew", "below 1")]
#[case(json!({"constraints": [{"topologyKey": "", "maxSkew": 1}]}), "/constraints/0/topologyKey", "empty")]
#[case(json!({"constraints": [{"topologyKey": "a b", "maxSkew": 1}]}), "/constraints/0/topologyKey", "character 2")]
#[case(json!({"constraints": [{"topologyKey": "a", "maxSkew": 1}, {"topologyKey": "a", "maxSkew": 2}]}), "/constraints/1", "two constraints")]
#[case(json!({"constraints": [{"topologyKey": "a", "maxSkew": 1, "minDomains": 2}]}), "/constraints/0/minDomains", "DoNotSchedule")]
#[case(json!({"constraints": [{"topologyKey": "a", "maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule", "minDomains": 0}]}), "/constraints/0/minDomains", "below 1")]
#[case(json!({"constraints": [{"topologyKey": "a", "maxSkew": 1, "nodeTaintsPolicy": "Honour"}]}), "/constraints/0/nodeTaintsPolicy", "unknown variant")]
#[case(json!({"constraints": [{"topologyKey": "a", "maxSkew": 1, "matchLabelKeys": ["plimsoll.dev/crowd"]}]}), "/constraints/0/matchLabelKeys/0", "in the selector")]
#[case(json!({"constraints": [{"topologyKey": "a", "maxSkew": 1, "matchLabelKeys": ["app"]}], "over": "Labels", "labels": ["x", "app"]}), "/constraints/0/matchLabelKeys/0", "in the selector")]
#[case(json!({"constraints": [{"topologyKey": "a", "maxSkew": 1, "matchLabelKeys": ["a/b/c"]}]}), "/constraints/0/matchLabelKeys/0", "one '/'")]
#[case(json!({"constraints": [{"topologyKey": "a", "maxSkew": 1, "labelSelector": {}}]}), "/constraints/0/labelSelector", "unknown field")]
#[case(json!({"over": "Labels"}), "/over", "at least one")]
#[case(json!({"over": "Labels", "labels": ["a", "a"]}), "/labels/1", "twice")]
#[case(json!({"over": "Labels", "labels": ["-"]}), "/labels/0", "letter or digit")]
#[case(json!({"over": "Labels", "labels": ["a"], "crowd": {}}), "/crowd", "over: Crowd")]
#[case(json!({"labels": ["a"]}), "/labels", "over: Labels")]
#[case(json!({"crowd": {"key": "A/b"}}), "/crowd/key", "prefix")]
#[case(json!({"crowd": {"value": ""}}), "/crowd/value", "empty")]
#[case(json!({"crowd": {"value": "x".repeat(64)}}), "/crowd/value", "at most 63")]
#[case(json!({"builtIn": "Replace", "constraints": [{"topologyKey": "kubernetes.io/hostname", "maxSkew": 1}]}), "/builtIn", "topology.kubernetes.io/zone")]
fn contradictions_are_refused_with_their_place(
    #[case] settings: Value,
    #[case] place: &str,
    #[case] message: &str,
) {
    let errors = PolicySet::compile(&[&policy("p", &settings)]).unwrap_err();
    let [error] = errors.as_slice() else { panic!("{errors:?}") };
    assert_eq!(error.pointer.as_str(), format!("/spec/rules/0/topologySpread{place}"));
    assert!(error.message.contains(message), "{}", error.message);
    assert!(error.help.is_some());
}

#[rstest]
#[case("batch", "batch")]
#[case("a.b-c_d", "a.b-c_d")]
#[case("--x y--", "x-y")]
#[case("...", "crowd")]
#[case("é", "crowd")]
#[case("", "crowd")]
fn a_crowd_has_a_legal_value(#[case] policy: &str, #[case] value: &str) {
    assert_eq!(crowd_of(policy), value);
}

#[test]
fn a_long_policy_name_is_cut_to_a_legal_value() {
    for name in ["x".repeat(253), format!("{}-----", "x".repeat(60)), "y.".repeat(100)] {
        let value = crowd_of(&name);
        assert!(validate_value(&value).is_ok() && !value.is_empty(), "{value}");
    }
    assert_eq!(crowd_of(&format!("{}-----", "x".repeat(60))), "x".repeat(60));
}

#[test]
fn the_summary_names_keys_and_label() {
    let rule = policy("batch", &json!({}));
    let pod = json!({"spec": {}});
    let decision = decide(&[&rule], "", "Pod", &pod, Stage::Mutate);
    let [finding] = decision.findings.as_slice() else { panic!("{decision:?}") };
    assert_eq!(
        finding.violation.fix.as_ref().unwrap().summary,
        "topologySpreadConstraints + kubernetes.io/hostname, topology.kubernetes.io/zone, label plimsoll.dev/crowd=batch"
    );
    assert_eq!(
        finding.violation.message,
        "nothing spreads the pod over `kubernetes.io/hostname` and `topology.kubernetes.io/zone`"
    );
    assert_eq!(
        finding.violation.help,
        "add topologySpreadConstraints with maxSkew 1, ScheduleAnyway and maxSkew 5, ScheduleAnyway"
    );
}

#[rstest]
#[case("batch", "Job", json!({"spec": {"template": {"spec": {}}}}), "/spec/template")]
#[case("batch", "CronJob", json!({"spec": {"jobTemplate": {"spec": {"template": {"metadata": null, "spec": {}}}}}}), "/spec/jobTemplate/spec/template")]
fn in_a_template_the_label_lands_on_the_pods_own_metadata(
    #[case] group: &str,
    #[case] kind: &str,
    #[case] object: Value,
    #[case] base: &str,
) {
    let rule = policy("batch", &json!({}));
    let decision = decide(&[&rule], group, kind, &object, Stage::Whole);
    let places: Vec<String> =
        decision.edits().map(|edit| edit.pointer.as_str().to_owned()).collect();
    assert_eq!(
        places,
        [
            format!("{base}/metadata/labels/plimsoll.dev~1crowd"),
            format!("{base}/spec/topologySpreadConstraints"),
            format!("{base}/spec/topologySpreadConstraints"),
        ]
    );
    assert_eq!(decision.findings.len(), 1);
}

#[test]
fn a_deployment_gets_them_where_asked() {
    let rule = policy("batch", &json!({"builtIn": "Replace"}));
    let object = json!({"spec": {"template": {"spec": {}}}});
    let decision = decide(&[&rule], "apps", "Deployment", &object, Stage::Whole);
    assert_eq!(decision.edits().count(), 3);
}

#[test]
fn policies_that_contradict_each_other_are_found_when_they_load() {
    let skew = |skew| json!({"constraints": [{"topologyKey": "rack", "maxSkew": skew}], "crowd": {"value": "x"}});
    let set = |a: &Value, b: &Value| {
        PolicySet::compile(&[&policy("a", a), &policy("b", b)]).unwrap().conflicts().len()
    };
    assert_eq!(set(&skew(1), &skew(1)), 0);
    assert_eq!(set(&skew(1), &skew(2)), 1);
    assert_eq!(set(&json!({}), &json!({})), 1);
}

#[test]
fn two_policies_make_one_list_that_the_api_server_takes() {
    let first = policy("a", &json!({}));
    let second = policy(
        "b",
        &json!({"constraints": [
        {"topologyKey": "kubernetes.io/hostname", "maxSkew": 4},
        {"topologyKey": "kubernetes.io/hostname", "maxSkew": 9, "whenUnsatisfiable": "DoNotSchedule"}]}),
    );
    let pod = json!({"spec": {}});
    let decision = decide(&[&second, &first], "", "Pod", &pod, Stage::Mutate);
    let mut after = pod;
    let patch: json_patch::Patch = serde_json::from_value(json!(decision.patch)).unwrap();
    json_patch::patch(&mut after, &patch).unwrap();
    let found: Vec<(&Value, &Value, &Value)> = after["spec"]["topologySpreadConstraints"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let crowd = &one["labelSelector"]["matchLabels"]["plimsoll.dev/crowd"];
            (&one["topologyKey"], &one["whenUnsatisfiable"], crowd)
        })
        .collect();
    assert_eq!(
        json!(found),
        json!([
            ["kubernetes.io/hostname", "ScheduleAnyway", "a"],
            ["topology.kubernetes.io/zone", "ScheduleAnyway", "a"],
            ["kubernetes.io/hostname", "DoNotSchedule", "a"],
        ])
    );
}
