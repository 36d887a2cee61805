//! Messages, summaries and places; what is found and fixed is in tests/rules/resources.

use serde_json::{Value, json};

use super::{decide, engine, patched, pod};
use crate::engine::{Finding, Stage};
use crate::pod::limit_range::LimitRange;
use crate::policy::Action;

fn both() -> Value {
    json!({"requests": {"cpu": {"default": "100m"}, "memory": {"required": true, "default": "128Mi"}},
           "limits": {"memory": {"required": true, "default": "256Mi", "maxLimitRequestRatio": 2}}})
}

fn found(settings: &Value, pod: &Value) -> Vec<Finding> {
    decide(&engine(settings, "Patch"), pod, &[], Stage::Whole).findings
}

fn summaries(findings: &[Finding]) -> Vec<String> {
    let fixes = findings.iter().filter(|finding| finding.action == Action::Patch);
    fixes
        .filter_map(|finding| finding.violation.fix.as_ref())
        .map(|fix| fix.summary.clone())
        .collect()
}

#[test]
fn each_missing_value_is_one_finding_with_its_part_of_the_fix() {
    let findings = found(&both(), &pod(&json!({})));
    let places: Vec<&str> =
        findings.iter().map(|finding| finding.violation.pointer.as_str()).collect();
    assert_eq!(
        places,
        [
            "/spec/containers/0/resources/requests/cpu",
            "/spec/containers/0/resources/requests/memory",
            "/spec/containers/0/resources/limits/memory",
        ]
    );
    assert_eq!(
        summaries(&findings),
        [
            "container base: requests.cpu 100m; QoS BestEffort -> Burstable",
            "container base: requests.memory 128Mi",
            "container base: limits.memory 256Mi",
        ]
    );
    assert_eq!(findings[2].violation.message, "there is no memory limit");
}

#[test]
fn a_fix_alone_is_a_valid_part_of_the_whole() {
    let before = pod(&json!({}));
    let engine = engine(&both(), "Deny");
    let decision = decide(&engine, &before, &[], Stage::Validate);
    for finding in &decision.findings {
        let fix = finding.violation.fix.as_ref().unwrap();
        let mut resources = json!({});
        for edit in &fix.edits {
            let steps: Vec<_> = edit.pointer.tokens().skip(4).collect();
            resources[&*steps[0]][&*steps[1]] = edit.change.value().unwrap().clone();
        }
        if let Some(limits) = resources["limits"].as_object() {
            assert!(limits.keys().all(|name| resources["requests"].get(name).is_some()));
        }
        // What is left is found again, with the same values.
        let rest = decide(&engine, &pod(&resources), &[], Stage::Validate);
        assert_eq!(rest.findings.len(), 3 - fix.edits.len());
    }
}

#[test]
fn a_limit_moves_to_what_is_there() {
    let limit = |resources: Value| {
        let before = pod(&resources);
        let decision = decide(&engine(&both(), "Patch"), &before, &[], Stage::Mutate);
        let after = patched(&decision, &before);
        after["spec"]["containers"][0]["resources"]["limits"]["memory"].clone()
    };
    assert_eq!(limit(json!({"requests": {"memory": "300Mi"}})), json!("300Mi"));
    assert_eq!(limit(json!({"requests": {"memory": "100Mi"}})), json!("200Mi"));
    assert_eq!(limit(json!({"requests": {"memory": "200Mi"}})), json!("256Mi"));
    // 2 times 0 is 0, and a limit of 0 is none.
    assert_eq!(limit(json!({"requests": {"memory": 0}})), Value::Null);
}

#[test]
fn without_a_default_request_a_limit_reserves_itself() {
    let settings = json!({"limits": {"memory": {"default": "1Gi"}}});
    let before = pod(&json!({}));
    let decision = decide(&engine(&settings, "Patch"), &before, &[], Stage::Mutate);
    assert_eq!(
        patched(&decision, &before)["spec"]["containers"][0]["resources"],
        json!({"requests": {"memory": "1Gi"}, "limits": {"memory": "1Gi"}})
    );
    assert_eq!(
        summaries(&decision.findings),
        ["container base: requests.memory 1Gi, limits.memory 1Gi; QoS BestEffort -> Burstable"]
    );
}

#[test]
fn a_removed_limit_leaves_its_request() {
    let settings = json!({"limits": {"cpu": {"forbidden": true}}});
    let before = pod(&json!({"limits": {"cpu": "0.5", "memory": "1Gi"}}));
    let decision = decide(&engine(&settings, "Patch"), &before, &[], Stage::Mutate);
    assert_eq!(
        patched(&decision, &before)["spec"]["containers"][0]["resources"],
        json!({"requests": {"cpu": "500m"}, "limits": {"memory": "1Gi"}})
    );
    assert_eq!(
        summaries(&decision.findings),
        ["container base: limits.cpu 500m -> none; QoS Guaranteed -> Burstable"]
    );
}

#[test]
fn amounts_that_are_none_are_said_so_once() {
    let settings = both();
    let findings =
        found(&settings, &pod(&json!({"limits": {"memory": "1GB"}, "requests": {"cpu": "-1"}})));
    let messages: Vec<&str> =
        findings.iter().map(|finding| finding.violation.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "the cpu request `-1` is no amount that the API server takes",
            "the memory limit `1GB` is no amount that the API server takes",
        ]
    );
    assert!(findings[1].violation.help.contains("character 3"), "{}", findings[1].violation.help);
}

#[test]
fn a_limit_range_that_is_broken_by_a_fix_is_named() {
    let range =
        LimitRange::from_value(&json!({"kind": "LimitRange", "metadata": {"name": "small"},
        "spec": {"limits": [{"type": "Pod", "max": {"memory": "200Mi"}}]}}));
    let ranges = [range.unwrap().unwrap()];
    let mut two =
        pod(&json!({"limits": {"memory": "100Mi"}, "requests": {"memory": "100Mi", "cpu": "1"}}));
    let second = json!({"name": "second", "image": "a:1", "resources": {"requests": {"cpu": "1"}}});
    two["spec"]["containers"].as_array_mut().unwrap().push(second);
    let decision = decide(&engine(&both(), "Patch"), &two, &ranges, Stage::Whole);
    assert!(decision.patch.is_empty());
    let messages: Vec<&str> =
        decision.findings.iter().map(|finding| finding.violation.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "there is no memory request, and the default 128Mi does not fit: \
             LimitRange small has max 200Mi for a Pod",
            "there is no memory limit, and the default 256Mi does not fit: \
             LimitRange small has max 200Mi for a Pod",
        ]
    );
}
