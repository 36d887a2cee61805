//! Numbers as sentences have them.

use super::figure::Range;

/// A count; nothing that is added up here comes near to what this cannot hold exactly.
#[allow(
    clippy::cast_precision_loss,
    reason = "counts below 2^53 are exact, and figures are for people"
)]
pub(super) const fn float(count: u64) -> f64 {
    count as f64
}

/// With at most two digits after the point.
pub(super) fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    match text.trim_end_matches('0').trim_end_matches('.') {
        "-0" => "0".to_owned(),
        text => text.to_owned(),
    }
}

/// A value, or both its bounds.
pub(super) fn range(range: Range) -> String {
    span(range, number)
}

/// A range with both bounds written by `write`; bounds that read the same are one.
pub(super) fn span(range: Range, write: impl Fn(f64) -> String) -> String {
    if !range.high.is_finite() {
        return format!("{} or more", write(range.low));
    }
    let (low, high) = (write(range.low), write(range.high));
    if low == high { low } else { format!("{low} to {high}") }
}

/// Part of a whole in percent; none of nothing.
pub(super) fn share(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "0 %".to_owned();
    }
    format!("{} %", number((float(part) * 1000.0 / float(whole)).round() / 10.0))
}

/// An amount with the largest unit that makes it 1 or more.
pub(super) fn amount(value: f64, unit: &str) -> String {
    let scaled = |units: &[(&str, f64)]| {
        let found = units.iter().find(|(_, one)| value.abs() >= *one);
        found.map_or_else(
            || format!("{} B", number(value)),
            |(name, one)| format!("{} {name}", number(value / one)),
        )
    };
    const KIB: f64 = 1024.0;
    match unit {
        "millicores" => format!("{} cores", number(value / 1000.0)),
        "bytes" => scaled(&[
            ("TiB", KIB * KIB * KIB * KIB),
            ("GiB", KIB * KIB * KIB),
            ("MiB", KIB * KIB),
            ("KiB", KIB),
        ]),
        _ => number(value),
    }
}

/// `1 pod`, `2 pods`.
pub(super) fn count(count: u64, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!(
            (number(3.0), number(-0.001), number(1.256)),
            ("3".into(), "0".into(), "1.26".into())
        );
        assert_eq!(range(Range::between(1.0, 2.5)), "1 to 2.5");
        assert_eq!(range(Range::exactly(7.0)), "7");
        assert_eq!(range(Range::between(1.0, f64::INFINITY)), "1 or more");
        assert_eq!((share(1, 3), share(0, 0)), ("33.3 %".into(), "0 %".into()));
        assert_eq!(amount(1500.0, "millicores"), "1.5 cores");
        assert_eq!(amount(1_610_612_736.0, "bytes"), "1.5 GiB");
        assert_eq!(amount(12.0, "bytes"), "12 B");
    }
}
