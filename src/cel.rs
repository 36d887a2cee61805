//! CEL, the Common Expression Language, as Kubernetes speaks it in its admission policies.
//!
//! Source: k8s.io/apiserver/pkg/cel (environment, libraries, limits), github.com/google/cel-go (language).

pub mod ast;
mod check;
pub mod cost;
pub mod environment;
pub mod eval;
pub mod library;
mod parse;
pub mod program;
pub mod scene;
pub mod schema;
pub mod types;
pub mod value;

pub use cost::Budget;
pub use environment::Environment;
pub use eval::{Bindings, evaluate_node};
pub use parse::{MAX_BRACKETS, MAX_DEPTH, MAX_LENGTH};
pub use program::Program;
pub use types::Type;
pub use value::Value;

/// An expression that did not come to a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvalError {
    /// A map or an object has no such key.
    #[error("no such key: {0}")]
    NoSuchKey(String),
    /// No overload of a function takes such values; type checking leaves this to values of unknown type.
    #[error("no such overload: {0}")]
    NoSuchOverload(String),
    /// The expression cost more than it may.
    #[error("the expression costs more than {limit} units and was stopped")]
    CostExceeded {
        /// The limit.
        limit: u64,
    },
    /// What expressions may cost together is spent, and not by this one alone.
    #[error(
        "the expressions of {whose} cost more than {limit} units together; this one was stopped, and others before it spent most of them"
    )]
    BudgetSpent {
        /// Whose budget: `the policy`, `all policies`.
        whose: &'static str,
        /// All of it.
        limit: u64,
    },
    /// Whether it holds cannot be told at this door: it knows no user, or no namespace.
    #[error("{0} is not known here")]
    Unknown(&'static str),
    /// Anything else, as cel-go words it: `division by zero`, `index out of bounds: 5`.
    #[error("{0}")]
    Other(String),
}

/// A place in an expression.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Character in the line, from 1.
    pub column: u32,
}

/// What is wrong with an expression before it is evaluated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} (line {}, character {})", .position.line, .position.column)]
pub struct CompileError {
    /// What is wrong.
    pub message: String,
    /// Where.
    pub position: Position,
    /// What to do, where that is known.
    pub help: Option<String>,
}
