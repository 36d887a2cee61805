//! Values that begin with a word out of a few, as FORMAT=FILE does: shells are told the words.

use std::ffi::OsStr;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use clap::ValueEnum;
use clap::builder::{PossibleValue, TypedValueParser};

/// A parser of `T` by its [`FromStr`]; what shells offer are the names of `W`.
pub(super) struct Offered<T, W>(PhantomData<fn() -> (T, W)>);

impl<T, W> Offered<T, W> {
    pub(super) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T, W> Clone for Offered<T, W> {
    fn clone(&self) -> Self {
        Self::new()
    }
}

impl<T, W> fmt::Debug for Offered<T, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Offered")
    }
}

impl<T, W> TypedValueParser for Offered<T, W>
where
    T: FromStr<Err = String> + Clone + Send + Sync + 'static,
    W: ValueEnum + 'static,
{
    type Value = T;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<T, clap::Error> {
        let read = |text: &str| T::from_str(text);
        read.parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(W::value_variants().iter().filter_map(ValueEnum::to_possible_value)))
    }
}
