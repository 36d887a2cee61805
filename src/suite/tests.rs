use std::path::Path;

use serde_json::{Value, json};

use super::compare::pointer;
use super::document::{POD, PodForm, SOURCE};
use super::expectation::matches;
use super::{Case, Expectation, TextMatch, pods, schema};
use crate::manifest::parse;

#[test]
fn the_fields_of_a_case_are_those_of_its_schema() {
    let schema = schema();
    let case = schema.pointer("/$defs/Case").unwrap();
    let mut told: Vec<&str> =
        case["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    told.sort_unstable();
    let own = ["matrix", "name"];
    let mut known: Vec<&str> =
        own.iter().chain(&POD).chain(&SOURCE).chain(&Expectation::FIELDS).copied().collect();
    known.sort_unstable();
    assert_eq!(told, known);
    for (name, field) in case["properties"].as_object().unwrap() {
        assert!(field["description"].is_string(), "{name} is not described");
    }
}

#[test]
fn the_schema_takes_our_suites_and_refuses_what_is_no_field() {
    let schema = jsonschema::validator_for(schema().as_value()).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut seen = 0;
    let mut errors = Vec::new();
    for folder in ["policies", "tests/rules"] {
        for file in super::find::files(&[root.join(folder)], &mut errors) {
            let suite = parse(None, std::fs::read(&file).unwrap()).documents.remove(0).value;
            let wrong: Vec<_> = schema.iter_errors(&suite).map(|error| error.to_string()).collect();
            assert!(wrong.is_empty(), "{}: {wrong:?}", file.display());
            seen += 1;
        }
    }
    assert!(errors.is_empty() && seen == 16, "{seen} suites");
    let suite = |case: Value| json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PolicyTest", "cases": [case]});
    assert!(schema.is_valid(&suite(json!({"image": "x", "deny": ["a", {"rule": "b"}]}))));
    for case in [
        json!({"imagee": "x"}),
        json!({"image": 3}),
        json!({"deny": {"rul": "x"}}),
        json!({"message": {"contain": "x"}}),
        json!("x"),
    ] {
        assert!(!schema.is_valid(&suite(case.clone())), "{case}");
        assert!(Case::read(&case).is_err(), "{case}");
    }
}

#[test]
fn stars_stand_for_anything() {
    for (pattern, text, met) in [
        ("abc", "abc", true),
        ("abc", "abcd", false),
        ("a*", "abc", true),
        ("*c", "abc", true),
        ("a*c*e", "abcde", true),
        ("a*e*c", "abcde", false),
        ("*", "", true),
        ("ab*ba", "aba", false),
        ("a[0]*", "a[0].b", true),
        ("a?", "ab", false),
    ] {
        assert_eq!(matches(pattern, text), met, "{pattern} {text}");
    }
    assert!(TextMatch::Exact("a*".to_owned()).matches("a*"));
    assert!(!TextMatch::Exact("a*".to_owned()).matches("ab"));
    assert!(TextMatch::Contains("b".to_owned()).matches("abc"));
}

#[test]
fn paths_lead_to_fields() {
    let object = json!({"spec": {"containers": [{"name": "a"}, {"name": "b", "image": "x"}]},
                        "metadata": {"labels": {"x.y/z": "1"}}});
    for (path, place) in [
        ("spec.containers[1].image", Some("/spec/containers/1/image")),
        ("spec.containers[b].image", Some("/spec/containers/1/image")),
        ("/spec/containers/0", Some("/spec/containers/0")),
        ("metadata.labels[\"x.y/z\"]", Some("/metadata/labels/x.y~1z")),
        ("metadata.labels[x.y/z]", Some("/metadata/labels/x.y~1z")),
        ("spec.dnsPolicy", Some("/spec/dnsPolicy")),
        ("spec.containers[c].image", None),
        ("spec.containers[0", None),
    ] {
        let found = pointer(path, &object);
        assert_eq!(found.as_ref().map(crate::pointer::Pointer::as_str), place, "{path}");
    }
}

fn form(value: Value) -> PodForm {
    serde_json::from_value(value).unwrap()
}

#[test]
fn a_few_words_are_written_out() {
    let pod = pods::object(&form(json!({
        "images": {"a": "x:1", "b": "y:1"}, "labels": {"l": "1"}, "namespace": "n", "owner": "Job",
        "container": {"imagePullPolicy": "Always"},
        "spec": {"hostNetwork": true, "containers": [{"name": "b", "imagePullPolicy": "Never"}, {"name": "c"}]},
        "pod": {"spec": {"hostNetwork": null}, "metadata": {"name": "other"}},
    })))
    .unwrap();
    assert_eq!(
        pod,
        json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "other", "namespace": "n", "labels": {"l": "1"}, "ownerReferences": [
                {"apiVersion": "batch/v1", "kind": "Job", "name": "test", "controller": true,
                 "uid": "00000000-0000-0000-0000-000000000000"}]},
            "spec": {"containers": [
                {"name": "a", "image": "x:1", "imagePullPolicy": "Always"},
                {"name": "b", "image": "y:1", "imagePullPolicy": "Never"},
                {"name": "c", "imagePullPolicy": "Always"}]}})
    );
    let cron = pods::object(&form(json!({"kind": "CronJob", "image": "x:1"}))).unwrap();
    assert_eq!(cron["apiVersion"], "batch/v1");
    let template = &cron["spec"]["jobTemplate"]["spec"]["template"];
    assert_eq!(template["spec"]["restartPolicy"], "Never");
    assert_eq!(template["spec"]["containers"][0]["image"], "x:1");
}

#[test]
fn what_a_case_says_counts_more_than_the_defaults() {
    let base = form(
        json!({"image": "x", "labels": {"a": "1"}, "spec": {"a": {"b": 1, "c": 2}}, "kind": "Job"}),
    );
    let over =
        form(json!({"images": {"m": "y"}, "labels": {"b": "2"}, "spec": {"a": {"b": null}}}));
    let both = pods::overlay(&base, &over);
    assert_eq!(both.image, None);
    assert_eq!(both.kind.as_deref(), Some("Job"));
    assert_eq!(both.labels.unwrap().len(), 2);
    assert_eq!(Value::Object(both.spec.unwrap()), json!({"a": {"b": null, "c": 2}}));
}
