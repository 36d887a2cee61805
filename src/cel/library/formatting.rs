//! `format` of texts (ext/formatting.go in cel-go, which version 2 of the strings has).

use super::strings::make;
use super::support::{member, no_overload, other, quoted};
use super::{Function, Machine};
use crate::cel::types::{Sig, Type};
use crate::cel::value::{List, Map};
use crate::cel::{Budget, EvalError, Value};

mod check;
mod numbers;
#[cfg(test)]
mod tests;

pub(in crate::cel) use check::check;

pub(super) static FUNCTIONS: &[Function] = &[Function {
    name: "format",
    overloads: &[member(&[Sig::String, Sig::List(&Sig::Dyn)], Sig::String, format)],
}];

fn format<'v>(machine: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    let [Value::String(pattern), Value::List(list)] = arguments else {
        return Err(no_overload("format"));
    };
    formatted(pattern, list, machine.budget).map(Value::text)
}

fn formatted(pattern: &str, list: &List<'_>, budget: &mut Budget) -> Result<String, EvalError> {
    make(budget, pattern.len())?;
    let mut made = String::new();
    let mut next = 0;
    let mut rest = pattern;
    while let Some((plain, clause)) = rest.split_once('%') {
        made.push_str(plain);
        if let Some(after) = clause.strip_prefix('%') {
            made.push('%');
            rest = after;
            continue;
        }
        let value = list.get(next)?.ok_or_else(|| other(format!("index {next} out of range")))?;
        next += 1;
        let (clause, after) = Clause::parse(clause)?;
        let text = clause.format(&value, budget).map_err(|error| match error {
            EvalError::Other(why) => other(format!("error during formatting: {why}")),
            error => error,
        })?;
        make(budget, text.len())?;
        made.push_str(&text);
        rest = after;
    }
    made.push_str(rest);
    Ok(made)
}

/// What stands after `%`.
#[derive(Clone, Copy, Debug)]
struct Clause {
    kind: char,
    precision: usize,
}

/// Digits after the point where none are asked for.
const PRECISION: usize = 6;
/// More digits than this are none that a number has.
const MOST_PRECISION: usize = 1100;

impl Clause {
    fn parse(text: &str) -> Result<(Self, &str), EvalError> {
        if text.is_empty() {
            return Err(other("unexpected end of string"));
        }
        let wrong = |why: &str| other(format!("could not parse formatting clause: {why}"));
        let mut precision = PRECISION;
        let mut rest = text;
        if let Some(digits) = text.strip_prefix('.') {
            let end = digits.find(|c: char| !c.is_ascii_digit()).ok_or_else(|| {
                wrong("error while parsing precision: could not find end of precision specifier")
            })?;
            let (digits, after) = digits.split_at(end);
            precision = digits.parse().map_err(|_| {
                wrong("error while parsing precision: error while converting precision to integer")
            })?;
            rest = after;
        }
        let kind = rest.chars().next().unwrap_or_default();
        if !"sdfebxXo".contains(kind) {
            return Err(wrong(&format!("unrecognized formatting clause \"{kind}\"")));
        }
        Ok((Self { kind, precision }, rest.get(1..).unwrap_or_default()))
    }

    fn format(self, value: &Value<'_>, budget: &mut Budget) -> Result<String, EvalError> {
        if self.precision > MOST_PRECISION && matches!(self.kind, 'f' | 'e') {
            return Err(other(format!("more than {MOST_PRECISION} digits are asked for")));
        }
        match self.kind {
            's' => text(value, budget),
            'd' => match value {
                Value::Int(number) => Ok(number.to_string()),
                Value::Uint(number) => Ok(number.to_string()),
                _ => wrong(value, "decimal clause can only be used on integers"),
            },
            'f' => numbers::fixed(value, self.precision),
            'e' => numbers::scientific(value, self.precision),
            'b' => numbers::binary(value),
            'o' => numbers::octal(value),
            kind => numbers::hexadecimal(value, kind == 'X'),
        }
    }
}

fn wrong<T>(value: &Value<'_>, why: &str) -> Result<T, EvalError> {
    Err(other(format!("{why}, was given {}", value.type_name())))
}

/// What `%s` shows.
fn text(value: &Value<'_>, budget: &mut Budget) -> Result<String, EvalError> {
    match value {
        Value::List(list) => shown_list(list, budget),
        Value::Map(map) => shown_map(map, budget),
        Value::Null => Ok("null".to_owned()),
        Value::Bytes(bytes) => String::from_utf8(bytes.to_vec())
            .map_err(|_| other("invalid UTF-8 in bytes, cannot convert to string")),
        Value::Type(known) => Ok(type_name(known)),
        Value::Optional(_) | Value::Opaque(_) => wrong(
            value,
            "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps",
        ),
        _ => value.to_text(),
    }
}

/// A type without those that it is made of, as values know it.
fn type_name(known: &Type) -> String {
    let name = match known {
        Type::Null => "null_type".to_owned(),
        Type::Timestamp => "google.protobuf.Timestamp".to_owned(),
        Type::Duration => "google.protobuf.Duration".to_owned(),
        known => known.to_string(),
    };
    name.split('(').next().unwrap_or_default().to_owned()
}

/// What a value in a list or a map is shown as, which is what an expression would have it as.
fn nested(value: &Value<'_>, budget: &mut Budget) -> Result<String, EvalError> {
    let made = match value {
        Value::String(text) => quoted(text),
        Value::Bytes(_) => format!("b{}", quoted(&text(value, budget)?)),
        Value::Timestamp(_) => format!("timestamp(\"{}\")", value.to_text()?),
        Value::Duration(_) => format!("duration(\"{}\")", value.to_text()?),
        Value::Double(number) if number.is_finite() => format!("{number:.6}"),
        Value::Double(number) if number.is_nan() => "\"NaN\"".to_owned(),
        Value::Double(number) if *number > 0.0 => "\"+Inf\"".to_owned(),
        Value::Double(_) => "\"-Inf\"".to_owned(),
        Value::Optional(_) | Value::Opaque(_) => {
            return Err(other(format!("no formatting function for {}", value.type_name())));
        }
        value => text(value, budget)?,
    };
    make(budget, made.len())?;
    Ok(made)
}

fn shown_list(list: &List<'_>, budget: &mut Budget) -> Result<String, EvalError> {
    let mut items = Vec::new();
    for item in list.iter() {
        budget.copy(1)?;
        items.push(nested(&item?, budget)?);
    }
    Ok(format!("[{}]", items.join(", ")))
}

fn shown_map(map: &Map<'_>, budget: &mut Budget) -> Result<String, EvalError> {
    let mut items = Vec::new();
    for entry in map.iter() {
        let (key, value) = entry?;
        budget.copy(2)?;
        let key = match &key {
            Value::String(text) => quoted(text),
            Value::Bool(_) | Value::Int(_) | Value::Uint(_) => key.to_text()?,
            _ => {
                return Err(other(format!(
                    "no formatting function for map key of type {}",
                    key.type_name()
                )));
            }
        };
        items.push((key, nested(&value, budget)?));
    }
    items.sort_by(|a, b| a.0.cmp(&b.0));
    let items: Vec<String> =
        items.into_iter().map(|(key, value)| format!("{key}:{value}")).collect();
    Ok(format!("{{{}}}", items.join(", ")))
}
