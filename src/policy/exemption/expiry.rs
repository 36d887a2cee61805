//! When an exemption ends.

use jiff::Timestamp;
use jiff::civil::Date;

/// What may be written for it.
pub(super) const HELP: &str = "write a day, as in 2026-12-31, which is the last one in UTC, or a moment, as in \
                               2026-12-31T18:00:00Z";

/// The end of an exemption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expiry {
    /// The first second in which it is over, in seconds since 1970.
    pub at: i64,
    /// As its author wrote it.
    pub written: String,
}

impl Expiry {
    /// Reads a date, whose end it is, or a moment as in RFC 3339.
    pub(super) fn read(written: &str) -> Option<Self> {
        let at = if has_shape(written, "0000-00-00") {
            let date: Date = written.parse().ok()?;
            let next = date.tomorrow().ok()?;
            format!("{next}T00:00:00Z").parse::<Timestamp>().ok()?.as_second()
        } else {
            is_moment(written).then(|| written.parse::<Timestamp>().ok())??.as_second()
        };
        Some(Self { at, written: written.to_owned() })
    }
}

/// Whether a text is an RFC 3339 `date-time` as the API server reads one: jiff takes other forms too, and the same
/// object must be right at every door.
fn is_moment(text: &str) -> bool {
    const SECONDS: &str = "0000-00-00T00:00:00";
    let Some((moment, rest)) = text.split_at_checked(SECONDS.len()) else { return false };
    let rest = match rest.strip_prefix('.') {
        Some(rest) => {
            let zone = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            if zone.len() == rest.len() {
                return false;
            }
            zone
        }
        None => rest,
    };
    // A leap second is none to the API server.
    let zone = rest == "Z" || has_shape(rest, "+00:00") || has_shape(rest, "-00:00");
    has_shape(moment, SECONDS) && !moment.ends_with("60") && zone
}

/// Whether a text has digits where `shape` has zeros, and is the same elsewhere.
fn has_shape(text: &str, shape: &str) -> bool {
    text.len() == shape.len()
        && text.bytes().zip(shape.bytes()).all(|(found, wanted)| match wanted {
            b'0' => found.is_ascii_digit(),
            _ => found == wanted,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_end_at_midnight_and_moments_when_they_say() {
        for (written, at) in [
            ("1970-01-01", 86_400),
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01T01:00:00+01:00", 0),
            ("1970-01-01T00:00:00.999Z", 0),
            ("2026-12-31", 1_798_761_600),
            ("2026-12-31T23:59:59-01:00", 1_798_765_199),
            ("2024-02-29", 1_709_251_200),
        ] {
            assert_eq!(Expiry::read(written).map(|expiry| expiry.at), Some(at), "{written}");
        }
    }

    #[test]
    fn anything_else_is_none() {
        for written in [
            "",
            "tomorrow",
            "2026-12",
            "2026-02-29",
            "2026-13-01",
            "2026-1-1",
            "31.12.2026",
            "2026-12-31T18:00",
            "2026-12-31T18:00:00",
            "2026-12-31 18:00:00Z",
            "2026-12-31t18:00:00z",
            "2026-12-31T24:00:00Z",
            "2026-12-31T18:00:60Z",
            "2026-12-31T18:00:00.Z",
            "2026-12-31T18:00:00+0100",
            "2026-12-31T18:00:00Z[UTC]",
            "2026-12-31T18:00:0\u{660}Z",
            "9999-12-31",
            "1798761600",
        ] {
            assert_eq!(Expiry::read(written), None, "{written}");
        }
    }
}
