//! Numbers as people read them: thousands set apart, bytes and cores in the unit that fits, times in UTC.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::forecast::Range;

/// In what a value of some size is told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    /// What values are divided by.
    pub(super) divisor: f64,
    /// What follows the number: ` GiB`, `k`; empty for plain numbers.
    pub(super) suffix: &'static str,
}

const BYTES: [(f64, &str); 5] = [
    (1_125_899_906_842_624.0, " PiB"),
    (1_099_511_627_776.0, " TiB"),
    (1_073_741_824.0, " GiB"),
    (1_048_576.0, " MiB"),
    (1_024.0, " KiB"),
];
const MILLICORES: [(f64, &str); 2] = [(1_000_000.0, "k cores"), (1_000.0, " cores")];
const COUNTS: [(f64, &str); 3] = [(1_000_000_000.0, "G"), (1_000_000.0, "M"), (10_000.0, "k")];

impl Scale {
    /// The scale in which a value of a unit is short.
    pub(super) fn of(unit: &str, value: f64) -> Self {
        let (steps, plain): (&[_], _) = match unit {
            "bytes" => (&BYTES, " B"),
            "millicores" => (&MILLICORES, "m"),
            _ => (&COUNTS, ""),
        };
        let fits = steps.iter().find(|(least, _)| value.abs() >= *least);
        match fits {
            // Five digits are where `k` begins to help.
            Some((_, "k")) => Self { divisor: 1_000.0, suffix: "k" },
            Some((divisor, suffix)) => Self { divisor: *divisor, suffix },
            None => Self { divisor: 1.0, suffix: plain },
        }
    }

    /// The number, without what follows it.
    pub(super) fn number(self, value: f64) -> String {
        let scaled = value / self.divisor;
        let digits = match scaled.abs() {
            size if size >= 100.0 => 0,
            size if size >= 10.0 => 1,
            _ => 2,
        };
        let text = format!("{scaled:.digits$}");
        let text = if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.')
        } else {
            &text
        };
        // What rounds to nothing has no sign.
        if text == "-0" { "0".to_owned() } else { grouped(text) }
    }

    /// The number with what follows it.
    pub(super) fn tell(self, value: f64) -> String {
        let number = self.number(value);
        // Nothing is nothing in every unit.
        if number == "0" { number } else { number + self.suffix }
    }
}

/// What is told of a unit behind a scaled number: ` pods`; nothing where the scale says it.
pub(super) fn unit_after(unit: &str) -> String {
    match unit {
        "" | "bytes" | "millicores" => String::new(),
        unit => format!(" {unit}"),
    }
}

/// A value in its unit: `1.5 GiB`, `1,204 pods`.
pub(super) fn amount(value: f64, unit: &str) -> String {
    let after = unit_after(unit);
    if matches!(unit, "bytes" | "millicores") {
        let scale = Scale::of(unit, value);
        return scale.number(value) + scale.suffix;
    }
    format!("{}{after}", Scale { divisor: 1.0, suffix: "" }.number(value))
}

/// A value or the bounds of one: `2 to 3.5 GiB`; what has no bound above is `at least 2 GiB`.
pub(super) fn range(range: Range, unit: &str) -> String {
    let Range { low, high } = range;
    match (low.is_finite(), high.is_finite()) {
        (false, false) => "not known".to_owned(),
        (true, false) => format!("at least {}", amount(low, unit)),
        (false, true) => format!("at most {}", amount(high, unit)),
        (true, true) => {
            let (least, most) = (amount(low, unit), amount(high, unit));
            if least == most {
                return most;
            }
            // What both end with is said once.
            let end = most.find([' ', 'm']).and_then(|at| most.get(at..)).unwrap_or_default();
            format!("{} to {most}", least.strip_suffix(end).unwrap_or(&least))
        }
    }
}

/// A count with its thousands set apart.
pub(super) fn count(value: impl TryInto<u64>) -> String {
    grouped(&value.try_into().unwrap_or(u64::MAX).to_string())
}

/// `1 pod`, `1,204 pods`.
pub(super) fn counted(value: u64, one: &str) -> String {
    format!("{} {one}{}", count(value), if value == 1 { "" } else { "s" })
}

/// Seconds since 1970 to the minute, in UTC: `2026-11-21 23:40`.
pub(super) fn minute(at: i64) -> String {
    let time = Timestamp::from_second(at).unwrap_or_default().to_zoned(TimeZone::UTC);
    time.strftime("%Y-%m-%d %H:%M").to_string()
}

/// Milliseconds as people say them: `850 ms`, `12.4 s`, `3 min 20 s`.
pub(super) fn duration(milliseconds: u64) -> String {
    match milliseconds {
        0..1_000 => format!("{milliseconds} ms"),
        1_000..60_000 => format!("{}.{} s", milliseconds / 1_000, milliseconds % 1_000 / 100),
        _ => format!("{} min {} s", count(milliseconds / 60_000), milliseconds % 60_000 / 1_000),
    }
}

/// A decimal number with commas between its thousands.
fn grouped(number: &str) -> String {
    let (whole, fraction) = number.find('.').map_or((number, ""), |point| number.split_at(point));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let mut text = sign.to_owned();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text + fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_told_in_the_unit_that_fits() {
        assert_eq!(amount(1_610_612_736.0, "bytes"), "1.5 GiB");
        assert_eq!(amount(512.0, "bytes"), "512 B");
        assert_eq!(amount(250.0, "millicores"), "250m");
        assert_eq!(amount(12_500.0, "millicores"), "12.5 cores");
        assert_eq!(amount(120_400.0, "pods"), "120,400 pods");
        assert_eq!(amount(1.0 / 3.0, ""), "0.33");
        assert_eq!(amount(-0.001, "pods"), "0 pods");
        assert_eq!(amount(-1_234.0, "pods"), "-1,234 pods");
    }

    #[test]
    fn ranges_say_what_is_known() {
        assert_eq!(range(Range::exactly(3.0), "pulls/6h"), "3 pulls/6h");
        assert_eq!(range(Range::between(3.0, 9_000.0), "pulls/6h"), "3 to 9,000 pulls/6h");
        assert_eq!(range(Range::between(1_024.0, 1_048_576.0), "bytes"), "1 KiB to 1 MiB");
        assert_eq!(range(Range::between(1_500.0, 2_500.0), "millicores"), "1.5 to 2.5 cores");
        assert_eq!(range(Range::between(150.0, 250.0), "millicores"), "150 to 250m");
        assert_eq!(range(Range::between(2.0, f64::INFINITY), "pods"), "at least 2 pods");
        assert_eq!(range(Range::exactly(f64::NAN), "pods"), "not known");
    }

    #[test]
    fn times_and_counts() {
        assert_eq!(minute(1_795_217_100), "2026-11-20 23:25");
        assert_eq!(
            [0, 999, 1_000, 1_234_567].map(|value: u64| count(value)),
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!([850, 12_400, 200_000].map(duration), ["850 ms", "12.4 s", "3 min 20 s"]);
        assert_eq!(
            (counted(1, "pod"), counted(2, "pod")),
            ("1 pod".to_owned(), "2 pods".to_owned())
        );
    }
}
