//! Image references: reading them, and the full names that they stand for.
//!
//! Source: the grammar in `github.com/distribution/reference` (`reference.go`, `regexp.go`), and its
//! `normalize.go`, through which kubelet and API server read every image
//! (`pkg/util/parsers/parsers.go` in kubernetes/kubernetes).

use std::fmt;

mod error;
mod parse;
#[cfg(test)]
mod tests;

pub use error::{Expected, ReferenceError};

/// The registry that a reference without a host means.
pub const DEFAULT_HOST: &str = "docker.io";
/// The tag that a reference with neither tag nor digest means.
pub const DEFAULT_TAG: &str = "latest";
/// The former name of Docker Hub, still read as [`DEFAULT_HOST`].
const LEGACY_HOST: &str = "index.docker.io";
/// The host that serves Docker Hub's API (`DefaultHost` in `core/remotes/docker/registry.go` of containerd/containerd).
pub(crate) const HUB_API_HOST: &str = "registry-1.docker.io";
/// The port that a registry has unless another is written: that of HTTPS.
pub(crate) const HTTPS_PORT: &str = "443";
/// Where Docker Hub keeps the images whose name has one component.
const OFFICIAL_PREFIX: &str = "library/";

/// A registry in the one spelling in which registries are compared: in lower case, its port as a number and left out
/// where it is that of HTTPS, and Docker Hub by one of its three names. A glob of registries stays one.
pub(crate) fn canonical_host(written: &str) -> String {
    let lower = written.to_ascii_lowercase();
    let host = match split_port(&lower) {
        (name, Some(HTTPS_PORT)) => name.to_owned(),
        (name, Some(port)) => format!("{name}:{port}"),
        (_, None) => lower,
    };
    if [LEGACY_HOST, HUB_API_HOST].contains(&host.as_str()) {
        DEFAULT_HOST.to_owned()
    } else {
        host
    }
}

/// A host and its port without leading zeros, where one is written.
pub(crate) fn split_port(host: &str) -> (&str, Option<&str>) {
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    match host.rsplit_once(':').filter(|(_, port)| is_port(port)) {
        Some((name, port)) => match port.trim_start_matches('0') {
            "" => (name, Some("0")),
            port => (name, Some(port)),
        },
        None => (host, None),
    }
}

/// An image reference as written, in parts that borrow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Reference<'a> {
    /// The registry with its port, if one is named: `ghcr.io`, `host:5000`, `[::1]:5000`.
    pub host: Option<&'a str>,
    /// The repository's path below the registry, as written: `nginx`, `library/nginx`.
    pub path: &'a str,
    /// The tag, if one is written, without the colon.
    pub tag: Option<&'a str>,
    /// The digest, if one is written, without the at sign: `sha256:…`.
    pub digest: Option<&'a str>,
}

impl<'a> Reference<'a> {
    /// Reads a reference; accepts exactly what kubelet's `ParseImageName` accepts.
    ///
    /// # Errors
    /// [`ReferenceError`] says where the text leaves the grammar and what was expected there.
    pub fn parse(text: &'a str) -> Result<Reference<'a>, ReferenceError> {
        parse::parse(text)
    }

    /// The tag that the image is pulled by: `latest` where neither tag nor digest is written, and
    /// nothing where only a digest is.
    ///
    /// The API server defaults `imagePullPolicy` to `Always` where this is `latest`, even when there
    /// is a digest as well (`SetDefaults_Container` in `pkg/apis/core/v1/defaults.go`).
    pub fn tag_or_latest(&self) -> Option<&'a str> {
        match (self.tag, self.digest) {
            (Some(tag), _) => Some(tag),
            (None, None) => Some(DEFAULT_TAG),
            (None, Some(_)) => None,
        }
    }

    /// Whether a digest fixes the content; a tag beside it is decoration.
    pub fn is_pinned(&self) -> bool {
        self.digest.is_some()
    }

    /// The registry that is asked; Docker Hub where none is named or by its former name.
    pub fn host_or_default(&self) -> &'a str {
        match self.host {
            None | Some(LEGACY_HOST) => DEFAULT_HOST,
            Some(host) => host,
        }
    }

    /// The full name without tag and digest: `docker.io/library/nginx`.
    pub fn repository(&self) -> Repository<'a> {
        Repository(*self)
    }

    /// The full reference: `docker.io/library/nginx:latest`. Prints without allocating.
    pub fn normalised(&self) -> Normalised<'a> {
        Normalised(*self)
    }

    fn prefix(&self) -> &'static str {
        let official = self.host_or_default() == DEFAULT_HOST && !self.path.contains('/');
        if official { OFFICIAL_PREFIX } else { "" }
    }
}

/// The reference as it was written.
impl fmt::Display for Reference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(host) = self.host {
            write!(f, "{host}/")?;
        }
        f.write_str(self.path)?;
        write_version(f, self.tag, self.digest)
    }
}

/// Prints a full repository name: see [`Reference::repository`].
#[derive(Debug, Clone, Copy)]
pub struct Repository<'a>(Reference<'a>);

impl fmt::Display for Repository<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reference = &self.0;
        f.write_str(reference.host_or_default())?;
        f.write_str("/")?;
        f.write_str(reference.prefix())?;
        f.write_str(reference.path)
    }
}

/// Prints a full reference: see [`Reference::normalised`].
#[derive(Debug, Clone, Copy)]
pub struct Normalised<'a>(Reference<'a>);

impl fmt::Display for Normalised<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reference = &self.0;
        reference.repository().fmt(f)?;
        write_version(f, reference.tag_or_latest(), reference.digest)
    }
}

fn write_version(
    f: &mut fmt::Formatter<'_>,
    tag: Option<&str>,
    digest: Option<&str>,
) -> fmt::Result {
    if let Some(tag) = tag {
        write!(f, ":{tag}")?;
    }
    if let Some(digest) = digest {
        write!(f, "@{digest}")?;
    }
    Ok(())
}
