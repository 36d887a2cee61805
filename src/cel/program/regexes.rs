//! Regular expressions of programs.

use std::collections::BTreeMap;

use regex::{Regex, RegexBuilder};

use super::patterns;
use crate::cel::EvalError;
use crate::cel::library::Regexes;

/// Bytes that a compiled regular expression may take: `[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?` takes some ten thousand.
const MAX_SIZE: usize = 1 << 20;

/// The regular expressions of a program.
#[derive(Debug, Default)]
pub struct RegexCache {
    compiled: BTreeMap<Box<str>, Regex>,
}

impl RegexCache {
    /// Compiles a regular expression that stands in an expression.
    ///
    /// # Errors
    /// Where it is none, or too large; in words.
    pub(in crate::cel) fn add(&mut self, pattern: &str) -> Result<(), String> {
        if !self.compiled.contains_key(pattern) {
            self.compiled.insert(pattern.into(), compile(pattern)?);
        }
        Ok(())
    }
}

impl Regexes for RegexCache {
    fn get(&self, pattern: &str) -> Result<Regex, EvalError> {
        match self.compiled.get(pattern) {
            Some(compiled) => Ok(compiled.clone()),
            None => compile(pattern).map_err(EvalError::Other),
        }
    }
}

fn compile(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(&patterns::translate(pattern)?)
        .size_limit(MAX_SIZE)
        .dfa_size_limit(MAX_SIZE)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => {
                format!("the regular expression takes more than {MAX_SIZE} bytes")
            }
            error => {
                let text = error.to_string();
                let last = text.lines().last().unwrap_or(&text);
                format!("no regular expression: {}", last.trim_start_matches("error: "))
            }
        })
}
