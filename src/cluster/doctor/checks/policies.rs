//! Are policies in force, and exemptions still meant?

use serde_json::Value;

use super::super::Findings;
use super::super::facts::{Facts, condition, text};
use crate::policy::CompiledExemption;

/// Exemptions that end within this many seconds are told of.
const SOON: i64 = 7 * 24 * 60 * 60;

pub(in super::super) fn policies(facts: &Facts, findings: &mut Findings) {
    let Some(policies) = findings.known(&facts.policies) else { return };
    let before = findings.0.len();
    for policy in policies {
        ready(policy, "podpolicy", "policy", findings);
    }
    if policies.is_empty() {
        findings.warn(
            "there is no policy: nothing is judged",
            "set policies.profile in the chart's values, or kubectl apply -f a PodPolicy",
        );
    } else if findings.0.len() == before {
        findings.ok(format!("{} policies are in force", policies.len()));
    }
}

pub(in super::super) fn exemptions(facts: &Facts, findings: &mut Findings) {
    let Some(exemptions) = findings.known(&facts.exemptions) else { return };
    let before = findings.0.len();
    for exemption in exemptions {
        let name = text(exemption, "/metadata/name").unwrap_or_default();
        let expires = CompiledExemption::compile(exemption).ok().and_then(|one| one.expires);
        let expires = expires.map(|expiry| expiry.at);
        let left = expires.map(|expires| expires.saturating_sub(facts.now));
        match left {
            Some(left) if left <= 0 => findings.warn(
                format!("exemption {name} has expired: it holds no longer"),
                format!("kubectl delete podpolicyexemption {name}"),
            ),
            Some(left) if left < SOON => findings.warn(
                format!("exemption {name} expires in {} days", left / (24 * 60 * 60)),
                format!("mend what it exempts, or kubectl edit podpolicyexemption {name}"),
            ),
            _ => ready(exemption, "podpolicyexemption", "exemption", findings),
        }
    }
    if findings.0.len() == before {
        findings.ok(match exemptions.len() {
            0 => "there are none".to_owned(),
            count => format!("{count} exemptions hold"),
        });
    }
}

/// Whether a server has the latest version in force.
fn ready(object: &Value, resource: &str, what: &str, findings: &mut Findings) {
    let name = text(object, "/metadata/name").unwrap_or_default();
    let Some(ready) = condition(object, "Ready") else {
        findings.warn(
            format!("{what} {name}: no server has looked at it yet"),
            "see the checks `replicas` and `leader`",
        );
        return;
    };
    let message = ready["message"].as_str().unwrap_or_default();
    let seen = ready["observedGeneration"].as_i64();
    let latest = object.pointer("/metadata/generation").and_then(Value::as_i64);
    if ready["status"] == "False" {
        findings.fail(
            format!("{what} {name} is not in force: {message}"),
            format!("kubectl edit {resource} {name}"),
        );
    } else if seen.is_some() && seen != latest {
        findings.warn(
            format!("{what} {name}: its latest version has not been looked at"),
            "see the check `leader`",
        );
    }
}
