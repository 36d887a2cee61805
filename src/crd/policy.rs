//! PodPolicy: what it holds comes from the rules and from `match`, so that a new rule or field is here by itself.

use schemars::JsonSchema;
use serde_json::{Map, Value, json};

use super::{Resource, column, condition, reason, status, structural, wide};
use crate::policy::Action;
use crate::policy::conditions::{MAX_CONDITIONS, MatchCondition};
use crate::policy::document::{KIND, MAX_RULES, Match};
use crate::policy::rule::DEFAULT_ACTION;
use crate::rules::{RULES, RuleKind};

pub(super) fn resource() -> Resource {
    Resource {
        kind: KIND,
        plural: "podpolicies",
        singular: "podpolicy",
        short_name: "podpol",
        description: "PodPolicy says which rules hold for which pods, and what happens where they do not.",
        spec: spec(),
        status: status::schema(
            "Ready says whether the policy, as it is written now, is in force. Where it is False, the message says what is wrong with it, and the version that was in force before still is.",
        ),
        columns: vec![
            condition("Ready"),
            reason(),
            wide(column("Description", "string", ".spec.description")),
        ],
    }
}

/// What the policy asks, and of which pods.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "only its schema is used")]
struct Spec {
    /// What the policy is for, in its author's words.
    description: Option<String>,
    /// The pods the policy is about. All that is given must hold. What is absent holds for every pod.
    #[schemars(rename = "match")]
    matches: Option<Match>,
    /// CEL expressions that must all hold of a pod that `match` matches, as in a webhook configuration. Where one cannot be
    /// evaluated and none is false, that is a finding with the gravest action of the policy.
    #[schemars(length(max = MAX_CONDITIONS), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    match_conditions: Option<Vec<MatchCondition>>,
    /// The rules, one or more. Each has a name of its own and holds exactly one rule kind.
    #[schemars(length(min = 1, max = MAX_RULES), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    rules: Vec<Entry>,
}

/// One rule: its name, what happens where a pod does not meet it, and its settings under the name of its kind.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct Entry {
    /// The name in findings, logs and metrics. No two rules of a policy have the same.
    #[schemars(length(min = 1))]
    name: String,
    /// What happens where a pod does not meet the rule.
    #[serde(default = "default_action")]
    action: Action,
    /// What happens where patching does not help, beside `action: Patch` only: there is no fix, it would break
    /// something else, or a later webhook took it back. Absent: `Warn`.
    otherwise: Option<Otherwise>,
}

fn default_action() -> Action {
    DEFAULT_ACTION
}

/// [`Action`] without `Patch`.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
enum Otherwise {
    /// It is recorded, and nobody is told.
    Audit,
    /// The user is warned; the pod is taken.
    Warn,
    /// The request is refused.
    Deny,
}

fn spec() -> Value {
    let mut spec = structural::of::<Spec>();
    let entry = &mut spec["properties"]["rules"]["items"];
    if let Some(Value::Object(properties)) = entry.get_mut("properties") {
        properties.extend(RULES.iter().map(|kind| (kind.meta.name.to_owned(), settings(kind))));
    }
    entry["x-kubernetes-validations"] = validations();
    spec
}

/// The settings of a rule, with what the rule is for.
fn settings(kind: &RuleKind) -> Value {
    let schema = (kind.schema)(&mut structural::generator());
    let mut schema = structural::structural(Value::from(schema));
    let fix = match &kind.meta.fix {
        Some(fix) => format!("The fix, beside `action: Patch`, {}.", fix.summary),
        None => "It has no fix, so its action is Deny, Warn or Audit.".to_owned(),
    };
    schema["description"] = json!(format!("{} {fix}", kind.meta.summary));
    schema
}

/// What the compiler would say of an entry as a whole.
fn validations() -> Value {
    let names: Vec<_> = RULES.iter().map(|kind| kind.meta.name).collect();
    let held: Vec<_> = names.iter().map(|name| format!("has(self.{name})")).collect();
    let count = format!("[{}].filter(held, held).size()", held.join(", "));
    let validation = |rule: String, message: String, field: &str| {
        let mut validation = Map::from_iter([
            ("rule".to_owned(), json!(rule)),
            ("message".to_owned(), json!(message)),
        ]);
        if !field.is_empty() {
            validation.insert("fieldPath".to_owned(), json!(field));
        }
        Value::Object(validation)
    };
    let mut all = vec![
        validation(
            format!("{count} > 0"),
            format!("the entry names no rule; add one of: {}", names.join(", ")),
            "",
        ),
        validation(
            format!("{count} < 2"),
            "an entry holds one rule, and this one holds several; make an entry of each".to_owned(),
            "",
        ),
        validation(
            "!has(self.otherwise) || (has(self.action) && self.action == 'Patch')".to_owned(),
            "`otherwise` has a meaning only beside `action: Patch`; remove it, or set `action: Patch`"
                .to_owned(),
            ".otherwise",
        ),
    ];
    for kind in RULES.iter().filter(|kind| kind.meta.fix.is_none()) {
        let name = kind.meta.name;
        all.push(validation(
            format!("!has(self.{name}) || !has(self.action) || self.action != 'Patch'"),
            format!("`{name}` has no fix, so it cannot patch; use Deny, Warn or Audit"),
            ".action",
        ));
    }
    Value::Array(all)
}
