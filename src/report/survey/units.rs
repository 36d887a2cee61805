//! Values as people read them.

use jiff::Timestamp;

use crate::forecast::{Figure, Range};

/// The sum of counts, or the largest number there is: parts of a result may come from anywhere.
pub fn total(counts: impl IntoIterator<Item = u64>) -> u64 {
    counts.into_iter().fold(0, u64::saturating_add)
}

/// A figure's value with its unit: `1.5 to 2 cores`, `512Mi`, or `unknown`.
pub fn figure(figure: &Figure) -> String {
    figure.value.map_or_else(|| "unknown".to_owned(), |value| range(value, figure.unit))
}

/// A value, or the bounds between which it lies, with a unit that suits both.
pub fn range(value: Range, unit: &str) -> String {
    let (low, high) = (value.low, value.high);
    if !low.is_finite() || !high.is_finite() {
        return if low.is_finite() {
            format!("at least {}", range(Range::exactly(low), unit))
        } else {
            "unknown".to_owned()
        };
    }
    let (divisor, name) = scale(low.abs().max(high.abs()), unit);
    let number = |value: f64| number(value / divisor);
    let (low, high) = (number(low), number(high));
    let space = if name.is_empty() || is_suffix(name) { "" } else { " " };
    if low == high {
        format!("{low}{space}{name}")
    } else {
        format!("{low} to {high}{space}{name}")
    }
}

/// What to divide a value of a unit by, and what the unit is called then.
fn scale(largest: f64, unit: &str) -> (f64, &str) {
    const KI: f64 = 1024.0;
    match unit {
        "millicores" if largest < 1000.0 => (1.0, "m"),
        "millicores" => (1000.0, "cores"),
        "bytes" if largest < KI => (1.0, "bytes"),
        "bytes" if largest < KI * KI => (KI, "Ki"),
        "bytes" if largest < KI * KI * KI => (KI * KI, "Mi"),
        "bytes" if largest < KI * KI * KI * KI => (KI * KI * KI, "Gi"),
        "bytes" => (KI * KI * KI * KI, "Ti"),
        other => (1.0, other),
    }
}

/// Whether a unit is written right behind its number, as in Kubernetes' quantities.
fn is_suffix(unit: &str) -> bool {
    matches!(unit, "m" | "Ki" | "Mi" | "Gi" | "Ti" | "%")
}

/// At most two places behind the point, fewer where the number is large; thousands are told apart.
pub fn number(value: f64) -> String {
    let places = match value.abs() {
        size if size < 10.0 => 2,
        size if size < 100.0 => 1,
        _ => 0,
    };
    let text = format!("{value:.places$}");
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    };
    let text = if text == "-0" { "0".to_owned() } else { text };
    match text.split_once('.') {
        Some((whole, rest)) => format!("{}.{rest}", thousands(whole)),
        None => thousands(&text),
    }
}

/// `1,234,567`.
pub fn count(count: u64) -> String {
    thousands(&count.to_string())
}

/// `1 pod`, `1,200 pods`.
pub fn many(number: u64, one: &str) -> String {
    format!("{} {one}{}", count(number), if number == 1 { "" } else { "s" })
}

fn thousands(digits: &str) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("-", digits));
    let mut text = String::from(sign);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Seconds since 1970 as RFC 3339; none where no calendar has that time.
pub fn time(at: Option<i64>) -> Option<String> {
    Timestamp::from_second(at?).ok().map(|at| at.to_string())
}

/// Milliseconds as seconds: `1.2 s`.
pub fn seconds(milliseconds: u64) -> String {
    format!("{}.{} s", count(milliseconds / 1000), milliseconds % 1000 / 100)
}

/// Bytes in the unit that suits them: `1.5Gi`.
#[allow(clippy::cast_precision_loss, reason = "it is rounded anyway")]
pub fn bytes(bytes: u64) -> String {
    range(Range::exactly(bytes as f64), "bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_readable() {
        let shown = |low, high, unit| range(Range::between(low, high), unit);
        for (value, wanted) in [
            (shown(250.0, 250.0, "millicores"), "250m"),
            (shown(12_500.0, 14_000.0, "millicores"), "12.5 to 14 cores"),
            (shown(900.0, 1_500.0, "millicores"), "0.9 to 1.5 cores"),
            (shown(512.0, 512.0, "bytes"), "512 bytes"),
            (shown(134_217_728.0, 134_217_728.0, "bytes"), "128Mi"),
            (shown(1_610_612_736.0, 2_147_483_648.0, "bytes"), "1.5 to 2Gi"),
            (shown(1_234_567.0, 1_234_567.0, "pods"), "1,234,567 pods"),
            (shown(0.333, 0.333, ""), "0.33"),
            (shown(-0.001, -0.001, ""), "0"),
            (shown(100.0, f64::INFINITY, "pulls/6h"), "at least 100 pulls/6h"),
            (shown(f64::NAN, 1.0, "pods"), "unknown"),
            (count(999), "999"),
            (many(1, "pod"), "1 pod"),
            (many(1_000, "pod"), "1,000 pods"),
            (seconds(12_345), "12.3 s"),
            (bytes(10_485_760), "10Mi"),
        ] {
            assert_eq!(value, wanted);
        }
        assert_eq!(time(Some(0)).as_deref(), Some("1970-01-01T00:00:00Z"));
        assert_eq!((time(None), time(Some(i64::MAX))), (None, None));
    }
}
