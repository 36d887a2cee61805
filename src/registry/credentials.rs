//! What registries are told of who asks: the formats and the choice of kubelet.
//!
//! Source: `pkg/credentialprovider/config.go` (formats), `keyring.go` (which entry is for which image) and
//! `secrets/secrets.go` in kubernetes/kubernetes. Unlike there, one malformed entry does not void the others.

mod document;
mod matching;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;

use document::Entry;
pub use document::{Document, Format};

/// Under which host Docker's own tools keep the credentials of Docker Hub.
const DOCKER_HUB: &str = "index.docker.io";
/// The most credentials that are tried for one image; kubelet tries all, and has no request that waits.
const MAX_TRIED: usize = 4;

/// Credentials of registries, chosen as kubelet does.
#[derive(Clone, Default)]
pub struct Keyring {
    /// By host, with the path that the image's has to begin with.
    logins: BTreeMap<String, Vec<Login>>,
    /// By host: what holds the credentials instead.
    elsewhere: BTreeMap<String, String>,
    /// What holds those of all other hosts.
    store: Option<String>,
}

/// A user name and a password.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Login {
    pub(super) username: String,
    pub(super) password: String,
    /// Where it is from, for people.
    pub(super) source: Arc<str>,
}

impl Keyring {
    /// Reads documents; of two for the same host, the earlier is tried first. What is wrong in them is told, without
    /// the secrets, and left out.
    pub fn read(documents: &[Document]) -> (Keyring, Vec<String>) {
        let mut keyring = Keyring::default();
        let mut problems = Vec::new();
        for document in documents {
            let source: Arc<str> = document.source.as_str().into();
            let read = match document.read() {
                Ok(read) => read,
                Err(problem) => {
                    problems.push(format!("{source}: {problem}"));
                    continue;
                }
            };
            keyring.store = keyring.store.or(read.store);
            keyring.elsewhere.extend(read.helpers);
            for (host, entry) in read.entries {
                match (matching::key(&host), entry) {
                    (None, _) => problems.push(format!("{source}: {host:?} names no registry")),
                    (_, Err(problem)) => problems.push(format!("{source}: {host:?}: {problem}")),
                    (Some(_), Ok(Entry::Nothing)) => {}
                    (Some(key), Ok(Entry::IdentityToken)) => {
                        let what = "an identity token, which Plimsoll cannot use";
                        keyring.elsewhere.insert(key, what.to_owned());
                    }
                    (Some(key), Ok(Entry::Login(username, password))) => {
                        let login = Login { username, password, source: Arc::clone(&source) };
                        keyring.logins.entry(key).or_default().push(login);
                    }
                }
            }
        }
        (keyring, problems)
    }

    /// Reads the configuration of Docker's command line, `~/.docker/config.json`. Programs that hold credentials
    /// (`credsStore`, `credHelpers`) are not run: where one would be needed, the failure says so.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn from_docker_config(path: &Path) -> Result<(Keyring, Vec<String>), String> {
        let bytes = std::fs::read(path)
            .map_err(|error| format!("{}: cannot be read: {error}", path.display()))?;
        let source = path.display().to_string();
        Ok(Keyring::read(&[Document { source, format: Format::DockerConfigJson, bytes }]))
    }

    /// Whether nothing is known of any registry.
    pub fn is_empty(&self) -> bool {
        self.logins.is_empty() && self.elsewhere.is_empty() && self.store.is_none()
    }

    /// What to try for an image, the first first. The repository is a full name: `docker.io/library/nginx`.
    pub(super) fn lookup(&self, repository: &str) -> Vec<&Login> {
        // Backwards, so that of two keys of one host the longer path comes first.
        let matching = self.logins.iter().rev().filter(|(key, _)| matching::fits(key, repository));
        let mut found: Vec<&Login> = matching.flat_map(|(_, logins)| logins).collect();
        if found.is_empty() && repository.starts_with("docker.io/") {
            found.extend(self.logins.get(DOCKER_HUB).into_iter().flatten());
        }
        found.truncate(MAX_TRIED);
        found
    }

    /// What holds the credentials of a registry, where it is not the keyring itself.
    pub(super) fn elsewhere(&self, host: &str) -> Option<&str> {
        let host = if host == "docker.io" { DOCKER_HUB } else { host };
        self.elsewhere.get(host).or(self.store.as_ref()).map(String::as_str)
    }
}

/// Names of registries only.
impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.logins.keys()).finish()
    }
}

/// Without the password.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("source", &self.source).finish_non_exhaustive()
    }
}

/// The keyring in force. Clones share it: whoever watches Secrets keeps one and replaces what is in it.
#[derive(Clone, Debug, Default)]
pub struct Credentials(Arc<ArcSwap<Keyring>>);

impl Credentials {
    /// These, until they are replaced.
    pub fn new(keyring: Keyring) -> Credentials {
        Credentials(Arc::new(ArcSwap::from_pointee(keyring)))
    }

    /// Takes others from now on. Registries that refused the former are asked anew.
    pub fn replace(&self, keyring: Keyring) {
        self.0.store(Arc::new(keyring));
    }

    pub(super) fn now(&self) -> Arc<Keyring> {
        self.0.load_full()
    }
}
