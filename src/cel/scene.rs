//! What expressions about a pod see, and what they may cost together.
//!
//! Everything is made when the first expression asks for it, and once per decision.

mod expression;
mod needs;
mod request;

use std::cell::{Cell, OnceCell};

pub use expression::{Expression, MAX_EXPRESSION, Variables};
use needs::Needs;
use request::{namespace_value, request_value};

use super::cost::{PER_EXPRESSION, PER_POLICY};
use super::eval::{Bindings, evaluate_node};
use super::{Budget, Environment, EvalError, Value};
use crate::json::Tree;
use crate::pod::kinds::PodKind;
use crate::pod::source::Source;
use crate::request::Attributes;

/// The cost that all expressions of all policies may have in one decision, whatever the number of policies. The API
/// server has no such bound, but it does not answer from a webhook's deadline either.
pub const PER_DECISION: u64 = 2 * PER_POLICY;

/// What stays the same through one decision.
#[derive(Clone, Debug)]
pub struct Setting<'r> {
    request: &'r Attributes<'r>,
    kind: &'static PodKind,
    old_object: OnceCell<Tree<'static>>,
    request_object: OnceCell<Tree<'static>>,
    namespace_object: OnceCell<Tree<'static>>,
    spent: Cell<u64>,
    spent_by_policy: Cell<u64>,
    unknown: Cell<Option<&'static str>>,
}

impl<'r> Setting<'r> {
    /// Of a request about an object of this kind.
    pub fn new(request: &'r Attributes<'r>, kind: &'static PodKind) -> Self {
        Self {
            request,
            kind,
            old_object: OnceCell::new(),
            request_object: OnceCell::new(),
            namespace_object: OnceCell::new(),
            spent: Cell::new(0),
            spent_by_policy: Cell::new(0),
            unknown: Cell::new(None),
        }
    }

    /// Starts with another policy, whose expressions have a budget of their own.
    pub fn next_policy(&self) {
        self.spent_by_policy.set(0);
    }

    /// Takes note that something could not be told at this door, and what was lacking.
    pub fn lacks(&self, what: &'static str) {
        self.unknown.set(Some(what));
    }

    /// What was lacking since this was asked last.
    pub fn take_unknown(&self) -> Option<&'static str> {
        self.unknown.take()
    }

    /// The namespace of the request.
    pub fn namespace(&self) -> &'r str {
        self.request.namespace
    }

    /// What is left for one expression, and the error where that is not what an expression may cost.
    fn budget(&self) -> (Budget, EvalError) {
        let of_policy = PER_POLICY.saturating_sub(self.spent_by_policy.get());
        let of_decision = PER_DECISION.saturating_sub(self.spent.get());
        let spent = if PER_EXPRESSION <= of_policy.min(of_decision) {
            EvalError::CostExceeded { limit: PER_EXPRESSION }
        } else if of_policy <= of_decision {
            EvalError::BudgetSpent { whose: "the policy", limit: PER_POLICY }
        } else {
            EvalError::BudgetSpent { whose: "all policies", limit: PER_DECISION }
        };
        (Budget::new(PER_EXPRESSION.min(of_policy).min(of_decision)), spent)
    }

    fn spend(&self, units: u64) {
        self.spent.set(self.spent.get().saturating_add(units));
        self.spent_by_policy.set(self.spent_by_policy.get().saturating_add(units));
    }

    fn old_object(&self) -> &Tree<'static> {
        self.old_object.get_or_init(|| {
            let null = || Tree::from(&serde_json::Value::Null);
            let old = self.request.old_object;
            old.map_or_else(null, |old| Source::new(old, self.kind).tree(self.namespace()).clone())
        })
    }

    fn request_object(&self) -> &Tree<'static> {
        self.request_object.get_or_init(|| Tree::from(&request_value(self.request, self.kind)))
    }

    fn namespace_object(&self) -> &Tree<'static> {
        self.namespace_object.get_or_init(|| Tree::from(&namespace_value(self.request)))
    }

    /// What of `needs` this door does not know.
    fn lacking(&self, needs: &Needs) -> Option<&'static str> {
        let user = self.request.user.as_ref();
        if needs.user && user.is_none() {
            Some("the user of the request")
        } else if needs.user_details && user.is_none_or(|user| user.whole.is_none()) {
            Some("the uid and the extra fields of the user")
        } else if needs.options && self.request.options.is_none() {
            Some("the options of the request")
        } else if needs.labels && self.request.facts.labels.is_none() {
            Some("the labels of the namespace")
        } else {
            None
        }
    }
}

