//! What a case expects beside what came of it, line by line.

use std::collections::BTreeSet;

use serde_json::Value;

use super::expectation::{Expectation, FindingMatch, OneOrMany, TextMatch};
use super::run::{Observed, Outcome};
use crate::pointer::Pointer;

/// Two texts of a few lines each: what was expected and what is. They are equal where the case passes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// The lines that were expected.
    pub expected: Vec<String>,
    /// The lines as they are.
    pub actual: Vec<String>,
}

impl Difference {
    /// Whether there is none.
    pub fn is_none(&self) -> bool {
        self.expected == self.actual
    }

    fn both(&mut self, field: &str, expected: String, actual: String) {
        let lines = |text: &str| -> Vec<String> {
            format!("{field}: {text}").lines().map(str::to_owned).collect()
        };
        self.expected.extend(lines(&expected));
        self.actual.extend(lines(&actual));
    }

    fn same(&mut self, field: &str, text: &str) {
        self.both(field, text.to_owned(), text.to_owned());
    }
}

/// Compares, field by field in the order in which they are documented.
pub(super) fn compare(expected: &Expectation, outcome: &Outcome) -> Difference {
    let mut difference = Difference::default();
    if let Some(allowed) = expected.allows() {
        difference.both("allow", allowed.to_string(), outcome.allowed.to_string());
    }
    if expected.clean == Some(true) {
        let is_clean = outcome.found.is_empty() && outcome.patch.is_empty();
        difference.both("clean", "true".to_owned(), is_clean.to_string());
    }
    findings(expected, outcome, &mut difference);
    if let Some(OneOrMany(list)) = &expected.exempted {
        let found: Vec<&Observed> = outcome.exempted.iter().collect();
        let pairs = list.iter().map(|one| ("exempted", one));
        list_findings(pairs.collect(), &found, |_| "exempted", true, &mut difference);
    }
    if let Some(names) = &expected.matched {
        let text = |names: BTreeSet<&str>| match names.is_empty() {
            true => "none".to_owned(),
            false => names.into_iter().collect::<Vec<_>>().join(", "),
        };
        let wanted = names.iter().map(String::as_str).collect();
        let found = outcome.matched.iter().map(|policy| &*policy.name).collect();
        difference.both("matched", text(wanted), text(found));
    }
    if let Some(message) = &expected.message {
        match &outcome.message {
            Some(found) if message.matches(found) => difference.same("message", found),
            Some(found) => difference.both("message", message.to_string(), found.clone()),
            None => difference.both("message", message.to_string(), "none".to_owned()),
        }
    }
    if let Some(warnings) = &expected.warnings {
        texts("warning", warnings, &outcome.warnings, &mut difference);
    }
    for (path, value) in expected.patched.iter().flatten() {
        let found = pointer(path, &outcome.after);
        let found = found.and_then(|found| outcome.after.pointer(found.as_str()));
        let found = found.unwrap_or(&Value::Null);
        difference.both(path, value.to_string(), found.to_string());
    }
    if let Some(patch) = &expected.json_patch {
        let lines = |patch: &[Value]| -> Vec<String> {
            patch.iter().map(|operation| format!("jsonPatch: {operation}")).collect()
        };
        difference.expected.extend(lines(patch));
        difference.actual.extend(lines(&outcome.patch));
    }
    difference
}

fn findings(expected: &Expectation, outcome: &Outcome, difference: &mut Difference) {
    let found: Vec<&Observed> = outcome.found.iter().collect();
    let mut pairs: Vec<(&str, &FindingMatch)> = Vec::new();
    for (_, field, list) in expected.by_action() {
        pairs.extend(list.into_iter().flat_map(|list| &list.0).map(|one| (field, one)));
    }
    pairs.extend(expected.findings.iter().flat_map(|list| &list.0).map(|one| ("finding", one)));
    let field = |one: &Observed| field_of(one);
    list_findings(pairs, &found, field, expected.names_findings(), difference);
}

/// The field of a case that names findings like this one.
pub(super) fn field_of(one: &Observed) -> &'static str {
    use crate::policy::Action;
    match one.action {
        Action::Deny => "deny",
        Action::Warn => "warn",
        Action::Patch => "patch",
        Action::Audit => "audit",
    }
}

fn list_findings(
    expected: Vec<(&str, &FindingMatch)>,
    found: &[&Observed],
    field_of: impl Fn(&Observed) -> &'static str,
    complete: bool,
    difference: &mut Difference,
) {
    let mut named = vec![false; found.len()];
    for (field, one) in expected {
        let hits: Vec<usize> = (0..found.len())
            .filter(|&at| {
                let observed = found[at];
                (field == "finding" || field_of(observed) == field) && is_met(one, observed)
            })
            .collect();
        for &at in &hits {
            named[at] = true;
        }
        let said = said(one);
        match one.count {
            None if hits.is_empty() => difference.expected.push(format!("{field}: {said}")),
            Some(count) if count != hits.len() => {
                difference.both(
                    field,
                    said.clone(),
                    said.replace(&times(count), &times(hits.len())),
                );
            }
            _ => difference.same(field, &said),
        }
    }
    if !complete {
        return;
    }
    for (observed, _) in found.iter().zip(named).filter(|(_, named)| !named) {
        difference.actual.push(format!("{}: {}", field_of(observed), in_full(observed)));
    }
}

