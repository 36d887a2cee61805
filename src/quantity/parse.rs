//! Reading quantities. Exact for any number of digits, without big numbers or allocation.

use super::{Format, MAX_BINARY, NANO, Quantity, QuantityError};

/// What follows the number.
enum Suffix {
    /// A power of ten.
    Ten(i64, Format),
    /// A power of two.
    Two(u32),
}

pub(super) fn parse(text: &str) -> Result<Quantity, QuantityError> {
    if text.is_empty() {
        return Err(QuantityError::Empty);
    }
    let bytes = text.as_bytes();
    let negative = bytes[0] == b'-';
    let start = usize::from(matches!(bytes[0], b'+' | b'-'));
    let whole_end = skip_digits(bytes, start);
    let whole = &bytes[start..whole_end];
    let (fraction, end) = match bytes.get(whole_end) {
        Some(b'.') => {
            let end = skip_digits(bytes, whole_end + 1);
            (&bytes[whole_end + 1..end], end)
        }
        _ => (&[][..], whole_end),
    };
    let suffix = parse_suffix(text, end)?;

    if whole.is_empty() && fraction.is_empty() && !digits_may_be_absent(&suffix) {
        return Err(QuantityError::NoDigits { position: start + 1 });
    }
    let (magnitude, format) = match suffix {
        Suffix::Ten(exponent, format) => (scale_by_ten(whole, fraction, exponent), format),
        Suffix::Two(power) => {
            let nanos = scale_by_two(whole, fraction, power);
            // Go turns what is below one unit into a decimal, which prints without rounding.
            let decimal = (1..NANO).contains(&nanos);
            (nanos, if decimal { Format::DecimalSI } else { Format::BinarySI })
        }
    };
    Ok(Quantity { nanos: if negative { -magnitude } else { magnitude }, format })
}

fn skip_digits(bytes: &[u8], from: usize) -> usize {
    let digits = bytes.iter().skip(from).take_while(|b| b.is_ascii_digit()).count();
    from + digits
}

/// Go reads a missing number as zero on its int64 path and fails on its big-number path.
fn digits_may_be_absent(suffix: &Suffix) -> bool {
    match *suffix {
        Suffix::Ten(exponent, _) => exponent >= -9,
        Suffix::Two(power) => power <= 40,
    }
}

fn parse_suffix(text: &str, start: usize) -> Result<Suffix, QuantityError> {
    let Some(suffix) = text.get(start..) else {
        return Ok(Suffix::Ten(0, Format::DecimalSI));
    };
    let decimal = |exponent| Ok(Suffix::Ten(exponent, Format::DecimalSI));
    match suffix.as_bytes() {
        b"" => decimal(0),
        b"n" => decimal(-9),
        b"u" => decimal(-6),
        b"m" => decimal(-3),
        b"k" => decimal(3),
        b"M" => decimal(6),
        b"G" => decimal(9),
        b"T" => decimal(12),
        b"P" => decimal(15),
        b"E" => decimal(18),
        b"Ki" => Ok(Suffix::Two(10)),
        b"Mi" => Ok(Suffix::Two(20)),
        b"Gi" => Ok(Suffix::Two(30)),
        b"Ti" => Ok(Suffix::Two(40)),
        b"Pi" => Ok(Suffix::Two(50)),
        b"Ei" => Ok(Suffix::Two(60)),
        [b'e' | b'E', digits @ ..] if is_integer(digits) => suffix[1..]
            .parse()
            .map(|exponent| Suffix::Ten(exponent, Format::DecimalExponent))
            .map_err(|_| QuantityError::Exponent { position: start + 1 }),
        _ => Err(suffix_error(suffix, start)),
    }
}

fn is_integer(bytes: &[u8]) -> bool {
    let digits = bytes.strip_prefix(b"+").or(bytes.strip_prefix(b"-")).unwrap_or(bytes);
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

/// Names the first character that cannot be part of a suffix, or else the suffix as a whole.
fn suffix_error(suffix: &str, start: usize) -> QuantityError {
    let letters = suffix.bytes().take_while(|b| b"eEinumkKMGTP".contains(b)).count();
    let sign = suffix[letters..].bytes().take_while(|b| matches!(b, b'+' | b'-')).take(1).count();
    // A sign belongs to an exponent only, and so needs a letter before it.
    let known = if letters == 0 { 0 } else { skip_digits(suffix.as_bytes(), letters + sign) };
    // Everything before `known` is ASCII, so bytes and characters count alike.
    if let Some(found) = suffix[known..].chars().next() {
        let position = start + known + 1;
        return if found.is_whitespace() {
            QuantityError::WhiteSpace { found, position }
        } else {
            QuantityError::Unexpected { found, position }
        };
    }
    let position = start + 1;
    match suffix.as_bytes() {
        b"K" => QuantityError::CapitalK { position },
        [b'e' | b'E', b'+' | b'-', ..] | b"e" => QuantityError::Exponent { position },
        _ => QuantityError::Suffix { position },
    }
}

fn digit(byte: u8) -> i128 {
    i128::from(byte.wrapping_sub(b'0'))
}

/// ⌈whole.fraction × 10^exponent⌉ in nano-units: shifts the decimal point, then rounds up.
fn scale_by_ten(whole: &[u8], fraction: &[u8], exponent: i64) -> i128 {
    let whole_len = i64::try_from(whole.len()).unwrap_or(i64::MAX);
    let mut places = whole_len.saturating_add(exponent).saturating_add(9);
    let mut nanos = 0i128;
    for &byte in whole.iter().chain(fraction) {
        let digit = digit(byte);
        if places > 0 {
            nanos = nanos.saturating_mul(10).saturating_add(digit);
            places -= 1;
        } else if digit != 0 {
            return nanos.saturating_add(1);
        }
    }
    // Stops at the latest when the value saturates, however large the exponent is.
    while places > 0 && nanos != 0 && nanos != i128::MAX {
        nanos = nanos.saturating_mul(10);
        places -= 1;
    }
    nanos
}

/// ⌈whole.fraction × 2^power⌉ in nano-units, capped as Go caps it.
fn scale_by_two(whole: &[u8], fraction: &[u8], power: u32) -> i128 {
    // At most 2^60 × 10⁹, so ten times it is far below 2^127.
    let unit = NANO << power;
    // Horner's rule from the last digit: adding whole numbers before each floored division keeps
    // the nested floors exact, and any remainder means that the value has to be rounded up.
    let mut part = 0i128;
    let mut exact = true;
    for &byte in fraction.iter().rev() {
        let sum = digit(byte) * unit + part;
        part = sum / 10;
        exact &= sum % 10 == 0;
    }
    let mut units = 0i128;
    for &byte in whole {
        units = units.saturating_mul(10).saturating_add(digit(byte));
    }
    let nanos = units.saturating_mul(unit).saturating_add(part + i128::from(!exact));
    nanos.min(MAX_BINARY)
}
