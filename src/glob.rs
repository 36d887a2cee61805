//! Lists of globs that include and exclude: namespaces, containers, images, tags.
//!
//! `*` stands for any characters, `?` for one (ASCII) character, `[0-9]` and `[!a-z]` for one of
//! or outside a range, `{a,b}` for alternatives, and `\` takes the next character as it is. Case
//! counts. A glob has to match the whole text.

use globset::GlobBuilder;
use regex::bytes::{Regex, RegexBuilder};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::decode::DecodeError;
use crate::pointer::Pointer;

#[cfg(test)]
mod tests;

/// The longest pattern that is compiled, in bytes: three times the longest image name.
pub(crate) const MAX_PATTERN: usize = 1024;
/// The most patterns in one list. Each that is more than a name or a `*` at an end takes some 10 KB once compiled.
pub(crate) const MAX_PATTERNS: usize = 1024;
/// The largest automaton that is built for one pattern, in bytes.
const MAX_AUTOMATON: usize = 1 << 20;

/// Whether `*` and `?` stand for a slash as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slash {
    /// They do: `docker.io/*` matches `docker.io/library/nginx`.
    Crossed,
    /// They do not; only `**` between slashes does.
    Kept,
}

/// Names that count and names that do not; globs.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GlobList {
    /// Any of these must match; absent or empty: all names do.
    #[schemars(length(max = MAX_PATTERNS), inner(length(min = 1, max = MAX_PATTERN)))]
    pub include: Vec<String>,
    /// None of these may match.
    #[schemars(length(max = MAX_PATTERNS), inner(length(min = 1, max = MAX_PATTERN)))]
    pub exclude: Vec<String>,
}

impl GlobList {
    /// Compiles the list; a `*` stands for slashes too.
    ///
    /// # Errors
    /// The first glob that is malformed; the pointer leads from the list to it.
    pub fn compile(&self) -> Result<Globs, DecodeError> {
        Globs::compile(&self.include, &self.exclude, Slash::Crossed).map_err(|error| DecodeError {
            pointer: Pointer::default().join(error.list).join(error.index),
            message: format!("the glob {:?} is malformed: {}", error.pattern, error.message),
            help: None,
        })
    }
}

/// The list that a pattern stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// What to match.
    Include,
    /// What to leave out of it.
    Exclude,
}

impl std::fmt::Display for List {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            List::Include => "include",
            List::Exclude => "exclude",
        })
    }
}

/// Why a glob does not compile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{list}[{index}]: glob {pattern:?}: {message}")]
pub struct GlobError {
    /// The list that the glob stands in.
    pub list: List,
    /// Its place in the list, from 0.
    pub index: usize,
    /// The glob, shortened if it is very long.
    pub pattern: String,
    /// What is wrong with it.
    pub message: String,
}

/// Globs to include and to exclude, compiled.
#[derive(Debug, Clone)]
pub struct Globs {
    include: Patterns,
    exclude: Patterns,
}

impl Globs {
    /// Compiles both lists.
    ///
    /// # Errors
    /// The first glob that is empty, too long (1,024 bytes) or malformed.
    pub fn compile<S: AsRef<str>>(
        include: &[S],
        exclude: &[S],
        slash: Slash,
    ) -> Result<Globs, GlobError> {
        Ok(Globs {
            include: Patterns::compile(include, List::Include, slash)?,
            exclude: Patterns::compile(exclude, List::Exclude, slash)?,
        })
    }

    /// Whether a glob to include matches, or there is none, and no glob to exclude does.
    pub fn matches(&self, text: &str) -> bool {
        (self.include.is_empty() || self.include.matches(text)) && !self.exclude.matches(text)
    }

    /// Whether a glob to include matches one of the texts, or there is none, and no glob to exclude
    /// matches any.
    pub fn matches_any(&self, texts: &[&str]) -> bool {
        (self.include.is_empty() || texts.iter().any(|text| self.include.matches(text)))
            && !texts.iter().any(|text| self.exclude.matches(text))
    }

