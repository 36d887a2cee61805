//! Text becomes a syntax tree.
//!
//! The parser is our own. That of the `cel` crate needs a hundred kilobytes of stack for each level of brackets, so
//! that a dozen levels end the process, and its faster one forgets where in the text things stand.
//!
//! Source of the grammar: github.com/google/cel-go/parser/gen/CEL.g4; of what it means: cel-spec's doc/langdef.md.

mod grammar;
mod lexer;
mod literals;
mod macros;
mod member;
mod syntax;
#[cfg(test)]
mod tests;
mod text;

pub(super) use syntax::{Comprehension, Entry, Field, Item, Kind, Syntax};
pub(super) use text::Text;

use super::CompileError;

/// Unicode code points that an expression may have (`expressionSizeCodePointLimit` in cel-go's parser/options.go). Of
/// each, less than ten nodes can come: this bounds the number of nodes as well.
pub const MAX_LENGTH: usize = 100_000;

/// Levels that an expression may be nested, operators in a row included, but for `&&` and `||`
/// (`maxRecursionDepth` in cel-go's parser/options.go, which counts each kind of nesting on its own). It bounds the
/// stack of everything that walks over an expression.
pub const MAX_DEPTH: u16 = 250;

/// Brackets, arguments among them, that may stand in one another. A debug build needs some twelve kilobytes of stack for
/// each, and a thread has two megabytes; Kubernetes takes about twice as many.
pub const MAX_BRACKETS: u16 = 100;

/// Reads an expression.
///
/// # Errors
/// Where it is none, or too long or nested too deep.
pub(super) fn parse(text: &Text<'_>) -> Result<Syntax, CompileError> {
    let source = text.source();
    if source.len() > MAX_LENGTH && source.chars().count() > MAX_LENGTH {
        let mut error =
            text.error(0, format!("the expression is longer than {MAX_LENGTH} characters"));
        error.help = Some("let variables hold parts of it".to_owned());
        return Err(error);
    }
    grammar::Parser::new(text, lexer::tokens(text)?).parse()
}
