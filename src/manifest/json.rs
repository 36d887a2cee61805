//! Reads strict JSON, one value after another, without recursion.

mod token;

use std::ops::Range;

use serde_json::Value;

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
