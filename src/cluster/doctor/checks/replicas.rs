//! Is there somebody who answers, also tomorrow?

use jiff::Timestamp;
use serde_json::Value;

use super::super::Findings;
use super::super::facts::{Facts, condition, text};
use super::disruption;

pub(in super::super) fn replicas(facts: &Facts, findings: &mut Findings) {
    let place = facts.place();
    let Some(deployment) = findings.known(&facts.deployment) else { return };
    let Some(deployment) = deployment else {
        findings.fail(
            format!("there is no Deployment {} in namespace {}", facts.name, facts.namespace),
            "name the installation with --name and --namespace, or install it: helm install",
        );
        return;
    };
    let number = |pointer| deployment.pointer(pointer).and_then(Value::as_u64).unwrap_or_default();
    let (ready, wanted) = (number("/status/readyReplicas"), number("/spec/replicas"));
    let fails_closed = facts.fails_closed();
    if ready == 0 {
        findings.fail(
            format!("no replica is ready (of {wanted}): nobody answers"),
            format!("kubectl describe pods {place} -l app.kubernetes.io/name=plimsoll; if pods cannot be created: plimsoll emergency-off"),
        );
    } else if ready < 2 && fails_closed {
        findings.fail(
            format!("failurePolicy is Fail and {ready} replica is ready: when it goes, no pod can be created"),
            format!("kubectl scale deployment {} {place} --replicas=2 (and set replicaCount in the chart's values)", facts.name),
        );
    } else if ready < wanted {
        findings.warn(
            format!("{ready} of {wanted} replicas are ready"),
            format!("kubectl describe pods {place} -l app.kubernetes.io/name=plimsoll"),
        );
    } else if ready < 2 {
        findings.warn(
            "1 replica: while it restarts, nothing is judged",
            format!("kubectl scale deployment {} {place} --replicas=2", facts.name),
        );
    } else {
        findings.ok(format!("{ready} of {wanted} replicas are ready"));
    }
    if wanted > 1 || fails_closed {
        disruption::budget(facts, deployment, fails_closed, findings);
    }
    restarts(facts, findings);
}

fn restarts(facts: &Facts, findings: &mut Findings) {
    let Some(pods) = findings.known(&facts.pods) else { return };
    for pod in pods {
        let name = text(pod, "/metadata/name").unwrap_or_default();
        let statuses = pod.pointer("/status/containerStatuses").and_then(Value::as_array);
        for status in statuses.into_iter().flatten() {
            let killed = text(status, "/lastState/terminated/reason") == Some("OOMKilled");
            let waiting = text(status, "/state/waiting/reason");
            if killed {
                findings.warn(
                    format!("pod {name} was killed for want of memory"),
                    "raise resources.limits.memory in the chart's values",
                );
            } else if let Some(reason) = waiting.filter(|reason| *reason != "ContainerCreating") {
                findings.fail(
                    format!("pod {name} does not run: {reason}"),
                    format!("kubectl logs {} {name} --previous", facts.place()),
                );
            }
        }
    }
}

pub(in super::super) fn leader(facts: &Facts, findings: &mut Findings) {
    let place = facts.place();
    let Some(lease) = findings.known(&facts.lease) else { return };
    let holder = lease.as_ref().and_then(|lease| text(lease, "/spec/holderIdentity"));
    let (Some(lease), Some(holder)) = (lease, holder.filter(|holder| !holder.is_empty())) else {
        findings.warn(
            "no replica leads: webhook configurations and status are not kept up",
            format!("kubectl logs {place} -l app.kubernetes.io/name=plimsoll | grep -i lease"),
        );
        return;
    };
    let renewed = text(lease, "/spec/renewTime").and_then(|time| time.parse::<Timestamp>().ok());
    let lasts = lease.pointer("/spec/leaseDurationSeconds").and_then(Value::as_i64).unwrap_or(15);
    let age = renewed.map(|time| facts.now.saturating_sub(time.as_second()));
    if age.is_none_or(|age| age > lasts) {
        findings.fail(
            format!(
                "{holder} leads and has not renewed its Lease for {} s",
                age.unwrap_or_default()
            ),
            format!("kubectl get lease {} {place} -o yaml", facts.name),
        );
        return;
    }
    let Some(pods) = findings.known(&facts.pods) else { return };
    let alive = |pod: &&Value| text(pod, "/metadata/name") == Some(holder);
    match pods.iter().find(alive) {
        Some(pod) if condition(pod, "Ready").is_none_or(|one| one["status"] != "True") => findings
            .warn(
                format!("{holder} leads and is not ready"),
                format!("kubectl describe pod {holder} {place}"),
            ),
        Some(_) => findings.ok(format!("{holder} leads")),
        None => findings.warn(
            format!("{holder} leads and is no pod of this installation"),
            format!(
                "kubectl get lease {} {place} -o yaml; give every replica its own --identity",
                facts.name
            ),
        ),
    }
}
