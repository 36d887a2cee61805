//! Clauses for numbers.

use super::wrong;
use crate::cel::{EvalError, Value};

/// A double, or a text that stands for one that has no digits.
fn double(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Double(number) => Some(*number),
        Value::String(text) => match &**text {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        _ => None,
    }
}

/// As Go's golang.org/x/text shows it.
fn without_digits(number: f64) -> Option<String> {
    let shown = if number.is_nan() {
        "NaN"
    } else if number == f64::INFINITY {
        "∞"
    } else if number == f64::NEG_INFINITY {
        "-∞"
    } else {
        return None;
    };
    Some(shown.to_owned())
}

/// `%f`: in the English of the United States, which has commas between thousands.
pub(super) fn fixed(value: &Value<'_>, precision: usize) -> Result<String, EvalError> {
    let Some(number) = double(value) else {
        return wrong(value, "fixed-point clause can only be used on doubles");
    };
    if let Some(shown) = without_digits(number) {
        return Ok(shown);
    }
    let plain = format!("{number:.precision$}");
    let (whole, part) = match plain.split_once('.') {
        Some((whole, part)) => (whole, Some(part)),
        None => (plain.as_str(), None),
    };
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let mut shown = sign.to_owned();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    if let Some(part) = part {
        shown.push('.');
        shown.push_str(part);
    }
    Ok(shown)
}

/// `%e`: six digits and a power of ten; the precision is a width here, as cel-go takes it for one.
pub(super) fn scientific(value: &Value<'_>, width: usize) -> Result<String, EvalError> {
    const RAISED: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let Some(number) = double(value) else {
        return wrong(value, "scientific clause can only be used on doubles");
    };
    if let Some(shown) = without_digits(number) {
        return Ok(format!("{shown:>width$}"));
    }
    let plain = format!("{number:.6e}");
    let (digits, power) = plain.split_once('e').unwrap_or((&plain, "0"));
    let power: i32 = power.parse().unwrap_or_default();
    let sign = if power < 0 { "⁻" } else { "" };
    let power: String = format!("{:02}", power.unsigned_abs())
        .chars()
        .filter_map(|digit| RAISED.get(digit.to_digit(10)? as usize))
        .collect();
    let shown = format!("{digits}×10{sign}{power}");
    Ok(format!("{shown:>width$}"))
}

/// A sign and what is left without it.
fn whole(value: &Value<'_>) -> Option<(&'static str, u64)> {
    match value {
        Value::Int(number) => Some((if *number < 0 { "-" } else { "" }, number.unsigned_abs())),
        Value::Uint(number) => Some(("", *number)),
        _ => None,
    }
}

pub(super) fn binary(value: &Value<'_>) -> Result<String, EvalError> {
    match (value, whole(value)) {
        (Value::Bool(yes), _) => Ok(u8::from(*yes).to_string()),
        (_, Some((sign, number))) => Ok(format!("{sign}{number:b}")),
        _ => wrong(value, "only integers and bools can be formatted as binary"),
    }
}

pub(super) fn octal(value: &Value<'_>) -> Result<String, EvalError> {
    match whole(value) {
        Some((sign, number)) => Ok(format!("{sign}{number:o}")),
        None => wrong(value, "octal clause can only be used on integers"),
    }
}

pub(super) fn hexadecimal(value: &Value<'_>, is_upper: bool) -> Result<String, EvalError> {
    let bytes = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let shown: String = match (value, whole(value)) {
        (_, Some((sign, number))) => format!("{sign}{number:x}"),
        (Value::String(text), _) => bytes(text.as_bytes()),
        (Value::Bytes(given), _) => bytes(given),
        _ => {
            return wrong(
                value,
                "only integers, byte buffers, and strings can be formatted as hex",
            );
        }
    };
    Ok(if is_upper { shown.to_uppercase() } else { shown })
}
