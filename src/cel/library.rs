//! The functions of expressions: one table that the checker and the evaluator read.

mod cidr;
mod format;
pub(super) mod formatting;
mod ip;
mod jsonpatch;
mod lists;
mod quantity;
mod regex;
mod semver;
mod sets;
pub(super) mod standard;
mod strings;
mod support;
mod url;

use ::regex::Regex;

use super::types::Sig;
use super::value::Value;
use super::{Budget, EvalError};

/// All functions; those of one name may stand in several tables.
pub static TABLES: &[&[Function]] = &[
    standard::access::FUNCTIONS,
    standard::arithmetic::FUNCTIONS,
    standard::comparison::FUNCTIONS,
    standard::conversion::FUNCTIONS,
    standard::macros::FUNCTIONS,
    standard::optional::FUNCTIONS,
    standard::text::FUNCTIONS,
    standard::time::FUNCTIONS,
    cidr::FUNCTIONS,
    format::FUNCTIONS,
    formatting::FUNCTIONS,
    ip::FUNCTIONS,
    jsonpatch::FUNCTIONS,
    lists::FUNCTIONS,
    lists::more::FUNCTIONS,
    quantity::FUNCTIONS,
    regex::FUNCTIONS,
    semver::FUNCTIONS,
    sets::FUNCTIONS,
    strings::FUNCTIONS,
    url::FUNCTIONS,
];

/// All functions of a name.
pub fn find(name: &str) -> impl Iterator<Item = &'static Function> {
    TABLES.iter().flat_map(|table| table.iter()).filter(move |function| function.name == name)
}

/// A function or operator by name; operators have cel-go's names: `_+_`, `_[_]`, `@in`.
#[derive(Debug)]
pub struct Function {
    /// Name.
    pub name: &'static str,
    /// What it can be applied to.
    pub overloads: &'static [Overload],
}

/// One way in which a function can be applied.
#[derive(Debug)]
pub struct Overload {
    /// Whether the first argument stands before the dot: `text.startsWith('a')`.
    pub is_member: bool,
    /// Types of the arguments, that before the dot first.
    pub arguments: &'static [Sig],
    /// Type of the result.
    pub result: Sig,
    /// The function; it is called with values of these types.
    pub call: Call,
}

/// Applies a function to values.
pub type Call = for<'v> fn(&mut Machine<'_>, &[Value<'v>]) -> Result<Value<'v>, EvalError>;

/// What functions may use beside their arguments.
#[derive(Debug)]
pub struct Machine<'p> {
    /// What is left to spend. A function that spends something, if only 0, costs that; one that does not costs one unit.
    /// It is spent before memory is taken.
    pub budget: &'p mut Budget,
    /// Finds a regular expression that was compiled with the program, or compiles it, within bounds.
    pub regexes: &'p dyn Regexes,
}

/// Regular expressions by their text.
pub trait Regexes: std::fmt::Debug {
    /// Answers with a compiled one, and takes the steps of compiling it, where it was not yet, and of looking for it in
    /// a text of so many bytes.
    ///
    /// # Errors
    /// Where it is none, or too large; where the steps are taken.
    fn get(&self, pattern: &str, length: usize, budget: &mut Budget) -> Result<Regex, EvalError>;
}
