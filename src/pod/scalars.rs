//! Text and maps that borrow from the bytes they were read from.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

/// Text that borrows where the input allows it: `&str` refuses JSON strings with escapes, and
/// `Option<Cow<str>>` never borrows (serde#2016).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Str<'a>(pub Cow<'a, str>);

impl Deref for Str<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Str<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Str<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl<'de> Visitor<'de> for Text {
            type Value = Str<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Str(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Str(Cow::Owned(text.to_owned())))
            }

            fn visit_string<E: Error>(self, text: String) -> Result<Self::Value, E> {
                Ok(Str(Cow::Owned(text)))
            }
        }

        deserializer.deserialize_str(Text)
    }
}

/// A quantity as it was written: text, or a number (KubeSpawner sends those), which is kept as its text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Amount<'a>(pub Str<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for Amount<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrNumber;

        impl<'de> Visitor<'de> for TextOrNumber {
            type Value = Amount<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a quantity: a string such as \"500m\" or \"1Gi\", or a number")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Amount(Str(Cow::Borrowed(text))))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Amount(Str(Cow::Owned(text.to_owned()))))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
                self.visit_str(&number.to_string())
            }
        }

        deserializer.deserialize_any(TextOrNumber)
    }
}

/// A JSON object with text keys, in the order it was written. Labels and resource lists are short, so a
/// search is a walk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Map<'a, T>(pub Vec<(Str<'a>, T)>);

impl<T> Default for Map<'_, T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'a, T> Map<'a, T> {
    /// The value under `key`; where a key stands twice, the last one, as JSON readers take it.
    pub fn get(&self, key: &str) -> Option<&T> {
        self.0.iter().rev().find(|(name, _)| &**name == key).map(|(_, value)| value)
    }

    /// Every key with its value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }

    pub(super) fn entry(&mut self, key: &str) -> Option<&mut T> {
        self.0.iter_mut().rev().find(|(name, _)| &**name == key).map(|(_, value)| value)
    }

    pub(super) fn insert(&mut self, key: &str, value: T) {
        match self.entry(key) {
            Some(present) => *present = value,
            None => self.0.push((Str(Cow::Owned(key.to_owned())), value)),
        }
    }

    pub(super) fn remove(&mut self, key: &str) {
        self.0.retain(|(name, _)| &**name != key);
    }
}

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for Map<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<'a, T>(PhantomData<(&'a (), T)>);

        impl<'de: 'a, 'a, T: Deserialize<'de>> Visitor<'de> for Entries<'a, T> {
            type Value = Map<'a, T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(key) = map.next_key::<Str<'a>>()? {
                    // A null value stands for none, as in Go.
                    if let Some(value) = map.next_value::<Option<T>>()? {
                        entries.push((key, value));
                    }
                }
                Ok(Map(entries))
            }
        }

        deserializer.deserialize_map(Entries(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_borrows_unless_it_holds_escapes() {
        let plain: Str<'_> = serde_json::from_str(r#""nginx""#).unwrap();
        assert!(matches!(plain.0, Cow::Borrowed("nginx")));
        let escaped: Option<Str<'_>> = serde_json::from_str(r#""a\u003eb""#).unwrap();
        assert_eq!(&*escaped.unwrap(), "a>b");
    }

    #[test]
    fn amounts_take_numbers() {
        let map: Map<'_, Amount<'_>> =
            serde_json::from_str(r#"{"cpu":0.5,"memory":1073741824,"x":null,"y":"1Gi"}"#).unwrap();
        assert_eq!(&*map.get("cpu").unwrap().0, "0.5");
        assert_eq!(&*map.get("memory").unwrap().0, "1073741824");
        assert_eq!(map.get("x"), None);
        assert_eq!(&*map.get("y").unwrap().0, "1Gi");
    }

    #[test]
    fn the_last_of_two_equal_keys_counts() {
        let map: Map<'_, Str<'_>> = serde_json::from_str(r#"{"a":"1","a":"2"}"#).unwrap();
        assert_eq!(map.get("a").map(|v| &**v), Some("2"));
    }
}
