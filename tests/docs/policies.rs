//! Every policy on a page loads, and those that are shown as wrong do not.

use plimsoll::manifest::parse;
use plimsoll::policy::{ExemptionSet, PolicySet};
use plimsoll::rules::RuleKind;
use serde_json::{Value, json};

use crate::markdown::pages;

#[test]
fn yaml_is_yaml_and_policies_load() {
    let (mut loaded, mut exempted) = (0, 0);
    for page in pages() {
        for block in page.blocks() {
            let Some(marks) = block.info.strip_prefix("yaml") else { continue };
            let place = page.place(&block);
            let wrong = marks.trim() == "wrong";
            let manifest = parse(None, block.text.clone().into_bytes());
            assert!(wrong || manifest.errors.is_empty(), "{place}: {:?}", manifest.errors);
            for policy in manifest.documents.iter().filter_map(|found| policy(&found.value)) {
                match PolicySet::compile(&[&policy]) {
                    Ok(_) => assert!(!wrong, "{place}: this loads"),
                    Err(errors) => assert!(wrong, "{place}: {errors:?}"),
                }
                loaded += 1;
            }
            let exemptions = manifest.documents.iter();
            for found in exemptions.filter(|found| found.kind() == Some("PodPolicyExemption")) {
                let compiled = ExemptionSet::compile(&[&found.value]);
                assert_eq!(compiled.is_err(), wrong, "{place}: {compiled:?}");
                exempted += 1;
            }
        }
    }
    assert!(loaded > 10, "{loaded} policies");
    assert!(exempted > 0);
}

/// The policy that a document is or is a part of: the settings of one rule, or a part of `spec`.
fn policy(document: &Value) -> Option<Value> {
    let whole = |spec: Value| {
        json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy",
               "metadata": {"name": "shown"}, "spec": spec})
    };
    if document["kind"] == "PodPolicy" {
        return Some(document.clone());
    }
    let fields = document.as_object()?;
    if fields.contains_key("kind") {
        return None;
    }
    if fields.contains_key("match") || fields.contains_key("rules") {
        let mut spec = document.clone();
        if !fields.contains_key("rules") {
            spec["rules"] = json!([{"name": "shown", "imageTag": {}}]);
        }
        return Some(whole(spec));
    }
    let (name, settings) = fields.iter().next().filter(|_| fields.len() == 1)?;
    // A kustomization has `resources`, too: a list of files.
    RuleKind::find(name).filter(|_| !settings.is_array())?;
    Some(whole(json!({"rules": [{"name": "shown", "action": "Warn", name: settings}]})))
}
