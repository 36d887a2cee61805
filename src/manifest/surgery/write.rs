//! Values as new text.

use std::fmt::Write as _;

use serde_json::Value;

use super::super::yaml;
use super::habits::Habits;
use super::scalars::{double, is_plain, is_printable, single};
use super::values::Reason;

/// Longer keys need a `?` in front.
const LONGEST_KEY: usize = 1000;

/// How text is set apart from what it could be taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quotes {
    /// Only where it must be.
    Needed,
    Single,
    Double,
}

/// Writes values in one style.
#[derive(Clone, Debug)]
pub(super) struct Pen {
    /// Whether all text is in double quotes, as in JSON.
    pub(super) json: bool,
    /// Whether no space stands behind `,` and `:` in brackets.
    pub(super) compact: bool,
    pub(super) single_quotes: bool,
    pub(super) line_break: &'static str,
    /// How much a mapping, and a list, is indented below the key that holds it.
    pub(super) map_step: usize,
    pub(super) list_step: usize,
    /// What indents JSON on many lines; none for one line.
    pub(super) unit: Option<String>,
}

impl Pen {
    pub(super) fn new(habits: &Habits, at: usize, line_break: &'static str) -> Self {
        Self {
            json: habits.json,
            compact: false,
            single_quotes: habits.single_quotes,
            line_break,
            map_step: habits.map_step(at),
            list_step: habits.list_step(at),
            unit: None,
        }
    }

    /// A scalar.
    pub(super) fn scalar(
        &self,
        value: &Value,
        flow: bool,
        quotes: Quotes,
    ) -> Result<String, Reason> {
        let text = match value {
            Value::String(text) => text,
            other => return self.bare(other),
        };
        let plain = !self.json && is_plain(text, flow);
        Ok(match quotes {
            _ if self.json => double(text),
            Quotes::Needed if plain => text.clone(),
            Quotes::Double => double(text),
            Quotes::Single if is_printable(text) => single(text),
            Quotes::Needed if self.single_quotes && is_printable(text) => single(text),
            Quotes::Single | Quotes::Needed => double(text),
        })
    }

    fn bare(&self, value: &Value) -> Result<String, Reason> {
        let text = value.to_string();
        let same = |read: Value| match (read.as_f64(), value.as_f64()) {
            (Some(read), Some(value)) => read == value,
            _ => read == *value,
        };
        if self.json || yaml::plain(&text).is_some_and(same) {
            return Ok(text);
        }
        Err(format!("`{text}` cannot be written so that it is read back the same"))
    }

    pub(super) fn key(&self, key: &str, flow: bool) -> Result<String, Reason> {
        if key.len() > LONGEST_KEY && !self.json {
            return Err("the key of the new field is too long".to_owned());
        }
        self.scalar(&Value::from(key), flow, Quotes::Needed)
    }

    /// A value on one line.
    pub(super) fn flow(&self, out: &mut String, value: &Value) -> Result<(), Reason> {
        let comma = if self.compact { "," } else { ", " };
        match value {
            Value::Object(map) => {
                out.push('{');
                for (number, (key, value)) in map.iter().enumerate() {
                    out.push_str(if number > 0 { comma } else { "" });
                    self.flow_field(out, key, value)?;
                }
                out.push('}');
            }
            Value::Array(list) => {
                out.push('[');
                for (number, value) in list.iter().enumerate() {
                    out.push_str(if number > 0 { comma } else { "" });
                    self.flow(out, value)?;
                }
                out.push(']');
            }
            scalar => out.push_str(&self.scalar(scalar, true, Quotes::Needed)?),
        }
        Ok(())
    }

    pub(super) fn flow_field(
        &self,
        out: &mut String,
        key: &str,
        value: &Value,
    ) -> Result<(), Reason> {
        out.push_str(&self.key(key, true)?);
        out.push_str(if self.compact { ":" } else { ": " });
        self.flow(out, value)
    }

    /// A value in brackets whose line is indented by `indent`: on many lines where JSON is written so.
    pub(super) fn bracketed(
        &self,
        out: &mut String,
        value: &Value,
        indent: &str,
    ) -> Result<(), Reason> {
        let Some(unit) = &self.unit else { return self.flow(out, value) };
        let inner = format!("{indent}{unit}");
        let open = |out: &mut String, number: usize| {
            out.push_str(if number > 0 { "," } else { "" });
            out.push_str(self.line_break);
            out.push_str(&inner);
        };
        match value {
            Value::Object(map) if !map.is_empty() => {
                out.push('{');
                for (number, (key, value)) in map.iter().enumerate() {
                    open(out, number);
                    out.push_str(&self.key(key, true)?);
                    out.push_str(": ");
                    self.bracketed(out, value, &inner)?;
                }
            }
            Value::Array(list) if !list.is_empty() => {
                out.push('[');
                for (number, value) in list.iter().enumerate() {
                    open(out, number);
                    self.bracketed(out, value, &inner)?;
                }
            }
            other => return self.flow(out, other),
        }
        out.push_str(self.line_break);
        out.push_str(indent);
        out.push(if value.is_object() { '}' } else { ']' });
        Ok(())
    }

    /// A value behind the `:` of a key at `column`, in a block.
    pub(super) fn behind_key(
        &self,
        out: &mut String,
        value: &Value,
        column: usize,
    ) -> Result<(), Reason> {
        if !is_block(value) {
            out.push(' ');
            return self.flow_or_scalar(out, value);
        }
        let column = column + if value.is_array() { self.list_step } else { self.map_step };
        self.new_line(out, column);
        self.block(out, value, column, 1)
    }

    /// The field of a block mapping at `column`.
    pub(super) fn field(
        &self,
        out: &mut String,
        key: &str,
        value: &Value,
        column: usize,
    ) -> Result<(), Reason> {
        out.push_str(&self.key(key, false)?);
        out.push(':');
        self.behind_key(out, value, column)
    }

    /// The item of a block list whose dashes stand at `column` and are followed by `gap` spaces.
    pub(super) fn item(
        &self,
        out: &mut String,
        value: &Value,
        column: usize,
        gap: usize,
    ) -> Result<(), Reason> {
        let _ = write!(out, "-{:gap$}", "");
        if is_block(value) {
            return self.block(out, value, column + 1 + gap, gap);
        }
        self.flow_or_scalar(out, value)
    }

    /// A collection that begins here, at `column`.
    pub(super) fn block(
        &self,
        out: &mut String,
        value: &Value,
        column: usize,
        gap: usize,
    ) -> Result<(), Reason> {
        match value {
            Value::Object(map) => {
                for (number, (key, value)) in map.iter().enumerate() {
                    if number > 0 {
                        self.new_line(out, column);
                    }
                    self.field(out, key, value, column)?;
                }
            }
            Value::Array(list) => {
                for (number, value) in list.iter().enumerate() {
                    if number > 0 {
                        self.new_line(out, column);
                    }
                    self.item(out, value, column, gap)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn new_line(&self, out: &mut String, column: usize) {
        let _ = write!(out, "{}{:column$}", self.line_break, "");
    }

    fn flow_or_scalar(&self, out: &mut String, value: &Value) -> Result<(), Reason> {
        match value {
            Value::Object(_) | Value::Array(_) => self.flow(out, value),
            scalar => {
                out.push_str(&self.scalar(scalar, false, Quotes::Needed)?);
                Ok(())
            }
        }
    }
}

/// Whether a value takes lines of its own in a block.
pub(super) fn is_block(value: &Value) -> bool {
    match value {
        Value::Object(map) => !map.is_empty(),
        Value::Array(list) => !list.is_empty(),
        _ => false,
    }
}
