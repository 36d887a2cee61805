//! Constants.

use crate::cel::ast::Literal;

/// What a constant cannot be, and where in it.
pub(super) type Fault = (usize, String);

/// A number as it stands in the text, with its sign.
pub(super) fn integer(text: &str, is_negative: bool) -> Result<Literal, Fault> {
    let fault = || (0, "the number is out of the range of int".to_owned());
    let magnitude = magnitude(text).ok_or_else(fault)?;
    let signed = if is_negative { -i128::from(magnitude) } else { i128::from(magnitude) };
    i64::try_from(signed).map(Literal::Int).map_err(|_| fault())
}

pub(super) fn unsigned(text: &str) -> Result<Literal, Fault> {
    magnitude(text.trim_end_matches(['u', 'U']))
        .map(Literal::Uint)
        .ok_or_else(|| (0, "the number is out of the range of uint".to_owned()))
}

pub(super) fn double(text: &str, is_negative: bool) -> Result<Literal, Fault> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => {
            Ok(Literal::Double(if is_negative { -number } else { number }))
        }
        _ => Err((0, "the number is out of the range of double".to_owned())),
    }
}

fn magnitude(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// A text with its quotes.
pub(super) fn string(literal: &str) -> Result<Literal, Fault> {
    let content = Content::new(literal);
    let mut text = String::with_capacity(content.text.len());
    content.read(|part| {
        match part {
            Part::Plain(plain) => text.push(plain),
            Part::Escaped(code) => {
                text.push(char::from_u32(code).ok_or("no character has this number")?);
            }
        }
        Ok(())
    })?;
    Ok(Literal::String(text.into()))
}

/// Bytes with `b` and their quotes.
pub(super) fn bytes(literal: &str) -> Result<Literal, Fault> {
    let content = Content::new(literal);
    let mut bytes = Vec::with_capacity(content.text.len());
    content.read(|part| {
        match part {
            Part::Plain(plain) => {
                bytes.extend_from_slice(plain.encode_utf8(&mut [0; 4]).as_bytes());
            }
            Part::Escaped(code) => {
                bytes.push(u8::try_from(code).map_err(|_| "a byte is at most \\xff")?);
            }
        }
        Ok(())
    })?;
    Ok(Literal::Bytes(bytes.into()))
}

enum Part {
    Plain(char),
    Escaped(u32),
}

/// What stands between the quotes.
struct Content<'s> {
    text: &'s str,
    start: usize,
    is_raw: bool,
    is_bytes: bool,
}

impl<'s> Content<'s> {
    fn new(literal: &'s str) -> Self {
        let quotes = literal.trim_start_matches(['b', 'B', 'r', 'R']);
        let prefix = literal.len() - quotes.len();
        let head = literal.get(..prefix).unwrap_or_default();
        let is_triple =
            quotes.len() >= 6 && (quotes.starts_with("'''") || quotes.starts_with("\"\"\""));
        let width = if is_triple { 3 } else { 1 };
        Self {
            text: quotes.get(width..quotes.len().saturating_sub(width)).unwrap_or_default(),
            start: prefix + width,
            is_raw: head.contains(['r', 'R']),
            is_bytes: head.contains(['b', 'B']),
        }
    }

    fn read(&self, mut push: impl FnMut(Part) -> Result<(), &'static str>) -> Result<(), Fault> {
        let mut rest = self.text;
        while let Some(first) = rest.chars().next() {
            let fault =
                |message: &str| (self.start + self.text.len() - rest.len(), message.to_owned());
            let after = rest.get(first.len_utf8()..).unwrap_or_default();
            let (part, left) = match first {
                // Lines end alike, whatever the file's line ends are (`newlineNormalizer` in cel-go).
                '\r' => (Part::Plain('\n'), after.strip_prefix('\n').unwrap_or(after)),
                '\\' if !self.is_raw => escape(after, self.is_bytes).map_err(fault)?,
                plain => (Part::Plain(plain), after),
            };
            push(part).map_err(fault)?;
            rest = left;
        }
        Ok(())
    }
}

/// What follows a backslash, and the rest.
fn escape(rest: &str, is_bytes: bool) -> Result<(Part, &str), &'static str> {
    const UNKNOWN: &str =
        "there is no such escape; a backslash itself is written '\\\\', or the text as r'…'";
    let first = rest.chars().next().ok_or(UNKNOWN)?;
    let after = rest.get(first.len_utf8()..).unwrap_or_default();
    let plain = match first {
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        '\\' | '\'' | '"' | '`' | '?' => first,
        'x' | 'X' => return digits(after, 2, 16),
        'u' if !is_bytes => return digits(after, 4, 16),
        'U' if !is_bytes => return digits(after, 8, 16),
        '0'..='3' => return digits(rest, 3, 8),
        _ => return Err(UNKNOWN),
    };
    Ok((Part::Plain(plain), after))
}

fn digits(rest: &str, count: usize, radix: u32) -> Result<(Part, &str), &'static str> {
    let number = rest
        .get(..count)
        .filter(|digits| digits.bytes().all(|digit| char::from(digit).is_digit(radix)))
        .and_then(|digits| u32::from_str_radix(digits, radix).ok())
        .ok_or("digits of the escape are missing")?;
    Ok((Part::Escaped(number), rest.get(count..).unwrap_or_default()))
}
