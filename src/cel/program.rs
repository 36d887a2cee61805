//! Expressions that are ready to be evaluated.

use super::ast::Node;
use super::environment::Environment;
use super::types::Type;
use super::{CompileError, Position};

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

/// The regular expressions of a program.
#[derive(Debug, Default)]
pub struct RegexCache {}

impl Program {
    /// Parses and checks an expression.
    ///
    /// `expected` are the types that it may come to; none means any.
    ///
    /// # Errors
    /// Where it is no expression, speaks of what is not there, applies what cannot be applied, is of another type, or
    /// is larger or deeper than expressions may be.
    pub fn compile(
        source: &str,
        environment: &Environment,
        expected: &[Type],
    ) -> Result<Self, CompileError> {
        let _ = (source, environment, expected);
        Err(CompileError {
            message: "not yet".to_owned(),
            position: Position::default(),
            help: None,
        })
    }
}
