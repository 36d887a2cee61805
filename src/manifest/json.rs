//! Reads strict JSON, one value after another, without recursion.

use std::ops::Range;

use serde_json::{Number, Value};

use super::compose::Composer;
use super::error::Fault;

/// What JSON leaves to the reader of YAML.
#[derive(Debug)]
pub(super) struct Rest {
    /// Where YAML has to begin.
    pub(super) offset: usize,
    /// Why the text there is no JSON, if it looked like some.
    pub(super) fault: Option<Fault>,
}

/// Why a value could not be read.
enum Failure {
    /// It is no JSON.
    Syntax(Fault),
    /// It is JSON that cannot be taken.
    Refused(Fault),
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Refused(fault)
    }
}

/// Reads values for as long as there is JSON; gives back where something else begins.
pub(super) fn read(composer: &mut Composer<'_>) -> Option<Rest> {
    let text = composer.text();
    let mut at = skip_space(text, 0);
    if !starts_collection(text, at) {
        return Some(Rest { offset: 0, fault: None });
    }
    while at < text.len() {
        if !starts_collection(text, at) {
            return Some(Rest { offset: at, fault: None });
        }
        let mut reader = Reader { text, at };
        match reader.document(composer) {
            Ok(()) => {
                composer.end_document();
                at = reader.at;
            }
            Err(Failure::Syntax(fault)) => {
                composer.discard();
                return Some(Rest { offset: at, fault: Some(fault) });
            }
            Err(Failure::Refused(fault)) => {
                composer.abandon(fault);
                at = skip_value(text, at);
            }
        }
        at = skip_space(text, at);
    }
    None
}

fn starts_collection(text: &str, at: usize) -> bool {
    matches!(text.as_bytes().get(at), Some(b'{' | b'['))
}

fn skip_space(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes().get(at..).unwrap_or_default();
    at + bytes.iter().take_while(|byte| b" \t\r\n".contains(byte)).count()
}

/// Where the value that starts at `at` ends, by its brackets alone.
fn skip_value(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    let mut depth = 0_usize;
    let mut quoted = false;
    let mut at = at;
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'\\' if quoted => at += 1,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => depth += 1,
            b'}' | b']' if !quoted => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at;
                }
            }
            _ => {}
        }
    }
    text.len()
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn document(&mut self, composer: &mut Composer<'_>) -> Result<(), Failure> {
        // The closing brackets that are still to come.
        let mut open = Vec::new();
        loop {
            if self.value(composer, &mut open)? {
                continue;
            }
            // A value is complete; close what ends here and go on to the next one.
            loop {
                let Some(&bracket) = open.last() else { return Ok(()) };
                self.space();
                match self.peek() {
                    Some(b',') => {
                        self.at += 1;
                        self.space();
                        if bracket == b'}' {
                            self.key(composer)?;
                        }
                        break;
                    }
                    Some(byte) if byte == bracket => {
                        self.at += 1;
                        open.pop();
                        composer.close(Some(self.at))?;
                    }
                    _ => return Err(self.expected("`,` or the closing bracket")),
                }
            }
        }
    }

    /// Reads a scalar or enters a collection; says whether another value must follow at once.
    fn value(&mut self, composer: &mut Composer<'_>, open: &mut Vec<u8>) -> Result<bool, Failure> {
        self.space();
        let start = self.at;
        match self.peek() {
            Some(b'{') => {
                self.at += 1;
                composer.open_map(start..self.at, None)?;
                open.push(b'}');
                self.space();
                if self.peek() == Some(b'}') {
                    return Ok(false);
                }
                self.key(composer)?;
                Ok(true)
            }
            Some(b'[') => {
                self.at += 1;
                composer.open_list(start..self.at, None)?;
                open.push(b']');
                self.space();
                Ok(self.peek() != Some(b']'))
            }
            Some(b'"') => {
                let value = Value::String(self.string()?);
                composer.scalar(value, start..self.at, None)?;
                Ok(false)
            }
            Some(b'-' | b'0'..=b'9') => {
                let value = Value::Number(self.number()?);
                composer.scalar(value, start..self.at, None)?;
                Ok(false)
            }
            _ => {
                let value = self.word()?;
                composer.scalar(value, start..self.at, None)?;
                Ok(false)
            }
        }
    }

    fn key(&mut self, composer: &mut Composer<'_>) -> Result<(), Failure> {
        let start = self.at;
        if self.peek() != Some(b'"') {
            return Err(self.expected("a key in double quotes"));
        }
        let name = self.string()?;
        composer.key(name, start..self.at);
        self.space();
        if self.peek() != Some(b':') {
            return Err(self.expected("`:` after the key"));
        }
        self.at += 1;
        Ok(())
    }

    fn word(&mut self) -> Result<Value, Failure> {
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

    fn number(&mut self) -> Result<Number, Failure> {
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
    fn string(&mut self) -> Result<String, Failure> {
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

    fn space(&mut self) {
        self.at = skip_space(self.text, self.at);
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn expected(&self, what: &str) -> Failure {
        match self.peek() {
            Some(_) => self.syntax(&format!("expected {what}")),
            None => self.syntax(&format!("the text ends here; expected {what}")),
        }
    }

    fn syntax(&self, message: &str) -> Failure {
        Failure::Syntax(Fault::new(self.here(), message))
    }

    fn here(&self) -> Range<usize> {
        let at = self.at.min(self.text.len());
        at..(at + 1).min(self.text.len())
    }
}
