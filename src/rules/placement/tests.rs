use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use rstest::rstest;
use serde_json::{Value, json};

use super::domain::Domain;
use super::settings::NodeOperator;
use crate::engine::{Attributes, Decision, Engine, Stage};
use crate::pod::kinds::Object;
use crate::policy::PolicySet;

fn policy(name: &str, settings: &Value) -> Value {
    json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": name},
           "spec": {"rules": [{"name": "r", "action": "Patch", "placement": settings}]}})
}

fn engine(policies: &[&Value]) -> Engine {
    Engine::new(Arc::new(PolicySet::compile(policies).unwrap()))
}

fn decide(engine: &Engine, pod: &Value, stage: Stage) -> Decision {
    let object = Some(Object::Value(pod));
    engine.decide(&Attributes { kind: "Pod", object, ..Attributes::default() }, stage)
}

fn pod(spec: Value) -> Value {
    let mut pod = json!({"metadata": {}, "spec": spec});
    pod["spec"]["containers"] = json!([{"name": "a", "image": "x:1"}]);
    pod
}

const NOT_READY: &str = "node.kubernetes.io/not-ready";

#[rstest]
#[case(json!({}), "", "asks for nothing")]
#[case(json!({"forbid": {}}), "", "asks for nothing")]
#[case(json!({"nodeSelector": {"a b": "x"}}), "/nodeSelector/a b", "character 2")]
#[case(json!({"nodeSelector": {"a": "x y"}}), "/nodeSelector/a", "character 2")]
#[case(json!({"nodeSelector": {"a": 1}}), "/nodeSelector/a", "invalid type")]
#[case(json!({"nodeSelektor": {}}), "/nodeSelektor", "unknown field")]
#[case(json!({"nodeSelector": (0..65).map(|at| (format!("k{at}"), json!("v"))).collect::<serde_json::Map<_, _>>()}), "/nodeSelector", "65 entries")]
#[case(json!({"tolerations": [{"operator": "Equal"}]}), "/tolerations/0/operator", "every taint")]
#[case(json!({"tolerations": [{"key": "a", "operator": "Exists", "value": "x"}]}), "/tolerations/0/value", "takes no value")]
#[case(json!({"tolerations": [{"key": "a", "operator": "Gt", "value": "x"}]}), "/tolerations/0/value", "no integer")]
#[case(json!({"tolerations": [{"key": "a", "operator": "Lt", "value": "07"}]}), "/tolerations/0/value", "no integer")]
#[case(json!({"tolerations": [{"key": "a", "operator": "Exists", "effect": "NoRun"}]}), "/tolerations/0/effect", "unknown variant")]
#[case(json!({"tolerations": [{"key": "a", "tolerationSeconds": 5}]}), "/tolerations/0/tolerationSeconds", "NoExecute")]
#[case(json!({"tolerations": [{"key": "a", "effect": "NoExecute", "tolerationSeconds": -1}]}), "/tolerations/0/tolerationSeconds", "below 0")]
#[case(json!({"tolerations": [{"key": "a", "operator": "Exists"}, {"key": "a", "value": "x", "effect": "NoSchedule"}]}), "/tolerations/1", "same taint")]
#[case(json!({"tolerations": [{"key": NOT_READY, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}]}), "/tolerations/0/tolerationSeconds", "every pod")]
#[case(json!({"tolerations": [{"key": NOT_READY, "value": "x", "effect": "NoExecute"}]}), "/tolerations/0/operator", "whatever its value")]
#[case(json!({"nodeAffinity": {"required": [{"key": "a", "operator": "In"}]}}), "/nodeAffinity/required/0/values", "at least one")]
#[case(json!({"nodeAffinity": {"required": [{"key": "a", "operator": "Exists", "values": ["x"]}]}}), "/nodeAffinity/required/0/values", "takes no values")]
#[case(json!({"nodeAffinity": {"required": [{"key": "a", "operator": "Gt", "values": ["1", "2"]}]}}), "/nodeAffinity/required/0/values", "one value")]
#[case(json!({"nodeAffinity": {"required": [{"key": "a", "operator": "Lt", "values": ["x"]}]}}), "/nodeAffinity/required/0/values", "an integer")]
#[case(json!({"nodeAffinity": {"required": [{"key": "a/b/c", "operator": "Exists"}]}}), "/nodeAffinity/required/0/key", "one '/'")]
#[case(json!({"nodeAffinity": {"required": [{"key": "a", "operator": "In", "values": ["-"]}]}}), "/nodeAffinity/required/0/values/0", "letter or digit")]
#[case(json!({"nodeAffinity": {"required": [{"key": "a", "operator": "Exists"}, {"key": "a", "operator": "Exists"}]}}), "/nodeAffinity/required/1", "twice")]
#[case(json!({"nodeAffinity": {"required": [{"key": "a", "operator": "Exists"}, {"key": "a", "operator": "DoesNotExist"}]}}), "/nodeAffinity/required/1", "both `a Exists` and `a DoesNotExist`")]
#[case(json!({"nodeAffinity": {"required": [{"key": "a", "operator": "Lt", "values": ["0"]}]}}), "/nodeAffinity/required/0", "no node")]
#[case(json!({"nodeSelector": {"a": "x"}, "nodeAffinity": {"required": [{"key": "b", "operator": "Exists"}, {"key": "a", "operator": "NotIn", "values": ["x"]}]}}), "/nodeAffinity/required/1", "both `a In x` and `a NotIn x`")]
#[case(json!({"nodeAffinity": {"preferred": [{"weight": 0, "matchExpressions": [{"key": "a", "operator": "Exists"}]}]}}), "/nodeAffinity/preferred/0/weight", "no weight")]
#[case(json!({"nodeAffinity": {"preferred": [{"weight": 101, "matchExpressions": [{"key": "a", "operator": "Exists"}]}]}}), "/nodeAffinity/preferred/0/weight", "no weight")]
#[case(json!({"nodeAffinity": {"preferred": [{"weight": 1, "matchExpressions": []}]}}), "/nodeAffinity/preferred/0/matchExpressions", "prefers no node")]
#[case(json!({"nodeAffinity": {"preferred": [{"weight": 1, "matchExpressions": [{"key": "a", "operator": "Gt", "values": ["1"]}, {"key": "a", "operator": "Lt", "values": ["2"]}]}]}}), "/nodeAffinity/preferred/0/matchExpressions/1", "no node meets both")]
#[case(json!({"nodeAffinity": {"preferred": [{"weight": 1, "matchExpressions": [{"key": "a", "operator": "Exists"}]}, {"weight": 2, "matchExpressions": [{"key": "a", "operator": "Exists"}]}]}}), "/nodeAffinity/preferred/1", "twice")]
#[case(json!({"priorityClassName": "A"}), "/priorityClassName", "no name")]
#[case(json!({"schedulerName": ""}), "/schedulerName", "no name")]
#[case(json!({"runtimeClassName": "a..b"}), "/runtimeClassName", "no name")]
#[case(json!({"globalDefaultPriorityClassName": "a", "disruption": "Avoid"}), "/globalDefaultPriorityClassName", "only beside")]
#[case(json!({"disruption": "Never"}), "/disruption", "unknown variant")]
#[case(json!({"forbid": {"tolerations": [{"key": ""}]}}), "/forbid/tolerations/0/key", "empty")]
#[case(json!({"forbid": {"tolerations": [{"key": "a", "operator": "Exists"}]}}), "/forbid/tolerations/0/operator", "unknown field")]
#[case(json!({"forbid": {"nodeSelector": {"a": []}}}), "/forbid/nodeSelector/a", "no value")]
#[case(json!({"forbid": {"nodeSelector": {"a": ["x", "["]}}}), "/forbid/nodeSelector/a/1", "malformed")]
#[case(json!({"forbid": {"priorityClassName": ["{"]}}), "/forbid/priorityClassName/0", "malformed")]
#[case(json!({"tolerations": [{"key": "a", "operator": "Exists"}], "forbid": {"tolerations": [{"key": "a", "value": "x"}]}}), "/tolerations/0", "and forbidden")]
#[case(json!({"tolerations": [{"key": "a", "operator": "Gt", "value": "7"}], "forbid": {"tolerations": [{"key": "a", "value": "8"}]}}), "/tolerations/0", "and forbidden")]
#[case(json!({"nodeSelector": {"a": "x1"}, "forbid": {"nodeSelector": {"a": ["x*"]}}}), "/nodeSelector/a", "and forbidden")]
#[case(json!({"nodeAffinity": {"required": [{"key": "a", "operator": "In", "values": ["y", "x"]}]}, "forbid": {"nodeSelector": {"a": ["x"]}}}), "/nodeAffinity", "and forbidden")]
#[case(json!({"priorityClassName": "high", "forbid": {"priorityClassName": ["h*"]}}), "/priorityClassName", "and forbidden")]
fn contradictions_are_refused_with_their_place(
    #[case] settings: Value,
    #[case] place: &str,
    #[case] message: &str,
) {
    let errors = PolicySet::compile(&[&policy("p", &settings)]).unwrap_err();
    let text = format!("{errors:?}");
    let wanted = crate::pointer::Pointer::new(format!("/spec/rules/0/placement{}", place));
    assert!(text.contains(&format!("{:?}", wanted.as_str())), "{place} is not in {text}");
    assert!(
        text.contains(&format!("{message:?}")[1..message.len() + 1]),
        "{message} is not in {text}"
    );
}

