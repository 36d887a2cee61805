//! Edits applied to a view, and what a view knows of the object it was read from.
//!
//! A patch must name parents that exist, and the next rule must see what the last one changed. Both are
//! answered by the view itself, so that a review never builds a value of the whole object.

use serde::de::Deserialize;
use serde_json::Value;

use super::scalars::{Amount, Map, Str};
use crate::edit::Change;

/// A part of an object that was read. `'a` is the lifetime of the input.
pub trait View<'a>: Deserialize<'a> {
    /// Whether the field is there (and not null) in the object.
    fn is_present(&self) -> bool {
        true
    }

    /// How many steps of `path`, from this part on, lead to something that is there. Steps into parts that no
    /// rule reads count as absent.
    fn depth(&self, path: &[&str]) -> usize;

    /// Makes the change at `path`, with its missing parents. A change to a part that no rule reads changes
    /// nothing here.
    ///
    /// # Errors
    /// When the new value has the wrong shape for its place.
    fn apply(&mut self, path: &[&str], change: &Change) -> Result<(), serde_json::Error>;
}

/// Reads the value a change puts in place.
fn read<'a, T: Deserialize<'a>>(change: &Change) -> Result<T, serde_json::Error> {
    T::deserialize(change.value().cloned().unwrap_or(Value::Null))
}

macro_rules! leaf_view {
    ($($leaf:ty),*) => {$(
        impl<'a> View<'a> for $leaf {
            fn depth(&self, _: &[&str]) -> usize {
                0
            }

            fn apply(&mut self, path: &[&str], change: &Change) -> Result<(), serde_json::Error> {
                if path.is_empty() {
                    *self = read(change)?;
                }
                Ok(())
            }
        }
    )*};
}
leaf_view!(Str<'a>, Amount<'a>, bool, i64, super::mentions::Mentions, super::mentions::EnvMentions);

impl<'a, T: View<'a> + Default> View<'a> for Option<T> {
    fn is_present(&self) -> bool {
        self.is_some()
    }

    fn depth(&self, path: &[&str]) -> usize {
        self.as_ref().map_or(0, |inner| inner.depth(path))
    }

    fn apply(&mut self, path: &[&str], change: &Change) -> Result<(), serde_json::Error> {
        match (path, change) {
            ([], Change::Remove) => *self = None,
            ([], Change::Set(_)) => *self = read(change)?,
            _ => self.get_or_insert_default().apply(path, change)?,
        }
        Ok(())
    }
}

impl<'a, T: View<'a> + Default> View<'a> for Vec<T> {
    fn depth(&self, path: &[&str]) -> usize {
        let Some((first, rest)) = path.split_first() else { return 0 };
        match index(first).and_then(|at| self.get(at)) {
            Some(element) => 1 + element.depth(rest),
            None => 0,
        }
    }

    fn apply(&mut self, path: &[&str], change: &Change) -> Result<(), serde_json::Error> {
        let Some((first, rest)) = path.split_first() else {
            match change {
                Change::Append(value) => self.push(T::deserialize(value.clone())?),
                _ => *self = read(change)?,
            }
            return Ok(());
        };
        let Some(at) = index(first).filter(|at| *at < self.len()) else { return Ok(()) };
        match (rest, change) {
            ([], Change::Remove) => drop(self.remove(at)),
            _ => self[at].apply(rest, change)?,
        }
        Ok(())
    }
}

fn index(token: &str) -> Option<usize> {
    token.parse().ok()
}

impl<'a, T: View<'a> + Default> View<'a> for Map<'a, T> {
    fn depth(&self, path: &[&str]) -> usize {
        let Some((first, rest)) = path.split_first() else { return 0 };
        self.get(first).map_or(0, |value| 1 + value.depth(rest))
    }

    fn apply(&mut self, path: &[&str], change: &Change) -> Result<(), serde_json::Error> {
        let Some((first, rest)) = path.split_first() else {
            *self = read(change)?;
            return Ok(());
        };
        match (rest, change) {
            ([], Change::Remove) => self.remove(first),
            _ => {
                let mut value = self.entry(first).map(std::mem::take).unwrap_or_default();
                value.apply(rest, change)?;
                self.insert(first, value);
            }
        }
        Ok(())
    }
}

/// Declares a struct that reads the named fields of an object and skips the others; every field is optional,
/// and an explicit null counts as absent. What stands `beside` is filled by others, and edited under its name.
macro_rules! view {
    ($(#[$doc:meta])* pub struct $name:ident {$(
        $(#[$field_doc:meta])* $field:ident: $type:ty = $key:literal,
    )*} $(beside {$(
        $(#[$beside_doc:meta])* $beside:ident: $beside_type:ty = $beside_key:literal,
    )*})?) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, serde::Deserialize)]
        #[serde(bound(deserialize = "'de: 'a"))]
        pub struct $name<'a> {
            $(
                $(#[$field_doc])*
                #[serde(rename = $key, default)]
                pub $field: Option<$type>,
            )*
            $($(
                $(#[$beside_doc])*
                #[serde(skip)]
                pub $beside: Option<$beside_type>,
            )*)?
            #[serde(skip)]
            borrowed: std::marker::PhantomData<&'a ()>,
        }

        impl<'a> $crate::pod::editing::View<'a> for $name<'a> {
            fn depth(&self, path: &[&str]) -> usize {
                let Some((first, rest)) = path.split_first() else { return 0 };
                match *first {
                    $($key if $crate::pod::editing::View::is_present(&self.$field) => {
                        1 + $crate::pod::editing::View::depth(&self.$field, rest)
                    })*
                    $($($beside_key if $crate::pod::editing::View::is_present(&self.$beside) => {
                        1 + $crate::pod::editing::View::depth(&self.$beside, rest)
                    })*)?
                    _ => 0,
                }
            }

            fn apply(
                &mut self,
                path: &[&str],
                change: &$crate::edit::Change,
            ) -> Result<(), serde_json::Error> {
                let Some((first, rest)) = path.split_first() else {
                    if let Some(value) = change.value() {
                        *self = serde::Deserialize::deserialize(value.clone())?;
                    }
                    return Ok(());
                };
                match *first {
                    $($key => $crate::pod::editing::View::apply(&mut self.$field, rest, change),)*
                    $($($beside_key => {
                        $crate::pod::editing::View::apply(&mut self.$beside, rest, change)
                    })*)?
                    _ => Ok(()),
                }
            }
        }
    };
}
pub(super) use view;
