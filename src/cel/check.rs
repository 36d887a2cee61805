//! Syntax trees become checked expressions.
//!
//! Source of the rules: github.com/google/cel-go/checker (checker.go, types.go), with the options that Kubernetes
//! sets: literals of lists and maps are of one type, numbers of different types are compared, types are optional
//! (`baseOpts` in k8s.io/apiserver/pkg/cel/environment/base.go).

mod aggregates;
mod calls;
mod folds;
mod literals;
mod names;
mod selections;
mod unify;

use super::CompileError;
use super::ast::{Expr, Literal, Node};
use super::environment::Environment;
use super::parse::{Kind, Syntax, Text};
use super::program::RegexCache;
use super::types::Type;
use unify::Unifier;

type Checked = Result<(Node, Type), CompileError>;

/// A checked expression.
pub(super) struct Outcome {
    pub(super) root: Node,
    pub(super) result: Type,
    pub(super) locals: usize,
    pub(super) regexes: RegexCache,
}

/// Checks an expression.
///
/// # Errors
/// The first fault.
pub(super) fn check(
    text: &Text<'_>,
    syntax: &Syntax,
    environment: &Environment,
) -> Result<Outcome, CompileError> {
    let mut checker = Checker {
        text,
        environment,
        scopes: Vec::new(),
        locals: 0,
        types: Unifier::default(),
        sameness: Vec::new(),
        mixed: 0,
        elements: Vec::new(),
        regexes: RegexCache::default(),
    };
    let (root, result) = checker.check(syntax)?;
    checker.check_sameness()?;
    Ok(Outcome {
        root,
        result: checker.types.finish(&result),
        locals: checker.locals,
        regexes: checker.regexes,
    })
}

struct Checker<'c> {
    text: &'c Text<'c>,
    environment: &'c Environment,
    /// Variables of comprehensions around: name, number and type.
    scopes: Vec<(Box<str>, usize, Type)>,
    locals: usize,
    types: Unifier,
    sameness: Vec<aggregates::Sameness>,
    /// Calls of `format()` around: what they are given may be of several types.
    mixed: usize,
    /// Types of the elements of the list that was checked last.
    elements: Vec<Type>,
    regexes: RegexCache,
}

impl Checker<'_> {
    fn check(&mut self, syntax: &Syntax) -> Checked {
        match &syntax.kind {
            Kind::Literal(literal) => Ok(self.literal(syntax, literal)),
            Kind::Name(name) => self.name(syntax, name),
            Kind::Select { .. } => self.select(syntax),
            Kind::Call { function, target, arguments } => {
                self.call(syntax, function, target.as_deref(), arguments)
            }
            Kind::List(items) => self.list(syntax, items),
            Kind::Map(entries) => self.map(syntax, entries),
            Kind::Message { name, fields } => self.message(syntax, name, fields),
            Kind::Comprehension(parts) => self.comprehension(syntax, parts),
        }
    }

    fn literal(&self, syntax: &Syntax, literal: &Literal) -> (Node, Type) {
        let known = match literal {
            Literal::Null => Type::Null,
            Literal::Bool(_) => Type::Bool,
            Literal::Int(_) => Type::Int,
            Literal::Uint(_) => Type::Uint,
            Literal::Double(_) => Type::Double,
            Literal::String(_) => Type::String,
            Literal::Bytes(_) => Type::Bytes,
        };
        (self.node(syntax.at, Expr::Literal(literal.clone())), known)
    }

    fn node(&self, at: u32, expr: Expr) -> Node {
        Node { position: self.text.position(at), expr }
    }

    fn mismatch(&self, at: u32, expected: &Type, found: &Type) -> CompileError {
        let message = format!(
            "expected type '{}' but found '{}'",
            self.types.finish(expected),
            self.types.finish(found)
        );
        self.text.error(at, message)
    }
}
