//! Do webhook configurations say what they should?

use serde_json::Value;

use super::super::Findings;
use super::super::facts::Facts;
use crate::cluster::webhooks::EMERGENCY_OFF;
use crate::cluster::webhooks::{Configuration, FailurePolicy, Settings, Target, webhooks};
use crate::policy::{CompiledPolicy, PolicySet};

/// The namespace of the control plane.
const CONTROL_PLANE: &str = "kube-system";
/// What a person who creates a pod may have to wait, in seconds.
const LONGEST_TIMEOUT: u64 = 10;

pub(in super::super) fn configurations(facts: &Facts, findings: &mut Findings) {
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
            Some((_, webhook)) => judge(facts, configuration, &name, webhook, findings),
            None => empty(facts, configuration, &name, findings),
        }
    }
}

/// A configuration without a webhook of Plimsoll's.
fn empty(facts: &Facts, configuration: Configuration, name: &str, findings: &mut Findings) {
    let Ok(policies) = &facts.policies else {
        findings.unknown(format!("{name} is empty; whether policies need it cannot be checked"));
        return;
    };
    if wanted(facts, configuration, policies) {
        findings.fail(
            format!("{name} is empty, and policies need it"),
            format!(
                "kubectl logs {} -l app.kubernetes.io/name=plimsoll | grep -i webhook: the leader says what it waits for",
                facts.place()
            ),
        );
    } else {
        findings.ok(format!("{name} is empty: no policy needs it"));
    }
}

/// Whether the policies need the webhook.
fn wanted(facts: &Facts, configuration: Configuration, policies: &[Value]) -> bool {
    let compiled = policies.iter().filter_map(|policy| CompiledPolicy::compile(policy).ok());
    let set = PolicySet::of(compiled.map(Into::into).collect());
    let target = Target::new(&facts.name, &facts.namespace, &Settings::default());
    !webhooks(configuration, &set, &target, "").is_empty()
}

fn judge(
    facts: &Facts,
    configuration: Configuration,
    name: &str,
    webhook: &Value,
    findings: &mut Findings,
) {
    let heal = "the leader puts it back within seconds; if not, see the check `leader`";
    let mut good = true;
    let mut fail = |message: String, fix: &str| {
        good = false;
        findings.fail(message, fix);
    };
    let service = &webhook["clientConfig"]["service"];
    if service["name"] != *facts.name || service["namespace"] != *facts.namespace {
        fail(format!("{name} asks another Service: {service}"), heal);
    }
    if configuration == Configuration::Policies {
        if webhook["failurePolicy"] == FailurePolicy::Fail.as_str() {
            fail(format!("{name} refuses policies when nobody answers"), heal);
        }
    } else {
        for namespace in [CONTROL_PLANE, &facts.namespace] {
            if !excludes(&webhook["namespaceSelector"], namespace) {
                fail(
                    format!(
                        "{name} does not leave out namespace {namespace}: it could not be repaired"
                    ),
                    heal,
                );
            }
        }
    }
    let timeout = webhook["timeoutSeconds"].as_u64().unwrap_or(LONGEST_TIMEOUT);
    if timeout > LONGEST_TIMEOUT {
        findings.warn(
            format!("{name} lets people wait {timeout} s"),
            "set webhook.timeoutSeconds in the chart's values to 3",
        );
    } else if good {
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