#[test]
fn conflicts_name_both_values() {
    let nodes =
        policy("p", &json!({"nodeSelector": {"pool": "steady"}, "schedulerName": "volcano"}));
    let engine = engine(&[&nodes]);
    let one = pod(json!({"nodeSelector": {"pool": "elastic"}, "schedulerName": "yunikorn"}));
    let found = decide(&engine, &one, Stage::Whole);
    let told: Vec<_> = found.findings.iter().map(|one| one.violation.message.as_str()).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[0].contains("`pool: elastic`") && told[0].contains("`pool In steady`"),
        "{told:?}"
    );
    assert!(told[1].contains("`yunikorn`") && told[1].contains("`volcano`"), "{told:?}");
    assert!(found.patch.is_empty());
}

#[test]
fn a_pod_of_countless_terms_is_judged_and_not_mended() {
    let wanted = json!([{"key": "a", "operator": "Exists"}]);
    let engine = engine(&[&policy("p", &json!({"nodeAffinity": {"required": wanted}}))]);
    for (terms, mended) in [(4096, true), (4097, false)] {
        let term = json!({"matchExpressions": [{"key": "b", "operator": "Exists"}]});
        let one = pod(json!({"affinity": {"nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": vec![term; terms]}}}}));
        let found = decide(&engine, &one, Stage::Whole);
        assert_eq!(found.findings.len(), 1);
        assert_eq!(!found.patch.is_empty(), mended, "{terms}");
    }
}

