//! Which fields of a container name a Service of the cluster.
//!
//! Environment values and arguments carry secrets, so they are read past and only the answer is kept.

use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use super::scalars::Str;
use crate::json::{RAW, Reader};

mod names;
#[cfg(test)]
mod tests;

use names::names_cluster;

/// Whether any text of `args` or `command` names a Service, so that the container needs the cluster's DNS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mentions {
    /// A name such as `db.etl.svc`, `db.etl.svc.cluster.local`, or a URL whose host has no dot (`http://hub:8081`).
    pub cluster_names: bool,
}

/// The same of `env`, where only the `value` of an entry counts: names of variables and of ConfigMaps are no hosts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EnvMentions(pub Mentions);

/// A text that says nothing of another one but whether it names a Service, for records of pods.
pub fn neutral(text: &str) -> &'static str {
    if names_cluster(text) { "redacted.svc" } else { "redacted" }
}

impl<'de> Deserialize<'de> for Mentions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let cluster_names = deserializer.deserialize_newtype_struct(RAW, Whole(Part::Words))?;
        Ok(Self { cluster_names })
    }
}

impl<'de> Deserialize<'de> for EnvMentions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let cluster_names = deserializer.deserialize_newtype_struct(RAW, Whole(Part::Env))?;
        Ok(Self(Mentions { cluster_names }))
    }
}

/// Takes the JSON of the whole field where there is one, else its values one by one.
struct Whole(Part);

impl<'de> Visitor<'de> for Whole {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    /// Without escapes every string stands in the JSON as it is, between quotes, and no name runs across a quote:
    /// JSON that names nothing holds no string that does. All else is settled by the strings themselves, as they
    /// are where there is no JSON, so that both ways give one answer.
    fn visit_borrowed_str<E: Error>(self, json: &'de str) -> Result<bool, E> {
        if !names_cluster(json) && memchr::memchr(b'\\', json.as_bytes()).is_none() {
            return Ok(false);
        }
        self.0.deserialize(&mut Reader::new(json)).map_err(E::custom)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, field: D) -> Result<bool, D::Error> {
        self.0.deserialize(field)
    }
}

/// A part of a field; reading one answers whether it names a Service. What has another shape than the API gives it
/// names nothing.
#[derive(Clone, Copy)]
enum Part {
    /// `args` or `command`: a list of text.
    Words,
    /// `env`: a list of entries.
    Env,
    /// An EnvVar, of which `value` counts.
    Entry,
    /// Text.
    Text,
}

impl<'de> DeserializeSeed<'de> for Part {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Part {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<bool, E> {
        Ok(matches!(self, Self::Text) && names_cluster(text))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_unit<E: Error>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<bool, A::Error> {
        let element = match self {
            Self::Words => Self::Text,
            Self::Env => Self::Entry,
            Self::Entry | Self::Text => {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                return Ok(false);
            }
        };
        let mut found = false;
        while let Some(names) = list.next_element_seed(element)? {
            found |= names;
        }
        Ok(found)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        let mut found = false;
        while let Some(key) = map.next_key::<Str<'de>>()? {
            if matches!(self, Self::Entry) && &*key == "value" {
                // Of two equal keys the last counts, as JSON readers take it.
                found = map.next_value_seed(Self::Text)?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}
