//! What kubectl shows: documentation, columns, short names.

use plimsoll::rules::RULES;
use serde_json::json;

use super::{cluster, guarded, policy};
use crate::cluster::skipped;

/// As one line, whatever the width of the terminal.
fn explained(field: &str) -> String {
    let text = cluster().kubectl_ok(&["explain", field]).unwrap();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn kubectl_explains_every_rule() {
    if skipped("kubectl_explains_every_rule") {
        return;
    }
    let rules = explained("podpolicy.spec.rules");
    for rule in RULES {
        let (name, summary) = (rule.meta.name, rule.meta.summary);
        assert!(rules.contains(name) && rules.contains(summary), "{name}: {rules}");
        assert!(explained(&format!("podpol.spec.rules.{name}")).contains(summary), "{name}");
    }
    for (field, words) in [
        ("podpolicy", "PodPolicy says which rules hold for which pods"),
        ("podpolicy.spec.match.workloads", "Airflow"),
        ("podpolicy.spec.rules.action", "The request is refused."),
        ("podpolicy.spec.rules.imageTag", "requireDigest <boolean>"),
        ("podpolicy.spec.rules.resources.limits.memory.max", "The most it may be."),
        ("podpolicyexemption.spec.expires", "2026-12-31"),
        ("podpolx.spec.match.namespaces", "Namespaces by name"),
        ("podpolx.status.conditions", "Used says whether"),
        ("podpolicy.status.conditions", "Ready says whether the policy"),
    ] {
        let found = explained(field);
        assert!(found.contains(words), "{field}: {found}");
    }
}

#[test]
fn kubectl_gets_columns_by_every_name() {
    if skipped("kubectl_gets_columns_by_every_name") {
        return;
    }
    let spec = json!({"description": "What it is for.", "rules": [
        {"name": "tags", "action": "Deny", "imageTag": {}},
        {"name": "pulls", "action": "Patch", "imagePullPolicy": {}}]});
    guarded().create(&policy("columns", spec)).unwrap();
    let status = json!({"status": {"conditions": [{"type": "Ready", "status": "True", "reason": "InForce",
        "message": "m", "lastTransitionTime": "2026-11-21T15:13:58Z"}]}});
    let patch = ["patch", "podpol", "columns", "--subresource=status", "--type=merge", "-p"];
    guarded().kubectl_ok(&[&patch[..], &[&status.to_string()]].concat()).unwrap();
    for name in ["podpolicies", "podpolicy", "podpol", "podpolicies.plimsoll.dev"] {
        let table = cluster().kubectl_ok(&["get", name, "columns"]).unwrap();
        let lines: Vec<Vec<&str>> =
            table.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[0], ["NAME", "READY", "REASON", "AGE"], "{table}");
        assert_eq!(lines[1][..3], ["columns", "True", "InForce"], "{table}");
    }
    let exemption = json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicyExemption", "metadata": {"name": "shown"},
        "spec": {"policies": ["a-*", "b"], "reason": "It moves.", "owner": "team-a", "expires": "2999-12-31"}});
    guarded().create(&exemption).unwrap();
    for name in ["podpolicyexemptions", "podpolicyexemption", "podpolx"] {
        let table = cluster().kubectl_ok(&["get", name, "shown"]).unwrap();
        assert!(
            table.starts_with(
                "NAME    READY   POLICIES      EXPIRES      EXPIRED   USED   OWNER    AGE\n"
            ),
            "{table}"
        );
        for cell in [r#"["a-*","b"]"#, "2999-12-31", "team-a"] {
            assert!(table.contains(cell), "{table}");
        }
    }
    let wide = cluster().kubectl_ok(&["get", "podpolx", "shown", "-o", "wide"]).unwrap();
    assert!(wide.contains("It moves."), "{wide}");
    let wide = cluster().kubectl_ok(&["get", "podpol", "columns", "-o", "wide"]).unwrap();
    assert!(wide.contains("What it is for."), "{wide}");
    let all = cluster().kubectl_ok(&["get", "plimsoll"]).unwrap();
    assert!(all.contains("podpolicy.plimsoll.dev/columns"), "{all}");
    assert!(all.contains("podpolicyexemption.plimsoll.dev/shown"), "{all}");
    cluster().kubectl_ok(&["delete", "podpolx", "shown"]).unwrap();
    cluster().kubectl_ok(&["delete", "podpolicy", "columns"]).unwrap();
}