#[test]
fn annotations_are_never_quoted() {
    let engine = engine(&[&policy("p", &json!({"disruption": "Avoid"}))]);
    let mut one = pod(json!({}));
    one["metadata"]["annotations"] = json!({"karpenter.sh/do-not-disrupt": "s3cr3t"});
    let found = decide(&engine, &one, Stage::Whole);
    assert_eq!(found.findings.len(), 2);
    assert!(!format!("{:?}", found.findings).contains("s3cr3t"));
}

#[rstest]
#[case(json!({"nodeSelector": {"a": "x"}}), json!({"nodeAffinity": {"required": [{"key": "a", "operator": "In", "values": ["y"]}]}}), 1)]
#[case(json!({"nodeSelector": {"a": "x"}}), json!({"nodeAffinity": {"required": [{"key": "a", "operator": "In", "values": ["x"]}]}}), 0)]
#[case(json!({"schedulerName": "a"}), json!({"schedulerName": "default-scheduler"}), 1)]
#[case(json!({"disruption": "Avoid"}), json!({"disruption": "Allow"}), 2)]
#[case(json!({"tolerations": [{"key": "a", "value": "x"}]}), json!({"forbid": {"tolerations": [{"key": "a", "value": "x"}]}}), 1)]
#[case(json!({"tolerations": [{"key": "a", "value": "x"}]}), json!({"tolerations": [{"key": "a", "value": "y"}]}), 0)]
fn rules_at_odds_are_told(#[case] one: Value, #[case] other: Value, #[case] conflicts: usize) {
    let engine = engine(&[&policy("a", &one), &policy("b", &other)]);
    assert_eq!(
        engine.policies().conflicts().len(),
        conflicts,
        "{:?}",
        engine.policies().conflicts()
    );
    let once = decide(&engine, &pod(json!({})), Stage::Mutate);
    let mut after = pod(json!({}));
    let patch: json_patch::Patch = serde_json::from_value(json!(once.patch)).unwrap();
    json_patch::patch(&mut after, &patch).unwrap();
    let again = decide(&engine, &after, Stage::Mutate);
    assert!(again.patch.is_empty(), "{:?}", again.patch);
}

