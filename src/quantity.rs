//! Resource quantities (`500m`, `1Gi`, `1e3`) with the values and spellings of the API server.
//!
//! Source: `k8s.io/apimachinery/pkg/api/resource` (`quantity.go`, `suffix.go`, `amount.go`).

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

mod parse;
mod serial;
#[cfg(test)]
mod tests;

/// Nano-units in one unit.
const NANO: i128 = 1_000_000_000;
/// Go keeps no more than an int64 of units in a BinarySI quantity.
const MAX_BINARY: i128 = i64::MAX as i128 * NANO;

/// The family of suffixes in which a quantity was written and is printed again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Format {
    /// `n`, `u`, `m`, none, `k`, `M`, `G`, `T`, `P`, `E`: powers of 1000.
    #[default]
    DecimalSI,
    /// `Ki`, `Mi`, `Gi`, `Ti`, `Pi`, `Ei`: powers of 1024.
    BinarySI,
    /// `e3`, `E-6`: powers of ten, printed in steps of three.
    DecimalExponent,
}

/// An amount of a resource: bytes for memory, cores for CPU, a plain count otherwise.
///
/// Held exactly in nano-units, as finely as Kubernetes keeps it. Compared by value, so `0.5` equals
/// `500m` and `1Gi` differs from `1G`; the [`Format`] takes no part in it. Amounts beyond ±1.7e29
/// units, which Kubernetes would keep in arbitrary precision, saturate.
#[derive(Debug, Clone, Copy)]
pub struct Quantity {
    nanos: i128,
    format: Format,
}

/// Why a text is not a quantity. Positions count characters from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QuantityError {
    /// The text is empty.
    #[error("a quantity must not be empty; write a number such as \"500m\" or \"1Gi\"")]
    Empty,
    /// There is no digit where a number belongs.
    #[error("a quantity must have a digit before its suffix, at character {position}")]
    NoDigits {
        /// Where the digit was expected.
        position: usize,
    },
    /// A character that no quantity has at this place.
    #[error("unexpected {found:?} at character {position} of a quantity")]
    Unexpected {
        /// The character.
        found: char,
        /// Where it stands.
        position: usize,
    },
    /// White space, which a quantity may not have anywhere.
    #[error("a quantity must not contain white space, found {found:?} at character {position}")]
    WhiteSpace {
        /// The character.
        found: char,
        /// Where it stands.
        position: usize,
    },
    /// A capital `K`, which is neither of the two kilos.
    #[error(
        "unknown suffix \"K\" at character {position}; write \"k\" for 1000 or \"Ki\" for 1024"
    )]
    CapitalK {
        /// Where the suffix starts.
        position: usize,
    },
    /// A suffix that does not exist.
    #[error(
        "unknown suffix at character {position}; expected one of n, u, m, k, M, G, T, P, E, \
         Ki, Mi, Gi, Ti, Pi, Ei, or an exponent such as e3"
    )]
    Suffix {
        /// Where the suffix starts.
        position: usize,
    },
    /// An exponent that is no whole number of 64 bits.
    #[error("the exponent at character {position} must be a whole number such as e3 or e-3")]
    Exponent {
        /// Where the exponent's letter stands.
        position: usize,
    },
}

impl Quantity {
    /// Nothing at all; prints as `0`.
    pub const ZERO: Quantity = Quantity { nanos: 0, format: Format::DecimalSI };

    /// A whole number of units.
    pub const fn from_units(units: i64, format: Format) -> Quantity {
        // An i64 times 10^9 fits an i128 with room to spare.
        Quantity { nanos: units as i128 * NANO, format }
    }

    /// A number of nano-units (10⁻⁹ of a unit).
    pub const fn from_nanos(nanos: i128, format: Format) -> Quantity {
        Quantity { nanos, format }
    }

    /// Reads a quantity as `resource.ParseQuantity` does.
    ///
    /// Digits finer than nano round away from zero; a BinarySI amount is capped at 2⁶³-1 units.
    /// White space around it is an error here, though JSON decoding (and so [`serde::Deserialize`])
    /// trims it. Like the API server, this takes a text without any digit for zero where that needs
    /// no big-number arithmetic (`.`, `Mi`, but not `Ei`).
    ///
    /// # Errors
    /// [`QuantityError`] says what is wrong and where.
    pub fn parse(text: &str) -> Result<Quantity, QuantityError> {
        parse::parse(text)
    }

    /// The amount in nano-units (10⁻⁹ of a unit).
    pub const fn nanos(self) -> i128 {
        self.nanos
    }

    /// The suffix family it prints in.
    pub const fn format(self) -> Format {
        self.format
    }

    /// The same amount, to be printed in another suffix family.
    #[must_use]
    pub const fn with_format(self, format: Format) -> Quantity {
        Quantity { nanos: self.nanos, format }
    }

