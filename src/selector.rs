//! stub
use crate::decode::DecodeError;
use std::collections::BTreeMap;
#[derive(Clone, Debug, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct LabelSelector {
    match_labels: BTreeMap<String, String>,
}
#[derive(Debug)]
pub struct Selector(LabelSelector);
impl Selector {
    pub fn compile(s: &LabelSelector) -> Result<Self, DecodeError> {
        Ok(Self(s.clone()))
    }
    pub fn matches<'p>(&self, get: impl Fn(&str) -> Option<&'p str>) -> bool {
        self.0.match_labels.iter().all(|(k, v)| get(k) == Some(v))
    }
}
