//! Expressions of policies, compiled.

use std::sync::Arc;

use super::needs::{Needs, parts};
use crate::cel::ast::Node;
use crate::cel::{CompileError, Environment, Program, Type};
use crate::decode::DecodeError;
use crate::pointer::Pointer;

/// Bytes that an expression may have.
pub const MAX_EXPRESSION: u32 = 16 * 1024;

/// An expression and its text.
#[derive(Debug)]
pub struct Expression {
    source: String,
    program: Program,
    needs: Needs,
}

impl Expression {
    /// Compiles an expression that comes to one of these types; none means any.
    ///
    /// # Errors
    /// Where it is none, or speaks of what is not known.
    pub fn compile(
        source: &str,
        environment: &Environment,
        expected: &[Type],
    ) -> Result<Self, DecodeError> {
        let refuse = |message: String, help: Option<String>| DecodeError {
            pointer: Pointer::default(),
            message,
            help,
        };
        if source.trim().is_empty() {
            return Err(refuse("the expression is empty".to_owned(), None));
        }
        if source.len() > MAX_EXPRESSION as usize {
            let message = format!(
                "the expression has {} bytes, and {MAX_EXPRESSION} are the most",
                source.len()
            );
            return Err(refuse(message, Some("move parts of it into variables".to_owned())));
        }
        let compiled = Program::compile(source, environment, expected).and_then(|program| {
            let needs = Needs::of_expression(&program.root)?;
            Ok(Self { source: source.trim().to_owned(), program, needs })
        });
        compiled.map_err(|error| {
            let CompileError { help, .. } = &error;
            let help = if error.message.contains("authorizer") {
                Some(
                    "what the API server allows a user is not asked here: use a \
                     ValidatingAdmissionPolicy for that"
                        .to_owned(),
                )
            } else {
                help.clone()
            };
            refuse(error.to_string(), help)
        })
    }

    /// Compiles an expression that comes to a list of JSONPatch, in an environment that makes patches.
    ///
    /// # Errors
    /// As [`Self::compile`].
    pub fn compile_patch(source: &str, environment: &Environment) -> Result<Self, DecodeError> {
        let operation = environment.message("JSONPatch").map_or(Type::Dyn, Type::Object);
        Self::compile(source, environment, &[Type::List(Arc::new(operation))])
    }

    /// Shows every part of it.
    pub fn walk<'e>(&'e self, see: &mut dyn FnMut(&'e Node)) {
        fn go<'e>(node: &'e Node, see: &mut dyn FnMut(&'e Node)) {
            see(node);
            parts(node).into_iter().for_each(|part| go(part, see));
        }
        go(&self.program.root, see);
    }

    /// Its text, without white space around it.
    pub fn source(&self) -> &str {
        &self.source
    }

    pub(super) fn program(&self) -> &Program {
        &self.program
    }

    pub(super) fn needs(&self) -> &Needs {
        &self.needs
    }
}

/// The variables of a policy, in their order, and the slot of the first.
#[derive(Debug, Default)]
pub struct Variables {
    first: usize,
    variables: Vec<Expression>,
}

impl Variables {
    /// None yet, for those that an environment gets from now on.
    pub fn after(environment: &Environment) -> Self {
        Self { first: environment.variables().len(), variables: Vec::new() }
    }

    /// Compiles one more, which expressions after it may use as `variables.NAME`.
    ///
    /// # Errors
    /// As [`Expression::compile`].
    pub fn add(
        &mut self,
        name: &str,
        source: &str,
        environment: &mut Environment,
    ) -> Result<(), DecodeError> {
        let expression = Expression::compile(source, environment, &[])?;
        environment.add(format!("variables.{name}"), expression.program.result.clone());
        self.variables.push(expression);
        Ok(())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.variables.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.variables.is_empty()
    }

    pub(super) fn at(&self, slot: usize) -> Option<usize> {
        slot.checked_sub(self.first).filter(|at| *at < self.variables.len())
    }

    pub(super) fn get(&self, at: usize) -> Option<&Expression> {
        self.variables.get(at)
    }
}
