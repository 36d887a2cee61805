//! What changes from one set of policies to another.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use crate::policy::Action;
use crate::survey::comparison::{Cases, Change, Changed, Comparison};
use crate::tally::Owner;

/// Owners that the text names; JSON names all.
const MAX_TOLD: usize = 50;

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output<'c> {
    pods: u64,
    changed: u64,
    newly_denied: u64,
    verdicts: Vec<Verdict<'c>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patches: Option<Pods<'c>>,
    owners: Vec<Object<'c>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Object<'c> {
    namespace: &'c str,
    #[serde(flatten)]
    owner: Option<Named<'c>>,
    pods: u64,
    verdicts: Vec<Verdict<'c>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patches: Option<Pods<'c>>,
    rules: Vec<Rule<'c>>,
    #[serde(skip_serializing_if = "is_zero")]
    other_rules: u64,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Named<'c> {
    #[serde(skip_serializing_if = "str::is_empty")]
    api_version: &'c str,
    kind: &'c str,
    name: &'c str,
}

#[derive(Serialize, JsonSchema)]
struct Verdict<'c> {
    from: String,
    to: String,
    #[serde(flatten)]
    pods: Pods<'c>,
}

#[derive(Serialize, JsonSchema)]
struct Pods<'c> {
    count: u64,
    /// One of them.
    pod: &'c str,
    #[serde(skip_serializing_if = "str::is_empty")]
    message: &'c str,
}

#[derive(Serialize, JsonSchema)]
struct Rule<'c> {
    policy: &'c str,
    rule: &'c str,
    from: Option<&'static str>,
    to: Option<&'static str>,
    count: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// The comparison as the key `comparison` of the JSON format holds it.
pub(super) fn json(comparison: &Comparison) -> Output<'_> {
    let owners = comparison.by_owner();
    let owners =
        owners.into_iter().map(|(namespace, owner, changed)| object(namespace, owner, changed));
    Output {
        pods: comparison.pods,
        changed: comparison.total.pods,
        newly_denied: comparison.newly(Action::Deny),
        verdicts: verdicts(&comparison.total),
        patches: comparison.total.patches.as_ref().map(pods),
        owners: owners.collect(),
    }
}

fn object<'c>(namespace: &'c str, owner: Option<&'c Owner>, changed: &'c Changed) -> Object<'c> {
    let rules = changed.rules().into_iter().map(|(rule, count)| Rule {
        policy: &rule.policy,
        rule: &rule.rule,
        from: rule.from.map(Action::name),
        to: rule.to.map(Action::name),
        count,
    });
    Object {
        namespace,
        owner: owner.map(|owner| Named {
            api_version: &owner.api_version,
            kind: &owner.kind,
            name: &owner.name,
        }),
        pods: changed.pods,
        verdicts: verdicts(changed),
        patches: changed.patches.as_ref().map(pods),
        rules: rules.collect(),
        other_rules: changed.other_rules,
    }
}

fn verdicts(changed: &Changed) -> Vec<Verdict<'_>> {
    let verdict = |(change, cases): (Change, _)| Verdict {
        from: change.from.to_string(),
        to: change.to.to_string(),
        pods: pods(cases),
    };
    changed.verdicts().into_iter().map(verdict).collect()
}

fn pods(cases: &Cases) -> Pods<'_> {
    Pods { count: cases.count, pod: &cases.example.name, message: &cases.example.message }
}

/// Writes the comparison for people: the sum, then the owners for whose pods something changes.
///
/// # Errors
/// When `out` cannot be written.
pub fn text(comparison: &Comparison, out: &mut dyn Write) -> io::Result<()> {
    let Comparison { pods, total, .. } = comparison;
    let plural = if *pods == 1 { "" } else { "s" };
    writeln!(out, "compared {pods} pod{plural} by the old and the new policies: {}", sum(total))?;
    let owners = comparison.by_owner();
    for (namespace, owner, changed) in owners.iter().take(MAX_TOLD) {
        match owner {
            Some(owner) => writeln!(out, "\n{} {namespace}/{}", owner.kind, owner.name)?,
            None => writeln!(out, "\nother owners in namespace {namespace}")?,
        }
        for (change, cases) in changed.verdicts() {
            writeln!(out, "  {} -> {}: {}", change.from, change.to, example(cases))?;
        }
        if let Some(cases) = &changed.patches {
            writeln!(out, "  another patch: {}", example(cases))?;
        }
        for (rule, count) in changed.rules() {
            let name = |action: Option<Action>| action.map_or("nothing", Action::name);
            let (policy, from, to) = (&rule.policy, name(rule.from), name(rule.to));
            writeln!(out, "    by {policy}/{}: {from} -> {to} ({count})", rule.rule)?;
        }
        if changed.other_rules > 0 {
            writeln!(out, "    by other rules ({})", changed.other_rules)?;
        }
    }
    if let Some(more) = owners.len().checked_sub(MAX_TOLD).filter(|more| *more > 0) {
        writeln!(out, "\nand {more} more owners; --format json names them all")?;
    }
    Ok(())
}

fn sum(total: &Changed) -> String {
    let changes = total.verdicts();
    let mut parts: Vec<String> = changes
        .iter()
        .map(|(change, cases)| format!("{} {} -> {}", cases.count, change.from, change.to))
        .collect();
    parts.extend(total.patches.as_ref().map(|cases| format!("{} patched otherwise", cases.count)));
    if parts.is_empty() { "nothing changes".to_owned() } else { parts.join(", ") }
}

fn example(cases: &Cases) -> String {
    let Cases { count, example } = cases;
    let plural = if *count == 1 { "" } else { "s" };
    let why =
        if example.message.is_empty() { String::new() } else { format!(": {}", example.message) };
    format!("{count} pod{plural}, such as {}{why}", example.name)
}
