//! Evaluation of checked expressions.
//!
//! Values and errors are those of cel-go. Each part costs what the cost tracker of cel-go counts for it
//! (interpreter/runtimecost.go) with the options that Kubernetes sets (pkg/cel/environment/base.go in
//! k8s.io/apiserver): what is constant is free, and so is the last step of `has()`. Evaluation goes as deep as the
//! expression, whose depth the parser bounds.

mod calls;
mod collections;
mod constants;
mod logic;
mod loops;

use super::ast::{Expr, Node};
use super::library::Regexes;
use super::library::standard::access;
use super::{Budget, EvalError, Value};

/// What the variables of an environment hold.
pub trait Bindings<'v> {
    /// The value of a variable, by its number in the environment. Whoever evaluates variables lazily keeps what came
    /// of it: this may be asked again and again. One unit is paid for the variable; a name with a dot
    /// (`variables.replicas`) costs another in Kubernetes, which is for this function to spend.
    ///
    /// # Errors
    /// Where the variable is an expression that came to no value, or nobody knows it.
    fn get(&self, slot: usize, budget: &mut Budget) -> Result<Value<'v>, EvalError>;
}

/// Evaluates a checked expression; `locals` is how many variables its comprehensions have together.
///
/// # Errors
/// Where it does not come to a value, or costs more than the budget has left.
pub fn evaluate_node<'v>(
    root: &'v Node,
    locals: usize,
    regexes: &dyn Regexes,
    bindings: &dyn Bindings<'v>,
    budget: &mut Budget,
) -> Result<Value<'v>, EvalError> {
    let locals = vec![Ok(Value::Null); locals];
    Evaluation { regexes, bindings, budget, locals, stack: Vec::new() }.eval(root)
}

struct Evaluation<'e, 'v> {
    regexes: &'e dyn Regexes,
    bindings: &'e dyn Bindings<'v>,
    budget: &'e mut Budget,
    /// Variables of comprehensions. What was gathered may be an error: `[0, 1].exists(x, 1 / x == 1)` holds.
    locals: Vec<Result<Value<'v>, EvalError>>,
    /// Arguments of calls under way.
    stack: Vec<Value<'v>>,
}

impl<'v> Evaluation<'_, 'v> {
    fn eval(&mut self, node: &'v Node) -> Result<Value<'v>, EvalError> {
        match &node.expr {
            Expr::Literal(literal) => Ok(constants::value(literal)),
            Expr::Variable(slot) => {
                self.budget.spend(1)?;
                self.bindings.get(*slot, self.budget)
            }
            Expr::Local(slot) => {
                self.budget.spend(1)?;
                self.local(*slot)
            }
            Expr::Type(named) => Ok(Value::Type(named.clone())),
            Expr::Select { operand, field, is_optional } => {
                self.select(operand, field, *is_optional)
            }
            Expr::Has { operand, field } => self.has(operand, field),
            Expr::Call { function, candidates, arguments } => {
                self.call(node, function, candidates, arguments)
            }
            Expr::And(left, right) => self.either(left, right, false),
            Expr::Or(left, right) => self.either(left, right, true),
            Expr::Conditional(parts) => self.conditional(parts),
            Expr::List(elements) => self.list(node, elements),
            Expr::Map { entries, type_name } => self.map(node, entries, type_name.is_some()),
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
        }
    }

    fn local(&self, slot: usize) -> Result<Value<'v>, EvalError> {
        match self.locals.get(slot) {
            Some(value) => value.clone(),
            None => Err(EvalError::Other(format!("there is no variable {slot}"))),
        }
    }

    /// What something is selected from; where it is no attribute, it becomes one for a unit.
    fn operand(&mut self, operand: &'v Node) -> Result<Value<'v>, EvalError> {
        if !is_attribute(operand) {
            self.budget.spend(1)?;
        }
        self.eval(operand)
    }

    fn select(
        &mut self,
        operand: &'v Node,
        field: &'v str,
        is_optional: bool,
    ) -> Result<Value<'v>, EvalError> {
        let operand = self.operand(operand)?;
        self.budget.spend(1)?;
        let found = match &operand {
            Value::Map(map) => map.field(field)?,
            Value::Optional(None) => return Ok(operand),
            // What is selected from an optional value is optional again.
            Value::Optional(Some(inner)) => {
                return optional(access::find(inner, &Value::from(field))?);
            }
            operand => access::find(operand, &Value::from(field))?,
        };
        if is_optional {
            return optional(found);
        }
        found.ok_or_else(|| access::missing(&operand, &Value::from(field)))
    }

    fn has(&mut self, operand: &'v Node, field: &'v str) -> Result<Value<'v>, EvalError> {
        // Kubernetes sets `PresenceTestHasCost(false)`: the test itself is free, not so what makes a value an attribute.
        let operand = self.operand(operand)?;
        let key = Value::from(field);
        let found = match &operand {
            Value::Map(map) => map.has(&key),
            Value::Optional(None) => false,
            Value::Optional(Some(inner)) => access::find(inner, &key)?.is_some(),
            operand => access::find(operand, &key)?.is_some(),
        };
        Ok(Value::Bool(found))
    }
}

/// An optional value, absent where nothing was found.
fn optional<'v>(found: Option<Value<'v>>) -> Result<Value<'v>, EvalError> {
    found.map_or(Ok(Value::none()), Value::some)
}

/// Whether cel-go plans it as an attribute: a variable and what is selected from it by names and indices.
fn is_attribute(node: &Node) -> bool {
    match &node.expr {
        Expr::Has { .. } | Expr::Conditional(_) => true,
        _ => is_path(node),
    }
}

/// An attribute that costs a unit for itself.
fn is_path(node: &Node) -> bool {
    match &node.expr {
        Expr::Variable(_) | Expr::Local(_) | Expr::Select { .. } => true,
        Expr::Call { function, .. } => matches!(*function, "_[_]" | "_[?_]"),
        _ => false,
    }
}

/// Whether an error ends the evaluation, whatever stands beside it.
fn is_final(error: &EvalError) -> bool {
    matches!(error, EvalError::CostExceeded { .. })
}

#[cfg(test)]
mod tests;
