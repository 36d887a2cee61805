//! Do webhook configurations say what they should?

use serde_json::Value;

use super::super::Findings;
use super::super::expected::Expected;
use super::super::facts::Facts;
use crate::cluster::webhooks::{Configuration, EMERGENCY_OFF, FailurePolicy};

/// The namespace of the control plane.
const CONTROL_PLANE: &str = "kube-system";
/// What a person who creates a pod may have to wait, in seconds.
const LONGEST_TIMEOUT: u64 = 10;

pub(in super::super) fn configurations(facts: &Facts, findings: &mut Findings) {
    let expected = Expected::of(facts);
    if let Some(what) = expected.not_compared().filter(|_| facts.webhooks().next().is_some()) {
        findings.unknown(format!("not all can be compared with what should be there: {what}"));
    }
    for configuration in Configuration::ALL {
        let Some(fact) = facts.configuration(configuration) else { continue };
        let Some(object) = findings.known(fact) else { continue };
        let name = format!(
            "{}/{}",
            configuration.kind().to_lowercase(),
            configuration.object_name(&facts.name)
        );
        let Some(object) = object else {
            findings.fail(
                format!("{name} is not there: nothing is asked of Plimsoll"),
                format!("helm upgrade {} {} brings it back", facts.name, facts.place()),
            );
            continue;
        };
        if let Some(record) =
            object.metadata.annotations.as_ref().and_then(|all| all.get(EMERGENCY_OFF))
        {
            findings.fail(
                format!("{name} is switched off: {record}"),
                format!("plimsoll emergency-on --name {}", facts.name),
            );
            continue;
        }
        let own = facts.webhooks().find(|(one, _)| *one == configuration);
        match own {
            Some((_, webhook)) => judge(facts, &expected, configuration, &name, webhook, findings),
            None => empty(facts, &expected, configuration, &name, findings),
        }
    }
}

/// A configuration without a webhook of Plimsoll's.
fn empty(
    facts: &Facts,
    expected: &Expected,
    configuration: Configuration,
    name: &str,
    findings: &mut Findings,
) {
    if expected.is_wanted(configuration) {
        findings.fail(
            format!("{name} is empty, and policies need it"),
            format!("{}: the leader says what it waits for", logs(facts)),
        );
    } else if let Some(why) = expected.uncertain(configuration) {
        findings.unknown(format!("{name} is empty; whether policies need it is uncertain: {why}"));
    } else {
        findings.ok(format!("{name} is empty: no policy needs it"));
    }
}

fn logs(facts: &Facts) -> String {
    format!("kubectl logs {} -l app.kubernetes.io/name=plimsoll | grep -i webhook", facts.place())
}

fn judge(
    facts: &Facts,
    expected: &Expected,
    configuration: Configuration,
    name: &str,
    webhook: &Value,
    findings: &mut Findings,
) {
    let heal = format!(
        "the leader puts it back within seconds; if not, see the check `leader` and {}",
        logs(facts)
    );
    // What is told of in better words than those of the comparison.
    let mut told = Vec::new();
    let service = &webhook["clientConfig"]["service"];
    if service["name"] != *facts.name || service["namespace"] != *facts.namespace {
        told.push("clientConfig");
        findings.fail(format!("{name} asks another Service: {service}"), &heal);
    }
    if configuration == Configuration::Policies {
        if webhook["failurePolicy"] == FailurePolicy::Fail.as_str() {
            told.push("failurePolicy");
            findings.fail(format!("{name} refuses policies when nobody answers"), &heal);
        }
    } else {
        for namespace in [CONTROL_PLANE, &facts.namespace] {
            if !excludes(&webhook["namespaceSelector"], namespace) {
                told.push("namespaceSelector");
                let message = format!(
                    "{name} does not leave out namespace {namespace}: it could not be repaired"
                );
                findings.fail(message, &heal);
            }
        }
    }
    let compared = expected.compare(configuration, webhook);
    let differs = compared.differs.into_iter().filter(|(field, _)| !told.contains(field));
    let differs: Vec<String> = differs.map(|(_, how)| how).collect();
    if !differs.is_empty() {
        let message = format!(
            "{name} is not what the policies and the Deployment's flags ask for: {}",
            differs.join(", ")
        );
        findings.fail(message, &heal);
    }
    if let Some(why) = &compared.uncertain {
        findings.unknown(format!("{name} cannot be compared with the policies: {why}"));
    }
    let timeout = webhook["timeoutSeconds"].as_u64().unwrap_or(LONGEST_TIMEOUT);
    if timeout > LONGEST_TIMEOUT {
        findings.warn(
            format!("{name} lets people wait {timeout} s"),
            "set webhooks.timeoutSeconds in the chart's values to 3",
        );
    } else if told.is_empty() && differs.is_empty() && compared.uncertain.is_none() {
        let policy = webhook["failurePolicy"].as_str().unwrap_or_default();
        findings.ok(format!("{name}: failurePolicy {policy}, {timeout} s"));
    }
}

/// Whether a selector leaves a namespace out by its name.
fn excludes(selector: &Value, namespace: &str) -> bool {
    let expressions = selector["matchExpressions"].as_array().map_or(&[][..], Vec::as_slice);
    expressions.iter().any(|expression| {
        let values = expression["values"].as_array().map_or(&[][..], Vec::as_slice);
        let named = values.iter().any(|value| value == namespace);
        expression["key"] == "kubernetes.io/metadata.name"
            && match expression["operator"].as_str() {
                Some("NotIn") => named,
                Some("In") => !named,
                _ => false,
            }
    })
}
