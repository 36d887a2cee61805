mod patches;

use serde_json::{Value, json};

use super::*;
use crate::cel::scene::Setting;
use crate::pod::kinds::{Object, POD};
use crate::pod::view::Spec;
use crate::pod::workload::Workload;
use crate::pointer::Pointer;
use crate::request::Attributes;
use crate::rules::{Origin, RuleKind};

fn refusal(settings: Value) -> SettingsError {
    let kind = RuleKind::find("expression").unwrap();
    kind.compile(&settings, &Origin { policy: "p", rule: "r" }).map(drop).unwrap_err()
}

/// What the rule finds in a pod, and what it could not tell.
fn judged(settings: &Value, pod: &Value) -> (Vec<Violation>, Option<&'static str>) {
    let kind = RuleKind::find("expression").unwrap();
    let rule = kind.compile(settings, &Origin { policy: "p", rule: "r" });
    let rule = rule.unwrap_or_else(|error| panic!("{} {error}", error.pointer));
    let object = Some(Object::Value(pod));
    let request = Attributes { kind: "Pod", namespace: "etl", object, ..Attributes::default() };
    let setting = Setting::new(&request, &POD);
    let view = POD.read(Object::Value(pod)).unwrap();
    let empty = Spec::default();
    let subject = Subject {
        pod: &view,
        spec: view.spec.as_ref().unwrap_or(&empty),
        workload: Workload::UNKNOWN,
        request: &request,
        always_pull_images: None,
        setting: &setting,
    };
    let mut violations = Vec::new();
    rule.evaluate(&subject, &mut violations);
    (violations, setting.take_unknown())
}

fn messages(settings: Value, pod: &Value) -> Vec<String> {
    judged(&settings, pod).0.into_iter().map(|violation| violation.message).collect()
}

fn pod() -> Value {
    json!({"metadata": {"name": "p"}, "spec": {"containers": [{"name": "a", "image": "x:1"}]}})
}

#[test]
fn a_validation_that_is_false_is_a_finding_with_its_message() {
    let settings = json!({
        "params": {"suffix": ":2"},
        "variables": [{"name": "images", "expression": "object.spec.containers.map(c, c.image)"},
                      {"name": "wrong", "expression": "variables.images.filter(i, !i.endsWith(params.suffix))"}],
        "validations": [
            {"expression": "size(variables.wrong) == 0", "messageExpression": "'wrong: ' + variables.wrong.join(', ')",
             "fieldPath": "spec.containers[0].image", "help": "h"},
            {"expression": "size(variables.wrong)\n == 0", "message": "m", "messageExpression": "' '"},
            {"expression": "size(variables.wrong)\n == 0"},
            {"expression": "object.spec.containers[0].imagePullPolicy == 'IfNotPresent' && object.metadata.namespace == 'etl'"}]});
    let (found, unknown) = judged(&settings, &pod());
    let messages: Vec<_> = found.iter().map(|one| one.message.as_str()).collect();
    assert_eq!(messages, ["wrong: x:1", "m", "failed expression: size(variables.wrong) == 0"]);
    assert_eq!((found[0].pointer.as_str(), &*found[0].help), ("/spec/containers/0/image", "h"));
    assert!(unknown.is_none() && found.iter().all(|one| one.fix.is_none()));
}

#[test]
fn an_error_is_a_finding_unless_it_is_to_be_ignored() {
    let settings = |policy: &str| {
        json!({"failurePolicy": policy, "validations": [
            {"expression": "object.metadata.labels['a'] == 'b'"},
            {"expression": "1 / (size(object.spec.containers) - 1) == 0"},
            {"expression": "[1, 2, 3].map(x, [1, 2, 3].map(y, object.spec.containers.map(c, x))).size() == 3"}]})
    };
    let found = messages(settings("Fail"), &pod());
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].ends_with("could not be evaluated: no such key: labels"), "{}", found[0]);
    assert!(found[1].ends_with("division by zero"), "{}", found[1]);
    assert!(messages(settings("Ignore"), &pod()).is_empty());
}

#[test]
fn what_costs_too_much_is_stopped() {
    let names = (0..300).map(|at| json!({"name": format!("c{at}"), "image": "x:1"}));
    let pod = json!({"spec": {"containers": names.collect::<Vec<_>>()}});
    let bomb = "object.spec.containers.all(a, object.spec.containers.all(b, object.spec.containers.all(c, a != null)))";
    let found = messages(json!({"validations": [{"expression": bomb}]}), &pod);
    assert!(found[0].contains("costs more than"), "{}", found[0]);
    // Fifty of them cost no more than the policy may.
    let many: Vec<_> = (0..50).map(|_| json!({"expression": bomb})).collect();
    let found = messages(json!({"validations": many}), &pod);
    assert_eq!(found.len(), 50);
    // The others spent what it might have.
    let last = &found[49];
    assert!(last.contains("of the policy cost more than 10000000 units together"), "{last}");
    assert!(found.iter().all(|one| !one.contains("than 0 units")), "{found:?}");
}

