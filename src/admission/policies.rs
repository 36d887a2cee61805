//! Reviews of policies themselves: compiled as files are, and refused in the same words.

use std::sync::Arc;

use serde_json::Value;

use super::review::Request;
use super::{Answer, Record, Verdict, answer, message};
use crate::decode::DecodeError;
use crate::engine::{Engine, Operation};
use crate::pointer::Pointer;
use crate::policy::document::{API_VERSION, EXEMPTION_KIND, KIND};
use crate::policy::{CompiledExemption, CompiledPolicy, ExemptionSet, PolicySet};

/// What is said of a policy.
#[derive(Debug, Default)]
struct Judgement {
    /// Why it is refused; empty where it is taken.
    errors: Vec<DecodeError>,
    /// What its author should know all the same.
    warnings: Vec<String>,
}

/// A policy that may not be stored.
#[derive(Debug)]
pub(super) struct Refused<'r> {
    pub(super) group: &'r str,
    pub(super) kind: &'r str,
    pub(super) name: &'r str,
    pub(super) errors: &'r [DecodeError],
}

/// Answers the review of a policy or an exemption. Whatever is neither is let through.
pub(super) fn answer<'a>(engine: &Engine, request: Request<'a>, now: Option<i64>) -> Answer<'a> {
    let name = request.display_name();
    let judgement = judge(engine, &request, now);
    let warnings = message::within_limits(judgement.warnings);
    let verdict = match (judgement.errors.is_empty(), warnings.is_empty()) {
        (false, _) => Verdict::Denied,
        (true, false) => Verdict::Warned,
        (true, true) => Verdict::Allowed,
    };
    let refused = Refused {
        group: &request.kind.group,
        kind: &request.kind.kind,
        name: &name,
        errors: &judgement.errors,
    };
    let body = answer::render_policy(&request.uid, &refused, warnings);
    let record = Record {
        operation: request.operation(),
        name,
        uid: request.uid.0,
        kind: request.kind.kind.0,
        namespace: request.namespace.0,
        user: request.user_info.username.0,
        dry_run: request.dry_run,
        controller: None,
        pod: None,
        verdict,
        findings: Vec::new(),
        exempted: Vec::new(),
    };
    Answer { body, record, unresolved: Vec::new() }
}

fn judge(engine: &Engine, request: &Request<'_>, now: Option<i64>) -> Judgement {
    let group = API_VERSION.split('/').next();
    let is_judged = Some(&*request.kind.group) == group
        && request.sub_resource.is_empty()
        && matches!(request.operation(), Operation::Create | Operation::Update)
        && [KIND, EXEMPTION_KIND].contains(&&*request.kind.kind);
    if !is_judged {
        return Judgement::default();
    }
    let object = match read(request.object) {
        Ok(object) => object,
        Err(error) => return Judgement { errors: vec![error], ..Judgement::default() },
    };
    if is_settled(request, &object) {
        return Judgement::default();
    }
    let warnings = if &*request.kind.kind == KIND {
        CompiledPolicy::compile(&object).map(|policy| conflicts(engine, policy))
    } else {
        CompiledExemption::compile(&object).map(|exemption| idle(engine, exemption, now))
    };
    match warnings {
        Ok(warnings) => Judgement { warnings, ..Judgement::default() },
        Err(errors) => Judgement { errors, ..Judgement::default() },
    }
}

/// The API server has read the object before; what it nests deeper than can be read here is not a policy.
fn read(object: Option<&str>) -> Result<Value, DecodeError> {
    serde_json::from_str(object.unwrap_or("null")).map_err(|error| DecodeError {
        pointer: Pointer::default(),
        message: format!("the object cannot be read: {error}"),
        help: None,
    })
}

/// Whether an update leaves the policy as it was, or the object is about to go. A bad policy that got in must be
/// possible to label and delete.
fn is_settled(request: &Request<'_>, object: &Value) -> bool {
    let goes = object.pointer("/metadata/deletionTimestamp").is_some_and(|at| !at.is_null());
    let unchanged = || {
        let old = read(request.old_object).ok();
        old.is_some_and(|old| old.is_object() && old.get("spec") == object.get("spec"))
    };
    goes || (request.operation() == Operation::Update && unchanged())
}

/// What the policy would contradict, were it in force beside the others.
fn conflicts(engine: &Engine, policy: CompiledPolicy) -> Vec<String> {
    let policy = Arc::new(policy);
    let in_force = engine.policies().policies().iter();
    let others = in_force.filter(|other| other.name != policy.name).map(Arc::clone);
    let together = PolicySet::of(others.chain([Arc::clone(&policy)]).collect());
    let concerns = |at: usize| together.policies()[at].name == policy.name;
    together
        .conflicts()
        .iter()
        .filter(|found| concerns(found.winner.policy) || concerns(found.loser.policy))
        .map(|found| format!("conflict: {found}"))
        .collect()
}

/// What keeps an exemption from exempting anything.
fn idle(engine: &Engine, exemption: CompiledExemption, now: Option<i64>) -> Vec<String> {
    let over = exemption.is_expired(now).then(|| DecodeError {
        pointer: Pointer::new("/spec/expires"),
        message: "that is over, so nothing is exempted".to_owned(),
        help: Some("set another end, or delete the exemption".to_owned()),
    });
    let strays = ExemptionSet::of(vec![Arc::new(exemption)]).strays(engine.policies());
    let strays = strays.into_iter().map(|stray| DecodeError {
        pointer: stray.pointer,
        message: stray.message,
        help: stray.help,
    });
    over.into_iter().chain(strays).map(|error| error.line()).collect()
}

#[cfg(test)]
mod tests;
