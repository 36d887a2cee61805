//! What is counted and logged of a review. Nothing of the object but its name ever gets here.

use std::time::Duration;

use super::in_cluster;
use super::metrics::Label;
use super::state::{Loaded, State};
use crate::admission::{Endpoint, Record, Recorded, Verdict};
use crate::policy::Action;

pub(super) fn tell(
    state: &State,
    loaded: &Loaded,
    endpoint: Endpoint,
    record: &Record<'_>,
    took: Duration,
) {
    state.metrics().count_review(endpoint, record.operation, record.verdict, took);
    for finding in &record.findings {
        loaded.findings.count(finding);
    }
    for exempted in &record.exempted {
        loaded.exempted.count(exempted, record.dry_run);
    }
    // Only what is judged is told: what is found in `/mutate` is mended there.
    if endpoint == Endpoint::Validate
        && !record.findings.is_empty()
        && let Some(reporter) = state.in_cluster().and_then(|cluster| cluster.reporter.as_ref())
    {
        in_cluster::tell(reporter, record);
    }
    match record.verdict {
        Verdict::Denied => log_denial(endpoint, record),
        Verdict::Patched | Verdict::Warned => log_remark(endpoint, record),
        Verdict::Allowed => {}
    }
}

// Text goes into fields as `&str` and not through Display, so that line breaks and control characters
// in it are escaped.

fn log_denial(endpoint: Endpoint, record: &Record<'_>) {
    let mut denials = record.findings.iter().filter(|finding| finding.action == Action::Deny);
    let first = denials.next();
    let others = names(denials);
    tracing::info!(
        uid = &*record.uid,
        endpoint = endpoint.label(),
        operation = record.operation.label(),
        kind = &*record.kind,
        namespace = &*record.namespace,
        name = &*record.name,
        user = &*record.user,
        dry_run = record.dry_run,
        policy = first.map(|finding| &*finding.policy),
        rule = first.map(|finding| &*finding.rule),
        others = others.as_deref(),
        "denied",
    );
}

fn log_remark(endpoint: Endpoint, record: &Record<'_>) {
    if !tracing::enabled!(tracing::Level::DEBUG) {
        return;
    }
    let rules = names(record.findings.iter());
    tracing::debug!(
        uid = &*record.uid,
        endpoint = endpoint.label(),
        operation = record.operation.label(),
        kind = &*record.kind,
        namespace = &*record.namespace,
        name = &*record.name,
        user = &*record.user,
        dry_run = record.dry_run,
        verdict = record.verdict.label(),
        rules = rules.as_deref(),
        "answered",
    );
}

/// `policy/rule` of each, none where there is nothing to name.
fn names<'a>(findings: impl Iterator<Item = &'a Recorded>) -> Option<String> {
    let mut names: Vec<String> =
        findings.map(|finding| format!("{}/{}", finding.policy, finding.rule)).collect();
    names.dedup();
    (!names.is_empty()).then(|| names.join(" "))
}
