use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};

use super::*;

fn compile(written: Value) -> Result<Selector, Vec<SelectorError>> {
    Selector::compile(&serde_json::from_value(written).unwrap())
}

fn matches(written: Value, labels: &[(&str, &str)]) -> bool {
    let selector = compile(written).unwrap();
    selector.matches(|key| labels.iter().find(|(k, _)| *k == key).map(|(_, v)| *v))
}

fn expression(operator: &str, values: &[&str]) -> Value {
    json!({"matchExpressions": [{"key": "tier", "operator": operator, "values": values}]})
}

#[rstest]
#[case("In", &["a", "b"], Some("a"), true)]
#[case("In", &["b", "a", "a"], Some("b"), true)]
#[case("In", &["a"], Some("c"), false)]
#[case("In", &[""], Some(""), true)]
#[case("In", &[""], None, false)]
#[case("NotIn", &["a"], Some("a"), false)]
#[case("NotIn", &["a"], Some("b"), true)]
#[case("NotIn", &["a"], None, true)]
#[case("Exists", &[], Some(""), true)]
#[case("Exists", &[], None, false)]
#[case("DoesNotExist", &[], Some("a"), false)]
#[case("DoesNotExist", &[], None, true)]
fn operators(
    #[case] operator: &str,
    #[case] values: &[&str],
    #[case] label: Option<&str>,
    #[case] expected: bool,
) {
    let labels: Vec<_> = label.map(|value| ("tier", value)).into_iter().collect();
    assert_eq!(matches(expression(operator, values), &labels), expected);
}

#[test]
fn everything_and_nothing() {
    for empty in [
        json!({}),
        json!({"matchLabels": {}}),
        json!({"matchLabels": null, "matchExpressions": null}),
    ] {
        assert!(compile(empty.clone()).unwrap().is_everything());
        assert!(matches(empty, &[]));
    }
    assert!(!Selector::nothing().matches(|_| Some("a")));
    assert!(!Selector::nothing().is_everything());
    assert_eq!(Selector::default(), Selector::everything());
}

#[test]
fn every_error_is_told() {
    let errors = compile(json!({
        "matchLabels": {"a b": "c d"},
        "matchExpressions": [
            {"key": "-", "operator": "in", "values": ["a"]},
            {"key": "a", "operator": "In", "values": ["-", "a", "+"]},
            {"key": "a", "operator": "Exists", "values": ["a"]},
        ],
    }))
    .unwrap_err();
    let places: Vec<_> = errors.iter().map(|error| error.pointer.as_str()).collect();
    assert_eq!(
        places,
        [
            "/matchLabels/a b",
            "/matchLabels/a b",
            "/matchExpressions/0/key",
            "/matchExpressions/0/operator",
            "/matchExpressions/1/values/0",
            "/matchExpressions/1/values/2",
            "/matchExpressions/2/values",
        ]
    );
}

#[test]
fn all_requirements_must_hold() {
    let written = json!({
        "matchLabels": {"team": "data", "x.io/env": "prod"},
        "matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["system"]}],
    });
    let labels = [("team", "data"), ("x.io/env", "prod"), ("tier", "batch")];
    assert!(matches(written.clone(), &labels));
    assert!(!matches(written.clone(), &labels[..1]));
    assert!(matches(written.clone(), &labels[..2]));
    assert!(!matches(written.clone(), &[labels[0], labels[1], ("tier", "system")]));
    assert!(compile(written).unwrap().keys().eq(["team", "x.io/env", "tier"]));
}

#[rstest]
#[case(expression("in", &["a"]), "/matchExpressions/0/operator", "unknown operator \"in\", expected In, NotIn")]
#[case(expression("In", &[]), "/matchExpressions/0/values", "In needs at least one value")]
#[case(expression("NotIn", &[]), "/matchExpressions/0/values", "NotIn needs at least one value")]
#[case(expression("Exists", &["a"]), "/matchExpressions/0/values", "Exists takes no values")]
#[case(expression("In", &["a", "b c"]), "/matchExpressions/0/values/1", "' ' at character 2")]
#[case(json!({"matchLabels": {"x.io/a~/b": "c"}}), "/matchLabels/x.io~1a~0~1b", "at most one '/'")]
#[case(json!({"matchLabels": {"a": "-"}}), "/matchLabels/a", "start and end")]
#[case(json!({"matchExpressions": [
    {"key": "a", "operator": "Exists"}, {"key": "", "operator": "Exists"}
]}), "/matchExpressions/1/key", "must not be empty")]
fn errors_point_at_the_field(#[case] written: Value, #[case] pointer: &str, #[case] message: &str) {
    let error = compile(written).unwrap_err().remove(0);
    assert_eq!(error.pointer, pointer);
    assert!(error.message.contains(message), "{error}");
}

#[test]
fn unknown_fields_are_errors() {
    let unknown = json!({"matchLabel": {"a": "b"}});
    assert!(serde_json::from_value::<LabelSelector>(unknown).is_err());
    let unknown = json!({"matchExpressions": [{"key": "a", "operator": "In", "value": ["b"]}]});
    assert!(serde_json::from_value::<LabelSelector>(unknown).is_err());
}

#[test]
fn writes_what_it_read() {
    let written = expression("In", &["a"]);
    let read: LabelSelector = serde_json::from_value(written.clone()).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), written);
    assert_eq!(serde_json::to_value(LabelSelector::default()).unwrap(), json!({}));
}

#[test]
fn schema_lists_the_operators() {
    let schema = schemars::schema_for!(LabelSelectorRequirement).to_value();
    let operators = &schema["properties"]["operator"]["enum"];
    assert_eq!(*operators, json!(["In", "NotIn", "Exists", "DoesNotExist"]));
    assert_eq!(schema["additionalProperties"], json!(false));
}

proptest! {
    #[test]
    fn operators_are_each_others_opposites(
        values in proptest::collection::vec("[a-c]{0,2}", 1..6),
        label in proptest::option::of("[a-c]{0,2}"),
    ) {
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let labels: Vec<_> = label.as_deref().map(|v| ("tier", v)).into_iter().collect();
        let within = matches(expression("In", &values), &labels);
        prop_assert_eq!(within, label.as_deref().is_some_and(|v| values.contains(&v)));
        prop_assert_ne!(within, matches(expression("NotIn", &values), &labels));
        prop_assert_ne!(
            matches(expression("Exists", &[]), &labels),
            matches(expression("DoesNotExist", &[]), &labels)
        );
    }

    #[test]
    fn compile_never_panics(key in any::<String>(), operator in any::<String>(), value in any::<String>()) {
        let requirement = LabelSelectorRequirement { key: key.clone(), operator, values: vec![value.clone()] };
        let written = LabelSelector { match_labels: [(key, value)].into(), match_expressions: vec![requirement] };
        let _ = Selector::compile(&written);
    }
}
