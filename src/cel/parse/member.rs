//! Words become a tree: values, and what follows a dot or a bracket.

use super::grammar::Parser;
use super::lexer::Kind as Word;
use super::literals::{self, Fault};
use super::macros;
use super::syntax::{Entry, Field, Item, Kind, Syntax};
use crate::cel::CompileError;
use crate::cel::ast::Literal;

type Parsed = Result<Syntax, CompileError>;

/// Words that cannot be names of variables (cel-spec's doc/langdef.md).
const RESERVED: [&str; 17] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

impl Parser<'_, '_> {
    /// A value and the selections, calls and indices that follow it.
    pub(super) fn member(&mut self) -> Parsed {
        let mut value = self.primary()?;
        loop {
            if self.take(".").is_some() {
                value = self.select(value)?;
            } else if let Some(at) = self.take("[") {
                let function = if self.take("?").is_some() { "_[?_]" } else { "_[_]" };
                let index = self.expression()?;
                self.expect("]")?;
                value = self.call(at, function, vec![value, index])?;
            } else {
                return Ok(value);
            }
        }
    }

    #[inline(never)]
    fn select(&mut self, operand: Syntax) -> Parsed {
        let is_optional = self.take("?").is_some();
        let at = self.peek().start;
        let field = self.name("the name of a field or function")?;
        if is_optional || !self.is_next("(") {
            let operand = Box::new(operand);
            return self.make(at, Kind::Select { operand, field, is_optional, is_test: false });
        }
        let arguments = self.arguments()?;
        macros::member(self, at, field, operand, arguments)
    }

    #[inline(never)]
    fn primary(&mut self) -> Parsed {
        let token = self.peek();
        match token.kind {
            Word::Symbol("(") => {
                self.advance();
                let inner = self.expression()?;
                self.expect(")")?;
                Ok(inner)
            }
            Word::Symbol("[") => self.list(),
            Word::Symbol("{") => self.map(),
            Word::Symbol(".") | Word::Name => self.named(),
            _ => self.constant(),
        }
    }

    fn constant(&mut self) -> Parsed {
        let is_negative = self.is_next("-");
        let sign = self.peek().start;
        if is_negative {
            self.advance();
        }
        let token = self.peek();
        let text = self.text.slice(token.start, token.end);
        let literal = match token.kind {
            Word::Int => literals::integer(text, is_negative),
            Word::Double => literals::double(text, is_negative),
            Word::Uint if !is_negative => literals::unsigned(text),
            Word::String if !is_negative => literals::string(text),
            Word::Bytes if !is_negative => literals::bytes(text),
            Word::Symbol("true") if !is_negative => Ok(Literal::Bool(true)),
            Word::Symbol("false") if !is_negative => Ok(Literal::Bool(false)),
            Word::Symbol("null") if !is_negative => Ok(Literal::Null),
            _ => return Err(self.unexpected("a value")),
        };
        let literal = literal.map_err(|(within, message): Fault| {
            let within = u32::try_from(within).unwrap_or_default();
            self.text.error(token.start.saturating_add(within), message)
        })?;
        self.advance();
        self.make(if is_negative { sign } else { token.start }, Kind::Literal(literal))
    }

    /// A variable, a call, or a name before a brace.
    #[inline(never)]
    fn named(&mut self) -> Parsed {
        // A leading dot asks for the outermost name; there is one level of names only.
        self.take(".");
        if let Some(length) = self.message_name_length() {
            return self.message(length);
        }
        let token = self.peek();
        let name = self.name("a name")?;
        if self.is_next("(") {
            let arguments = self.arguments()?;
            return macros::global(self, token.start, name, arguments);
        }
        if RESERVED.contains(&&*name) {
            return Err(self.text.error(token.start, format!("reserved identifier: {name}")));
        }
        self.make(token.start, Kind::Name(name))
    }

    fn name(&mut self, expected: &str) -> Result<Box<str>, CompileError> {
        let token = self.peek();
        if token.kind != Word::Name {
            return Err(self.unexpected(expected));
        }
        self.advance();
        Ok(self.text.slice(token.start, token.end).into())
    }

    /// How many words a name before a brace has, if that is what comes.
    fn message_name_length(&self) -> Option<usize> {
        let mut length = 0;
        loop {
            if self.peek_at(length).kind != Word::Name {
                return None;
            }
            length += 1;
            match self.peek_at(length).kind {
                Word::Symbol(".") => length += 1,
                Word::Symbol("{") => return Some(length),
                _ => return None,
            }
        }
    }

    fn message(&mut self, length: usize) -> Parsed {
        let at = self.peek().start;
        let mut name = String::new();
        for _ in 0..length {
            let token = self.advance();
            name.push_str(self.text.slice(token.start, token.end));
        }
        self.expect("{")?;
        let mut fields = Vec::new();
        while !self.is_next("}") {
            let is_optional = self.take("?").is_some();
            let at = self.peek().start;
            let name = self.name("the name of a field")?;
            self.expect(":")?;
            let value = Item { value: self.expression()?, is_optional };
            fields.push(Field { at, name, value });
            if self.take(",").is_none() {
                break;
            }
        }
        self.expect("}")?;
        self.make(at, Kind::Message { name: name.into(), fields })
    }

    fn arguments(&mut self) -> Result<Vec<Syntax>, CompileError> {
        self.expect("(")?;
        let mut arguments = Vec::new();
        if self.take(")").is_some() {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.expression()?);
            if self.take(",").is_none() {
                self.expect(")")?;
                return Ok(arguments);
            }
        }
    }

    #[inline(never)]
    fn list(&mut self) -> Parsed {
        let at = self.expect("[")?;
        let mut items = Vec::new();
        while !self.is_next("]") {
            let is_optional = self.take("?").is_some();
            items.push(Item { value: self.expression()?, is_optional });
            if self.take(",").is_none() {
                break;
            }
        }
        self.expect("]")?;
        self.make(at, Kind::List(items))
    }

    #[inline(never)]
    fn map(&mut self) -> Parsed {
        let at = self.expect("{")?;
        let mut entries = Vec::new();
        while !self.is_next("}") {
            let is_optional = self.take("?").is_some();
            let key = self.expression()?;
            self.expect(":")?;
            let value = Item { value: self.expression()?, is_optional };
            entries.push(Entry { key, value });
            if self.take(",").is_none() {
                break;
            }
        }
        self.expect("}")?;
        self.make(at, Kind::Map(entries))
    }
}