/// Whether a finding is one that is expected.
pub(super) fn is_met(expected: &FindingMatch, found: &Observed) -> bool {
    let same = |wanted: &Option<String>, found: Option<&str>| {
        wanted.as_deref().is_none_or(|wanted| Some(wanted) == found)
    };
    let at_path = |path: &String| path == found.path.as_str() || *path == found.path.field_path();
    same(&expected.policy, Some(&*found.policy))
        && same(&expected.rule, Some(&*found.rule))
        && same(&expected.container, found.container.as_deref())
        && same(&expected.exemption, found.exemption.as_deref())
        && expected.action.is_none_or(|action| action == found.action)
        && expected.path.as_ref().is_none_or(at_path)
        && expected.message.as_ref().is_none_or(|message| message.matches(&found.message))
}

fn times(count: usize) -> String {
    format!(" ({count} times)")
}

/// An expected finding, as it was named.
fn said(one: &FindingMatch) -> String {
    let mut text = match (&one.policy, &one.rule) {
        (Some(policy), Some(rule)) => format!("{policy}/{rule}"),
        (Some(policy), None) => format!("any rule of {policy}"),
        (None, Some(rule)) => rule.clone(),
        (None, None) => "any rule".to_owned(),
    };
    let action = one.action.map(|action| action.name());
    let parts = [
        ("action", action),
        ("container", one.container.as_deref()),
        ("path", one.path.as_deref()),
        ("by exemption", one.exemption.as_deref()),
    ];
    for (name, part) in parts {
        text.extend(part.map(|part| format!(", {name} {part}")));
    }
    text.extend(one.message.as_ref().map(|message| format!(": {message}")));
    text.extend(one.count.map(times));
    text
}

/// A finding that nobody expected, with all that is known of it.
pub(super) fn in_full(found: &Observed) -> String {
    let Observed { policy, rule, container, path, message, exemption, .. } = found;
    let mut text = format!("{policy}/{rule}");
    text.extend(container.as_ref().map(|container| format!(", container {container}")));
    let path = path.field_path();
    if !path.is_empty() {
        text.push_str(&format!(", path {path}"));
    }
    text.extend(exemption.as_ref().map(|exemption| format!(", by exemption {exemption}")));
    format!("{text}: {message}")
}

fn texts(field: &str, expected: &[TextMatch], found: &[String], difference: &mut Difference) {
    let mut named = vec![false; found.len()];
    for one in expected {
        let hit = (0..found.len()).find(|&at| !named[at] && one.matches(&found[at]));
        match hit {
            Some(at) => {
                named[at] = true;
                difference.same(field, &found[at]);
            }
            None => difference.expected.push(format!("{field}: {one}")),
        }
    }
    for (text, _) in found.iter().zip(named).filter(|(_, named)| !named) {
        difference.actual.push(format!("{field}: {text}"));
    }
}

/// The place in an object that a path names: a JSON pointer, or `spec.containers[app].env[0]["x.y/z"]`; what stands
/// in brackets is a number, a key, or the name of an item. None where the path leads nowhere.
pub(super) fn pointer(path: &str, object: &Value) -> Option<Pointer> {
    if path.is_empty() || path.starts_with('/') {
        return Some(Pointer::new(path));
    }
    let mut found = Pointer::default();
    for step in steps(path)? {
        let at = object.pointer(found.as_str())?;
        let named = |items: &Vec<Value>| {
            items.iter().position(|item| item.get("name").and_then(Value::as_str) == Some(&step))
        };
        match at {
            Value::Array(items) if step.parse::<usize>().is_err() => found.push(named(items)?),
            _ => found.push(&step),
        }
    }
    Some(found)
}

/// The steps of a path; none where a bracket is never closed.
fn steps(path: &str) -> Option<Vec<String>> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix("[\"") {
            let (step, after) = inner.split_once("\"]")?;
            steps.push(step.to_owned());
            rest = after;
        } else if let Some(inner) = rest.strip_prefix('[') {
            let (step, after) = inner.split_once(']')?;
            steps.push(step.to_owned());
            rest = after;
        } else {
            rest = rest.strip_prefix('.').unwrap_or(rest);
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (step, after) = rest.split_at(end);
            steps.push(step.to_owned());
            rest = after;
        }
    }
    Some(steps)
}