    /// Whether the amount is zero, however it was written.
    pub const fn is_zero(self) -> bool {
        self.nanos == 0
    }

    /// Whether the amount is below zero, which the API accepts for no resource.
    pub const fn is_negative(self) -> bool {
        self.nanos < 0
    }

    /// The sum, kept within what the type can hold. Zero takes on the other's format, as in Go.
    #[must_use]
    pub const fn saturating_add(self, other: Quantity) -> Quantity {
        Quantity { nanos: self.nanos.saturating_add(other.nanos), format: self.format_with(other) }
    }

    /// The difference, kept within what the type can hold. Zero takes on the other's format.
    #[must_use]
    pub const fn saturating_sub(self, other: Quantity) -> Quantity {
        Quantity { nanos: self.nanos.saturating_sub(other.nanos), format: self.format_with(other) }
    }

    const fn format_with(self, other: Quantity) -> Format {
        if self.is_zero() { other.format } else { self.format }
    }

    /// `self × ratio`, rounded towards zero to nano; `None` when it is too large to hold.
    ///
    /// For amounts that are not negative, `limit <= request.checked_mul_ratio(ratio)` decides exactly
    /// whether limit/request stays within the ratio: see [`Quantity::within_ratio`].
    #[must_use]
    pub const fn checked_mul_ratio(self, ratio: Quantity) -> Option<Quantity> {
        const NANO_U: u128 = NANO as u128;
        let (a, b) = (self.nanos.unsigned_abs(), ratio.nanos.unsigned_abs());
        // a·b/10⁹ without a wider type: a = whole·10⁹ + part, so a·b/10⁹ = whole·b + part·b/10⁹.
        let (whole, part) = (a / NANO_U, a % NANO_U);
        let (b_whole, b_part) = (b / NANO_U, b % NANO_U);
        let Some(main) = whole.checked_mul(b) else { return None };
        let Some(main) = main.checked_add(part * b_whole) else { return None };
        let Some(product) = main.checked_add(part * b_part / NANO_U) else { return None };
        if product > i128::MAX as u128 {
            return None;
        }
        let product = product as i128;
        let negative = self.is_negative() != ratio.is_negative();
        let nanos = if negative { -product } else { product };
        Some(Quantity { nanos, format: self.format })
    }

    /// Whether `limit / request <= ratio`, decided exactly (a LimitRange's `maxLimitRequestRatio`).
    ///
    /// A request of zero has no ratio and is within none, unless the limit is zero too.
    /// Meant for amounts that are not negative; the API accepts no others.
    #[must_use]
    pub fn within_ratio(limit: Quantity, request: Quantity, ratio: Quantity) -> bool {
        request.checked_mul_ratio(ratio).is_none_or(|most| limit <= most)
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nanos == other.nanos
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nanos.cmp(&other.nanos)
    }
}

impl Hash for Quantity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.nanos.hash(state);
    }
}

impl Default for Quantity {
    fn default() -> Self {
        Quantity::ZERO
    }
}

impl std::str::FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Quantity::parse(text)
    }
}

/// The canonical form: no fraction, no precision lost, and the largest suffix that allows both.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.nanos == 0 {
            return f.write_str("0");
        }
        // Small and fractional binary amounts print as decimals, as in Quantity.CanonicalizeBytes.
        let binary = self.format == Format::BinarySI
            && self.nanos.unsigned_abs() >= 1024 * NANO as u128
            && self.nanos % NANO == 0;
        if binary { self.fmt_binary(f) } else { self.fmt_decimal(f) }
    }
}

impl Quantity {
    fn fmt_binary(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut amount = self.nanos / NANO;
        let mut suffixes = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"].into_iter();
        let mut suffix = "";
        while amount % 1024 == 0 {
            let Some(next) = suffixes.next() else { break };
            suffix = next;
            amount /= 1024;
        }
        write!(f, "{amount}{suffix}")
    }

    fn fmt_decimal(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut amount, mut exponent) = (self.nanos, -9i32);
        while amount % 1000 == 0 {
            amount /= 1000;
            exponent += 3;
        }
        let suffix = match exponent {
            -9 => "n",
            -6 => "u",
            -3 => "m",
            0 => "",
            3 => "k",
            6 => "M",
            9 => "G",
            12 => "T",
            15 => "P",
            18 => "E",
            // As apimachinery does after 1.36, which drops the exponent (`1000E` prints as `1`).
            _ => return write!(f, "{amount}e{exponent}"),
        };
        if self.format == Format::DecimalExponent && exponent != 0 {
            return write!(f, "{amount}e{exponent}");
        }
        write!(f, "{amount}{suffix}")
    }
}