#[test]
fn what_a_manifest_does_not_tell_is_no_finding() {
    for (expression, lacking) in [
        ("request.userInfo.username == 'jane'", Some("the user of the request")),
        ("has(request.userInfo.username)", Some("the user of the request")),
        ("has(request.options)", Some("the options of the request")),
        ("has(namespaceObject.metadata.labels.team)", Some("the labels of the namespace")),
        ("object.metadata.name == 'p' || request.userInfo.username == 'jane'", None),
        (
            "request.operation == 'CREATE' && request.name == 'p' && request.kind.kind == 'Pod' && oldObject == null",
            None,
        ),
        ("namespaceObject.metadata.name == 'etl'", None),
    ] {
        let settings = json!({"validations": [{"expression": expression}]});
        let (found, unknown) = judged(&settings, &pod());
        assert!(found.is_empty(), "{expression}: {found:?}");
        assert_eq!(unknown, lacking, "{expression}");
    }
    // A variable that was asked for before says so again.
    let settings = json!({"variables": [{"name": "who", "expression": "request.userInfo.username"}],
        "validations": [{"expression": "variables.who == 'a'"}, {"expression": "variables.who == 'b'"}]});
    assert!(judged(&settings, &pod()).0.is_empty());
}

#[test]
fn settings_that_cannot_be_right_are_refused_with_their_place() {
    let valid = "true";
    for (settings, place, wanted) in [
        (json!({}), "", "neither"),
        (
            json!({"validations": [{"expression": "object.spec.nope"}]}),
            "/validations/0/expression",
            "nope",
        ),
        (
            json!({"validations": [{"expression": "object.spec.dnsPolicy"}]}),
            "/validations/0/expression",
            "bool",
        ),
        (json!({"validations": [{"expression": " "}]}), "/validations/0/expression", "empty"),
        (
            json!({"validations": [{"expression": valid, "messageExpression": "1"}]}),
            "/validations/0/messageExpression",
            "string",
        ),
        (
            json!({"validations": [{"expression": valid, "message": "a\nb"}]}),
            "/validations/0/message",
            "several lines",
        ),
        (
            json!({"validations": [{"expression": valid, "fieldPath": "image"}]}),
            "/validations/0/fieldPath",
            "nowhere",
        ),
        (
            json!({"validations": [{"expression": valid}], "variables": [{"name": "a-b", "expression": valid}]}),
            "/variables/0/name",
            "no name",
        ),
        (
            json!({"validations": [{"expression": valid}], "variables": [{"name": "a", "expression": "variables.b"}]}),
            "/variables/0/expression",
            "variables",
        ),
        (
            json!({"params": {"a": 1}, "validations": [{"expression": "params.b == 1"}]}),
            "/validations/0/expression",
            "b",
        ),
        (
            json!({"validations": [{"expression": "authorizer.group('').resource('pods').check('get').allowed()"}]}),
            "/validations/0/expression",
            "authorizer",
        ),
        (
            json!({"validations": [{"expression": "namespaceObject.metadata.annotations['a'] == 'b'"}]}),
            "/validations/0/expression",
            "namespaceObject",
        ),
        (json!({"patches": [{"expression": "[1]"}]}), "/patches/0/expression", "JSONPatch"),
        (
            json!({"validations": [{"expression": valid, "fieldPath": "spec.nope"}]}),
            "/validations/0/fieldPath",
            "no field `nope`",
        ),
    ] {
        let error = refusal(settings.clone());
        assert_eq!(error.pointer.as_str(), place, "{settings}: {error}");
        assert!(error.message.contains(wanted), "{settings}: {error}");
    }
    let refused = refusal(json!({"validations": [{"expression": "authorizer != null"}]}));
    assert!(refused.help.unwrap().contains("ValidatingAdmissionPolicy"));
}

#[test]
fn places_are_read_as_people_write_them() {
    let place =
        |text: &str| compile::place_of(text).map(|pointer| pointer.as_str().to_owned()).ok();
    assert_eq!(place("spec.containers[0].image").as_deref(), Some("/spec/containers/0/image"));
    assert_eq!(place(".spec").as_deref(), Some("/spec"));
    assert_eq!(place("metadata.labels['a/b']").as_deref(), Some("/metadata/labels/a~1b"));
    assert_eq!(
        place("metadata.annotations[\"x.y\"]").as_deref(),
        Some("/metadata/annotations/x.y")
    );
    assert_eq!(place("/spec/containers/0").as_deref(), Some("/spec/containers/0"));
    for wrong in [
        "",
        "spec..x",
        "spec.",
        "spec[",
        "spec[x]",
        "spec['a",
        "status.phase",
        "spec]x",
        "spec.nope",
        "spec.containers.image",
        "/spec/~2",
        "spec.dnsPolicy.x",
        "spec.containers[-]",
    ] {
        assert_eq!(place(wrong), None, "{wrong}");
    }
    assert_eq!(Pointer::default().as_str(), "");
}
