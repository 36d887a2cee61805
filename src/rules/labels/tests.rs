use serde_json::{Value, json};

use super::*;
use crate::edit::Edit;
use crate::finding::Safety;
use crate::pod::kinds::{Object, PodKind};
use crate::pod::view::Spec;
use crate::pod::workload::Workload;
use crate::request::{Attributes, NamespaceFacts};
use crate::rules::RuleKind;

fn compile(settings: &Value) -> Result<Box<dyn crate::rules::Compiled>, SettingsError> {
    let origin = Origin { policy: "p", rule: "r" };
    RuleKind::find("labels").unwrap().compile(settings, &origin)
}

fn judged(settings: &Value, metadata: Value, namespace: Option<&Value>) -> Vec<Violation> {
    let rule = compile(settings).unwrap();
    let object = json!({"metadata": metadata});
    let pod = PodKind::find("", "Pod").unwrap().read(Object::Value(&object)).unwrap();
    let facts = NamespaceFacts { labels: namespace, ..NamespaceFacts::default() };
    let subject = Subject {
        pod: &pod,
        spec: &Spec::default(),
        workload: Workload::UNKNOWN,
        request: &Attributes { facts, ..Attributes::default() },
        always_pull_images: None,
    };
    let mut violations = Vec::new();
    rule.evaluate(&subject, &mut violations);
    violations
}

fn team() -> Value {
    json!({"labels": [{"key": "example.com/team", "oneOf": ["data", "web"],
        "default": {"fromNamespaceLabel": "team"}}]})
}

#[test]
fn a_value_comes_from_the_namespace() {
    let namespace = json!({"team": "data"});
    let found = judged(&team(), json!({}), Some(&namespace));
    let [violation] = &*found else { panic!("{found:?}") };
    assert_eq!(violation.message, "the label `example.com/team` is missing");
    assert_eq!(violation.help, "set metadata.labels[\"example.com/team\"] to one of `data`, `web`");
    let fix = violation.fix.as_ref().unwrap();
    let edit = Edit::set(Pointer::new("/metadata/labels/example.com~1team"), "data");
    assert_eq!((&*fix.edits, fix.safety), (&[edit][..], Safety::Unsafe));
}

#[test]
fn where_there_is_no_value_the_finding_says_why() {
    let message = |settings: &Value, namespace: Option<&Value>| {
        let found = judged(settings, json!({"labels": {}}), namespace);
        assert!(found.iter().all(|one| one.fix.is_none()), "{found:?}");
        found.into_iter().map(|one| one.message).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(
        message(&team(), None),
        "the label `example.com/team` is missing, and would be given what the namespace has as label `team`, which is \
         not known here"
    );
    assert_eq!(
        message(&team(), Some(&json!({}))),
        "the label `example.com/team` is missing, and the namespace has no label `team` to take it from"
    );
    assert_eq!(
        message(&team(), Some(&json!({"team": "ops"}))),
        "the label `example.com/team` is missing, and the namespace's label `team` is `ops`, where it must be one of \
         `data`, `web`"
    );
    let any = json!({"labels": [{"key": "a", "default": {"fromNamespaceLabel": "team"}}]});
    assert!(
        message(&any, Some(&json!({"team": "a b"})))
            .contains("is none: a label value must consist of")
    );
}

#[test]
fn a_constant_is_for_namespaces_without_the_label() {
    let settings = json!({"labels": [{"key": "a", "default": {"fromNamespaceLabel": "team", "value": "none"}}]});
    let fixed = |namespace: Option<&Value>| {
        let found = judged(&settings, json!(null), namespace);
        found[0].fix.as_ref().map(|fix| fix.edits[0].change.value().unwrap().clone())
    };
    assert_eq!(fixed(Some(&json!({}))), Some(json!("none")));
    assert_eq!(fixed(Some(&json!({"team": "x"}))), Some(json!("x")));
    assert_eq!(fixed(None), None);
}

#[test]
fn what_is_there_is_judged_and_never_changed() {
    let settings = json!({
        "labels": [{"key": "a", "regex": "x|y", "default": {"value": "x"}}, {"key": "b", "required": false, "glob": "?*"}],
        "annotations": [{"key": "Example.com/A", "regex": "[0-9]+"}],
    });
    let right = json!({"labels": {"a": "y"}, "annotations": {"Example.com/A": "12"}});
    assert!(judged(&settings, right, None).is_empty());
    let wrong =
        json!({"labels": {"a": "xx", "b": ""}, "annotations": {"Example.com/A": "hunter2"}});
    let found = judged(&settings, wrong, None);
    assert!(found.iter().all(|one| one.fix.is_none()), "{found:?}");
    let messages: Vec<_> = found.iter().map(|one| one.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "the label `a` is `xx`, where it must be a value that matches the regular expression `x|y`",
            "the label `b` is ``, where it must be a value that matches `?*`",
            "the annotation `Example.com/A` has another value, where it must be a value that matches the regular \
             expression `[0-9]+`",
        ]
    );
    assert!(!format!("{found:?}").contains("hunter2"));
}

