//! What can be wrong with an image reference, in words.

use std::fmt;

/// Where a text leaves the grammar of image references, and what was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReferenceError {
    /// How many characters, and as all before it is ASCII also bytes, precede the fault.
    pub offset: usize,
    /// The character at fault; absent where the text ends too early, or a part as a whole is wrong.
    pub found: Option<char>,
    /// The rule that is broken.
    pub expected: Expected,
}

/// The rules of the grammar, by the part of the reference that they govern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expected {
    /// Something rather than nothing.
    NotEmpty,
    /// No white space, not even around the reference.
    NoWhiteSpace,
    /// No `https://`.
    NoScheme,
    /// A registry made of letters, digits, `.` and `-`.
    HostCharacter,
    /// A registry's components start and end with a letter or digit.
    HostEdge,
    /// An IPv6 address of hex digits and colons, then `]`.
    Ipv6Address,
    /// A port number after the registry's colon.
    Port,
    /// Lower case in the repository's name.
    LowerCase,
    /// A letter or digit at both ends of each component of the repository's name.
    PathEdge,
    /// One `.`, one or two `_`, or any number of `-` between letters and digits.
    Separator,
    /// A character that a repository's name may have.
    PathCharacter,
    /// A repository's name of at most 255 characters.
    NameLength,
    /// A name that is not 64 hexadecimal digits.
    NotAnIdentifier,
    /// A letter, digit or `_` at the start of the tag.
    TagStart,
    /// A character that a tag may have.
    TagCharacter,
    /// A tag of at most 128 characters.
    TagLength,
    /// `sha256`, `sha384` or `sha512`.
    DigestAlgorithm,
    /// A lower-case hexadecimal digit.
    DigestCharacter,
    /// As many digits as the algorithm has: 64, 96 or 128.
    DigestLength(usize),
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Expected::NotEmpty => "an image reference must not be empty",
            Expected::NoWhiteSpace => "an image reference must not contain white space",
            Expected::NoScheme => "an image reference has no scheme: leave \"https://\" out",
            Expected::HostCharacter => {
                "a registry's name must consist of letters, digits, '.' and '-'"
            }
            Expected::HostEdge => {
                "each component of a registry's name must start and end with a letter or digit"
            }
            Expected::Ipv6Address => {
                "an IPv6 address must consist of hexadecimal digits and ':' between '[' and ']'"
            }
            Expected::Port => "a registry's port must be a number",
            Expected::LowerCase => "a repository name must be lower case",
            Expected::PathEdge => {
                "each component of a repository name must start and end with a lower-case letter \
                 or digit"
            }
            Expected::Separator => {
                "letters and digits of a repository name must be separated by one '.', by '_', \
                 by '__' or by dashes"
            }
            Expected::PathCharacter => {
                "a repository name must consist of lower-case letters, digits, '.', '_', '-' \
                 and '/'"
            }
            Expected::NameLength => "a repository name must have at most 255 characters",
            Expected::NotAnIdentifier => {
                "a repository name must not be 64 hexadecimal digits, which is an image ID"
            }
            Expected::TagStart => "a tag must start with a letter, a digit or '_'",
            Expected::TagCharacter => "a tag must consist of letters, digits, '_', '.' and '-'",
            Expected::TagLength => "a tag must have at most 128 characters",
            Expected::DigestAlgorithm => {
                "a digest must start with \"sha256:\", \"sha384:\" or \"sha512:\""
            }
            Expected::DigestCharacter => "a digest must be in lower-case hexadecimal digits",
            Expected::DigestLength(digits) => {
                return write!(f, "this digest must have {digits} hexadecimal digits");
            }
        })
    }
}

impl fmt::Display for ReferenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expected.fmt(f)?;
        let position = self.offset.saturating_add(1);
        match (self.found, self.expected) {
            (_, Expected::NotEmpty | Expected::NotAnIdentifier) => Ok(()),
            (Some(found), _) => write!(f, ": {found:?} at character {position}"),
            (
                None,
                Expected::NameLength
                | Expected::TagLength
                | Expected::DigestLength(_)
                | Expected::DigestAlgorithm
                | Expected::NoScheme,
            ) => {
                write!(f, ": it starts at character {position}")
            }
            (None, _) => write!(f, ": it ends too early, at character {position}"),
        }
    }
}

impl std::error::Error for ReferenceError {}
