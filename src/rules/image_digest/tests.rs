use serde_json::{Value, json};

use super::*;
use crate::digests::Digests;
use crate::engine::{Attributes, Decision, Engine, Operation, Stage};
use crate::pod::kinds::Object;
use crate::policy::{Action, PolicySet};
use std::sync::Arc;

const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn engine(rules: Value) -> Engine {
    let policy = json!({
        "apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": "p"},
        "spec": {"rules": rules},
    });
    Engine::new(Arc::new(PolicySet::compile(&[&policy]).unwrap()))
}

fn patching(settings: Value) -> Engine {
    engine(json!([{"name": "r", "action": "Patch", "imageDigest": settings}]))
}

fn pod(image: &str) -> Value {
    json!({"spec": {"containers": [{"name": "c", "image": image}]}})
}

fn decide(
    engine: &Engine,
    (operation, stage): (Operation, Stage),
    pod: &Value,
    digests: Option<&Digests>,
) -> Decision {
    let object = Some(Object::Value(pod));
    let old_object = (operation == Operation::Update).then_some(Object::Value(&Value::Null));
    let attributes =
        Attributes { operation, kind: "Pod", object, old_object, digests, ..Attributes::default() };
    engine.decide(&attributes, stage)
}

fn whole(engine: &Engine, pod: &Value, digests: Option<&Digests>) -> Decision {
    decide(engine, (Operation::Create, Stage::Whole), pod, digests)
}

fn known(resolution: Resolution) -> Digests {
    let mut digests = Digests::default();
    digests.insert("docker.io/library/nginx:latest", resolution.clone());
    digests.insert("docker.io/library/nginx:1.27", resolution);
    digests
}

fn actions(decision: &Decision) -> Vec<Action> {
    decision.findings.iter().map(|finding| finding.action).collect()
}

#[test]
fn the_authors_spelling_stays_and_a_missing_tag_is_written_out() {
    let digests = known(Resolution::Digest(DIGEST.to_owned()));
    for (written, wanted) in [
        ("nginx:1.27", "nginx:1.27"),
        ("nginx", "nginx:latest"),
        ("library/nginx:1.27", "library/nginx:1.27"),
        ("index.docker.io/library/nginx", "index.docker.io/library/nginx:latest"),
    ] {
        let decision = whole(&patching(json!({})), &pod(written), Some(&digests));
        assert_eq!(actions(&decision), [Action::Patch], "{written}");
        let edit = decision.edits().next().unwrap();
        assert_eq!(edit, &Edit::set(edit.pointer.clone(), format!("{wanted}@{DIGEST}")));
        assert!(decision.unresolved.is_empty());
    }
}

#[test]
fn what_follows_where_the_digest_cannot_be_had_is_said_by_on_failure() {
    let digests = known(Resolution::Failed("the registry is asleep".to_owned()));
    for (on_failure, wanted) in
        [("KeepTag", Action::Warn), ("Allow", Action::Audit), ("Deny", Action::Deny)]
    {
        let engine = engine(json!([{
            "name": "r", "action": "Patch", "otherwise": "Audit",
            "imageDigest": {"onFailure": on_failure},
        }]));
        let decision = whole(&engine, &pod("nginx:1.27"), Some(&digests));
        assert_eq!(actions(&decision), [wanted], "{on_failure}");
        assert!(decision.findings[0].violation.message.contains("the registry is asleep"));
        assert!(decision.patch.is_empty() && decision.allowed == (on_failure != "Deny"));
        // A pod that runs is not patched, so that no registry has a say.
        let update = (Operation::Update, Stage::Validate);
        let decision = decide(&engine, update, &pod("nginx:1.27"), Some(&digests));
        assert_eq!(actions(&decision), [Action::Audit], "{on_failure}");
    }
}