    /// Whether every text matches because both lists are empty.
    pub fn is_everything(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty()
    }
}

/// The default matches everything.
impl Default for Globs {
    fn default() -> Self {
        Globs { include: Patterns::default(), exclude: Patterns::default() }
    }
}

/// One list, with the plain globs apart from those that need an automaton.
#[derive(Debug, Clone, Default)]
struct Patterns {
    plain: Box<[Plain]>,
    others: Box<[Regex]>,
}

impl Patterns {
    fn compile<S: AsRef<str>>(
        patterns: &[S],
        list: List,
        slash: Slash,
    ) -> Result<Patterns, GlobError> {
        let error = |index, pattern: &str, message: String| GlobError {
            list,
            index,
            pattern: pattern.chars().take(100).collect(),
            message,
        };
        let mut plain = Vec::new();
        let mut others = Vec::new();
        for (index, pattern) in patterns.iter().map(AsRef::as_ref).enumerate() {
            if index == MAX_PATTERNS {
                let message = format!("it is one too many, a list holds at most {MAX_PATTERNS}");
                return Err(error(index, pattern, message));
            }
            if pattern.is_empty() {
                return Err(error(index, pattern, "it is empty and matches nothing".into()));
            }
            if pattern.len() > MAX_PATTERN {
                let message = format!("it has more than {MAX_PATTERN} bytes");
                return Err(error(index, pattern, message));
            }
            if let Some(found) = Plain::read(pattern, slash) {
                plain.push(found);
                continue;
            }
            let glob = build_glob(pattern, slash)
                .map_err(|e| error(index, pattern, e.kind().to_string()))?;
            // globset's own matchers either panic on what is too large or take `..` at the end of a text for
            // a parent folder.
            let automaton = RegexBuilder::new(glob.regex())
                .dot_matches_new_line(true)
                .size_limit(MAX_AUTOMATON)
                .build()
                .map_err(|_| error(index, pattern, "it is nested or repeated too much".into()))?;
            others.push(automaton);
        }
        Ok(Patterns { plain: plain.into(), others: others.into() })
    }

    fn is_empty(&self) -> bool {
        self.plain.is_empty() && self.others.is_empty()
    }

    fn matches(&self, text: &str) -> bool {
        self.plain.iter().any(|plain| plain.matches(text))
            || self.others.iter().any(|glob| glob.is_match(text.as_bytes()))
    }
}

fn build_glob(pattern: &str, slash: Slash) -> Result<globset::Glob, globset::Error> {
    GlobBuilder::new(pattern)
        .literal_separator(slash == Slash::Kept)
        // The default depends on the system that Plimsoll was built for.
        .backslash_escape(true)
        .build()
}

/// A glob with at most one `*`, at an end: compared in nanoseconds, without an automaton.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Plain {
    kind: Kind,
    text: Box<str>,
    slash: Slash,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Literal,
    Prefix,
    Suffix,
}

impl Plain {
    fn read(pattern: &str, slash: Slash) -> Option<Plain> {
        let (kind, text) = if let Some(rest) = pattern.strip_suffix('*') {
            (Kind::Prefix, rest)
        } else if let Some(rest) = pattern.strip_prefix('*') {
            (Kind::Suffix, rest)
        } else {
            (Kind::Literal, pattern)
        };
        let special = text.bytes().any(|b| b"*?[]{}\\".contains(&b));
        (!special).then(|| Plain { kind, text: text.into(), slash })
    }

    fn matches(&self, text: &str) -> bool {
        let star = match self.kind {
            Kind::Literal => return *self.text == *text,
            Kind::Prefix => text.strip_prefix(&*self.text),
            Kind::Suffix => text.strip_suffix(&*self.text),
        };
        star.is_some_and(|star| self.slash == Slash::Crossed || !star.contains('/'))
    }
}
