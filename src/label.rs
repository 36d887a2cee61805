//! Label keys and values.
//!
//! Source: `IsLabelKey`, `IsLabelValue` and `IsDNS1123Subdomain` in
//! `k8s.io/apimachinery/pkg/api/validate/content` (`kube.go`, `dns.go`), which `IsQualifiedName` and
//! `IsValidLabelValue` in `pkg/util/validation` are names for.

#[cfg(test)]
mod tests;

/// The most characters that a value, or a key's part after the slash, may have.
pub const MAX_NAME: usize = 63;
/// The most characters that a key's prefix, a DNS subdomain, may have.
pub const MAX_PREFIX: usize = 253;

/// A DNS-1123 label, as names of namespaces are.
pub fn is_dns_label(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=MAX_NAME).contains(&text.len())
        && text.bytes().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Why a text is no label key or value. Positions count characters from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LabelError {
    /// There is nothing where a name belongs.
    #[error("{part} must not be empty")]
    Empty {
        /// The part of the label.
        part: Part,
    },
    /// There are too many characters.
    #[error("{part} must have at most {max} characters and has {length}")]
    TooLong {
        /// The part of the label.
        part: Part,
        /// The most that it may have.
        max: usize,
        /// What it has, in bytes.
        length: usize,
    },
    /// A character that the part may not have anywhere.
    #[error("{part} must consist of {}: {found:?} at character {position}", part.alphabet())]
    Character {
        /// The part of the label.
        part: Part,
        /// The character.
        found: char,
        /// Where it stands in the whole text.
        position: usize,
    },
    /// Punctuation at an end.
    #[error("{part} must start and end with {}: {found:?} at character {position}", part.edge())]
    Edge {
        /// The part of the label.
        part: Part,
        /// The character.
        found: char,
        /// Where it stands in the whole text.
        position: usize,
    },
    /// A key with two slashes or more.
    #[error("a label key must have at most one '/': another at character {position}")]
    Slash {
        /// Where the second one stands.
        position: usize,
    },
}

/// The part of a label that an error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// What precedes the slash in a key.
    Prefix,
    /// A key, or what follows the slash in it.
    Name,
    /// A value.
    Value,
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Part::Prefix => "the prefix of a label key",
            Part::Name => "the name of a label key",
            Part::Value => "a label value",
        })
    }
}

impl Part {
    fn alphabet(self) -> &'static str {
        match self {
            Part::Prefix => "lower-case letters, digits, '-' and '.'",
            Part::Name | Part::Value => "letters, digits, '-', '_' and '.'",
        }
    }

    fn edge(self) -> &'static str {
        match self {
            Part::Prefix => "a lower-case letter or digit, and so must what its dots separate",
            Part::Name | Part::Value => "a letter or digit",
        }
    }
}

/// Checks a label key: a name, or a DNS subdomain, a slash and a name (a "qualified name").
///
/// # Errors
/// The first fault from the left.
pub fn validate_key(key: &str) -> Result<(), LabelError> {
    let (prefix, name, offset) = match key.split_once('/') {
        None => (None, key, 0),
        Some((prefix, name)) => (Some(prefix), name, prefix.chars().count() + 1),
    };
    if let Some(prefix) = prefix {
        validate_subdomain(prefix)?;
    }
    if let Some(at) = name.find('/') {
        return Err(LabelError::Slash { position: offset + name[..at].chars().count() + 1 });
    }
    if name.is_empty() {
        return Err(LabelError::Empty { part: Part::Name });
    }
    validate_name(name, Part::Name, offset)
}

/// Checks a label value: empty, or at most 63 letters, digits, `-`, `_` and `.`.
///
/// # Errors
/// The first fault from the left.
pub fn validate_value(value: &str) -> Result<(), LabelError> {
    validate_name(value, Part::Value, 0)
}

fn validate_name(name: &str, part: Part, offset: usize) -> Result<(), LabelError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if let Some((at, found)) = name.chars().enumerate().find(|(_, c)| !allowed(*c)) {
        return Err(LabelError::Character { part, found, position: offset + at + 1 });
    }
    let ends = [(0, name.chars().next()), (name.len(), name.chars().next_back())];
    for (at, end) in ends {
        if let Some(found) = end.filter(|c| !c.is_ascii_alphanumeric()) {
            // The text is ASCII here, so its length is the last character's position.
            return Err(LabelError::Edge { part, found, position: offset + at.max(1) });
        }
    }
    check_length(name, part, MAX_NAME)
}

/// Checks a DNS-1123 subdomain, as prefixes of label keys and names of Secrets are.
///
/// # Errors
/// The first fault from the left; it speaks of the prefix of a label key.
pub fn validate_subdomain(prefix: &str) -> Result<(), LabelError> {
    let part = Part::Prefix;
    if prefix.is_empty() {
        return Err(LabelError::Empty { part });
    }
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let mut previous = '.';
    for (at, found) in prefix.chars().enumerate() {
        let position = at + 1;
        match found {
            '-' | '.' if previous == '.' => return Err(LabelError::Edge { part, found, position }),
            '.' if previous == '-' => {
                return Err(LabelError::Edge { part, found: previous, position: at });
            }
            '-' | '.' => {}
            c if alphanumeric(c) => {}
            _ => return Err(LabelError::Character { part, found, position }),
        }
        previous = found;
    }
    if !alphanumeric(previous) {
        return Err(LabelError::Edge { part, found: previous, position: prefix.len() });
    }
    check_length(prefix, part, MAX_PREFIX)
}

fn check_length(text: &str, part: Part, max: usize) -> Result<(), LabelError> {
    let length = text.len();
    if length > max { Err(LabelError::TooLong { part, max, length }) } else { Ok(()) }
}
