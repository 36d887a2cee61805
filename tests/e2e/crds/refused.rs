//! What `plimsoll check` refuses as a file is refused as an object: by the schema where that can say it, by the
//! webhook otherwise, and there in the same words.

use std::fs;
use std::process::Command;

use plimsoll::decode::DecodeError;
use plimsoll::policy::{CompiledExemption, CompiledPolicy};
use serde_json::{Value, json};

use super::table::{BAD, BAD_EXEMPTIONS, By};
use super::{cluster, exemption, guarded, policy};
use crate::cluster::skipped;
use crate::policy_webhook::UNGUARDED;

const API: &str = "/apis/plimsoll.dev/v1alpha1";

/// What `plimsoll check` says of a policy.
fn checked(policy: &Value) -> String {
    let file = cluster().folder().join("bad-policy.json");
    fs::write(&file, policy.to_string()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    let output = command.args(["check", "--policies"]).arg(&file).arg(&file).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{policy}: {output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn what_is_wrong_is_refused_by_the_schema_or_by_the_webhook_in_the_words_of_files() {
    if skipped("what_is_wrong_is_refused_by_the_schema_or_by_the_webhook_in_the_words_of_files") {
        return;
    }
    let read = |spec: &str| serde_json::from_str(spec).unwrap_or_else(|e| panic!("{spec}: {e}"));
    for (spec, by) in BAD {
        let bad = policy("bad", read(spec));
        let errors = CompiledPolicy::compile(&bad).expect_err(spec);
        assert_refused("podpolicies", &bad, &errors, *by);
    }
    for (spec, by) in BAD_EXEMPTIONS {
        let bad = exemption("bad", read(spec));
        let errors = CompiledExemption::compile(&bad).expect_err(spec);
        assert_refused("podpolicyexemptions", &bad, &errors, *by);
    }
}

fn assert_refused(resource: &str, bad: &Value, errors: &[DecodeError], by: By) {
    // Strict is what kubectl asks for; controllers and other clients ask for less.
    for validation in ["Strict", "Ignore"] {
        let path = format!("{API}/{resource}?dryRun=All&fieldValidation={validation}");
        let refused = guarded().raw("create", &path, Some(bad)).unwrap();
        let stderr = &refused.stderr;
        assert!(!refused.success(), "{bad} was taken with {validation}");
        match by {
            By::Schema(words) => {
                assert!(stderr.contains(words), "{words}\nis missing for {bad}:\n{stderr}")
            }
            By::Webhook => {
                let said = checked(bad);
                for error in errors {
                    let line = error.line();
                    assert!(stderr.contains(&line), "{line}\nis missing for {bad}:\n{stderr}");
                    let (place, message) = (error.pointer.field_path(), &error.message);
                    assert!(said.contains(&format!("{place}: {message}")), "{said}");
                    let help = error.help.as_deref().unwrap_or_default();
                    assert!(said.contains(help), "{help} is missing in {said}");
                }
            }
        }
    }
}

#[test]
fn all_errors_come_at_once_as_the_causes_of_a_status() {
    if skipped("all_errors_come_at_once_as_the_causes_of_a_status") {
        return;
    }
    let bad = policy(
        "many",
        json!({
        "match": {"namespace": {}, "namespaces": {"include": ["["]}},
        "rules": [{"name": "a", "imageTag": {"deni": []}}, {"name": "b", "acton": "Deny", "resources": {}}]}),
    );
    let refused = guarded().kubectl_with(&["create", "-f", "-"], &bad.to_string()).unwrap();
    assert!(
        refused.stderr.starts_with(r#"The PodPolicy "many" is invalid: "#),
        "{}",
        refused.stderr
    );
    let errors = CompiledPolicy::compile(&bad).unwrap_err();
    assert_eq!(errors.len(), 5);
    for error in errors {
        assert!(refused.stderr.contains(&format!("* {}\n", error.line())), "{}", refused.stderr);
    }
}

/// Without a webhook an unknown field is kept: the policy does not compile and is not put in force. Were it pruned,
/// this one would hold for every pod.
#[test]
fn unknown_fields_are_never_lost() {
    if skipped("unknown_fields_are_never_lost") {
        return;
    }
    let misspelt = json!({"match": {"namespace": {"include": ["a"]}}, "rules": [{"name": "a", "imageTag": {"deni": ["x"]}}]});
    let args = ["create", "--dry-run=server", "--validate=ignore", "-f", "-", "-o", "json"];
    let spared = unguarded(policy("unguarded", misspelt.clone()));
    let stored = guarded().kubectl_with(&args, &spared.to_string()).unwrap();
    assert!(stored.success(), "{}", stored.stderr);
    let stored: Value = serde_json::from_str(&stored.stdout).unwrap();
    assert_eq!(stored["spec"]["match"], misspelt["match"]);
    assert_eq!(CompiledPolicy::compile(&stored).unwrap_err().len(), 2);
    // Outside of the spec nothing is kept: kubectl refuses it, and who asks for less loses it.
    let mut outside = policy("outside", json!({"rules": [{"name": "a", "imageTag": {}}]}));
    outside["specs"] = json!({});
    let refused = guarded().kubectl_with(&["create", "-f", "-"], &outside.to_string()).unwrap();
    assert!(
        refused.stderr.contains(r#"strict decoding error: unknown field "specs""#),
        "{}",
        refused.stderr
    );
    let pruned = guarded().kubectl_with(&args, &outside.to_string()).unwrap();
    assert!(pruned.success() && !pruned.stdout.contains("specs"), "{pruned:?}");
}

/// A policy that got in while nobody was asked.
#[test]
fn a_bad_policy_can_be_labelled_mended_and_deleted() {
    if skipped("a_bad_policy_can_be_labelled_mended_and_deleted") {
        return;
    }
    let bad = policy("got-in", json!({"rules": [{"name": "a", "imageTag": {"deny": ["["]}}]}));
    let cluster = guarded();
    cluster.create(&unguarded(bad)).unwrap();
    cluster.kubectl_ok(&["label", "podpolicy", "got-in", &format!("{UNGUARDED}-")]).unwrap();
    cluster
        .kubectl_ok(&[
            "patch",
            "podpolicy",
            "got-in",
            "--type=merge",
            "-p",
            r#"{"metadata": {"finalizers": ["example.com/x"]}}"#,
        ])
        .unwrap();
    let status = r#"{"status": {"observedGeneration": 1, "conditions": [{"type": "Ready", "status": "False", "reason": "Invalid",
        "message": "m", "lastTransitionTime": "2026-11-21T15:13:58Z", "observedGeneration": 1}]}}"#;
    cluster
        .kubectl_ok(&[
            "patch",
            "podpolicy",
            "got-in",
            "--subresource=status",
            "--type=merge",
            "-p",
            status,
        ])
        .unwrap();
    let worse = r#"{"spec": {"description": "x"}}"#;
    let refused =
        cluster.kubectl(&["patch", "podpolicy", "got-in", "--type=merge", "-p", worse]).unwrap();
    assert!(
        refused.stderr.contains("spec.rules[0].imageTag.deny[0]: the glob"),
        "{}",
        refused.stderr
    );
    let table = cluster.kubectl_ok(&["get", "podpol", "got-in"]).unwrap();
    assert!(table.contains("False"), "{table}");
    cluster.kubectl_ok(&["delete", "podpolicy", "got-in", "--wait=false"]).unwrap();
    cluster
        .kubectl_ok(&[
            "patch",
            "podpolicy",
            "got-in",
            "--type=merge",
            "-p",
            r#"{"metadata": {"finalizers": null}}"#,
        ])
        .unwrap();
    cluster.kubectl_ok(&["wait", "--for=delete", "podpolicy/got-in", "--timeout=30s"]).unwrap();
}

#[test]
fn a_conflict_with_what_is_in_force_is_a_warning() {
    if skipped("a_conflict_with_what_is_in_force_is_a_warning") {
        return;
    }
    let rules =
        json!({"rules": [{"name": "dns", "action": "Patch", "dns": {"policy": "ClusterFirst"}}]});
    let args = ["create", "--dry-run=server", "-f", "-"];
    let taken = guarded().kubectl_with(&args, &policy("b-cluster-dns", rules).to_string()).unwrap();
    assert!(taken.success(), "{}", taken.stderr);
    let wanted = "Warning: conflict: spec.dnsPolicy should be Default by a-node-dns/dns and ClusterFirst by b-cluster-dns/dns";
    assert!(taken.stderr.contains(wanted), "{}", taken.stderr);
}

#[test]
fn an_exemption_that_exempts_nothing_is_taken_with_a_warning() {
    if skipped("an_exemption_that_exempts_nothing_is_taken_with_a_warning") {
        return;
    }
    let warned = |spec: Value| {
        let args = ["create", "--dry-run=server", "-f", "-"];
        let taken = guarded().kubectl_with(&args, &exemption("idle", spec).to_string()).unwrap();
        assert!(taken.success(), "{}", taken.stderr);
        taken.stderr
    };
    let idle = warned(
        json!({"policies": ["a-node-dnss"], "reason": "r", "owner": "o", "expires": "2020-01-31"}),
    );
    assert!(idle.contains("Warning: spec.policies[0]: no policy is called `a-node-dnss`; did you mean `a-node-dns`?"), "{idle}");
    assert!(idle.contains("Warning: spec.expires: that is over, so nothing is exempted"), "{idle}");
    assert_eq!(
        warned(
            json!({"policies": ["a-*"], "rules": ["dns"], "reason": "r", "owner": "o", "expires": "2999-01-31"})
        ),
        ""
    );
}

/// The same policy, about which the webhook is not asked.
fn unguarded(mut policy: Value) -> Value {
    policy["metadata"]["labels"] = json!({ UNGUARDED: "" });
    policy
}
