//! `matchConditions`: expressions that must hold of a pod beside `match`.
//!
//! Source: KEP-3716; `Match` in k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions/matcher.go.

use std::collections::HashSet;

use schemars::JsonSchema;
use serde::Deserialize;

use super::fields::Fields;
use crate::cel::scene::{Expression, MAX_EXPRESSION, Scene, Setting, Variables};
use crate::cel::{Environment, EvalError, Type, Value};
use crate::decode::DecodeError;
use crate::label;
use crate::pod::view::Pod;
use crate::pointer::Pointer;

/// Conditions that a policy may have, as many as the API server takes (`ValidateMatchConditionsLimit`).
pub(crate) const MAX_CONDITIONS: usize = 64;

/// A condition that a pod must meet.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct MatchCondition {
    /// Name, unique in the policy; messages name it.
    #[schemars(length(min = 1, max = 63))]
    pub name: String,
    /// A CEL expression that comes to true or false. It sees `object`, `oldObject`, `request` and `namespaceObject`.
    #[schemars(length(min = 1, max = MAX_EXPRESSION))]
    pub expression: String,
}

/// Compiled conditions.
#[derive(Debug, Default)]
pub struct Conditions {
    written: Vec<MatchCondition>,
    expressions: Vec<Expression>,
    variables: Variables,
}

/// What comes of conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All hold.
    Hold,
    /// One does not.
    Fail,
    /// None is known not to hold, and one hangs on what this door does not know.
    Undecided,
    /// None is known not to hold, and one came to no value: which, and why.
    Failed(String),
}

impl Outcome {
    /// Whether the policy counts as being about the pod.
    pub const fn may_hold(&self) -> bool {
        matches!(self, Self::Hold | Self::Failed(_))
    }
}

impl Conditions {
    /// Reads and compiles the field `matchConditions` of a spec.
    pub(super) fn read(fields: &mut Fields<'_>) -> Self {
        let Some(written) = fields.optional::<Vec<MatchCondition>>("matchConditions") else {
            return Self::default();
        };
        if written.len() > MAX_CONDITIONS {
            let message = format!(
                "these are {} conditions, and a policy has {MAX_CONDITIONS} at most",
                written.len()
            );
            fields.refuse("matchConditions", message, "join some with `&&`");
            return Self::default();
        }
        let environment = Environment::admission(None);
        let mut names = HashSet::new();
        let mut expressions = Vec::with_capacity(written.len());
        for (at, condition) in written.iter().enumerate() {
            let mut refuse = |error: DecodeError| {
                fields.errors.push(error.below(at).below("matchConditions"));
            };
            if let Some(error) = wrong_name(&condition.name, names.insert(&condition.name)) {
                refuse(error);
            }
            match Expression::compile(&condition.expression, &environment, &[Type::Bool]) {
                Ok(expression) => expressions.push(expression),
                Err(error) => refuse(error.below("expression")),
            }
        }
        Self { written, expressions, variables: Variables::default() }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.expressions.is_empty()
    }

    /// The conditions as they are written.
    pub fn written(&self) -> &[MatchCondition] {
        &self.written
    }

    /// Evaluates the conditions on a pod: one that does not hold decides, whatever becomes of the others.
    pub fn evaluate(&self, pod: &Pod<'_>, setting: &Setting<'_>) -> Outcome {
        if self.is_empty() {
            return Outcome::Hold;
        }
        let object = pod.source.tree(setting.namespace());
        let scene = Scene::new(setting, object, None, &self.variables);
        let (mut failed, mut unknown) = (None, false);
        for (condition, expression) in self.written.iter().zip(&self.expressions) {
            match scene.evaluate(expression) {
                Ok(Value::Bool(true)) => {}
                Ok(Value::Bool(false)) => return Outcome::Fail,
                Ok(_) => {
                    failed = failed.or(Some((condition, "it came to no truth value".to_owned())));
                }
                Err(EvalError::Unknown(_)) => unknown = true,
                Err(error) => failed = failed.or(Some((condition, error.to_string()))),
            }
        }
        match failed {
            // With what is not known, the condition in question might not hold, and then it decides: an error of another
            // is no finding yet.
            _ if unknown => Outcome::Undecided,
            Some((condition, why)) => Outcome::Failed(format!(
                "the match condition `{}` of the policy could not be evaluated: {why}",
                condition.name
            )),
            None => Outcome::Hold,
        }
    }
}

fn wrong_name(name: &str, is_new: bool) -> Option<DecodeError> {
    let (message, help) = if name.is_empty() {
        ("a condition needs a name".to_owned(), "messages name it")
    } else if name.chars().count() > 63 {
        ("the name has more than 63 characters".to_owned(), "shorten it")
    } else if let Err(error) = label::validate_key(name) {
        // `validateMatchCondition` in k8s.io/kubernetes/pkg/apis/admissionregistration/validation asks for such a name.
        (format!("the name is no qualified name: {error}"), "write it like not-on-the-host")
    } else if !is_new {
        (format!("there are two conditions called `{name}`"), "rename one of them")
    } else {
        return None;
    };
    Some(DecodeError { pointer: Pointer::new("/name"), message, help: Some(help.to_owned()) })
}
