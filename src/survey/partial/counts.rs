//! The numbers of a part, none of which may be larger than anything that is ever counted.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Above it, sums of floating point lose ones (2^53), and no cluster has as many of anything.
const MOST: u64 = 1 << 53;
/// Amounts of resources, in bytes or thousandths of a core: any pod may ask for as much as 64 bits hold.
const AMOUNTS: [&str; 7] = ["allocatable", "hard", "least", "limits", "most", "requests", "used"];

/// Goes through JSON, and fails at a number that no count or time is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    /// Numbers are amounts here.
    are_amounts: bool,
}

impl Counts {
    fn take<E: Error>(self, number: &impl fmt::Display, is_small: bool) -> Result<(), E> {
        if self.are_amounts || is_small {
            return Ok(());
        }
        Err(E::custom(format_args!("{number} is more than anything is counted to ({MOST})")))
    }
}

impl<'de> DeserializeSeed<'de> for Counts {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Counts {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.take(&number, number <= MOST)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.take(&number, number.unsigned_abs() <= MOST)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        // No field of a part holds one, which is told where it is read.
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        while let Some(key) = object.next_key::<Cow<'de, str>>()? {
            object.next_value_seed(Self { are_amounts: AMOUNTS.contains(&&*key) })?;
        }
        Ok(())
    }
}
