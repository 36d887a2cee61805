//! Names of repositories as they are compared, and the prefixes that are compared with them.

use crate::image::{DEFAULT_HOST, Reference, canonical_host};

/// The most characters that a name may have with its registry: older readers of references count that in
/// (`NameTotalLengthMax` in docker/distribution), newer ones the path alone.
pub(super) const MAX_NAME: usize = 255;

/// The full name of a repository, in one spelling: `docker.io/library/nginx`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name(String);

impl Name {
    pub(super) fn of(reference: &Reference<'_>) -> Self {
        let host = canonical_host(reference.host_or_default());
        let official = host == DEFAULT_HOST && !reference.path.contains('/');
        let library = if official { "library/" } else { "" };
        Self(format!("{host}/{library}{}", reference.path))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// What follows a prefix that ends where a part of the name ends: nothing, or a slash and the rest.
    pub(super) fn below(&self, prefix: &str) -> Option<&str> {
        below(&self.0, prefix)
    }

    /// The name with tag and digest of the reference.
    pub(super) fn versioned(&self, reference: &Reference<'_>) -> String {
        let mut text = self.0.clone();
        push_version(&mut text, reference);
        text
    }
}

pub(super) fn below<'n>(name: &'n str, prefix: &str) -> Option<&'n str> {
    name.strip_prefix(prefix).filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

pub(super) fn push_version(text: &mut String, reference: &Reference<'_>) {
    for (mark, part) in [(':', reference.tag), ('@', reference.digest)] {
        if let Some(part) = part {
            text.push(mark);
            text.push_str(part);
        }
    }
}

/// A prefix of names: a registry, and parts of a path if need be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Prefix {
    /// As written, without a slash at its end.
    pub(super) written: String,
    /// As it is compared.
    pub(super) name: String,
    /// Whether it is a registry alone.
    pub(super) is_host: bool,
    /// Whether it is meant as no name itself: a registry, or what was written with a slash at its end.
    pub(super) only_above: bool,
}

impl Prefix {
    /// Reads a prefix.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let written = text.strip_suffix('/').unwrap_or(text);
        // Any last part makes a reference of it.
        let sample = format!("{written}/x");
        let reference = Reference::parse(&sample).map_err(|error| error.to_string())?;
        let Some(first) = reference.host else {
            return Err("it names no registry".to_owned());
        };
        let path = written.strip_prefix(first).unwrap_or_default();
        Ok(Self {
            written: written.to_owned(),
            name: format!("{}{path}", canonical_host(first)),
            is_host: path.is_empty(),
            only_above: path.is_empty() || written != text,
        })
    }
}
