//! A case judged: as `check` judges an object, or as the webhooks answer a review.

use std::sync::Arc;

use serde_json::{Value, json};

use super::apply::{apply_edits, apply_patch};
use super::cases::Planned;
use super::inputs::{Input, kind_of};
use super::judge::{Judged, judge};
use super::read::Suite;
use crate::admission::{self, Endpoint, Review};
use crate::engine::{Decision, Finding, NamespaceFacts, Namespaces, Stage};
use crate::pod::kinds::PodKind;
use crate::pointer::Pointer;
use crate::policy::{Action, CompiledPolicy};

/// What is found.
#[derive(Clone, Debug)]
pub(super) struct Observed {
    pub(super) policy: Arc<str>,
    pub(super) rule: Arc<str>,
    pub(super) action: Action,
    pub(super) container: Option<String>,
    pub(super) path: Pointer,
    pub(super) message: String,
    pub(super) exemption: Option<Arc<str>>,
}

/// What comes of a case.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) allowed: bool,
    pub(super) found: Vec<Observed>,
    pub(super) exempted: Vec<Observed>,
    /// RFC 6902, as the API server gets it.
    pub(super) patch: Vec<Value>,
    /// The object as it is then.
    pub(super) after: Value,
    pub(super) message: Option<String>,
    pub(super) warnings: Vec<String>,
    /// The policies that are about the object, all of them judged.
    pub(super) matched: Vec<Arc<CompiledPolicy>>,
}

/// Judges one case.
///
/// # Errors
/// When its review cannot be answered, in the words of the webhook.
pub(super) fn run(suite: &Suite, case: &Planned) -> Result<Outcome, String> {
    match &case.input {
        Input::Object(value, namespaces) if namespaces.is_empty() => {
            object(suite, value, &suite.namespaces)
        }
        Input::Object(value, namespaces) => {
            let namespaces = suite.namespaces.clone().and(namespaces.clone());
            object(suite, value, &namespaces)
        }
        Input::Review(review) => answered(suite, review),
    }
}

/// What is known of a namespace. In a suite each one exists, and what it does not say of one does not hold.
fn facts<'n>(namespaces: &'n Namespaces, name: &str, none: &'n Value) -> NamespaceFacts<'n> {
    let known = namespaces.facts(name);
    NamespaceFacts { labels: known.labels.or(Some(none)), ..known }
}

fn object(suite: &Suite, value: &Value, namespaces: &Namespaces) -> Result<Outcome, String> {
    let engine = &suite.rules.engine;
    let around = (suite.now, &suite.digests);
    let none = json!({});
    let is_pod = kind_of(value).is_some_and(PodKind::is_pod);
    let mut outcome = Outcome { allowed: true, after: value.clone(), ..Outcome::default() };
    for judged in judge(engine, value, around, |namespace| facts(namespaces, namespace, &none)) {
        let Judged { mut decision, matched } = judged;
        outcome.allowed &= decision.allowed;
        outcome.after = apply_edits(&outcome.after, decision.edits())?;
        outcome.patch.extend(operations(&decision));
        if !decision.allowed && outcome.message.is_none() {
            outcome.message = Some(admission::denial(&decision));
        }
        outcome.matched.extend(matched);
        outcome.observe(&decision);
        if !is_pod {
            // Its pods are patched, and only then is anybody told.
            decision.findings.retain(|finding| finding.action != Action::Patch);
        }
        outcome.warnings.extend(admission::warnings(&decision));
    }
    Ok(outcome)
}

/// The review through `/mutate`, and what is then through `/validate`, as the API server sends both.
fn answered(suite: &Suite, review: &Value) -> Result<Outcome, String> {
    let engine = &suite.rules.engine;
    let mut review = review.clone();
    let none = json!({});
    let mut outcome = Outcome { allowed: true, ..Outcome::default() };
    for (endpoint, stage) in
        [(Endpoint::Mutate, Stage::Mutate), (Endpoint::Validate, Stage::Validate)]
    {
        let body = serde_json::to_vec(&review).map_err(|error| error.to_string())?;
        let parsed = || {
            let review = Review::parse(&body).map_err(|error| error.to_string())?;
            Ok::<_, String>(review.with_digests(&suite.digests))
        };
        let request = parsed()?;
        let facts = facts(&suite.namespaces, request.namespace(), &none);
        let answer = request.answer(engine, endpoint, facts, suite.now);
        let mut matched = Vec::new();
        let decision = parsed()?.decide(engine, stage, facts, suite.now, |attributes| {
            matched = engine.policies_about(attributes);
        });
        outcome.observe(&decision);
        let answer: Value =
            serde_json::from_slice(&answer.body).map_err(|error| error.to_string())?;
        let response = &answer["response"];
        let warnings = response["warnings"].as_array().into_iter().flatten();
        outcome.warnings.extend(warnings.filter_map(Value::as_str).map(str::to_owned));
        if stage == Stage::Mutate {
            outcome.patch = operations(&decision);
            if let Some(object) = review.pointer_mut("/request/object") {
                apply_patch(object, &outcome.patch)?;
            }
            continue;
        }
        outcome.allowed = response["allowed"] == true;
        outcome.message = response["status"]["message"].as_str().map(str::to_owned);
        outcome.matched = matched;
    }
    outcome.after = review["request"]["object"].take();
    Ok(outcome)
}

/// The patch of a decision, as it is sent.
fn operations(decision: &Decision) -> Vec<Value> {
    decision.patch.iter().map(|operation| json!(operation)).collect()
}

impl Outcome {
    fn observe(&mut self, decision: &Decision) {
        self.found.extend(decision.findings.iter().map(|finding| Observed::of(finding, None)));
        self.found.extend(decision.unreadable.iter().map(|unreadable| Observed {
            policy: Arc::clone(&unreadable.policy),
            rule: Arc::clone(&unreadable.rule),
            action: unreadable.action,
            container: None,
            path: unreadable.error.pointer.clone(),
            message: format!("the pod cannot be judged: {}", unreadable.error.message),
            exemption: None,
        }));
        let exempted = decision.exempted.iter();
        self.exempted.extend(
            exempted.map(|one| Observed::of(&one.finding, Some(Arc::clone(&one.exemption)))),
        );
    }
}

impl Observed {
    fn of(finding: &Finding, exemption: Option<Arc<str>>) -> Self {
        Self {
            policy: Arc::clone(&finding.policy),
            rule: Arc::clone(&finding.rule),
            action: finding.action,
            container: finding.violation.container.as_ref().map(|container| container.name.clone()),
            path: finding.violation.pointer.clone(),
            message: finding.violation.message.clone(),
            exemption,
        }
    }
}