const VALUES: [&str; 5] = ["a", "b", "3", "07", "9"];

/// A requirement on one label.
type Requirement = (NodeOperator, Vec<&'static str>);

fn requirement() -> impl Strategy<Value = Requirement> {
    use NodeOperator::{DoesNotExist, Exists, Gt, In, Lt, NotIn};
    prop_oneof![
        (select(vec![In, NotIn]), subsequence(VALUES.to_vec(), 1..4)),
        select(vec![Exists, DoesNotExist]).prop_map(|operator| (operator, Vec::new())),
        (select(vec![Gt, Lt]), select(vec!["2", "3", "7", "8"]))
            .prop_map(|(operator, value)| (operator, vec![value])),
    ]
}

/// `Requirement.Matches`, spelt out.
fn matches((operator, values): &Requirement, label: Option<&str>) -> bool {
    let number = |text: &str| text.parse::<i64>().ok();
    match (operator, label) {
        (NodeOperator::In, label) => label.is_some_and(|label| values.contains(&label)),
        (NodeOperator::NotIn, label) => label.is_none_or(|label| !values.contains(&label)),
        (NodeOperator::Exists, label) => label.is_some(),
        (NodeOperator::DoesNotExist, label) => label.is_none(),
        (NodeOperator::Gt, label) => {
            label.and_then(number).is_some_and(|label| Some(label) > number(values[0]))
        }
        (NodeOperator::Lt, label) => {
            label.and_then(number).is_some_and(|label| Some(label) < number(values[0]))
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// What is said of a label is what trying every value says.
    #[test]
    fn domains_are_what_nodes_match(
        all in proptest::collection::vec(requirement(), 0..4), wanted in requirement(),
    ) {
        let mut domain = Domain::any();
        for (operator, values) in &all {
            domain.narrow(*operator, values.iter().copied());
        }
        // Every integer near the bounds in two ways of writing, every value that is named, one that is not, and none.
        let labels: Vec<String> = (0..12).flat_map(|n| [n.to_string(), format!("00{n}")])
            .chain(VALUES.map(str::to_owned)).chain(["other".to_owned()]).collect();
        let labels = labels.iter().map(|label| Some(label.as_str())).chain([None]);
        let fitting: Vec<_> = labels.filter(|label| all.iter().all(|one| matches(one, *label))).collect();
        prop_assert_eq!(domain.is_empty(), fitting.is_empty(), "{:?} {:?}", all, fitting);
        let implied = fitting.iter().all(|label| matches(&wanted, *label));
        let said = domain.implies(wanted.0, wanted.1.iter().copied());
        // Where two bounds leave few integers, these are not counted: then an implication can be missed.
        let bounded = |operator| all.iter().any(|(one, _)| *one == operator);
        if bounded(NodeOperator::Gt) && bounded(NodeOperator::Lt) || bounded(NodeOperator::Lt) {
            prop_assert!(implied || !said, "{:?} does not imply {:?}: {:?}", all, wanted, fitting);
        } else {
            prop_assert_eq!(said, implied, "{:?} implies {:?}? {:?}", all, wanted, fitting);
        }
    }
}
