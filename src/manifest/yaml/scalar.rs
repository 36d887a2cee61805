//! Plain text to values, by the YAML 1.1 rules of the library in `kubectl` (sigs.k8s.io/yaml), and
//! then through JSON as `kubectl` does: `1.0` becomes the integer 1.

use std::borrow::Cow;

use base64::Engine;
use serde_json::{Number, Value};

use super::super::error::shorten;

/// The namespace of `!!` tags.
pub(super) const CORE: &str = "tag:yaml.org,2002:";

/// A resolved scalar.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar<'t> {
    Null,
    Bool(bool),
    Int(i64),
    /// An integer above `i64::MAX`.
    Uint(u64),
    Float(f64),
    Text(Cow<'t, str>),
}

/// What is wrong with a scalar, for people.
type Refusal = String;

/// Resolves a plain scalar without a tag.
pub(super) fn plain(text: Cow<'_, str>) -> Scalar<'_> {
    resolve(&text).unwrap_or(Scalar::Text(text))
}

/// Resolves a scalar with a tag from the `!!` namespace, given without its prefix.
pub(super) fn tagged<'t>(tag: &str, text: Cow<'t, str>) -> Result<Scalar<'t>, Refusal> {
    match tag {
        "str" => Ok(Scalar::Text(text)),
        "binary" => binary(&text).map(|text| Scalar::Text(text.into())),
        "timestamp" if is_timestamp(&text) => Ok(Scalar::Text(text)),
        "int" | "float" | "bool" | "null" | "timestamp" => match (tag, resolve(&text)) {
            ("int", Some(value @ (Scalar::Int(_) | Scalar::Uint(_))))
            | ("float", Some(value @ Scalar::Float(_)))
            | ("bool", Some(value @ Scalar::Bool(_)))
            | ("null", Some(value @ Scalar::Null)) => Ok(value),
            ("float", Some(Scalar::Int(value))) => Ok(Scalar::Float(value as f64)),
            _ => Err(format!("`{}` is no !!{tag}", shorten(&text))),
        },
        // Tags that kubectl does not know leave the text as it is.
        _ => Ok(Scalar::Text(text)),
    }
}

impl Scalar<'_> {
    /// The value as it reaches the API server.
    pub(super) fn into_value(self) -> Result<Value, Refusal> {
        Ok(match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Int(value) => Value::from(value),
            Self::Uint(value) => Value::from(value),
            Self::Float(value) => Value::Number(float(value)?),
            Self::Text(text) => Value::String(text.into_owned()),
        })
    }

    /// The scalar as the key of a field.
    pub(super) fn into_key(self) -> Result<String, Refusal> {
        match self {
            Self::Null => Err("a key cannot be null".to_owned()),
            Self::Bool(value) => Ok(value.to_string()),
            Self::Int(value) => Ok(value.to_string()),
            Self::Uint(value) => Err(format!("{value} is too large for a key")),
            Self::Float(value) => Ok(float_key(value)),
            Self::Text(text) => Ok(text.into_owned()),
        }
    }
}

/// What a plain text means, if it is not just text.
fn resolve(text: &str) -> Option<Scalar<'static>> {
    let Some(first) = text.bytes().next() else { return Some(Scalar::Null) };
    match first {
        b'+' | b'-' | b'0'..=b'9' => infinite(text).or_else(|| number(text)),
        b'.' => infinite(text).or_else(|| fraction(text)),
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => word(text),
        _ => None,
    }
}

fn word(text: &str) -> Option<Scalar<'static>> {
    Some(match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Scalar::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Scalar::Bool(false)
        }
        "~" | "null" | "Null" | "NULL" => Scalar::Null,
        _ => return None,
    })
}

fn infinite(text: &str) -> Option<Scalar<'static>> {
    Some(Scalar::Float(match text {
        ".nan" | ".NaN" | ".NAN" => f64::NAN,
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => f64::INFINITY,
        "-.inf" | "-.Inf" | "-.INF" => f64::NEG_INFINITY,
        _ => return None,
    }))
}

