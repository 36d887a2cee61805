//! Words become a tree: brackets and operators.

use super::lexer::{Kind as Word, Token};
use super::syntax::{Kind, Syntax};
use super::text::Text;
use super::{MAX_BRACKETS, MAX_DEPTH};
use crate::cel::CompileError;

type Parsed = Result<Syntax, CompileError>;

pub(super) struct Parser<'t, 's> {
    pub(super) text: &'t Text<'s>,
    tokens: Vec<Token>,
    next: usize,
    nesting: u16,
}

/// Operators between two values by how strongly they bind, and what they are called.
const OPERATORS: [(&str, u8, &str); 12] = [
    ("==", 1, "_==_"),
    ("!=", 1, "_!=_"),
    ("<", 1, "_<_"),
    ("<=", 1, "_<=_"),
    (">", 1, "_>_"),
    (">=", 1, "_>=_"),
    ("in", 1, "@in"),
    ("+", 2, "_+_"),
    ("-", 2, "_-_"),
    ("*", 3, "_*_"),
    ("/", 3, "_/_"),
    ("%", 3, "_%_"),
];

impl<'t, 's> Parser<'t, 's> {
    pub(super) fn new(text: &'t Text<'s>, tokens: Vec<Token>) -> Self {
        Self { text, tokens, next: 0, nesting: 0 }
    }

    pub(super) fn parse(mut self) -> Parsed {
        let expression = self.expression()?;
        if self.peek().kind == Word::End {
            Ok(expression)
        } else {
            Err(self.unexpected("an operator or the end"))
        }
    }

    /// `condition ? yes : no` and all that binds more strongly.
    pub(super) fn expression(&mut self) -> Parsed {
        self.nesting += 1;
        if self.nesting > MAX_BRACKETS + 1 {
            return Err(self.too_deep(self.peek().start, MAX_BRACKETS));
        }
        let mut choices = Vec::new();
        let mut last = self.or()?;
        while let Some(at) = self.take("?") {
            let yes = self.or()?;
            self.expect(":")?;
            choices.push((at, last, yes));
            last = self.or()?;
        }
        for (at, condition, yes) in choices.into_iter().rev() {
            last = self.call(at, "_?_:_", vec![condition, yes, last])?;
        }
        self.nesting -= 1;
        Ok(last)
    }

    fn or(&mut self) -> Parsed {
        let mut terms = vec![self.and()?];
        let mut places = Vec::new();
        while let Some(at) = self.take("||") {
            places.push(at);
            terms.push(self.and()?);
        }
        self.balance("_||_", terms, &places)
    }

    fn and(&mut self) -> Parsed {
        let mut terms = vec![self.binary(1)?];
        let mut places = Vec::new();
        while let Some(at) = self.take("&&") {
            places.push(at);
            terms.push(self.binary(1)?);
        }
        self.balance("_&&_", terms, &places)
    }

    /// A tree of little depth for many terms, as cel-go makes it (`balancer` in parser/helper.go): their order does
    /// not change what comes of them.
    fn balance(&self, function: &str, mut terms: Vec<Syntax>, places: &[u32]) -> Parsed {
        let mut places = places.to_vec();
        while terms.len() > 1 {
            let mut pairs = Vec::with_capacity(terms.len().div_ceil(2));
            let mut between = Vec::with_capacity(places.len() / 2);
            let mut rest = terms.into_iter();
            let mut spots = places.into_iter();
            while let Some(left) = rest.next() {
                match (rest.next(), spots.next()) {
                    (Some(right), Some(at)) => {
                        pairs.push(self.call(at, function, vec![left, right])?);
                    }
                    _ => pairs.push(left),
                }
                between.extend(spots.next());
            }
            terms = pairs;
            places = between;
        }
        terms.pop().ok_or_else(|| self.unexpected("a value"))
    }

    /// Operators that bind at least so strongly; those of one strength go from left to right.
    fn binary(&mut self, strength: u8) -> Parsed {
        let mut left = self.unary()?;
        while let Some((function, binds)) = self.operator().filter(|(_, binds)| *binds >= strength)
        {
            let at = self.advance().start;
            let right = self.binary(binds + 1)?;
            left = self.call(at, function, vec![left, right])?;
        }
        Ok(left)
    }

    fn operator(&self) -> Option<(&'static str, u8)> {
        let Word::Symbol(symbol) = self.peek().kind else { return None };
        OPERATORS
            .into_iter()
            .find(|(known, ..)| *known == symbol)
            .map(|(_, strength, function)| (function, strength))
    }

    /// `!!value`, `--value`: two of them are none. A `-` before a number belongs to the number.
    fn unary(&mut self) -> Parsed {
        for (symbol, function) in [("!", "!_"), ("-", "-_")] {
            let Some(at) = self.take(symbol) else { continue };
            let mut count = 1_usize;
            while self.take(symbol).is_some() {
                count += 1;
            }
            if symbol == "-" && matches!(self.peek().kind, Word::Int | Word::Double) {
                count -= 1;
                self.next -= 1;
            }
            let operand = self.member()?;
            return if count % 2 == 0 {
                Ok(operand)
            } else {
                self.call(at, function, vec![operand])
            };
        }
        self.member()
    }

    pub(super) fn call(&self, at: u32, function: &str, arguments: Vec<Syntax>) -> Parsed {
        self.make(at, Kind::Call { function: function.into(), target: None, arguments })
    }

    /// A node; every one is made here, so that none is deeper than may be.
    pub(super) fn make(&self, at: u32, kind: Kind) -> Parsed {
        let depth = kind.depth() + 1;
        if depth > MAX_DEPTH {
            return Err(self.too_deep(at, MAX_DEPTH));
        }
        Ok(Syntax { at, depth, kind })
    }

    fn too_deep(&self, at: u32, levels: u16) -> CompileError {
        let mut error =
            self.text.error(at, format!("the expression is nested deeper than {levels} levels"));
        error.help = Some("let variables hold parts of it".to_owned());
        error
    }

    pub(super) fn peek(&self) -> Token {
        self.peek_at(0)
    }

    pub(super) fn peek_at(&self, ahead: usize) -> Token {
        let last = self.tokens.last().copied();
        self.tokens.get(self.next + ahead).copied().or(last).unwrap_or(Token {
            kind: Word::End,
            start: 0,
            end: 0,
        })
    }

    pub(super) fn advance(&mut self) -> Token {
        let token = self.peek();
        self.next += 1;
        token
    }

    pub(super) fn is_next(&self, symbol: &'static str) -> bool {
        self.peek().kind == Word::Symbol(symbol)
    }

    /// Goes past a symbol, if it is next; answers with its place.
    pub(super) fn take(&mut self, symbol: &'static str) -> Option<u32> {
        self.is_next(symbol).then(|| self.advance().start)
    }

    pub(super) fn expect(&mut self, symbol: &'static str) -> Result<u32, CompileError> {
        self.take(symbol).ok_or_else(|| self.unexpected(&format!("'{symbol}'")))
    }

    pub(super) fn unexpected(&self, expected: &str) -> CompileError {
        let token = self.peek();
        let found = match token.kind {
            Word::End => "the expression ends".to_owned(),
            _ => format!("found '{}'", self.text.slice(token.start, token.end)),
        };
        self.text.error(token.start, format!("{found} where {expected} is expected"))
    }
}
