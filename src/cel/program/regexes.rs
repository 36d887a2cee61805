//! Regular expressions of programs.

use std::collections::BTreeMap;

use regex::{Regex, RegexBuilder};

use super::patterns;
use crate::cel::library::Regexes;
use crate::cel::{Budget, EvalError};

/// Bytes that a compiled regular expression may take: `[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?` takes some ten thousand.
const MAX_SIZE: usize = SMALL << (2 * LEVELS - 2);
/// Bytes that it takes on the lowest level; on each higher one four times as many.
const SMALL: usize = 1 << 12;
const LEVELS: u32 = 5;
/// Bytes of its text, which alone decide what it takes before it is compiled: a class of Unicode takes thousands.
const MAX_LENGTH: usize = 10_000;
/// Steps of compiling one on the lowest level, and of looking at a byte of a text. Where a text is made for it, the time
/// that is taken for each byte grows with the size.
const STEPS_TO_COMPILE: u64 = 16_000;
const STEPS_PER_CHARACTER: u64 = 64;
const STEPS_PER_BYTE: u64 = 64;

/// The regular expressions of a program.
#[derive(Debug, Default)]
pub struct RegexCache {
    compiled: BTreeMap<Box<str>, Leveled>,
}

/// A regular expression, and the level that its size is on.
#[derive(Debug)]
struct Leveled {
    regex: Regex,
    level: u32,
}

impl Leveled {
    fn look(&self, length: usize, budget: &mut Budget) -> Result<Regex, EvalError> {
        budget.step((STEPS_PER_BYTE << (2 * self.level)).saturating_mul(length as u64))?;
        Ok(self.regex.clone())
    }
}

impl RegexCache {
    /// Compiles a regular expression that stands in an expression.
    ///
    /// # Errors
    /// Where it is none, or too large; in words.
    pub(in crate::cel) fn add(&mut self, pattern: &str) -> Result<(), String> {
        if !self.compiled.contains_key(pattern) {
            let mut budget = Budget::new(u64::MAX);
            let compiled = compile(pattern, &mut budget).map_err(|error| error.to_string())?;
            self.compiled.insert(pattern.into(), compiled);
        }
        Ok(())
    }
}

impl Regexes for RegexCache {
    fn get(&self, pattern: &str, length: usize, budget: &mut Budget) -> Result<Regex, EvalError> {
        match self.compiled.get(pattern) {
            Some(compiled) => compiled.look(length, budget),
            None => compile(pattern, budget)?.look(length, budget),
        }
    }
}

fn compile(pattern: &str, budget: &mut Budget) -> Result<Leveled, EvalError> {
    if pattern.len() > MAX_LENGTH {
        let message = format!("the regular expression is longer than {MAX_LENGTH} bytes");
        return Err(EvalError::Other(message));
    }
    let translated = patterns::translate(pattern).map_err(EvalError::Other)?;
    for level in 0..LEVELS {
        budget.step(
            (STEPS_TO_COMPILE << (2 * level))
                .saturating_add(STEPS_PER_CHARACTER * pattern.len() as u64),
        )?;
        let built = RegexBuilder::new(&translated)
            .size_limit(SMALL << (2 * level))
            .dfa_size_limit(MAX_SIZE)
            .build();
        match built {
            Ok(regex) => return Ok(Leveled { regex, level }),
            Err(regex::Error::CompiledTooBig(_)) => {}
            Err(error) => {
                let text = error.to_string();
                let last = text.lines().last().unwrap_or(&text);
                let why = last.trim_start_matches("error: ");
                return Err(EvalError::Other(format!("no regular expression: {why}")));
            }
        }
    }
    Err(EvalError::Other(format!("the regular expression takes more than {MAX_SIZE} bytes")))
}