/// A number with underscores anywhere, in any of the bases.
fn number(text: &str) -> Option<Scalar<'static>> {
    // Dates, addresses and versions start with a digit too; they end here without a copy.
    let is_part = |byte: u8| byte.is_ascii_hexdigit() || b"+-._xXoO".contains(&byte);
    if !text.bytes().all(is_part) {
        return None;
    }
    let text: Cow<'_, str> =
        if text.contains('_') { text.replace('_', "").into() } else { text.into() };
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, text.get(1..)?),
        Some(b'+') => (false, text.get(1..)?),
        _ => (false, &*text),
    };
    let signed = digits.len() < text.len();
    if let Some(value) = magnitude(digits) {
        if let Some(value) = signed_int(negative, value) {
            return Some(Scalar::Int(value));
        }
        if !signed {
            return Some(Scalar::Uint(value));
        }
    }
    if let Some(value) = decimal(&text) {
        return Some(Scalar::Float(value));
    }
    // The library accepts a second sign behind the prefix of a binary number.
    let value = i64::from_str_radix(text.strip_prefix("0b")?, 2).ok()?;
    Some(Scalar::Int(value))
}

/// A number that starts with its point: here underscores only stand between digits.
fn fraction(text: &str) -> Option<Scalar<'static>> {
    let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let bytes = text.as_bytes();
    let mut underscores = memchr::memchr_iter(b'_', bytes);
    let value = if bytes.contains(&b'_') {
        let between = |at: usize| is_digit(bytes.get(at - 1)) && is_digit(bytes.get(at + 1));
        underscores.all(between).then(|| text.replace('_', ""))?
    } else {
        text.to_owned()
    };
    decimal(&value).map(Scalar::Float)
}

fn signed_int(negative: bool, value: u64) -> Option<i64> {
    if negative { 0_i64.checked_sub_unsigned(value) } else { i64::try_from(value).ok() }
}

/// Digits with the prefixes of Go: `0x`, `0o`, `0b`, and `0` for octal.
fn magnitude(digits: &str) -> Option<u64> {
    let (base, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', _, ..] => (16, digits.get(2..)?),
        [b'0', b'o' | b'O', _, ..] => (8, digits.get(2..)?),
        [b'0', b'b' | b'B', _, ..] => (2, digits.get(2..)?),
        [b'0', _, ..] => (8, digits.get(1..)?),
        _ => (10, digits),
    };
    // `from_str_radix` would take another sign.
    let is_number = digits.bytes().next().is_some_and(|byte| byte.is_ascii_hexdigit());
    if is_number { u64::from_str_radix(digits, base).ok() } else { None }
}

/// A decimal float that is finite; Go's parser refuses the others, so they stay text.
fn decimal(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (unsigned.get(..at)?, unsigned.get(at + 1..)),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let exponent_is_fine = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !digits.is_empty() && is_digits(digits)
    });
    let has_digits = !whole.is_empty() || !fraction.is_empty();
    if !has_digits || !is_digits(whole) || !is_digits(fraction) || !exponent_is_fine {
        return None;
    }
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

/// A float after its way through JSON, where a whole number has no fraction.
fn float(value: f64) -> Result<Number, Refusal> {
    if value.fract() == 0.0 {
        // Go writes the shortest digits and pads with zeros, as Rust does, and reads those back.
        if let Ok(whole) = format!("{value}").parse::<i64>() {
            return Ok(Number::from(whole));
        }
    }
    Number::from_f64(value).ok_or_else(|| format!("{value} has no place in JSON"))
}

/// A float as Go's `FormatFloat(value, 'g', -1, 32)` writes it.
fn float_key(value: f64) -> String {
    let value = value as f32;
    if value.is_nan() {
        return ".nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if !(-4..6).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:02}", exponent.abs());
    }
    format!("{value}")
}

fn binary(text: &str) -> Result<String, Refusal> {
    let compact: String = text.chars().filter(|&char| char != '\n' && char != '\r').collect();
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(compact)
        .map_err(|_| "!!binary holds no valid base64".to_owned())?;
    String::from_utf8(bytes).map_err(|_| "!!binary does not decode to text".to_owned())
}

/// Dates, and dates with a time, loosely: all of them stay text.
fn is_timestamp(text: &str) -> bool {
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (text.get(..at).unwrap_or_default(), text.get(at + 1..)),
        None => (text, None),
    };
    let mut parts = date.split('-');
    let mut part = |length: std::ops::RangeInclusive<usize>, most: u32| {
        parts.next().is_some_and(|part| {
            length.contains(&part.len())
                && part.bytes().all(|byte| byte.is_ascii_digit())
                && part.parse().is_ok_and(|number: u32| number <= most)
        })
    };
    let is_date = part(4..=4, 9999) && part(1..=2, 12) && part(1..=2, 31);
    is_date && parts.next().is_none() && time.is_none_or(|time| time.matches(':').count() >= 2)
}
