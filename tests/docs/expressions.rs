//! Expressions on the pages come to what the pages say.

use std::path::Path;
use std::sync::Arc;

use plimsoll::cel::library::TABLES;
use plimsoll::engine::{Attributes, Decision, Engine, Operation, Stage};
use plimsoll::manifest::parse;
use plimsoll::pod::kinds::Object;
use plimsoll::policy::PolicySet;
use serde_json::{Value, json};

use crate::markdown::{Page, code_spans};

fn decide(expression: &Value, pod: &Value, stage: Stage) -> Decision {
    let policy = json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": "shown"},
        "spec": {"rules": [{"name": "shown", "action": "Patch", "otherwise": "Warn", "expression": expression}]}});
    let set =
        PolicySet::compile(&[&policy]).unwrap_or_else(|error| panic!("{expression}: {error:?}"));
    let attributes = Attributes {
        operation: Operation::Create,
        kind: "Pod",
        namespace: "default",
        object: Some(Object::Value(pod)),
        ..Attributes::default()
    };
    Engine::new(Arc::new(set)).decide(&attributes, stage)
}

fn messages(decision: &Decision) -> Vec<&str> {
    decision.findings.iter().map(|found| found.violation.message.as_str()).collect()
}

fn document(text: &str) -> Value {
    parse(None, text.as_bytes().to_vec()).documents.remove(0).value
}

#[test]
fn expressions_are_true_of_the_pod_of_their_page() {
    let page = Page::read(Path::new("docs/cel.md"));
    let blocks = page.blocks();
    let pod = blocks.iter().find(|block| block.file.as_deref() == Some("pod.yaml")).unwrap();
    let pod = document(&pod.text);
    let mut count = 0;
    for block in blocks.iter().filter(|block| block.info == "cel") {
        for (at, line) in block.text.lines().enumerate() {
            let decision =
                decide(&json!({"validations": [{"expression": line}]}), &pod, Stage::Whole);
            let place = format!("{}, line {}", page.place(block), at + 1);
            assert!(messages(&decision).is_empty(), "{place}: {:?}", messages(&decision));
            assert!(decision.undecided.is_empty(), "{place}: {:?}", decision.undecided);
            count += 1;
        }
    }
    assert!(count > 30, "{count}");
}

#[test]
fn every_function_is_on_the_page() {
    let page = Page::read(Path::new("docs/cel.md"));
    let prose = page.prose();
    let named = code_spans(&prose);
    for function in TABLES.iter().flat_map(|table| table.iter()) {
        let name = function.name;
        // Operators, and what macros become.
        if name.contains(['_', '@']) {
            continue;
        }
        assert!(named.contains(&name), "{} says nothing of {name}", page.path.display());
    }
}

/// The examples on the rule's page, each with what is said of a pod that does not meet it.
#[test]
fn the_rules_examples_do_what_is_said_of_them() {
    let page = Page::read(Path::new("docs/rules/expression.md"));
    let blocks = page.blocks();
    let [pinned, registry, token] = blocks.as_slice() else { panic!("{blocks:?}") };
    let pod = |image: &str| {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"},
            "spec": {"containers": [{"name": "web", "image": image}, {"name": "more", "image": image}]}})
    };
    let digest = format!("registry.example.com/x@sha256:{}", "a".repeat(64));
    for (block, wanted) in
        [(pinned, "every image is named by digest"), (registry, "from elsewhere: web, more")]
    {
        let settings = &document(&block.text)["expression"];
        let found = decide(settings, &pod("x:1"), Stage::Whole);
        assert_eq!(messages(&found), [wanted], "{}", page.place(block));
        let found = decide(settings, &pod(&digest), Stage::Whole);
        assert!(messages(&found).is_empty(), "{}", page.place(block));
    }
    let settings = &document(&token.text)["expression"];
    let decision = decide(settings, &pod("x:1"), Stage::Mutate);
    let patch = json!(decision.patch);
    let added = json!({"op": "add", "path": "/spec/automountServiceAccountToken", "value": false});
    assert!(patch.as_array().unwrap().contains(&added), "{patch}");
}
