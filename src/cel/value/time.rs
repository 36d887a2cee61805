//! Points in time, from the year 1 to the year 9999.

use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};

use crate::cel::EvalError;

/// The first and the last second, since 1970 (common/types/timestamp.go in cel-go).
const FIRST: i64 = -62_135_596_800;
const LAST: i64 = 253_402_300_799;
const NANOSECONDS: i128 = 1_000_000_000;
const SECONDS_OF_DAY: i64 = 86_400;

/// A point in time; all of the years 1 to 9999 are known, which is more than [`jiff::Timestamp`] has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    seconds: i64,
    nanoseconds: u32,
}

impl Timestamp {
    /// So many seconds after 1970 began, and so many nanoseconds after that.
    ///
    /// # Errors
    /// `timestamp overflow`, outside of the years 1 to 9999.
    pub fn new(seconds: i64, nanoseconds: u32) -> Result<Self, EvalError> {
        if (FIRST..=LAST).contains(&seconds) && i128::from(nanoseconds) < NANOSECONDS {
            Ok(Self { seconds, nanoseconds })
        } else {
            Err(EvalError::Other("timestamp overflow".to_owned()))
        }
    }

    /// Seconds since 1970 began, rounded down.
    pub fn seconds(self) -> i64 {
        self.seconds
    }

    /// Nanoseconds of its second.
    pub fn nanoseconds(self) -> u32 {
        self.nanoseconds
    }

    /// Whether it is the first moment of the year 1, Go's zero time.
    pub(crate) fn is_zero(self) -> bool {
        self.seconds == FIRST && self.nanoseconds == 0
    }

    fn since_1970(self) -> i128 {
        i128::from(self.seconds) * NANOSECONDS + i128::from(self.nanoseconds)
    }

    /// So many nanoseconds later.
    ///
    /// # Errors
    /// `timestamp overflow`.
    pub fn add(self, nanoseconds: i128) -> Result<Self, EvalError> {
        let sum = self.since_1970() + nanoseconds;
        let overflow = || EvalError::Other("timestamp overflow".to_owned());
        let seconds = i64::try_from(sum.div_euclid(NANOSECONDS)).map_err(|_| overflow())?;
        let rest = u32::try_from(sum.rem_euclid(NANOSECONDS)).map_err(|_| overflow())?;
        Self::new(seconds, rest)
    }

    /// Nanoseconds from another to this one.
    ///
    /// # Errors
    /// `duration overflow`, more than 292 years.
    pub fn since(self, other: Self) -> Result<i64, EvalError> {
        i64::try_from(self.since_1970() - other.since_1970())
            .map_err(|_| EvalError::Other("duration overflow".to_owned()))
    }

    /// Reads RFC 3339.
    ///
    /// # Errors
    /// Where it is none.
    pub fn parse(text: &str) -> Result<Self, EvalError> {
        let fault = || {
            let message = "type conversion error from 'string' to 'google.protobuf.Timestamp'";
            EvalError::Other(message.to_owned())
        };
        let parts = Parts::read(text).ok_or_else(fault)?;
        let date = Date::new(parts.year, parts.month, parts.day).map_err(|_| fault())?;
        let seconds = days_since_1970(date) * SECONDS_OF_DAY + parts.second - parts.offset;
        Self::new(seconds, parts.nanosecond)
    }

    /// What calendar and clock show at an offset from UTC in seconds.
    pub fn civil(self, offset: i64) -> DateTime {
        let seconds = self.seconds + offset;
        let (day, second) =
            (seconds.div_euclid(SECONDS_OF_DAY), seconds.rem_euclid(SECONDS_OF_DAY));
        let date = jiff::ToSpan::days(day);
        let date = EPOCH.checked_add(date).unwrap_or(if day < 0 { Date::MIN } else { Date::MAX });
        let (hour, minute, second) =
            ((second / 3_600) as i8, (second / 60 % 60) as i8, (second % 60) as i8);
        date.at(hour, minute, second, self.nanoseconds as i32)
    }

    /// How far clocks in a zone are ahead of UTC then, in seconds.
    pub fn offset(self, zone: &TimeZone) -> i64 {
        // Jiff knows less of the last day of the year 9999; rules of zones do not change within it.
        let seconds = self.seconds.min(jiff::Timestamp::MAX.as_second());
        let at = jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::MAX);
        let offset: Offset = zone.to_offset(at);
        offset.seconds().into()
    }
}

const EPOCH: Date = jiff::civil::date(1970, 1, 1);

fn days_since_1970(date: Date) -> i64 {
    date.since(EPOCH).map_or(0, |span| span.get_days().into())
}

impl std::fmt::Display for Timestamp {
    /// RFC 3339, UTC, with as many digits of the second as there are (Go's `time.RFC3339Nano`).
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let at = self.civil(0);
        let (date, time) = (at.date(), at.time());
        write!(f, "{:04}-{:02}-{:02}", date.year(), date.month(), date.day())?;
        write!(f, "T{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second())?;
        if self.nanoseconds > 0 {
            let digits = format!("{:09}", self.nanoseconds);
            write!(f, ".{}", digits.trim_end_matches('0'))?;
        }
        f.write_str("Z")
    }
}

/// The parts of an RFC 3339 text.
struct Parts {
    year: i16,
    month: i8,
    day: i8,
    /// Of the day.
    second: i64,
    nanosecond: u32,
    /// In seconds.
    offset: i64,
}

impl Parts {
    fn read(text: &str) -> Option<Self> {
        let mut rest = text.as_bytes();
        let year = digits(&mut rest, 4)? as i16;
        skip(&mut rest, b'-')?;
        let month = digits(&mut rest, 2)? as i8;
        skip(&mut rest, b'-')?;
        let day = digits(&mut rest, 2)? as i8;
        skip(&mut rest, b'T')?;
        let hour = digits(&mut rest, 2).filter(|hour| *hour < 24)?;
        skip(&mut rest, b':')?;
        let minute = digits(&mut rest, 2).filter(|minute| *minute < 60)?;
        skip(&mut rest, b':')?;
        let second = digits(&mut rest, 2).filter(|second| *second < 60)?;
        let mut nanosecond = 0;
        // Go takes a comma too.
        if let [b'.' | b',', more @ ..] = rest {
            let length = more.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let (fraction, after) = more.split_at(length);
            if fraction.is_empty() {
                return None;
            }
            for place in 0..9 {
                let digit = fraction.get(place).map_or(0, |byte| u32::from(byte - b'0'));
                nanosecond = nanosecond * 10 + digit;
            }
            rest = after;
        }
        let offset = match rest {
            b"Z" => 0,
            [sign @ (b'+' | b'-'), zone @ ..] => {
                let mut zone = zone;
                let hours = digits(&mut zone, 2).filter(|hours| *hours < 24)?;
                skip(&mut zone, b':')?;
                let minutes = digits(&mut zone, 2).filter(|minutes| *minutes < 60)?;
                let offset = hours * 3_600 + minutes * 60;
                zone.is_empty().then_some(if *sign == b'-' { -offset } else { offset })?
            }
            _ => return None,
        };
        let second = hour * 3_600 + minute * 60 + second;
        Some(Self { year, month, day, second, nanosecond, offset })
    }
}

fn digits(rest: &mut &[u8], count: usize) -> Option<i64> {
    let (digits, after) = rest.split_at_checked(count)?;
    *rest = after;
    digits.iter().try_fold(0, |number, byte| {
        byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0'))
    })
}

fn skip(rest: &mut &[u8], wanted: u8) -> Option<()> {
    let (first, after) = rest.split_first()?;
    *rest = after;
    (*first == wanted).then_some(())
}
