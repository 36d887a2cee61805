//! Which share of reviews is kept.

use std::fmt;
use std::str::FromStr;

/// A share of all reviews. Whether one is in it depends on its uid alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share(u64);

/// Text that is no share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("give a number from 0 to 1, such as 0.05, or a fraction such as 1/20")]
pub struct ShareError;

impl Share {
    /// All of them.
    pub const ALL: Self = Self(u64::MAX);

    /// Whether the review of this uid is in it.
    pub fn holds(self, uid: &str) -> bool {
        self == Self::ALL || hash(uid.as_bytes()) < self.0
    }
}

impl FromStr for Share {
    type Err = ShareError;

    fn from_str(text: &str) -> Result<Self, ShareError> {
        let number = |text: &str| text.trim().parse::<f64>().map_err(|_| ShareError);
        let share = match text.split_once('/') {
            Some((part, whole)) => number(part)? / number(whole)?,
            None => number(text)?,
        };
        // NaN is in no range.
        if !(0.0..=1.0).contains(&share) {
            return Err(ShareError);
        }
        // The cast saturates: 1 is all.
        Ok(Self((share * 2_f64.powi(64)) as u64))
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0 as f64 / 2_f64.powi(64))
    }
}

/// FNV-1a, its bits spread by the finalizer of MurmurHash3: the same in every replica.
fn hash(bytes: &[u8]) -> u64 {
    let mut hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}