/// What the expressions of one policy see.
pub struct Scene<'v> {
    setting: &'v Setting<'v>,
    object: &'v Tree<'v>,
    params: Option<&'v Tree<'v>>,
    variables: &'v Variables,
    known: Vec<OnceCell<Result<Value<'v>, EvalError>>>,
    unknown: Cell<Option<&'static str>>,
}

impl<'v> Scene<'v> {
    /// Of a pod, with constants and variables of the policy.
    pub fn new(
        setting: &'v Setting<'v>,
        object: &'v Tree<'v>,
        params: Option<&'v Tree<'v>>,
        variables: &'v Variables,
    ) -> Self {
        let known = (0..variables.len()).map(|_| OnceCell::new()).collect();
        Self { setting, object, params, variables, known, unknown: Cell::new(None) }
    }

    /// Evaluates an expression within what is left of the budgets.
    ///
    /// # Errors
    /// Where it does not come to a value; [`EvalError::Unknown`] where that hangs on something that this door does not
    /// know.
    pub fn evaluate(&self, expression: &'v Expression) -> Result<Value<'v>, EvalError> {
        let (mut budget, spent) = self.setting.budget();
        self.unknown.set(None);
        let found = self.evaluate_within(expression, &mut budget);
        let found = found.map_err(|error| blame(error, spent));
        self.setting.spend(budget.worked());
        // Another error may have come first, but with what is not known there might have been none.
        match (found, self.unknown.get()) {
            (Err(_), Some(what)) => Err(EvalError::Unknown(what)),
            (found, _) => found,
        }
    }

    /// A value as JSON, paid for like an expression.
    ///
    /// # Errors
    /// Where JSON cannot say it, or it is too large.
    pub fn to_json(&self, value: &Value<'v>) -> Result<serde_json::Value, EvalError> {
        let (mut budget, spent) = self.setting.budget();
        let found = value.to_json(&mut budget);
        self.setting.spend(budget.worked());
        found.map_err(|error| blame(error, spent))
    }

    fn evaluate_within(
        &self,
        expression: &'v Expression,
        budget: &mut Budget,
    ) -> Result<Value<'v>, EvalError> {
        let program = expression.program();
        let within = Within { scene: self, needs: expression.needs() };
        evaluate_node(&program.root, program.locals, &program.regexes, &within, budget)
    }
}

/// Says whose budget it was that an expression found spent.
fn blame(error: EvalError, spent: EvalError) -> EvalError {
    match error {
        EvalError::CostExceeded { limit } if limit < PER_EXPRESSION => spent,
        error => error,
    }
}

/// An expression of a scene: what it needs decides what is told to it.
struct Within<'s, 'v> {
    scene: &'s Scene<'v>,
    needs: &'s Needs,
}

impl<'v> Bindings<'v> for Within<'_, 'v> {
    fn get(&self, slot: usize, budget: &mut Budget) -> Result<Value<'v>, EvalError> {
        let scene = self.scene;
        let setting = scene.setting;
        match slot {
            Environment::OBJECT => return Value::from_tree(scene.object),
            Environment::OLD_OBJECT => return Value::from_tree(setting.old_object()),
            Environment::REQUEST | Environment::NAMESPACE_OBJECT => {
                let needs = self.needs.of(slot);
                if let Some(what) = setting.lacking(&needs) {
                    scene.unknown.set(Some(what));
                    return Err(EvalError::Unknown(what));
                }
                let tree = match slot {
                    Environment::REQUEST => setting.request_object(),
                    _ => setting.namespace_object(),
                };
                return Value::from_tree(tree);
            }
            _ => {}
        }
        let Some(at) = scene.variables.at(slot) else {
            let params = scene.params.ok_or(EvalError::Unknown("the parameter"))?;
            return Value::from_tree(params);
        };
        let (Some(variable), Some(known)) = (scene.variables.get(at), scene.known.get(at)) else {
            return Err(EvalError::Unknown("the variable"));
        };
        // Variables speak of earlier ones alone, so none is asked for while it is evaluated.
        let before = scene.unknown.take();
        let found = known.get_or_init(|| {
            let found = scene.evaluate_within(variable, budget);
            match (found, scene.unknown.get()) {
                (Err(_), Some(what)) => Err(EvalError::Unknown(what)),
                (found, _) => found,
            }
        });
        let lacking = match found {
            Err(EvalError::Unknown(what)) => Some(*what),
            _ => before,
        };
        scene.unknown.set(lacking);
        found.clone()
    }
}
