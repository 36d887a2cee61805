//! Evaluation of checked expressions.

use super::ast::Node;
use super::library::Regexes;
use super::{Budget, EvalError, Value};

/// What the variables of an environment hold.
pub trait Bindings<'v> {
    /// The value of a variable, by its number in the environment. Whoever evaluates variables lazily keeps what came
    /// of it: this may be asked again and again.
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
    let _ = (root, locals, regexes, bindings, budget);
    Err(EvalError::Unknown("evaluation"))
}
