//! Calls of functions and operators.

use super::constants::{is_constant, value};
use super::logic::truth;
use super::{Evaluation, is_final, is_path, optional};
use crate::cel::ast::{Expr, Literal, Node};
use crate::cel::library::standard::access;
use crate::cel::library::{Machine, Overload};
use crate::cel::{EvalError, Value};

impl<'v> Evaluation<'_, 'v> {
    pub(super) fn call(
        &mut self,
        node: &'v Node,
        function: &'static str,
        candidates: &'v [&'static Overload],
        arguments: &'v [Node],
    ) -> Result<Value<'v>, EvalError> {
        match (function, arguments) {
            ("_[_]", [operand, key]) => return self.index(operand, key, false),
            ("_[?_]", [operand, key]) => return self.index(operand, key, true),
            ("or" | "orValue", [first, second]) => {
                if let Some(chosen) = self.first_of(function, first, second)? {
                    return Ok(chosen);
                }
            }
            ("@not_strictly_false", [condition]) => return self.not_strictly_false(condition),
            ("@in", [needle, Node { expr: Expr::List(elements), .. }]) => {
                let nodes = elements.iter().map(|element| &element.node);
                if elements.iter().all(|element| !element.is_optional)
                    && nodes.clone().all(is_scalar)
                {
                    return self.is_among(needle, nodes);
                }
            }
            _ => {}
        }
        let base = self.stack.len();
        let result = self.arguments(arguments).and_then(|()| {
            self.budget.begin();
            let arguments = self.stack.get(base..).unwrap_or_default();
            let overload = candidates.iter().find(|overload| fits(overload, arguments));
            let Some(overload) = overload else {
                return Err(EvalError::NoSuchOverload(function.to_owned()));
            };
            let mut machine = Machine { budget: self.budget, regexes: self.regexes };
            let result = (overload.call)(&mut machine, arguments);
            // Conversions of constants are free.
            if !(arguments.len() == 1 && is_constant(node)) {
                self.budget.settle()?;
            }
            result
        });
        self.stack.truncate(base);
        result
    }

    fn arguments(&mut self, arguments: &'v [Node]) -> Result<(), EvalError> {
        for argument in arguments {
            let value = self.eval(argument)?;
            self.stack.push(value);
        }
        Ok(())
    }

    fn index(
        &mut self,
        operand: &'v Node,
        key: &'v Node,
        is_optional: bool,
    ) -> Result<Value<'v>, EvalError> {
        let operand = self.operand(operand)?;
        // An attribute's own unit is that of the index.
        if !is_path(key) {
            self.budget.spend(1)?;
        }
        let key = self.eval(key)?;
        match &operand {
            Value::Optional(None) => Ok(operand),
            Value::Optional(Some(inner)) => optional(access::find(inner, &key)?),
            _ if is_optional => optional(access::find(&operand, &key)?),
            _ => access::find(&operand, &key)?.ok_or_else(|| access::missing(&operand, &key)),
        }
    }

    /// `first.or(second)` and `first.orValue(second)`: the second is evaluated where the first is absent; neither
    /// costs anything.
    fn first_of(
        &mut self,
        function: &str,
        first: &'v Node,
        second: &'v Node,
    ) -> Result<Option<Value<'v>>, EvalError> {
        self.budget.step(1)?;
        match self.eval(first)? {
            Value::Optional(Some(inner)) if function == "orValue" => Ok(Some((*inner).clone())),
            value @ Value::Optional(Some(_)) => Ok(Some(value)),
            Value::Optional(None) => match self.eval(second)? {
                value @ Value::Optional(_) => Ok(Some(value)),
                value if function == "orValue" => Ok(Some(value)),
                _ => Err(EvalError::NoSuchOverload(function.to_owned())),
            },
            _ => Err(EvalError::NoSuchOverload(function.to_owned())),
        }
    }

    /// Whether a comprehension goes on: unless what was gathered is false, or true for `exists`; errors go on too.
    fn not_strictly_false(&mut self, condition: &'v Node) -> Result<Value<'v>, EvalError> {
        let holds = match truth(self.eval(condition), "@not_strictly_false") {
            Err(error) if is_final(&error) => return Err(error),
            holds => holds.unwrap_or(true),
        };
        self.budget.spend(1)?;
        Ok(Value::Bool(holds))
    }

    /// `needle in ['a', 'b']`: cel-go looks into a set that it made beforehand, which costs nothing
    /// (`maybeOptimizeSetMembership` in interpreter/decorators.go); where the list is empty, not even the needle is looked at.
    fn is_among(
        &mut self,
        needle: &'v Node,
        nodes: impl ExactSizeIterator<Item = &'v Node>,
    ) -> Result<Value<'v>, EvalError> {
        if nodes.len() == 0 {
            return Ok(Value::Bool(false));
        }
        let needle = self.eval(needle)?;
        self.budget.step(nodes.len() as u64)?;
        for node in nodes {
            if let Expr::Literal(literal) = &node.expr
                && needle.equals(&value(literal), self.budget)?
            {
                return Ok(Value::Bool(true));
            }
        }
        Ok(Value::Bool(false))
    }
}

fn is_scalar(node: &Node) -> bool {
    matches!(&node.expr, Expr::Literal(literal) if !matches!(literal, Literal::Bytes(_)))
}

fn fits(overload: &Overload, arguments: &[Value<'_>]) -> bool {
    overload.arguments.len() == arguments.len()
        && overload.arguments.iter().zip(arguments).all(|(sig, argument)| argument.fits(*sig))
}
