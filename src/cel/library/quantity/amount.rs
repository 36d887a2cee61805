//! The form in which Go holds most quantities (`int64Amount` in k8s.io/apimachinery/pkg/api/resource/amount.go).

/// A number times a power of ten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Amount {
    number: i64,
    /// The power of ten.
    scale: i32,
}

/// Digits that Go multiplies without looking (`maxInt64Factors` in math.go there).
const DIGITS: i32 = 18;
/// The finest power of ten.
const NANO: i32 = -9;

impl Amount {
    /// A number of units.
    pub(super) const fn whole(number: i64) -> Self {
        Self { number, scale: 0 }
    }

    /// How `ParseQuantity` (quantity.go there) holds a text that it takes; none where as a big number.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (is_negative, text) = match text.as_bytes().first()? {
            b'-' => (true, text.get(1..)?),
            b'+' => (false, text.get(1..)?),
            _ => (false, text),
        };
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (digits, suffix) = text.split_at(end);
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        let whole = whole.trim_start_matches('0');
        // A lone zero keeps a digit.
        let whole = if whole.is_empty() { "0" } else { whole };
        let length = i32::try_from(whole.len() + part.len()).ok()?;
        let (precision, mut scale, factor) = match suffix.strip_suffix('i') {
            Some(prefix) => {
                let exponent = 10 * (1 + "KMGTPE".find(prefix)? as i32);
                if !part.is_empty() {
                    return None;
                }
                (15 - length - exponent * 3 / 10 - 1, 0, 1i64.checked_shl(exponent as u32)?)
            }
            None => (DIGITS - length, decimal(suffix)?, 1),
        };
        scale -= i32::try_from(part.len()).ok()?;
        if precision < 0 || scale < NANO {
            return None;
        }
        let number: i64 = format!("{whole}{part}").parse().ok()?;
        let number = number.checked_mul(factor)?;
        Some(Self { number: if is_negative { -number } else { number }, scale })
    }

    /// The number of units, where the form has no power of ten below them and the units fit 64 bits.
    pub(super) fn as_integer(self) -> Option<i64> {
        raise(self.number, u32::try_from(self.scale).ok()?)
    }

    /// The nearest number that Go comes to.
    pub(super) fn as_float(self) -> f64 {
        let number = self.number as f64;
        if self.scale == 0 { number } else { number * 10f64.powi(self.scale) }
    }

    /// The sum; none where it is more than 64 bits.
    pub(super) fn add(self, other: Self) -> Option<Self> {
        if other.number == 0 {
            return Some(self);
        }
        if self.number == 0 {
            return Some(other);
        }
        let scale = self.scale.min(other.scale);
        let raised = |amount: Self| raise(amount.number, amount.scale.abs_diff(scale));
        Some(Self { number: raised(self)?.checked_add(raised(other)?)?, scale })
    }

    /// The same below zero.
    pub(super) fn negated(self) -> Option<Self> {
        Some(Self { number: self.number.checked_neg()?, ..self })
    }
}

/// The number times a power of ten.
fn raise(number: i64, power: u32) -> Option<i64> {
    if number == 0 { Some(0) } else { number.checked_mul(10i64.checked_pow(power)?) }
}

fn decimal(suffix: &str) -> Option<i32> {
    Some(match suffix {
        "n" => -9,
        "u" => -6,
        "m" => -3,
        "" => 0,
        "k" => 3,
        "M" => 6,
        "G" => 9,
        "T" => 12,
        "P" => 15,
        "E" => 18,
        _ => suffix.strip_prefix(['e', 'E'])?.parse().ok()?,
    })
}
