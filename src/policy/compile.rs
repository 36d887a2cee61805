//! Policies compiled into what the engine runs.

use std::sync::Arc;

use serde_json::Value;

use super::action::Action;
use super::conflicts::{Conflict, conflicts};
use super::document::{API_VERSION, KIND, PodPolicy, RuleHead};
use super::matching::Matcher;
use crate::decode::{DecodeError, decode, nearest};
use crate::pointer::Pointer;
use crate::rules::{Compiled, Origin, RULES, RuleKind};

/// What is wrong with a policy. The pointer starts at the policy's own object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{}: {message}", .policy.as_ref().map(|name| format!("policy {name}: ")).unwrap_or_default(), .pointer.field_path())]
pub struct PolicyError {
    /// Which of the given objects, from 0.
    pub index: usize,
    /// Name of the policy, where it has one.
    pub policy: Option<String>,
    /// Where.
    pub pointer: Pointer,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

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

/// A compiled policy.
#[derive(Debug)]
pub struct CompiledPolicy {
    /// Name.
    pub name: Arc<str>,
    /// Description, in its author's words.
    pub description: Option<String>,
    /// The pods it is about.
    pub matcher: Matcher,
    /// Its rules in the order they are written.
    pub rules: Vec<CompiledRule>,
}

/// All policies in force, sorted by name so that the order they came in does not matter.
#[derive(Debug, Default)]
pub struct PolicySet {
    policies: Vec<CompiledPolicy>,
    conflicts: Vec<Conflict>,
}

impl PolicySet {
    /// Compiles PodPolicy objects.
    ///
    /// # Errors
    /// Every error in every policy, in the order of the objects.
    pub fn compile(objects: &[&Value]) -> Result<Self, Vec<PolicyError>> {
        let mut errors = Vec::new();
        let mut policies: Vec<CompiledPolicy> = Vec::new();
        for (index, object) in objects.iter().enumerate() {
            match CompiledPolicy::compile(object) {
                Ok(policy) if policies.iter().any(|other| other.name == policy.name) => {
                    errors.push(PolicyError {
                        index,
                        policy: Some(policy.name.to_string()),
                        pointer: Pointer::new("/metadata/name"),
                        message: format!("there are two policies called `{}`", policy.name),
                        help: Some("rename one of them".to_owned()),
                    });
                }
                Ok(policy) => policies.push(policy),
                Err(found) => {
                    let name = object.pointer("/metadata/name").and_then(Value::as_str);
                    errors.extend(found.into_iter().map(|error| PolicyError {
                        index,
                        policy: name.map(str::to_owned),
                        pointer: error.pointer,
                        message: error.message,
                        help: error.help,
                    }));
                }
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        policies.sort_by(|a, b| a.name.cmp(&b.name));
        let conflicts = conflicts(&policies);
        Ok(Self { policies, conflicts })
    }

    /// The policies, by name.
    pub fn policies(&self) -> &[CompiledPolicy] {
        &self.policies
    }

    /// Rules that want different values for one field, and which of them has its way.
    pub fn conflicts(&self) -> &[Conflict] {
        &self.conflicts
    }
}

impl CompiledPolicy {
    fn compile(object: &Value) -> Result<Self, Vec<DecodeError>> {
        let written: PodPolicy = decode(object).map_err(|error| vec![error])?;
        let mut errors = Vec::new();
        for (field, value, wanted) in
            [("apiVersion", &written.api_version, API_VERSION), ("kind", &written.kind, KIND)]
        {
            if value != wanted {
                errors.push(DecodeError {
                    pointer: Pointer::default().join(field),
                    message: format!("this is `{value}`, not `{wanted}`"),
                    help: Some(format!("a policy has apiVersion {API_VERSION} and kind {KIND}")),
                });
            }
        }
        if written.metadata.name.is_empty() {
            errors.push(DecodeError {
                pointer: Pointer::new("/metadata/name"),
                message: "a policy needs a name".to_owned(),
                help: None,
            });
        }
        let matcher = written
            .spec
            .matching
            .as_ref()
            .map(Matcher::compile)
            .unwrap_or_else(|| Ok(Matcher::default()));
        let matcher = matcher
            .map_err(|found| {
                errors.extend(found.into_iter().map(|error| error.below("match").below("spec")))
            })
            .unwrap_or_default();
        let mut rules: Vec<CompiledRule> = Vec::new();
        if written.spec.rules.is_empty() {
            errors.push(DecodeError {
                pointer: Pointer::new("/spec/rules"),
                message: "a policy needs at least one rule".to_owned(),
                help: None,
            });
        }
        for (index, entry) in written.spec.rules.iter().enumerate() {
            let place = |error: DecodeError| error.below(index).below("rules").below("spec");
            match CompiledRule::compile(entry, &written.metadata.name) {
                Ok(rule) if rules.iter().any(|other| other.name == rule.name) => {
                    errors.push(place(DecodeError {
                        pointer: Pointer::new("/name"),
                        message: format!("there are two rules called `{}`", rule.name),
                        help: Some("rename one of them".to_owned()),
                    }));
                }
                Ok(rule) => rules.push(rule),
                Err(error) => errors.push(place(error)),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Self {
            name: written.metadata.name.into(),
            description: written.spec.description,
            matcher,
            rules,
        })
    }
}

impl CompiledRule {
    fn compile(entry: &Value, policy: &str) -> Result<Self, DecodeError> {
        let head: RuleHead = decode(entry)?;
        let otherwise = head.otherwise.unwrap_or(Action::Warn);
        let refused = |field: &str, message: &str, help: &str| DecodeError {
            pointer: Pointer::default().join(field),
            message: message.to_owned(),
            help: Some(help.to_owned()),
        };
        if head.name.is_empty() {
            return Err(refused("name", "a rule needs a name", "findings are reported under it"));
        }
        if otherwise == Action::Patch {
            return Err(refused(
                "otherwise",
                "`otherwise` says what happens where patching is not possible, so it cannot be Patch",
                "use Deny, Warn or Audit",
            ));
        }
        if head.otherwise.is_some() && head.action != Action::Patch {
            return Err(refused(
                "otherwise",
                "`otherwise` has a meaning only beside `action: Patch`",
                "remove it, or set `action: Patch`",
            ));
        }
        let kind = kind_of(entry)?;
        if head.action == Action::Patch && kind.meta.fix.is_none() {
            return Err(DecodeError {
                pointer: Pointer::new("/action"),
                message: format!("`{}` has no fix, so it cannot patch", kind.meta.name),
                help: Some("use Deny, Warn or Audit".to_owned()),
            });
        }
        let settings = &entry[kind.meta.name];
        let origin = Origin { policy, rule: &head.name };
        let rule = kind.compile(settings, &origin).map_err(|error| error.below(kind.meta.name))?;
        Ok(Self { name: head.name.into(), kind, action: head.action, otherwise, rule })
    }
}

/// The one rule kind an entry names.
fn kind_of(entry: &Value) -> Result<&'static RuleKind, DecodeError> {
    let keys: Vec<&str> =
        entry.as_object().into_iter().flat_map(|map| map.keys()).map(String::as_str).collect();
    let mut found: Option<&'static RuleKind> = None;
    for key in keys.into_iter().filter(|key| !RuleHead::KEYS.contains(key)) {
        let names = RuleHead::KEYS.into_iter().chain(RULES.iter().map(|kind| kind.meta.name));
        let Some(kind) = RuleKind::find(key) else {
            return Err(DecodeError {
                pointer: Pointer::default().join(key),
                message: format!("unknown field `{key}`"),
                help: nearest(key, names),
            });
        };
        if let Some(other) = found {
            return Err(DecodeError {
                pointer: Pointer::default().join(key),
                message: format!(
                    "an entry holds one rule, and this one holds `{}` and `{key}`",
                    other.meta.name
                ),
                help: Some("make two entries of it".to_owned()),
            });
        }
        found = Some(kind);
    }
    found.ok_or_else(|| DecodeError {
        pointer: Pointer::default(),
        message: "the entry names no rule".to_owned(),
        help: Some(format!(
            "add one of: {}",
            RULES.iter().map(|kind| kind.meta.name).collect::<Vec<_>>().join(", ")
        )),
    })
}
