//! What axes and times need beside the units of all formats of surveys.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::forecast::Range;
use crate::report::survey::units::{number, range};

/// In what a value of some size is told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    /// What values are divided by.
    pub(super) divisor: f64,
    /// What follows the number: `Gi`, `k`; empty for plain numbers.
    pub(super) suffix: &'static str,
}

const BYTES: [(f64, &str); 5] = [
    (1_125_899_906_842_624.0, "Pi"),
    (1_099_511_627_776.0, "Ti"),
    (1_073_741_824.0, "Gi"),
    (1_048_576.0, "Mi"),
    (1_024.0, "Ki"),
];
const MILLICORES: [(f64, &str); 2] = [(1_000_000.0, "k cores"), (1_000.0, " cores")];
const COUNTS: [(f64, &str); 3] = [(1_000_000_000.0, "G"), (1_000_000.0, "M"), (10_000.0, "k")];

impl Scale {
    /// The scale in which a value of a unit is short.
    pub(super) fn of(unit: &str, value: f64) -> Self {
        let (steps, plain): (&[_], _) = match unit {
            "bytes" => (&BYTES, ""),
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

    /// The number with what follows it.
    pub(super) fn tell(self, value: f64) -> String {
        let number = number(value / self.divisor);
        // Nothing is nothing in every unit.
        if number == "0" { number } else { number + self.suffix }
    }
}

/// What follows a value in this unit where that is always the same: ` pods`.
pub(super) fn unit_after(unit: &str) -> String {
    match unit {
        "" | "bytes" | "millicores" => String::new(),
        unit => format!(" {unit}"),
    }
}

/// A value in its unit: `1.5Gi`, `1,204 pods`.
pub(super) fn amount(value: f64, unit: &str) -> String {
    range(Range::exactly(value), unit)
}

/// Seconds since 1970 to the minute, in UTC: `2026-11-21 23:40`.
pub(super) fn minute(at: i64) -> String {
    let time = Timestamp::from_second(at).unwrap_or_default().to_zoned(TimeZone::UTC);
    time.strftime("%Y-%m-%d %H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_and_times_are_short() {
        let told = |value, unit| Scale::of(unit, value).tell(value);
        assert_eq!(told(120_400.0, "pods"), "120k");
        assert_eq!(told(9_400.0, "pods"), "9,400");
        assert_eq!(told(1_610_612_736.0, "bytes"), "1.5Gi");
        assert_eq!(told(12_500.0, "millicores"), "12.5 cores");
        assert_eq!(told(0.0, "bytes"), "0");
        assert_eq!(amount(512.0, "millicores"), "512m");
        assert_eq!(minute(1_795_217_100), "2026-11-20 23:25");
    }
}
