//! The scalars of JSON.

use serde_json::{Number, Value};

use super::super::error::Fault;
use super::{Failure, Reader};

impl Reader<'_> {
    pub(super) fn word(&mut self) -> Result<Value, Failure> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let words =
            [("true", Value::Bool(true)), ("false", Value::Bool(false)), ("null", Value::Null)];
        for (word, value) in words {
            if rest.starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(self.expected("a value"))
    }

    pub(super) fn number(&mut self) -> Result<Number, Failure> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let leads_with_zero = self.peek() == Some(b'0');
        let whole = self.digits();
        if whole == 0 || leads_with_zero && whole > 1 {
            return Err(self.expected("a number without leading zeros"));
        }
        let mut is_whole = true;
        if self.peek() == Some(b'.') {
            is_whole = false;
            self.at += 1;
            if self.digits() == 0 {
                return Err(self.expected("a digit"));
            }
        }
        if let Some(b'e' | b'E') = self.peek() {
            is_whole = false;
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            if self.digits() == 0 {
                return Err(self.expected("a digit"));
            }
        }
        let written = self.text.get(start..self.at).unwrap_or_default();
        if is_whole {
            if let Ok(value) = written.parse::<i64>() {
                return Ok(Number::from(value));
            }
            if let Ok(value) = written.parse::<u64>() {
                return Ok(Number::from(value));
            }
        }
        let value = written.parse().ok().and_then(Number::from_f64);
        let range = start..self.at;
        value.ok_or_else(|| Failure::Refused(Fault::new(range, "the number is out of range")))
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        self.at - start
    }

    /// Reads a string from its opening quote.
    pub(super) fn string(&mut self) -> Result<String, Failure> {
        let start = self.at;
        self.at += 1;
        let mut string = String::new();
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let Some(length) = memchr::memchr2(b'"', b'\\', rest.as_bytes()) else {
                return Err(Failure::Syntax(Fault::new(start..start + 1, "unclosed quote")));
            };
            let piece = rest.get(..length).unwrap_or_default();
            if let Some(bad) = piece.bytes().position(|byte| byte < 0x20) {
                self.at += bad;
                return Err(self.syntax("a control character must be escaped in JSON"));
            }
            let escaped = rest.as_bytes().get(length) == Some(&b'\\');
            self.at += length + 1;
            if string.is_empty() && !escaped {
                return Ok(piece.to_owned());
            }
            string.push_str(piece);
            if !escaped {
                return Ok(string);
            }
            string.push(self.escape()?);
        }
    }

    /// Reads an escape after its backslash.
    fn escape(&mut self) -> Result<char, Failure> {
        let start = self.at;
        let byte = self.peek();
        self.at += 1;
        Ok(match byte {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            _ => {
                self.at = start;
                return Err(self.syntax("JSON has no such escape"));
            }
        })
    }

    fn unicode(&mut self) -> Result<char, Failure> {
        let start = self.at.saturating_sub(2);
        let first = self.hex()?;
        let code = if (0xd800..0xdc00).contains(&first) {
            let rest = self.text.get(self.at..).unwrap_or_default();
            if !rest.starts_with("\\u") {
                return Err(self.syntax("half of a surrogate pair"));
            }
            self.at += 2;
            let second = self.hex()?;
            match second {
                0xdc00..0xe000 => 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00),
                _ => first,
            }
        } else {
            first
        };
        char::from_u32(code)
            .ok_or_else(|| Failure::Syntax(Fault::new(start..self.at, "half of a surrogate pair")))
    }

    fn hex(&mut self) -> Result<u32, Failure> {
        let digits = self.text.get(self.at..self.at + 4).unwrap_or_default();
        let all_hex = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        match u32::from_str_radix(digits, 16) {
            Ok(value) if all_hex => {
                self.at += 4;
                Ok(value)
            }
            _ => Err(self.syntax("`\\u` needs four hexadecimal digits")),
        }
    }
}
