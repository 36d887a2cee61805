//! Label selectors, as written in a policy or a pod and compiled for matching.
//!
//! Source: `LabelSelectorAsSelector` in `k8s.io/apimachinery/pkg/apis/meta/v1/helpers.go`, and
//! `NewRequirement` and `Requirement.Matches` in `pkg/labels/selector.go`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::label;

#[cfg(test)]
mod tests;

/// A label selector as written: both parts, and every requirement in them, must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LabelSelector {
    /// Labels that must be present with just this value.
    #[serde(
        default,
        deserialize_with = "null_as_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub match_labels: BTreeMap<String, String>,
    /// Requirements on labels.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub match_expressions: Vec<LabelSelectorRequirement>,
}

/// One requirement on one label, as written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("x-kubernetes-validations" = [
    {
        "rule": "!(self.operator in ['In', 'NotIn']) || (has(self.values) && size(self.values) > 0)",
        "message": "the operators In and NotIn need at least one value",
        "fieldPath": ".values",
    },
    {
        "rule": "!(self.operator in ['Exists', 'DoesNotExist']) || !has(self.values) || size(self.values) == 0",
        "message": "the operators Exists and DoesNotExist take no values",
        "fieldPath": ".values",
    },
]))]
pub struct LabelSelectorRequirement {
    /// The label's key.
    #[schemars(length(min = 1, max = 317))]
    pub key: String,
    /// How the label's value relates to `values`: In, NotIn, Exists or DoesNotExist.
    #[schemars(extend("enum" = ["In", "NotIn", "Exists", "DoesNotExist"]))]
    pub operator: String,
    /// The values: at least one with In and NotIn, none with Exists and DoesNotExist.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(length(max = label::MAX_NAME)))]
    pub values: Vec<String>,
}

/// Kubernetes reads an explicit null for a list or map as an empty one.
fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Why a label selector does not compile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {message}")]
pub struct SelectorError {
    /// Where the fault is, as a JSON pointer (RFC 6901) relative to the selector.
    pub pointer: String,
    /// What is wrong there and what is expected.
    pub message: String,
}

impl From<SelectorError> for crate::decode::DecodeError {
    fn from(error: SelectorError) -> Self {
        let SelectorError { pointer, message } = error;
        Self { pointer: crate::pointer::Pointer::new(pointer), message, help: None }
    }
}

/// A label selector ready to match. The default one matches everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    /// Absent where nothing matches.
    requirements: Option<Box<[Requirement]>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Requirement {
    key: Box<str>,
    test: Test,
}

/// The lists of values are sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    In(Box<[Box<str>]>),
    NotIn(Box<[Box<str>]>),
    Exists,
    DoesNotExist,
}

impl Default for Selector {
    fn default() -> Self {
        Selector::everything()
    }
}

impl Selector {
    /// The selector that matches everything, as an empty `LabelSelector` does.
    pub fn everything() -> Selector {
        Selector { requirements: Some(Box::default()) }
    }

    /// The selector that matches nothing, as an absent one does in a topology spread constraint or
    /// an affinity term.
    pub fn nothing() -> Selector {
        Selector { requirements: None }
    }

    /// Checks a selector and prepares it for matching. An empty one matches everything.
    ///
    /// # Errors
    /// Every key, operator and value that `LabelSelectorAsSelector` would reject.
    pub fn compile(written: &LabelSelector) -> Result<Selector, Vec<SelectorError>> {
        let mut errors = Vec::new();
        let mut requirements =
            Vec::with_capacity(written.match_labels.len() + written.match_expressions.len());
        for (key, value) in &written.match_labels {
            let at = || format!("/matchLabels/{}", escape(key));
            errors.extend(label::validate_key(key).err().map(|e| error(at(), e)));
            errors.extend(label::validate_value(value).err().map(|e| error(at(), e)));
            let test = Test::In(Box::new([value.as_str().into()]));
            requirements.push(Requirement { key: key.as_str().into(), test });
        }
        for (index, written) in written.match_expressions.iter().enumerate() {
            let test = written.compile(&format!("/matchExpressions/{index}"), &mut errors);
            let key = written.key.as_str().into();
            requirements.extend(test.map(|test| Requirement { key, test }));
        }
        if errors.is_empty() {
            Ok(Selector { requirements: Some(requirements.into()) })
        } else {
            Err(errors)
        }
    }

    /// Whether the labels, looked up by key, satisfy every requirement. Allocates nothing.
    pub fn matches<'a>(&self, labels: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.requirements.as_deref().is_some_and(|requirements| {
            requirements.iter().all(|requirement| requirement.holds(labels(&requirement.key)))
        })
    }

    /// Whether every set of labels matches.
    pub fn is_everything(&self) -> bool {
        self.requirements.as_ref().is_some_and(|requirements| requirements.is_empty())
    }

    /// The keys whose labels decide a match, in the order in which they are looked up.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.requirements.iter().flatten().map(|requirement| &*requirement.key)
    }
}

impl Requirement {
    fn holds(&self, value: Option<&str>) -> bool {
        let among = |values: &[Box<str>], value: &str| {
            values.binary_search_by(|candidate| (**candidate).cmp(value)).is_ok()
        };
        match (&self.test, value) {
            (Test::In(values), Some(value)) => among(values, value),
            (Test::NotIn(values), Some(value)) => !among(values, value),
            (Test::In(_), None) => false,
            (Test::NotIn(_), None) => true,
            (Test::Exists, value) => value.is_some(),
            (Test::DoesNotExist, value) => value.is_none(),
        }
    }
}

impl LabelSelectorRequirement {
    /// The test, unless the operator is unknown; what is wrong goes to `errors`.
    fn compile(&self, at: &str, errors: &mut Vec<SelectorError>) -> Option<Test> {
        if let Err(e) = label::validate_key(&self.key) {
            errors.push(error(format!("{at}/key"), e));
        }
        match self.operator.as_str() {
            "In" => Some(Test::In(self.sorted_values(at, errors))),
            "NotIn" => Some(Test::NotIn(self.sorted_values(at, errors))),
            "Exists" => Some(self.no_values(at, Test::Exists, errors)),
            "DoesNotExist" => Some(self.no_values(at, Test::DoesNotExist, errors)),
            other => {
                errors.push(error(
                    format!("{at}/operator"),
                    format_args!(
                        "unknown operator {other:?}, expected In, NotIn, Exists or DoesNotExist"
                    ),
                ));
                None
            }
        }
    }

    fn sorted_values(&self, at: &str, errors: &mut Vec<SelectorError>) -> Box<[Box<str>]> {
        if self.values.is_empty() {
            errors.push(error(
                format!("{at}/values"),
                format_args!("operator {} needs at least one value", self.operator),
            ));
        }
        for (index, value) in self.values.iter().enumerate() {
            if let Err(e) = label::validate_value(value) {
                errors.push(error(format!("{at}/values/{index}"), e));
            }
        }
        let mut values: Vec<Box<str>> = self.values.iter().map(|v| v.as_str().into()).collect();
        values.sort_unstable();
        values.dedup();
        values.into()
    }

    fn no_values(&self, at: &str, test: Test, errors: &mut Vec<SelectorError>) -> Test {
        if !self.values.is_empty() {
            errors.push(error(
                format!("{at}/values"),
                format_args!("operator {} takes no values", self.operator),
            ));
        }
        test
    }
}

fn error(pointer: String, message: impl std::fmt::Display) -> SelectorError {
    SelectorError { pointer, message: message.to_string() }
}

/// Escapes a key for a JSON pointer (RFC 6901, section 3).
fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
