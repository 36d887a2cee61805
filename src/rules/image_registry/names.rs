//! Names of repositories as they are compared, and the prefixes that are compared with them.

use crate::image::{DEFAULT_HOST, Reference, canonical_host};

/// The most characters that a name may have with its registry: older readers of references count that in
/// (`NameTotalLengthMax` in docker/distribution), newer ones the path alone.
pub(super) const MAX_NAME: usize = 255;
/// Other names of Docker Hub: the former one, and the host that serves its API.
pub(super) const ALIASES: [&str; 2] = ["index.docker.io", "registry-1.docker.io"];

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

/// Whether a host is written with a port.
pub(super) fn has_port(host: &str) -> bool {
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    host.rsplit_once(':').is_some_and(|(_, port)| is_port(port))
}

/// Checks the port of a host, where one is written.
///
/// # Errors
/// What is wrong with it: the grammar of references takes any digits.
pub(super) fn check_port(host: &str) -> Result<(), String> {
    let Some((_, port)) = host.rsplit_once(':').filter(|_| has_port(host)) else { return Ok(()) };
    match port.parse::<u16>() {
        Ok(1..) => Ok(()),
        _ => Err(format!("{port} is no port: these go from 1 to {}", u16::MAX)),
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
    /// Whether it is meant as no name itself: a registry, an organisation at Docker Hub, or what was written with
    /// a slash at its end.
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
        check_port(first)?;
        let path = written.strip_prefix(first).unwrap_or_default();
        let name = format!("{}{path}", canonical_host(first));
        // `docker.io/team` means `docker.io/library/team`, so no repository has that name itself.
        let is_whole = name
            .split_once('/')
            .is_some_and(|(host, path)| host != DEFAULT_HOST || path.contains('/'));
        Ok(Self {
            written: written.to_owned(),
            name,
            is_host: path.is_empty(),
            only_above: !is_whole || written != text,
        })
    }
}
