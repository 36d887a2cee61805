//! The short and long forms of what is expected, as they are read and as their schema has them.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::expectation::{FindingMatch, OneOrMany, TextMatch};
use crate::policy::Action;

/// The long form of [`FindingMatch`].
#[derive(Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Finding {
    /// The policy's name.
    policy: Option<String>,
    /// The rule's name in the policy.
    rule: Option<String>,
    /// What follows; under `findings`.
    action: Option<Action>,
    /// The container that it is about.
    container: Option<String>,
    /// The field that it points at, as in `spec.containers[0].image`, or a JSON pointer.
    path: Option<String>,
    /// What is said.
    message: Option<TextMatch>,
    /// The exemption; under `exempted`.
    exemption: Option<String>,
    /// How many such findings there are; absent: one or more.
    count: Option<usize>,
}

/// The long form of [`TextMatch`] in the schema: one of the two.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[expect(dead_code, reason = "only the schema is made from it")]
enum Text {
    /// The whole text, to the letter.
    Exact(String),
    /// A part of the text.
    Contains(String),
}

/// The same as it is read: what is wrong with it is told in the words of the schema.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct TextFields {
    exact: Option<String>,
    contains: Option<String>,
}

impl From<Finding> for FindingMatch {
    fn from(long: Finding) -> Self {
        let Finding { policy, rule, action, container, path, message, exemption, count } = long;
        Self { policy, rule, action, container, path, message, exemption, count, short: false }
    }
}

impl<'de> Deserialize<'de> for FindingMatch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form;
        impl<'de> Visitor<'de> for Form {
            type Value = FindingMatch;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`RULE`, `POLICY/RULE` or a map")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<FindingMatch, E> {
                Ok(FindingMatch::short(text))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<FindingMatch, A::Error> {
                let long = Finding::deserialize(MapAccessDeserializer::new(map))?;
                Ok(long.into())
            }
        }
        deserializer.deserialize_any(Form)
    }
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form;
        impl<'de> Visitor<'de> for Form {
            type Value = OneOrMany;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`RULE`, `POLICY/RULE`, a map, or a list of them")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<OneOrMany, E> {
                Ok(OneOrMany(vec![FindingMatch::short(text)]))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<OneOrMany, A::Error> {
                let long = Finding::deserialize(MapAccessDeserializer::new(map))?;
                Ok(OneOrMany(vec![long.into()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<OneOrMany, A::Error> {
                let mut all = Vec::new();
                while let Some(one) = list.next_element()? {
                    all.push(one);
                }
                Ok(OneOrMany(all))
            }
        }
        deserializer.deserialize_any(Form)
    }
}

impl<'de> Deserialize<'de> for TextMatch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form;
        impl<'de> Visitor<'de> for Form {
            type Value = TextMatch;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, `{contains: …}` or `{exact: …}`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<TextMatch, E> {
                Ok(TextMatch::Pattern(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<TextMatch, A::Error> {
                let fields = TextFields::deserialize(MapAccessDeserializer::new(map))?;
                match (fields.exact, fields.contains) {
                    (Some(text), None) => Ok(TextMatch::Exact(text)),
                    (None, Some(part)) => Ok(TextMatch::Contains(part)),
                    (Some(_), Some(_)) => Err(de::Error::custom(
                        "a text is told by `contains` or by `exact`, and this has both; write one of them, or a \
                         text in which `*` stands for anything",
                    )),
                    (None, None) => Err(de::Error::custom(
                        "a text is told by `{contains: …}` or `{exact: …}`, and this has neither",
                    )),
                }
            }
        }
        deserializer.deserialize_any(Form)
    }
}

impl JsonSchema for FindingMatch {
    fn schema_name() -> Cow<'static, str> {
        "FindingMatch".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let long = generator.subschema_for::<Finding>();
        let short = json_schema!({"type": "string", "description": "`RULE` or `POLICY/RULE`"});
        json_schema!({"anyOf": [short, long]})
    }
}

impl JsonSchema for OneOrMany {
    fn schema_name() -> Cow<'static, str> {
        "OneOrMany".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<FindingMatch>();
        json_schema!({"anyOf": [one, {"type": "array", "items": one}]})
    }
}

impl JsonSchema for TextMatch {
    fn schema_name() -> Cow<'static, str> {
        "TextMatch".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let long = generator.subschema_for::<Text>();
        let short = json_schema!({"type": "string", "description": "the whole text, in which `*` stands for anything"});
        json_schema!({"anyOf": [short, long]})
    }
}
