//! What is counted, logged and kept of a review. Of the object, logs and metrics get nothing but its name.

use std::time::Duration;

use super::in_cluster;
use super::metrics::Label;
use super::state::{Loaded, State};
use crate::admission::{Endpoint, Record, Recorded, Verdict};
use crate::policy::Action;

/// What is known of a review beside its record.
#[derive(Clone, Copy)]
pub(super) struct Review<'r> {
    pub(super) endpoint: Endpoint,
    pub(super) body: &'r [u8],
    /// The time, in seconds since 1970.
    pub(super) at: Option<i64>,
    pub(super) took: Duration,
}

pub(super) fn tell(state: &State, loaded: &Loaded, review: Review<'_>, record: &Record<'_>) {
    let Review { endpoint, body, at, took } = review;
    state.metrics().count_review(endpoint, record.operation, record.verdict, took);
    for finding in &record.findings {
        loaded.findings.count(finding);
    }
    for exempted in &record.exempted {
        loaded.exempted.count(exempted, record.dry_run);
    }
    if let Some(ledger) = &state.ledger {
        let dropped = ledger.take(endpoint, record, at.unwrap_or_default());
        state.metrics().ledger_dropped_owners.inc_by(dropped);
    }
    if let Some(recorder) = &state.recorder {
        recorder.take(endpoint, record, body);
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
