//! The expectations of a case as they are to be: entries that are right stay as they are written.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::compare::{compare, field_of, is_met, pointer};
use super::expectation::{Expectation, OneOrMany, TextMatch};
use super::read::Suite;
use super::run::{Observed, Outcome};

/// The fields of a case that change; those with no value go.
pub(super) type Fields = BTreeMap<&'static str, Option<Value>>;

const ACTIONS: [&str; 4] = ["deny", "warn", "patch", "audit"];

/// What has to change in a case, whose text says `raw`, for its outcome to be what it expects.
pub(super) fn fields(
    expected: &Expectation,
    outcome: &Outcome,
    raw: &Value,
    suite: &Suite,
) -> Fields {
    let mut fields = Fields::new();
    if expected.allow.is_some_and(|allow| allow != outcome.allowed) {
        fields.insert("allow", Some(json!(outcome.allowed)));
    }
    let name = |found: &Observed| short(found, suite);
    if let Some(list) = &expected.findings {
        let found: Vec<&Observed> = outcome.found.iter().collect();
        let new = relisted(list, raw.get("findings"), &found, &name);
        fields.extend(new.map(|new| ("findings", Some(Value::Array(new)))));
    } else if expected.names_findings() || expected.is_empty() {
        by_action(expected, outcome, raw, &name, &mut fields);
    }
    if let Some(list) = &expected.exempted {
        let found: Vec<&Observed> = outcome.exempted.iter().collect();
        let new = relisted(list, raw.get("exempted"), &found, &name);
        fields.extend(new.map(|new| ("exempted", Some(plain(new)))));
    }
    if let Some(names) = &expected.matched {
        let mut found: Vec<&str> = outcome.matched.iter().map(|policy| &*policy.name).collect();
        let mut wanted: Vec<&str> = names.iter().map(String::as_str).collect();
        found.sort_unstable();
        wanted.sort_unstable();
        if found != wanted {
            fields.insert("matched", Some(json!(found)));
        }
    }
    match (&expected.message, &outcome.message) {
        (Some(wanted), Some(found)) if wanted.matches(found) => {}
        (Some(_), found) => {
            fields.insert("message", found.as_deref().map(literal));
        }
        (None, _) => {}
    }
    if let Some(wanted) = &expected.warnings {
        let mut alone = Expectation { warnings: Some(wanted.clone()), ..Expectation::default() };
        if !compare(&alone, outcome).is_none() {
            let new: Vec<Value> =
                outcome.warnings.iter().map(|found| warning(found, wanted)).collect();
            alone.warnings = None;
            fields.insert("warnings", Some(json!(new)));
        }
    }
    if let Some(patched) = &expected.patched {
        let new: Map<String, Value> = patched
            .keys()
            .map(|path| {
                let place = pointer(path, &outcome.after);
                let found = place.and_then(|place| outcome.after.pointer(place.as_str()).cloned());
                (path.clone(), found.unwrap_or_default())
            })
            .collect();
        if new != *patched {
            fields.insert("patched", Some(Value::Object(new)));
        }
    }
    if expected.json_patch.as_ref().is_some_and(|patch| *patch != outcome.patch) {
        fields.insert("jsonPatch", Some(json!(outcome.patch)));
    }
    fields
}

/// The fields that name findings by what follows from them.
fn by_action(
    expected: &Expectation,
    outcome: &Outcome,
    raw: &Value,
    name: &dyn Fn(&Observed) -> String,
    fields: &mut Fields,
) {
    if outcome.found.is_empty() {
        let named = ACTIONS.into_iter().filter(|field| raw.get(field).is_some());
        let mut stale: Vec<&str> = Vec::new();
        for (field, list) in named.filter_map(|field| Some((field, raw.get(field)?))) {
            if list.as_array().is_none_or(|list| !list.is_empty()) {
                stale.push(field);
                fields.insert(field, None);
            }
        }
        if expected.is_empty() || !stale.is_empty() {
            fields.insert("clean", Some(json!(true)));
        }
        return;
    }
    if expected.clean.is_some() {
        fields.insert("clean", None);
    }
    let none = OneOrMany::default();
    for (_, field, list) in expected.by_action() {
        let found: Vec<&Observed> =
            outcome.found.iter().filter(|one| field_of(one) == field).collect();
        let list = list.unwrap_or(&none);
        match relisted(list, raw.get(field), &found, name) {
            Some(new) if new.is_empty() => drop(fields.insert(field, None)),
            Some(new) => drop(fields.insert(field, Some(plain(new)))),
            None => {}
        }
    }
}

/// A list with what is found: entries that are still right stay as they are written. None where it is right already.
fn relisted(
    list: &OneOrMany,
    raw: Option<&Value>,
    found: &[&Observed],
    name: &dyn Fn(&Observed) -> String,
) -> Option<Vec<Value>> {
    let written: Vec<Value> = match raw {
        Some(Value::Array(items)) => items.clone(),
        Some(one) => vec![one.clone()],
        None => Vec::new(),
    };
    let mut new = Vec::new();
    let mut named = vec![false; found.len()];
    for (one, raw) in list.0.iter().zip(&written) {
        let hits: Vec<usize> = (0..found.len()).filter(|&at| is_met(one, found[at])).collect();
        if hits.is_empty() {
            continue;
        }
        let mut kept = raw.clone();
        if one.count.is_some_and(|count| count != hits.len()) {
            kept["count"] = json!(hits.len());
        }
        new.push(kept);
        hits.into_iter().for_each(|at| named[at] = true);
    }
    for (observed, _) in found.iter().zip(named).filter(|(_, named)| !named) {
        let name = json!(name(observed));
        if !new.contains(&name) {
            new.push(name);
        }
    }
    (new != written).then_some(new)
}

/// The shortest name of a rule that is no other's.
fn short(found: &Observed, suite: &Suite) -> String {
    let policies = suite.rules.engine.policies().policies();
    let rules = policies.iter().flat_map(|policy| &policy.rules);
    match rules.filter(|rule| rule.name == found.rule).count() {
        0 | 1 => found.rule.to_string(),
        _ => format!("{}/{}", found.policy, found.rule),
    }
}

/// One entry without its list.
fn plain(mut list: Vec<Value>) -> Value {
    match list.len() {
        1 => list.swap_remove(0),
        _ => Value::Array(list),
    }
}

/// A text that is expected to the letter.
fn literal(text: &str) -> Value {
    if text.contains('*') { json!({"exact": text}) } else { json!(text) }
}

/// A warning as it was written where it is the one that was meant.
fn warning(found: &str, wanted: &[TextMatch]) -> Value {
    match wanted.iter().find(|wanted| wanted.matches(found)) {
        Some(TextMatch::Pattern(text)) => json!(text),
        Some(TextMatch::Contains(part)) => json!({"contains": part}),
        Some(TextMatch::Exact(_)) | None => literal(found),
    }
}
