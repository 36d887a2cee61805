//! A rule entry of a policy, compiled.

use std::sync::Arc;

use serde_json::Value;

use super::action::Action;
use super::fields::Fields;
use crate::decode::DecodeError;
use crate::rules::{Compiled, Origin, RULES, RuleKind};

/// A compiled rule of a policy.
#[derive(Debug)]
pub struct CompiledRule {
    /// Name in the policy.
    pub name: Arc<str>,
    /// Which rule it is.
    pub kind: &'static RuleKind,
    /// What an unmet requirement does.
    pub action: Action,
    /// What happens where a patch is not possible or was undone.
    pub otherwise: Action,
    /// The rule.
    pub rule: Box<dyn Compiled>,
}

/// The fields of an entry that are not rule kinds.
const HEAD: [&str; 3] = ["name", "action", "otherwise"];
/// What an unmet requirement does where the entry does not say.
pub(crate) const DEFAULT_ACTION: Action = Action::Warn;
/// What happens where a patch is not possible and the entry does not say.
const DEFAULT_OTHERWISE: Action = Action::Warn;

impl CompiledRule {
    /// What happens where nothing is patched.
    pub fn action_unpatched(&self) -> Action {
        if self.action == Action::Patch { self.otherwise } else { self.action }
    }

    /// Compiles an entry of `rules`.
    ///
    /// # Errors
    /// Everything that is wrong with it, pointing from the entry on.
    pub(super) fn compile(entry: &Value, policy: &str) -> Result<Self, Vec<DecodeError>> {
        let mut fields = Fields::of(entry, "a rule").map_err(|error| vec![error])?;
        let known: Vec<_> =
            HEAD.into_iter().chain(RULES.iter().map(|kind| kind.meta.name)).collect();
        fields.only(&known);
        let name: Option<String> =
            fields.required("name", "findings are reported under the rule's name");
        if name.as_deref() == Some("") {
            fields.refuse("name", "a rule needs a name", "findings are reported under it");
        }
        let action = fields.optional::<Action>("action").unwrap_or(DEFAULT_ACTION);
        let otherwise = fields.optional::<Action>("otherwise");
        check_otherwise(&mut fields, action, otherwise);
        let has_unknown =
            fields.errors.iter().any(|error| error.message.starts_with("unknown field"));
        let kind = kind_of(entry, &mut fields, has_unknown);
        let name = name.unwrap_or_default();
        let rule = kind.and_then(|kind| {
            if action == Action::Patch && kind.meta.fix.is_none() {
                let message = format!("`{}` has no fix, so it cannot patch", kind.meta.name);
                fields.refuse("action", message, "use Deny, Warn or Audit");
            }
            settings(entry, kind, &Origin { policy, rule: &name })
                .map_err(|error| fields.errors.push(error.below(kind.meta.name)))
                .ok()
        });
        match (kind, rule) {
            (Some(kind), Some(rule)) if fields.errors.is_empty() => Ok(Self {
                name: name.into(),
                kind,
                action,
                otherwise: otherwise.unwrap_or(DEFAULT_OTHERWISE),
                rule,
            }),
            _ => Err(fields.errors),
        }
    }
}

fn check_otherwise(fields: &mut Fields<'_>, action: Action, otherwise: Option<Action>) {
    match otherwise {
        Some(Action::Patch) => fields.refuse(
            "otherwise",
            "`otherwise` says what happens where patching is not possible, so it cannot be Patch",
            "use Deny, Warn or Audit",
        ),
        Some(_) if action != Action::Patch => fields.refuse(
            "otherwise",
            "`otherwise` has a meaning only beside `action: Patch`",
            "remove it, or set `action: Patch`",
        ),
        _ => {}
    }
}

/// The one rule kind an entry names. Where a field is unknown, that was the one that was meant.
fn kind_of(entry: &Value, fields: &mut Fields<'_>, has_unknown: bool) -> Option<&'static RuleKind> {
    let mut named = RULES.iter().filter(|kind| entry.get(kind.meta.name).is_some());
    let Some(first) = named.next() else {
        if !has_unknown {
            let all: Vec<_> = RULES.iter().map(|kind| kind.meta.name).collect();
            fields.errors.push(DecodeError {
                pointer: Default::default(),
                message: "the entry names no rule".to_owned(),
                help: Some(format!("add one of: {}", all.join(", "))),
            });
        }
        return None;
    };
    for other in named {
        let [first, other] = [first, other].map(|kind| kind.meta.name);
        let message =
            format!("an entry holds one rule, and this one holds `{first}` and `{other}`");
        fields.refuse(other, message, "make two entries of it");
    }
    Some(first)
}

fn settings(
    entry: &Value,
    kind: &'static RuleKind,
    origin: &Origin<'_>,
) -> Result<Box<dyn Compiled>, DecodeError> {
    let name = kind.meta.name;
    let settings = entry.get(name).unwrap_or(&Value::Null);
    Fields::of(settings, &format!("`{name}`")).map_err(|error| DecodeError {
        help: Some(format!("write `{name}: {{}}` for the settings by default")),
        ..error
    })?;
    kind.compile(settings, origin)
}
