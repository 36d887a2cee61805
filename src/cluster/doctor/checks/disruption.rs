//! Does a PodDisruptionBudget keep somebody who answers, and still let nodes be drained?

use serde_json::Value;

use super::super::Findings;
use super::super::facts::{Facts, text};

/// With fewer, no budget can do both; that they are too few is told of elsewhere.
const FEWEST_REPLICAS: u64 = 2;

pub(super) fn budget(
    facts: &Facts,
    deployment: &Value,
    fails_closed: bool,
    findings: &mut Findings,
) {
    let Some(budgets) = findings.known(&facts.disruption_budgets) else { return };
    let labels = deployment.pointer("/spec/template/metadata/labels").unwrap_or(&Value::Null);
    let covers = |budget: &&Value| {
        let wanted = budget.pointer("/spec/selector/matchLabels").and_then(Value::as_object);
        wanted.is_some_and(|wanted| {
            !wanted.is_empty() && wanted.iter().all(|(key, value)| labels.get(key) == Some(value))
        })
    };
    let covering: Vec<&Value> = budgets.iter().filter(covers).collect();
    let fix = "set podDisruptionBudget.enabled in the chart's values and helm upgrade";
    let [budget] = covering[..] else {
        if covering.len() > 1 {
            let names: Vec<&str> =
                covering.iter().filter_map(|one| text(one, "/metadata/name")).collect();
            findings.warn(
                format!(
                    "several PodDisruptionBudgets cover the pods ({}): no pod can be evicted",
                    names.join(", ")
                ),
                format!("kubectl delete pdb {} all but one of them", facts.place()),
            );
        } else if fails_closed {
            findings.fail(
                "failurePolicy is Fail and no PodDisruptionBudget covers the pods: draining nodes can stop all pods",
                fix,
            );
        } else {
            findings.warn("no PodDisruptionBudget covers the pods", fix);
        }
        return;
    };
    judge(facts, deployment, budget, fails_closed, findings);
}

fn judge(
    facts: &Facts,
    deployment: &Value,
    budget: &Value,
    fails_closed: bool,
    findings: &mut Findings,
) {
    let replicas = deployment.pointer("/spec/replicas").and_then(Value::as_u64).unwrap_or(1);
    let replicas = replicas.max(FEWEST_REPLICAS);
    let name = text(budget, "/metadata/name").unwrap_or_default();
    let fix = format!(
        "set podDisruptionBudget.maxUnavailable in the chart's values to 1, or kubectl edit pdb {name} {}",
        facts.place()
    );
    let Some((says, away)) = may_be_away(&budget["spec"], replicas) else {
        findings.warn(
            format!("PodDisruptionBudget {name} does not say how many may be away: it blocks every drain"),
            fix,
        );
        return;
    };
    if away == 0 {
        findings.warn(
            format!("PodDisruptionBudget {name} ({says}) blocks every drain of a node with one of {replicas} replicas"),
            fix,
        );
    } else if away < replicas {
        findings.ok(format!(
            "a PodDisruptionBudget ({says}) keeps {} of {replicas} replicas through drains",
            replicas - away
        ));
    } else {
        let message = format!(
            "PodDisruptionBudget {name} ({says}) lets all of {replicas} replicas go at once: drains can stop all of them"
        );
        if fails_closed {
            findings.fail(format!("failurePolicy is Fail and {message}"), fix);
        } else {
            findings.warn(message, fix);
        }
    }
}

/// What a budget says, and how many of the replicas may be away by that.
fn may_be_away(spec: &Value, replicas: u64) -> Option<(String, u64)> {
    let field = |name: &str| {
        let value = spec.get(name).filter(|value| !value.is_null())?;
        let says = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        Some((format!("{name}: {says}"), scaled(value, replicas)?))
    };
    let most = field("maxUnavailable").map(|(says, most)| (says, most.min(replicas)));
    most.or_else(|| {
        field("minAvailable").map(|(says, least)| (says, replicas.saturating_sub(least)))
    })
}

/// A number, or a percentage of the replicas, rounded up as the API does for both fields.
fn scaled(value: &Value, replicas: u64) -> Option<u64> {
    match value {
        Value::String(text) => {
            let percent: u64 = text.strip_suffix('%')?.parse().ok()?;
            Some(percent.checked_mul(replicas)?.div_ceil(100))
        }
        _ => value.as_u64(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn budgets_are_counted_as_the_api_does() {
        let away = |spec: Value, replicas| may_be_away(&spec, replicas).map(|(_, away)| away);
        for (spec, replicas, expected) in [
            (json!({"maxUnavailable": 1}), 2, Some(1)),
            (json!({"maxUnavailable": 7}), 3, Some(3)),
            (json!({"maxUnavailable": "100%"}), 2, Some(2)),
            (json!({"maxUnavailable": "51%"}), 2, Some(2)),
            (json!({"maxUnavailable": "50%"}), 2, Some(1)),
            (json!({"maxUnavailable": "1%"}), 2, Some(1)),
            (json!({"maxUnavailable": "0%"}), 2, Some(0)),
            (json!({"maxUnavailable": 0}), 2, Some(0)),
            (json!({"minAvailable": 0}), 2, Some(2)),
            (json!({"minAvailable": "51%"}), 2, Some(0)),
            (json!({"minAvailable": "34%"}), 3, Some(1)),
            (json!({"minAvailable": 5}), 3, Some(0)),
            (json!({}), 2, None),
            (json!({"maxUnavailable": null, "minAvailable": 1}), 2, Some(1)),
        ] {
            assert_eq!(away(spec.clone(), replicas), expected, "{spec} of {replicas}");
        }
    }
}
