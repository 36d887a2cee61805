//! Expressions that are ready to be evaluated.

mod patterns;
mod regexes;
#[cfg(test)]
mod tests;

use super::ast::Node;
use super::environment::Environment;
use super::eval::{Bindings, evaluate_node};
use super::parse::{self, Text};
use super::types::Type;
use super::{Budget, CompileError, EvalError, Value, check};

pub use regexes::RegexCache;

/// An expression that was parsed and checked.
#[derive(Debug)]
pub struct Program {
    /// The expression.
    pub root: Node,
    /// How many variables its comprehensions have.
    pub locals: usize,
    /// The type of what it comes to.
    pub result: Type,
    /// Regular expressions: those that stand in it are compiled already.
    pub regexes: RegexCache,
}

impl Program {
    /// Parses and checks an expression.
    ///
    /// `expected` are the types that it may come to; none means any. As in Kubernetes, a value that is known only when
    /// the expression is evaluated is no truth value and no text: `dyn` is expected only where it is named
    /// (`CompileCELExpression` in k8s.io/apiserver/pkg/admission/plugin/cel/compile.go).
    ///
    /// # Errors
    /// Where it is no expression, speaks of what is not there, applies what cannot be applied, is of another type, or
    /// is larger or deeper than expressions may be.
    pub fn compile(
        source: &str,
        environment: &Environment,
        expected: &[Type],
    ) -> Result<Self, CompileError> {
        let text = Text::new(source);
        let syntax = parse::parse(&text)?;
        let outcome = check::check(&text, &syntax, environment)?;
        if !expected.is_empty() && !expected.contains(&outcome.result) {
            let names: Vec<String> = expected.iter().map(ToString::to_string).collect();
            let one_of = if names.len() > 1 { "one of " } else { "" };
            let message =
                format!("must evaluate to {one_of}{} but got {}", names.join(", "), outcome.result);
            return Err(text.error(0, message));
        }
        Ok(Self {
            root: outcome.root,
            locals: outcome.locals,
            result: outcome.result,
            regexes: outcome.regexes,
        })
    }

    /// Evaluates the expression.
    ///
    /// # Errors
    /// Where it does not come to a value, or costs more than the budget has left.
    pub fn evaluate<'v>(
        &'v self,
        bindings: &dyn Bindings<'v>,
        budget: &mut Budget,
    ) -> Result<Value<'v>, EvalError> {
        evaluate_node(&self.root, self.locals, &self.regexes, bindings, budget)
    }
}
