//! Durations as Go and Kubernetes write them, and the one an API server gives a webhook:
//! `?timeout=10s`.

use std::time::Duration;

/// The `timeout` of a query, none where it is absent or not understood.
pub(super) fn from_query(query: &str) -> Option<Duration> {
    let value = query.split('&').find_map(|pair| pair.strip_prefix("timeout="))?;
    parse(value)
}

/// A duration that is not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a duration: write a number and a unit, such as 5s, 500ms or 1m30s")]
pub struct DelayError;

/// Reads a duration of the command line: `5s`, `500ms`, `1m30s`, and `0`.
///
/// # Errors
/// When the text is none.
pub fn parse_delay(text: &str) -> Result<Duration, DelayError> {
    if text == "0" { Ok(Duration::ZERO) } else { parse(text).ok_or(DelayError) }
}

fn parse(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let number_ends = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(number_ends);
        let unit_ends = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_ends);
        let seconds = number.parse::<f64>().ok()? * seconds_in(unit)?;
        total = total.checked_add(Duration::try_from_secs_f64(seconds).ok()?)?;
        rest = tail;
    }
    (!text.is_empty()).then_some(total)
}

fn seconds_in(unit: &str) -> Option<f64> {
    Some(match unit {
        "ns" => 1e-9,
        // Both micro signs, and how a query escapes them.
        "us" | "µs" | "μs" | "%C2%B5s" | "%CE%BCs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_writes_them() {
        for (query, millis) in [
            ("timeout=10s", 10_000),
            ("timeout=500ms", 500),
            ("a=b&timeout=1m30s&c=d", 90_000),
            ("timeout=1.5s", 1_500),
            ("timeout=1h", 3_600_000),
        ] {
            assert_eq!(from_query(query), Some(Duration::from_millis(millis)), "{query}");
        }
    }

    #[test]
    fn what_is_no_duration_is_ignored() {
        for query in [
            "",
            "timeout",
            "timeout=",
            "timeout=5",
            "timeout=s",
            "timeout=-5s",
            "timeout=1d",
            "timeout=1e9s",
            "timeout=..s",
            "xtimeout=5s",
            "timeout=99999999999999999999999h",
        ] {
            assert_eq!(from_query(query), None, "{query}");
        }
    }
}
