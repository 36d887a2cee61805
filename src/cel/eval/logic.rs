//! `&&`, `||` and `?:`.

use super::{Evaluation, is_final, is_path};
use crate::cel::ast::Node;
use crate::cel::{EvalError, Value};

impl<'v> Evaluation<'_, 'v> {
    /// `decisive` where one side is, whatever the other comes to; errors only where no side is.
    pub(super) fn either(
        &mut self,
        left: &'v Node,
        right: &'v Node,
        decisive: bool,
    ) -> Result<Value<'v>, EvalError> {
        self.budget.step(1)?;
        let function = if decisive { "_||_" } else { "_&&_" };
        let first = match truth(self.eval(left), function) {
            Ok(yes) if yes == decisive => return Ok(Value::Bool(decisive)),
            Err(error) if is_final(&error) => return Err(error),
            first => first,
        };
        match (first, truth(self.eval(right), function)) {
            (_, Ok(yes)) if yes == decisive => Ok(Value::Bool(decisive)),
            (_, Err(error)) if is_final(&error) => Err(error),
            // What is not known counts for more than what is wrong: were it known, it might decide.
            (Err(_), Err(error @ EvalError::Unknown(_))) => Err(error),
            (Err(error), _) | (Ok(_), Err(error)) => Err(error),
            (Ok(_), Ok(_)) => Ok(Value::Bool(!decisive)),
        }
    }

    pub(super) fn conditional(&mut self, parts: &'v [Node; 3]) -> Result<Value<'v>, EvalError> {
        let branch = self.branch(parts)?;
        if is_path(branch) { self.path_for_free(branch) } else { self.eval(branch) }
    }

    /// The branch that a condition chooses.
    pub(super) fn branch(&mut self, parts: &'v [Node; 3]) -> Result<&'v Node, EvalError> {
        self.budget.step(1)?;
        let [condition, yes, no] = parts;
        let holds = truth(self.eval(condition), "_?_:_")?;
        Ok(if holds { yes } else { no })
    }

    /// Where a condition chooses an attribute, the attribute's own unit is not counted.
    fn path_for_free(&mut self, path: &'v Node) -> Result<Value<'v>, EvalError> {
        self.budget.refund(1);
        self.eval(path)
    }
}

pub(super) fn truth(
    value: Result<Value<'_>, EvalError>,
    function: &str,
) -> Result<bool, EvalError> {
    match value? {
        Value::Bool(yes) => Ok(yes),
        _ => Err(EvalError::NoSuchOverload(function.to_owned())),
    }
}
