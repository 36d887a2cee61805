//! stub
use crate::decode::DecodeError;
use schemars::JsonSchema;
use serde::Deserialize;
#[derive(Debug)]
pub struct Globs {
    include: Vec<String>,
    exclude: Vec<String>,
}
impl Globs {
    pub fn compile(include: &[String], exclude: &[String]) -> Result<Self, DecodeError> {
        Ok(Self { include: include.to_vec(), exclude: exclude.to_vec() })
    }
    pub fn matches(&self, s: &str) -> bool {
        (self.include.is_empty() || self.include.iter().any(|g| hit(g, s)))
            && !self.exclude.iter().any(|g| hit(g, s))
    }
    pub fn matches_any(&self, s: &[&str]) -> bool {
        (self.include.is_empty() || s.iter().any(|s| self.include.iter().any(|g| hit(g, s))))
            && !s.iter().any(|s| self.exclude.iter().any(|g| hit(g, s)))
    }
}
fn hit(g: &str, s: &str) -> bool {
    match g.strip_suffix('*') {
        Some(p) => s.starts_with(p),
        None => g == s,
    }
}

/// Names that count and names that do not; globs.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GlobList {
    /// Any of these must match; absent or empty: all names do.
    pub include: Vec<String>,
    /// None of these may match.
    pub exclude: Vec<String>,
}
