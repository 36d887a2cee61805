//! JSON text read with as little work as a review allows.
//!
//! A webhook reads a few fields of a large object. [`Reader`] borrows text, and passes over what nobody reads by
//! looking for quotes and brackets alone; what it passes over is not checked further. Errors are short: whoever
//! needs to know more reads the text again with `serde_json`.

mod deserializer;
mod scan;
mod tree;

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, Visitor};

pub use tree::{Elements, Members, Shape, Tree, TreeChange, View};

/// Nesting that is followed; what is passed over may be nested as deep as it likes.
const MAX_DEPTH: u8 = 127;

/// The name by which a newtype asks for the text of its value: [`Reader`] hands it to `visit_borrowed_str`, other
/// deserializers call `visit_newtype_struct`.
pub(crate) const RAW: &str = "$plimsoll::raw";

/// Text that is not the JSON that was asked for.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct JsonError(Cow<'static, str>);

impl de::Error for JsonError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string().into())
    }
}

const fn fault(message: &'static str) -> JsonError {
    JsonError(Cow::Borrowed(message))
}

/// A place in JSON text.
#[derive(Clone, Debug)]
pub struct Reader<'de> {
    text: &'de str,
    at: usize,
    depth: u8,
}

impl<'de> Reader<'de> {
    /// At the start of a text.
    pub fn new(text: &'de str) -> Self {
        Self { text, at: 0, depth: 0 }
    }

    /// Reads a value.
    ///
    /// # Errors
    /// When the text is not the JSON of such a value.
    pub fn read<T: Deserialize<'de>>(&mut self) -> Result<T, JsonError> {
        T::deserialize(self)
    }

    /// Reads a value and answers with its text beside it.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_with_text<T: Deserialize<'de>>(&mut self) -> Result<(T, &'de str), JsonError> {
        self.peek()?;
        let start = self.at;
        let value = self.read()?;
        let text =
            self.text.get(start..self.at).ok_or(fault("a value is cut within a character"))?;
        Ok((value, text))
    }

    /// Reads an object member by member; null counts as an object without any. `each` must read or pass over
    /// the value.
    ///
    /// # Errors
    /// When the text is no object, and whatever `each` returns.
    pub fn members(
        &mut self,
        mut each: impl FnMut(&str, &mut Self) -> Result<(), JsonError>,
    ) -> Result<(), JsonError> {
        if self.null()? {
            return Ok(());
        }
        self.enter(b'{')?;
        let mut first = true;
        while self.more(b'}', &mut first)? {
            let key = self.string()?;
            self.expect(b':')?;
            each(&key, self)?;
        }
        self.depth -= 1;
        Ok(())
    }

    /// Reads an array element by element; null counts as an array without any. `each` must read or pass over the
    /// element.
    ///
    /// # Errors
    /// When the text is no array, and whatever `each` returns.
    pub fn elements(
        &mut self,
        mut each: impl FnMut(&mut Self) -> Result<(), JsonError>,
    ) -> Result<(), JsonError> {
        if self.null()? {
            return Ok(());
        }
        self.enter(b'[')?;
        let mut first = true;
        while self.more(b']', &mut first)? {
            each(self)?;
        }
        self.depth -= 1;
        Ok(())
    }

    /// Passes over a value and answers with its text.
    ///
    /// # Errors
    /// When the text ends within it.
    pub fn pass(&mut self) -> Result<&'de str, JsonError> {
        self.peek()?;
        let start = self.at;
        self.at = scan::end_of_value(self.text.as_bytes(), start)
            .ok_or(fault("the text ends within a value"))?;
        self.text.get(start..self.at).ok_or(fault("a value is cut within a character"))
    }

    /// Checks that nothing follows.
    ///
    /// # Errors
    /// When something does.
    pub fn end(&mut self) -> Result<(), JsonError> {
        match self.peek() {
            Ok(_) => Err(fault("something follows the value")),
            Err(_) => Ok(()),
        }
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Result<u8, JsonError> {
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            match byte {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                byte => return Ok(*byte),
            }
        }
        Err(fault("the text ends where a value was expected"))
    }

    fn expect(&mut self, wanted: u8) -> Result<(), JsonError> {
        if self.peek()? != wanted {
            return Err(JsonError(format!("expected `{}`", wanted as char).into()));
        }
        self.at += 1;
        Ok(())
    }

    fn enter(&mut self, bracket: u8) -> Result<(), JsonError> {
        self.expect(bracket)?;
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err(fault("the value is nested too deep")) } else { Ok(()) }
    }

    /// Whether another element follows, up to the closing bracket.
    fn more(&mut self, close: u8, first: &mut bool) -> Result<bool, JsonError> {
        let next = self.peek()?;
        if next == close {
            self.at += 1;
            return Ok(false);
        }
        if !std::mem::take(first) {
            self.expect(b',')?;
        }
        Ok(true)
    }

    fn null(&mut self) -> Result<bool, JsonError> {
        if self.peek()? != b'n' {
            return Ok(false);
        }
        self.word("null")
    }

    fn word(&mut self, word: &str) -> Result<bool, JsonError> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(fault("expected a value"));
        }
        self.at += word.len();
        Ok(true)
    }

    fn string(&mut self) -> Result<Cow<'de, str>, JsonError> {
        if self.peek()? != b'"' {
            return Err(fault("expected a string"));
        }
        self.quoted()
    }

    /// The string whose opening quote is next.
    fn quoted(&mut self) -> Result<Cow<'de, str>, JsonError> {
        let start = self.at + 1;
        let (end, escaped) = scan::end_of_string(self.text.as_bytes(), start)
            .ok_or(fault("a string does not end"))?;
        self.at = end + 1;
        // Both quotes are ASCII, so what lies between them is whole characters.
        let cut = fault("a string is cut within a character");
        if !escaped {
            return self.text.get(start..end).map(Cow::Borrowed).ok_or(cut);
        }
        let quoted = self.text.get(start - 1..=end).ok_or(cut)?;
        serde_json::from_str(quoted)
            .map(Cow::Owned)
            .map_err(|_| fault("a string holds a wrong escape"))
    }

    fn number<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, JsonError> {
        let text = self.pass()?;
        let plain = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
        if let Ok(number) = text.parse::<u64>() {
            visitor.visit_u64(number)
        } else if let Ok(number) = text.parse::<i64>() {
            visitor.visit_i64(number)
        } else {
            match text.parse::<f64>() {
                Ok(number) if plain && number.is_finite() => visitor.visit_f64(number),
                _ => Err(fault("expected a value")),
            }
        }
    }
}

#[cfg(test)]
mod tests;
