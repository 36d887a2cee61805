//! What changes from one set of policies to another, as JSON.

use schemars::JsonSchema;
use serde::Serialize;

use crate::policy::Action;
use crate::survey::comparison::{Cases, Change, Changed, Comparison};
use crate::tally::Owner;

/// What changes from one set of policies to another.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Comparison")]
pub struct Compared<'c> {
    /// Pods that were judged by both.
    pods: u64,
    /// Those that something changes for.
    changed: u64,
    /// Those that would be refused and were not.
    newly_denied: u64,
    /// Those whose verdict changes, the gravest first.
    verdicts: Vec<Verdict<'c>>,
    /// Those that get another patch, though the verdict stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    patches: Option<Pods<'c>>,
    /// What changes for the pods of each owner, by namespace, kind and name; those of owners that are not told apart
    /// come last.
    owners: Vec<Object<'c>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ComparedOwner")]
struct Object<'c> {
    /// Its namespace.
    namespace: &'c str,
    /// The owner; absent where owners are not told apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<Named<'c>>,
    /// Pods that something changes for.
    pods: u64,
    /// Those whose verdict changes, the gravest first.
    verdicts: Vec<Verdict<'c>>,
    /// Those that get another patch, though the verdict stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    patches: Option<Pods<'c>>,
    /// The rules that make the difference.
    rules: Vec<Rule<'c>>,
    /// How often rules make it that are not told apart.
    #[serde(skip_serializing_if = "is_zero")]
    other_rules: u64,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Named<'c> {
    /// `apiVersion`; absent for what is no object of Kubernetes, such as a DAG.
    #[serde(skip_serializing_if = "str::is_empty")]
    api_version: &'c str,
    /// Kind.
    kind: &'c str,
    /// Name.
    name: &'c str,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ChangedVerdict")]
struct Verdict<'c> {
    /// By the old policies: `denied`, `warned`, `audited`, `patched`, `warned and patched`, `audited and patched` or
    /// `allowed`.
    from: String,
    /// By the new ones.
    to: String,
    #[serde(flatten)]
    pods: Pods<'c>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ComparedPods")]
struct Pods<'c> {
    /// How many there are.
    count: u64,
    /// One of them, the last.
    pod: &'c str,
    /// What the gravest rule says that makes the difference for it.
    #[serde(skip_serializing_if = "str::is_empty")]
    message: &'c str,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ChangedRule")]
struct Rule<'c> {
    /// Name of the policy.
    policy: &'c str,
    /// Name of the rule in it.
    rule: &'c str,
    /// What it did: `Deny`, `Warn`, `Patch` or `Audit`; null where it found nothing.
    from: Option<&'static str>,
    /// What it does.
    to: Option<&'static str>,
    /// In how many pods.
    count: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// The comparison as the key `comparison` of the JSON format holds it.
pub fn json(comparison: &Comparison) -> Compared<'_> {
    let owners = comparison.by_owner();
    let owners =
        owners.into_iter().map(|(namespace, owner, changed)| object(namespace, owner, changed));
    Compared {
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
