//! Text becomes words.

use super::text::Text;
use crate::cel::CompileError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Name,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    /// Punctuation, and the words `in`, `true`, `false` and `null`.
    Symbol(&'static str),
    End,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: u32,
    pub(super) end: u32,
}

/// The longer before those that they start with.
const SYMBOLS: [&str; 26] = [
    "==", "!=", "<=", ">=", "&&", "||", "<", ">", "[", "]", "{", "}", "(", ")", ".", ",", "-", "!",
    "?", ":", "+", "*", "/", "%", "=", "`",
];
const WORDS: [&str; 4] = ["in", "true", "false", "null"];

pub(super) fn tokens(text: &Text<'_>) -> Result<Vec<Token>, CompileError> {
    let mut found = Vec::new();
    let mut at = 0_usize;
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    loop {
        at += blank(rest(text, at));
        let rest = rest(text, at);
        if rest.is_empty() {
            found.push(Token { kind: Kind::End, start: offset(at), end: offset(at) });
            return Ok(found);
        }
        let (kind, length) =
            next(rest).map_err(|(within, message)| text.error(offset(at + within), message))?;
        found.push(Token { kind, start: offset(at), end: offset(at + length) });
        at += length;
    }
}

fn rest<'s>(text: &Text<'s>, at: usize) -> &'s str {
    text.source().get(at..).unwrap_or_default()
}

/// Bytes of white space and comments.
fn blank(rest: &str) -> usize {
    let mut left = rest;
    loop {
        left = left.trim_start_matches([' ', '\t', '\r', '\n', '\u{c}']);
        match left.strip_prefix("//") {
            Some(comment) => left = comment.find('\n').map_or("", |end| &comment[end..]),
            None => return rest.len() - left.len(),
        }
    }
}

type Found = Result<(Kind, usize), (usize, String)>;

fn next(rest: &str) -> Found {
    let first = rest.chars().next().unwrap_or_default();
    let second = rest.chars().nth(1).unwrap_or_default();
    if first.is_ascii_digit() || (first == '.' && second.is_ascii_digit()) {
        return Ok(number(rest));
    }
    if let Some(prefix) = string_prefix(rest) {
        return string(rest, prefix);
    }
    if first.is_ascii_alphabetic() || first == '_' {
        let length = run(rest, |byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let word = rest.get(..length).unwrap_or_default();
        let keyword = WORDS.into_iter().find(|keyword| *keyword == word);
        return Ok((keyword.map_or(Kind::Name, Kind::Symbol), length));
    }
    match SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol)) {
        Some("=") => Err((0, "'=' is no operator; two values are compared by '=='".to_owned())),
        Some("`") => Err((0, "names in backticks are not supported".to_owned())),
        Some(symbol) => Ok((Kind::Symbol(symbol), symbol.len())),
        None => Err((0, format!("unexpected character '{}'", first.escape_debug()))),
    }
}

fn run(text: &str, is_part: impl Fn(u8) -> bool) -> usize {
    text.bytes().take_while(|byte| is_part(*byte)).count()
}

fn number(rest: &str) -> (Kind, usize) {
    let after = |length: usize| rest.get(length..).unwrap_or_default();
    let suffixed = |length: usize| {
        if after(length).starts_with(['u', 'U']) {
            (Kind::Uint, length + 1)
        } else {
            (Kind::Int, length)
        }
    };
    let digits = |length: usize| run(after(length), |byte| byte.is_ascii_digit());
    if rest.starts_with("0x") {
        let hexadecimal = run(after(2), |byte| byte.is_ascii_hexdigit());
        if hexadecimal > 0 {
            return suffixed(2 + hexadecimal);
        }
    }
    let mut length = digits(0);
    let mut is_double = false;
    if after(length).starts_with('.') && digits(length + 1) > 0 {
        length += 1 + digits(length + 1);
        is_double = true;
    }
    if after(length).starts_with(['e', 'E']) {
        let sign = usize::from(after(length + 1).starts_with(['+', '-']));
        let exponent = digits(length + 1 + sign);
        if exponent > 0 {
            length += 1 + sign + exponent;
            is_double = true;
        }
    }
    if is_double { (Kind::Double, length) } else { suffixed(length) }
}

#[derive(Clone, Copy)]
struct Prefix {
    length: usize,
    is_bytes: bool,
    is_raw: bool,
}

/// What stands before the quote of a literal.
fn string_prefix(rest: &str) -> Option<Prefix> {
    let bytes = rest.as_bytes();
    let is_bytes = bytes.first().is_some_and(|byte| matches!(byte, b'b' | b'B'));
    let mut length = usize::from(is_bytes);
    let is_raw = bytes.get(length).is_some_and(|byte| matches!(byte, b'r' | b'R'));
    length += usize::from(is_raw);
    bytes.get(length).is_some_and(|byte| matches!(byte, b'"' | b'\'')).then_some(Prefix {
        length,
        is_bytes,
        is_raw,
    })
}

fn string(rest: &str, prefix: Prefix) -> Found {
    let kind = if prefix.is_bytes { Kind::Bytes } else { Kind::String };
    let bytes = rest.as_bytes();
    let quote = bytes.get(prefix.length).copied().unwrap_or_default();
    let is_triple = bytes.get(prefix.length..prefix.length + 3) == Some([quote; 3].as_slice());
    let mut at = prefix.length + if is_triple { 3 } else { 1 };
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' if !prefix.is_raw => at += 2,
            b'\n' | b'\r' if !is_triple => {
                return Err((0, "the text does not end on its line".to_owned()));
            }
            byte if *byte == quote && !is_triple => return Ok((kind, at + 1)),
            byte if *byte == quote && bytes.get(at..at + 3) == Some([quote; 3].as_slice()) => {
                return Ok((kind, at + 3));
            }
            _ => at += 1,
        }
    }
    Err((0, "the text has no closing quote".to_owned()))
}
