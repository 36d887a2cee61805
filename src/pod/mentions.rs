//! Which fields of a container name a Service of the cluster.
//!
//! Environment values and arguments carry secrets, so they are read past and only the answer is kept.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::json::RAW;

/// Whether any text in a field (`env`, `args`, `command`) names a Service, so that the container needs
/// the cluster's DNS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mentions {
    /// A name such as `db.etl.svc`, `db.etl.svc.cluster.local`, or a URL whose host has no dot (`http://hub:8081`).
    pub cluster_names: bool,
}

impl<'de> Deserialize<'de> for Mentions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(RAW, Whole)
    }
}

/// Takes the text of the whole field where there is one, else its values one by one.
struct Whole;

impl<'de> Visitor<'de> for Whole {
    type Value = Mentions;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_borrowed_str<E: Error>(self, json: &'de str) -> Result<Mentions, E> {
        Ok(Mentions { cluster_names: names_cluster(json) })
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Mentions, D::Error> {
        deserializer.deserialize_any(Scan)
    }
}

#[derive(Clone, Copy)]
struct Scan;

impl<'de> DeserializeSeed<'de> for Scan {
    type Value = Mentions;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Mentions, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Scan {
    type Value = Mentions;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Mentions, E> {
        Ok(Mentions { cluster_names: names_cluster(text) })
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Mentions, E> {
        Ok(Mentions::default())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Mentions, E> {
        Ok(Mentions::default())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Mentions, E> {
        Ok(Mentions::default())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Mentions, E> {
        Ok(Mentions::default())
    }

    fn visit_unit<E: Error>(self) -> Result<Mentions, E> {
        Ok(Mentions::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Mentions, A::Error> {
        let mut found = Mentions::default();
        while let Some(one) = seq.next_element_seed(Self)? {
            found.cluster_names |= one.cluster_names;
        }
        Ok(found)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Mentions, A::Error> {
        let mut found = Mentions::default();
        while map.next_key::<serde::de::IgnoredAny>()?.is_some() {
            found.cluster_names |= map.next_value_seed(Self)?.cluster_names;
        }
        Ok(found)
    }
}

/// Whether `text` holds a host name that only the cluster's DNS can resolve.
fn names_cluster(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr2_iter(b'.', b':', bytes).any(|at| match bytes[at] {
        b'.' => at > 0 && is_host_byte(bytes[at - 1]) && begins_cluster_suffix(&bytes[at + 1..]),
        _ => bytes[at + 1..].starts_with(b"//") && has_single_label_host(&bytes[at + 3..]),
    })
}

fn begins_cluster_suffix(rest: &[u8]) -> bool {
    [b"svc".as_slice(), b"cluster.local"].iter().any(|suffix| {
        rest.starts_with(suffix) && !rest.get(suffix.len()).copied().is_some_and(is_host_byte)
    })
}

/// `http://hub:8081/x`: a host of one label is found through the cluster's search path alone.
fn has_single_label_host(rest: &[u8]) -> bool {
    let end = rest.iter().position(|b| b"/?#\"'\\,;&<> ".contains(b)).unwrap_or(rest.len());
    let authority = &rest[..end];
    let host = match authority.iter().rposition(|b| *b == b'@') {
        Some(at) => &authority[at + 1..],
        None => authority,
    };
    let host = host.split(|b| *b == b':').next().unwrap_or_default();
    host.first().is_some_and(u8::is_ascii_alphabetic)
        && host.iter().copied().all(is_host_byte)
        && !host.eq_ignore_ascii_case(b"localhost")
}

fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognises_names_of_services() {
        for text in [
            "tcp://simple-scheduler.dask.svc.cluster.local:8786",
            "db.etl.svc",
            "https://kubernetes.default.svc:443/api",
            "--master=k8s://https://kubernetes.default.svc",
            "redis.cluster.local",
            "http://hub:8081/hub/api",
            "postgres://user:secret@airflow-postgresql:5432/airflow",
            "a=1 http://x.example.com b=http://api",
        ] {
            assert!(names_cluster(text), "{text}");
        }
    }

    #[test]
    fn leaves_other_names_alone() {
        for text in [
            "https://example.com/a.svc-like/x",
            "http://localhost:8080",
            "http://127.0.0.1:8080",
            "http://0.0.0.0:8888/",
            "local:///opt/spark/x.jar",
            "http://[::1]:80",
            "file.svcs",
            "a: b",
            "2026-11-21T11:24:07.472104",
            ".svc",
            "$(HOST)://",
            "",
        ] {
            assert!(!names_cluster(text), "{text}");
        }
    }

    #[test]
    fn reads_env_lists_and_keeps_nothing() {
        let env = r#"[{"name":"A","value":"x"},{"name":"B","valueFrom":{"fieldRef":{"fieldPath":"status.podIP"}}},
                      {"name":"C","value":"http:\/\/db.svc"}]"#;
        let mentions: Mentions = serde_json::from_str(env).unwrap();
        assert!(mentions.cluster_names);
        assert!(
            !serde_json::from_str::<Mentions>("[null, 1, {\"a\": true}]").unwrap().cluster_names
        );
    }
}
