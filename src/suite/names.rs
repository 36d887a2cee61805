//! Names of rules and policies that a case expects and that nothing has: no pod can meet such a case.

use serde_json::Value;

use super::cases::{Planned, place};
use super::expectation::{FindingMatch, OneOrMany};
use super::read::Suite;
use crate::decode::{DecodeError, nearest};
use crate::pointer::Pointer;
use crate::policy::CompiledPolicy;

/// The names in a case that are no rule's and no policy's, each with its place in the suite.
pub(super) fn unknown(suite: &Suite, case: &Planned) -> Vec<DecodeError> {
    let policies: Vec<&CompiledPolicy> =
        suite.rules.engine.policies().policies().iter().map(AsRef::as_ref).collect();
    let raw = suite.document.value.pointer(place(case.index).as_str()).unwrap_or(&Value::Null);
    let expected = &case.expected;
    let lists = expected.by_action().map(|(_, field, list)| (field, list));
    let more = [("findings", expected.findings.as_ref()), ("exempted", expected.exempted.as_ref())];
    let mut errors = Vec::new();
    for (field, list) in lists.into_iter().chain(more) {
        for (at, one) in list.into_iter().flat_map(|OneOrMany(list)| list).enumerate() {
            if let Some((part, message, help)) = wrong(one, &policies) {
                let pointer = written(raw, case.index, field, at, part);
                errors.push(DecodeError { pointer, message, help });
            }
        }
    }
    for (at, name) in expected.matched.iter().flatten().enumerate() {
        if !policies.iter().any(|policy| *policy.name == **name) {
            errors.push(DecodeError {
                pointer: written(raw, case.index, "matched", at, ""),
                message: format!("no policy is called `{name}`"),
                help: nearest(name, policies.iter().map(|policy| &*policy.name)),
            });
        }
    }
    errors
}

/// What is wrong with the names of a finding: in which part of its long form, in which words, with which advice.
fn wrong(
    one: &FindingMatch,
    policies: &[&CompiledPolicy],
) -> Option<(&'static str, String, Option<String>)> {
    let rules = |policy: &&CompiledPolicy| -> Vec<String> {
        policy.rules.iter().map(|rule| rule.name.to_string()).collect()
    };
    let near = |name: &str, known: Vec<String>| nearest(name, known.iter().map(String::as_str));
    let named = |name: &str| policies.iter().find(|policy| *policy.name == *name);
    match (&one.policy, &one.rule) {
        (Some(policy), rule) => match (named(policy), rule) {
            (Some(found), Some(rule)) if !rules(found).contains(rule) => {
                let whole = |rule: String| match one.short {
                    true => format!("{policy}/{rule}"),
                    false => rule,
                };
                let known = rules(found).into_iter().map(whole).collect();
                let message = format!("no rule of the policy `{policy}` is called `{rule}`");
                Some(("rule", message, near(&whole(rule.clone()), known)))
            }
            (Some(_), _) => None,
            (None, Some(rule)) if one.short => {
                let whole = format!("{policy}/{rule}");
                let message = format!("no rule is called `{whole}`: there is no such policy");
                let with = |found: &&&CompiledPolicy| rules(found).contains(rule);
                let known: Vec<String> = (policies.iter().filter(with))
                    .map(|policy| format!("{}/{rule}", policy.name))
                    .collect();
                let help = match known.as_slice() {
                    [] => near(policy, policies.iter().map(|one| one.name.to_string()).collect()),
                    [one] => Some(format!("did you mean `{one}`?")),
                    several => Some(format!("known here: `{}`", several.join("`, `"))),
                };
                Some(("policy", message, help))
            }
            (None, _) => {
                let known = policies.iter().map(|policy| policy.name.to_string()).collect();
                let message = format!("no policy is called `{policy}`");
                Some(("policy", message, near(policy, known)))
            }
        },
        (None, Some(rule)) => {
            let known: Vec<String> = policies.iter().flat_map(rules).collect();
            let message = format!("no rule is called `{rule}`");
            (!known.contains(rule)).then(|| ("rule", message, near(rule, known)))
        }
        (None, None) => None,
    }
}

/// Where a name stands: alone, in a list, in a map, or in the matrix.
fn written(raw: &Value, index: usize, field: &str, at: usize, part: &str) -> Pointer {
    let Some(value) = raw.get(field) else { return place(index).join("matrix").join(field) };
    let (value, pointer) = match value {
        Value::Array(list) => (list.get(at), place(index).join(field).join(at)),
        one => (Some(one), place(index).join(field)),
    };
    if value.is_some_and(Value::is_object) { pointer.join(part) } else { pointer }
}