#[test]
fn an_answer_that_comes_after_the_pod_was_created_counts_as_none() {
    let late = known(Resolution::Digest(DIGEST.to_owned()));
    let failed = known(Resolution::Failed("the registry is asleep".to_owned()));
    let nginx = pod("nginx:1.27");
    for otherwise in ["Deny", "Warn", "Audit"] {
        for (on_failure, wanted) in
            [("KeepTag", Action::Warn), ("Allow", Action::Audit), ("Deny", Action::Deny)]
        {
            let engine = engine(json!([{
                "name": "r", "action": "Patch", "otherwise": otherwise,
                "imageDigest": {"onFailure": on_failure},
            }]));
            let mutated =
                decide(&engine, (Operation::Create, Stage::Mutate), &nginx, Some(&failed));
            assert!(mutated.allowed && mutated.patch.is_empty());
            for digests in [&late, &failed] {
                let validate = (Operation::Create, Stage::Validate);
                let decision = decide(&engine, validate, &nginx, Some(digests));
                assert_eq!(actions(&decision), [wanted], "{on_failure}, {otherwise}, {digests:?}");
                assert_eq!(decision.allowed, on_failure != "Deny");
            }
            // A pod that runs was never to be pinned.
            let update = (Operation::Update, Stage::Validate);
            let decision = decide(&engine, update, &nginx, Some(&late));
            assert_eq!(decision.allowed, otherwise != "Deny");
        }
    }
}

#[test]
fn an_answer_that_is_no_digest_is_a_failure() {
    for lie in ["", "sha256:", "sha256:xyz", "latest", "sha256:0123@sha256:4567", "sha256:01\n"] {
        let digests = known(Resolution::Digest(lie.to_owned()));
        let decision = whole(&patching(json!({})), &pod("nginx"), Some(&digests));
        assert_eq!(actions(&decision), [Action::Warn], "{lie:?}");
        assert!(decision.findings[0].violation.message.contains("is no digest"), "{lie:?}");
    }
}

#[test]
fn nothing_is_claimed_where_only_the_webhook_can_tell() {
    let nginx = pod("nginx:1.27");
    let decision = whole(&patching(json!({})), &nginx, None);
    assert!(decision.findings.is_empty() && decision.allowed);
    assert_eq!(decision.unresolved, ["docker.io/library/nginx:1.27"]);
    // What is not patched needs no registry.
    let denying = engine(json!([{"name": "r", "action": "Deny", "imageDigest": {}}]));
    let decision = whole(&denying, &nginx, None);
    assert_eq!(actions(&decision), [Action::Deny]);
    assert!(decision.unresolved.is_empty());
    let update = (Operation::Update, Stage::Validate);
    let decision = decide(&patching(json!({})), update, &nginx, None);
    assert_eq!(actions(&decision), [Action::Warn]);
    assert!(decision.unresolved.is_empty());
}

#[test]
fn what_no_registry_knows_is_left_alone() {
    let mut never = pod("nginx:1.27");
    never["spec"]["containers"][0]["imagePullPolicy"] = json!("Never");
    let pinned = pod(&format!("nginx@{DIGEST}"));
    for pod in [never, pinned, pod("Not A Reference"), pod("")] {
        let decision = whole(&patching(json!({})), &pod, None);
        assert!(decision.findings.is_empty() && decision.unresolved.is_empty(), "{pod}");
    }
}

#[test]
fn ephemeral_containers_are_judged_and_never_asked_about() {
    let debugged = json!({"spec": {
        "containers": [{"name": "c", "image": format!("app@{DIGEST}")}],
        "ephemeralContainers": [{"name": "debug", "image": "nginx"}],
    }});
    let digests = known(Resolution::Digest(DIGEST.to_owned()));
    let decision = whole(&patching(json!({"onFailure": "Deny"})), &debugged, Some(&digests));
    assert_eq!(actions(&decision), [Action::Warn]);
    assert!(decision.unresolved.is_empty() && decision.findings[0].violation.fix.is_none());
}

#[test]
fn other_rules_claim_nothing_that_a_pin_would_mend() {
    let engine = engine(json!([
        {"name": "pin", "action": "Patch", "imageDigest": {}},
        {"name": "no-latest", "action": "Deny", "imageTag": {}},
        {"name": "no-alpha", "action": "Deny", "imageTag": {"deny": ["*-alpha"], "images": {"exclude": ["docker.io/*"]}}},
        {"name": "limits", "action": "Warn", "resources": {"limits": {"memory": {"required": true}}}},
    ]));
    let rules = |digests: Option<&Digests>| -> Vec<String> {
        let decision = whole(&engine, &pod("nginx"), digests);
        decision.findings.iter().map(|finding| finding.rule.to_string()).collect()
    };
    assert_eq!(rules(None), ["limits"]);
    assert_eq!(rules(Some(&known(Resolution::Digest(DIGEST.to_owned())))), ["pin", "limits"]);
    let failed = known(Resolution::Failed("asleep".to_owned()));
    assert_eq!(rules(Some(&failed)), ["pin", "no-latest", "limits"]);
}
