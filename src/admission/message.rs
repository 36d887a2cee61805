//! What people read: denials and warnings.

use std::fmt::Write;

use crate::decode::DecodeError;
use crate::engine::{Decision, Finding, Unreadable};
use crate::policy::Action;

/// Longest warning, in characters (admission/v1 `AdmissionResponse.warnings`: 256 at most).
pub const MAX_WARNING_CHARS: usize = 256;
/// All warnings together, in characters: past 4,096 the API server cuts them off
/// (apiserver/pkg/endpoints/handlers/responsewriters).
pub const MAX_WARNINGS_CHARS: usize = 4096;
/// Findings a denial lists; the rest are counted.
const MAX_DENIALS: usize = 20;

/// Airflow takes a refusal with these words for a full quota, and tries the pod again for ever.
const QUOTA_WORDS: &str = "exceeded quota";

/// One finding in one line: policy, rule, container, field, what is wrong, what to do.
pub fn finding_line(finding: &Finding) -> String {
    let violation = &finding.violation;
    let mut line = format!("policy {}, rule {}: ", finding.policy, finding.rule);
    if let Some(container) = &violation.container {
        let _ = write!(line, "container {}, ", container.name);
    }
    // What is said of the pod as a whole has no place in it.
    let place = violation.pointer.field_path();
    if place.is_empty() {
        if violation.container.is_some() {
            line.truncate(line.len() - ", ".len());
            line.push_str(": ");
        }
    } else {
        let _ = write!(line, "{place}: ");
    }
    line.push_str(&violation.message);
    if !violation.help.is_empty() {
        let _ = write!(line, "; {}", violation.help);
    }
    line
}

/// A pod that cannot be read, in one line of the same form.
fn unreadable_line(unreadable: &Unreadable) -> String {
    let Unreadable { policy, rule, error, .. } = unreadable;
    format!(
        "policy {policy}, rule {rule}: {}: the pod cannot be judged: {}; correct the field",
        error.pointer.field_path(),
        error.message
    )
}

/// The message of a refusal.
pub fn denial(decision: &Decision) -> String {
    let mut lines: Vec<String> =
        decision.by_action(Action::Deny).take(MAX_DENIALS).map(finding_line).collect();
    if let Some(unreadable) = &decision.unreadable {
        lines.push(unreadable_line(unreadable));
    }
    let more = decision.by_action(Action::Deny).count().saturating_sub(MAX_DENIALS);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    let text = match lines.as_slice() {
        [one] => one.clone(),
        several => {
            let head = format!("{} objections:", decision.by_action(Action::Deny).count());
            several.iter().fold(head, |text, line| text + "\n- " + line)
        }
    };
    text.replace(QUOTA_WORDS, "exceeded-quota")
}

/// The message of a policy's refusal: every error in a line of its own, and how many more there are.
pub(super) fn invalid(errors: &[DecodeError], more: usize) -> String {
    if let [one] = errors {
        return one.line();
    }
    let head = format!("{} errors:", errors.len() + more);
    let text = errors.iter().fold(head, |text, error| text + "\n- " + &error.line());
    if more > 0 { format!("{text}\n- and {more} more") } else { text }
}

/// The warnings of an answer, within the API server's limits.
pub fn warnings(decision: &Decision) -> Vec<String> {
    let mut warnings = patches(decision);
    warnings.extend(decision.by_action(Action::Warn).map(finding_line));
    if let Some(unreadable) =
        decision.unreadable.as_ref().filter(|found| found.action == Action::Warn)
    {
        warnings.push(unreadable_line(unreadable));
    }
    warnings.extend(
        decision.conflicts.iter().map(|conflict| format!("conflict: {}", conflict.message)),
    );
    within_limits(warnings)
}

/// What was patched, one line for each rule.
fn patches(decision: &Decision) -> Vec<String> {
    let mut patched: Vec<(&Finding, Vec<&str>)> = Vec::new();
    for finding in decision.by_action(Action::Patch) {
        let summary =
            finding.violation.fix.as_ref().map(|fix| fix.summary.as_str()).unwrap_or_default();
        match patched
            .iter_mut()
            .find(|(first, _)| (&first.policy, &first.rule) == (&finding.policy, &finding.rule))
        {
            Some((_, summaries)) => summaries.push(summary),
            None => patched.push((finding, vec![summary])),
        }
    }
    patched
        .into_iter()
        .map(|(finding, summaries)| {
            format!("patched by {}/{}: {}", finding.policy, finding.rule, summaries.join("; "))
        })
        .collect()
}

pub(super) fn within_limits(warnings: Vec<String>) -> Vec<String> {
    let total = warnings.len();
    let mut left = MAX_WARNINGS_CHARS - MAX_WARNING_CHARS;
    let mut kept = Vec::with_capacity(total);
    for warning in warnings {
        let warning = cut(&one_line(&warning), MAX_WARNING_CHARS);
        let length = warning.chars().count();
        if length > left {
            kept.push(format!("and {} more", total - kept.len()));
            break;
        }
        left -= length;
        kept.push(warning);
    }
    kept
}

fn one_line(text: &str) -> String {
    text.replace(|c: char| c.is_control(), " ")
}

/// At most `limit` characters, with a sign that something was cut off.
pub(super) fn cut(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        None => text.to_owned(),
        Some(_) => text.chars().take(limit.saturating_sub(1)).chain(['…']).collect(),
    }
}
