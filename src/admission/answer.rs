//! The response half of an AdmissionReview, as the API server verifies it
//! (apiserver/pkg/admission/plugin/webhook/request/admissionreview.go).

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::message;
use super::policies::Refused;
use crate::engine::{Decision, Finding};
use crate::policy::Action;

/// Findings listed in one audit annotation; audit logs are kept for long.
const MAX_ANNOTATED: usize = 32;
/// Causes listed in a refusal.
const MAX_CAUSES: usize = 32;
/// Errors listed in the refusal of a policy: more than people mend at once, and far less than a hostile one has.
const MAX_ERRORS: usize = 256;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Review<'r> {
    api_version: &'static str,
    kind: &'static str,
    response: Response<'r>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Response<'r> {
    uid: &'r str,
    allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    audit_annotations: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
struct Status {
    code: u16,
    reason: &'static str,
    message: String,
    details: Details,
}

#[derive(Default, Serialize)]
struct Details {
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    group: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    kind: String,
    causes: Vec<Cause>,
}

#[derive(Serialize)]
struct Cause {
    reason: &'static str,
    message: String,
    field: String,
}

/// The answer as JSON.
pub(super) fn render(uid: &str, decision: &Decision) -> Vec<u8> {
    let patch = Some(&decision.patch).filter(|patch| !patch.is_empty());
    let patch = patch.and_then(|patch| serde_json::to_vec(patch).ok());
    let response = Response {
        uid,
        allowed: decision.allowed,
        status: (!decision.allowed).then(|| status(decision)),
        patch_type: patch.is_some().then_some("JSONPatch"),
        patch: patch.map(|patch| STANDARD.encode(patch)),
        warnings: message::warnings(decision),
        audit_annotations: audit_annotations(decision),
    };
    write(response)
}

/// The answer to the review of a policy, as JSON. An invalid object is refused as the API server refuses one; of
/// such a refusal kubectl shows nothing but the causes.
pub(super) fn render_policy(uid: &str, refused: &Refused<'_>, warnings: Vec<String>) -> Vec<u8> {
    let cause =
        |message: String, field: String| Cause { reason: "FieldValueInvalid", message, field };
    let listed = &refused.errors[..refused.errors.len().min(MAX_ERRORS)];
    let more = refused.errors.len() - listed.len();
    let causes = listed.iter().map(|error| cause(error.advice(), error.pointer.field_path()));
    let rest = (more > 0).then(|| cause(format!("{more} more errors"), "spec".to_owned()));
    let status = Status {
        code: 422,
        reason: "Invalid",
        message: message::invalid(listed, more),
        details: Details {
            name: refused.name.to_owned(),
            group: refused.group.to_owned(),
            kind: refused.kind.to_owned(),
            causes: causes.chain(rest).collect(),
        },
    };
    write(Response {
        uid,
        allowed: refused.errors.is_empty(),
        status: (!refused.errors.is_empty()).then_some(status),
        patch_type: None,
        patch: None,
        warnings,
        audit_annotations: BTreeMap::new(),
    })
}

fn write(response: Response<'_>) -> Vec<u8> {
    let review = Review { api_version: "admission.k8s.io/v1", kind: "AdmissionReview", response };
    // Only maps with keys that are not text cannot be written, and there are none.
    serde_json::to_vec(&review).unwrap_or_default()
}

fn status(decision: &Decision) -> Status {
    let unreadable = decision.unreadable.iter().map(|found| Cause {
        reason: found.kind,
        message: found.error.message.clone(),
        field: found.error.pointer.field_path(),
    });
    let causes = decision
        .by_action(Action::Deny)
        .take(MAX_CAUSES)
        .map(|finding| Cause {
            reason: finding.kind,
            message: finding.violation.message.clone(),
            field: finding.violation.pointer.field_path(),
        })
        .chain(unreadable)
        .collect();
    Status {
        code: 403,
        reason: "Forbidden",
        message: message::denial(decision),
        details: Details { causes, ..Details::default() },
    }
}

/// What the audit log keeps: which rules said what about which fields.
fn audit_annotations(decision: &Decision) -> BTreeMap<&'static str, String> {
    let mut annotations = BTreeMap::new();
    let actions = [
        ("denied", Action::Deny),
        ("warned", Action::Warn),
        ("audited", Action::Audit),
        ("patched", Action::Patch),
    ];
    for (key, action) in actions {
        if let Some(text) = listed(decision.by_action(action).map(place)) {
            annotations.insert(key, text);
        }
    }
    let exempted = decision.exempted.iter();
    let exempted = exempted.map(|one| format!("{} by {}", place(&one.finding), one.exemption));
    if let Some(text) = listed(exempted) {
        annotations.insert("exempted", text);
    }
    if let Some(found) = &decision.unreadable {
        let place = found.error.pointer.field_path();
        annotations.insert("unreadable", format!("{}/{} {place}", found.policy, found.rule));
    }
    if !decision.conflicts.is_empty() {
        let conflicts: Vec<&str> =
            decision.conflicts.iter().map(|conflict| conflict.message.as_str()).collect();
        annotations.insert("conflicts", message::cut(&conflicts.join("; "), 1024));
    }
    annotations
}

/// What says what about which field.
fn place(finding: &Finding) -> String {
    let place = finding.violation.pointer.field_path();
    let space = if place.is_empty() { "" } else { " " };
    format!("{}/{}{space}{place}", finding.policy, finding.rule)
}

/// The first of many texts, and how many more there are; none where there is nothing.
fn listed(mut found: impl Iterator<Item = String>) -> Option<String> {
    let listed: Vec<String> = found.by_ref().take(MAX_ANNOTATED).collect();
    let more = found.count();
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    (!listed.is_empty()).then(|| listed.join(", ") + &more)
}