#[test]
fn forbidden_keys_are_found_but_for_those_of_the_system() {
    let settings = json!({"forbidden": {"labels": ["*"], "annotations": ["*"]}});
    let metadata = json!({
        "labels": {"pod-template-hash": "a", "controller-revision-hash": "b", "batch.kubernetes.io/job-name": "c", "app": "d"},
        "annotations": {"plimsoll.dev/patched-by": "p", "kubernetes.io/config.mirror": "m", "note": "secret"},
    });
    let found = judged(&settings, metadata, None);
    let places: Vec<_> = found.iter().map(|one| one.pointer.as_str()).collect();
    assert_eq!(places, ["/metadata/labels/app", "/metadata/annotations/note"]);
    assert!(found.iter().all(|one| one.fix.is_none()));
}

#[test]
fn annotations_are_never_made_too_long() {
    let settings = json!({"annotations": [
        {"key": "a", "default": {"value": "x".repeat(1000)}}, {"key": "b", "default": {"value": "x".repeat(1000)}}]});
    let fixes = |free: usize| -> Vec<bool> {
        let size = (256 << 10) - (4 << 10) - free - "note".len();
        let found = judged(&settings, json!({"annotations": {"note": "x".repeat(size)}}), None);
        found.iter().map(|one| one.fix.is_some()).collect()
    };
    assert_eq!(fixes(2002), [true, true]);
    assert_eq!(fixes(2001), [true, false]);
    assert_eq!(fixes(1000), [false, false]);
}

#[test]
fn settings_that_contradict_themselves_are_refused() {
    let label = |entry: Value| json!({"labels": [entry]});
    for (settings, pointer, message) in [
        (json!({}), "", "the rule asks for nothing"),
        (label(json!({"key": "a b"})), "/labels/0/key", "must consist of"),
        (json!({"annotations": [{"key": "a/"}]}), "/annotations/0/key", "must not be empty"),
        (json!({"labels": [{"key": "a"}, {"key": "a"}]}), "/labels/1/key", "`a` stands here twice"),
        (
            json!({"labels": [{"key": "a"}], "forbidden": {"labels": ["?"]}}),
            "/labels/0/key",
            "forbidden as well",
        ),
        (
            json!({"forbidden": {"labels": ["a", "pod-template-hash"]}}),
            "/forbidden/labels/1",
            "is set by Kubernetes",
        ),
        (json!({"forbidden": {"annotations": ["["]}}), "/forbidden/annotations/0", "is malformed"),
        (
            label(json!({"key": "a", "required": false})),
            "/labels/0/required",
            "nothing is asked of `a`",
        ),
        (
            label(json!({"key": "a", "oneOf": []})),
            "/labels/0/oneOf",
            "an empty list takes no value",
        ),
        (
            label(json!({"key": "a", "oneOf": ["a", "a b"]})),
            "/labels/0/oneOf/1",
            "a label value must consist of",
        ),
        (label(json!({"key": "a", "glob": "["})), "/labels/0/glob", "is malformed"),
        (
            label(json!({"key": "a", "regex": "("})),
            "/labels/0/regex",
            "the regular expression is malformed: unclosed group",
        ),
        (label(json!({"key": "a", "regex": "a)|(b"})), "/labels/0/regex", "malformed"),
        (label(json!({"key": "a", "regex": "(a{1000}){1000}"})), "/labels/0/regex", "malformed"),
        (label(json!({"key": "a", "regex": "a", "glob": "a"})), "/labels/0", "an entry has one of"),
        (
            label(json!({"key": "a", "default": {}})),
            "/labels/0/default",
            "the default says nothing",
        ),
        (
            label(json!({"key": "a", "default": {"value": "a b"}})),
            "/labels/0/default/value",
            "a label value must",
        ),
        (
            label(json!({"key": "a", "default": {"value": "x".repeat(64)}})),
            "/labels/0/default/value",
            "at most 63",
        ),
        (
            label(json!({"key": "a", "oneOf": ["x"], "default": {"value": "y"}})),
            "/labels/0/default/value",
            "`y` is not one of `x`",
        ),
        (
            label(
                json!({"key": "a", "required": false, "oneOf": ["x"], "default": {"value": "x"}}),
            ),
            "/labels/0/default",
            "only for a key that is required",
        ),
        (
            label(json!({"key": "job-name", "default": {"value": "x"}})),
            "/labels/0/default",
            "set by Kubernetes",
        ),
        (
            label(json!({"key": "a", "default": {"fromNamespaceLabel": "a b"}})),
            "/labels/0/default/fromNamespaceLabel",
            "must consist of",
        ),
    ] {
        let error = compile(&settings).unwrap_err();
        assert_eq!(error.pointer.as_str(), pointer, "{settings}: {error:?}");
        assert!(error.message.contains(message), "{settings}: {error:?}");
        assert!(error.help.is_some(), "{settings}");
    }
}

#[test]
fn rules_with_other_defaults_are_at_odds() {
    let claims = |default: Value| {
        compile(&json!({"labels": [{"key": "a", "default": default}]})).unwrap().claims()
    };
    let [one, other] = [claims(json!({"value": "x"})), claims(json!({"fromNamespaceLabel": "t"}))];
    assert_eq!(one[0].field, other[0].field);
    assert_ne!(one[0].value, other[0].value);
}
