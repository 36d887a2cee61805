//! What registries are told of who asks.

use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;

/// The formats that kubelet knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `kubernetes.io/dockerconfigjson`, key `.dockerconfigjson`; Docker's own `config.json` too.
    DockerConfigJson,
    /// `kubernetes.io/dockercfg`, key `.dockercfg`: the map of hosts alone.
    DockerCfg,
}

/// A text with credentials, and where it comes from.
pub struct Document {
    /// Where it comes from, for people: `Secret plimsoll-system/pull`.
    pub source: String,
    /// How it is written.
    pub format: Format,
    /// The text.
    pub bytes: Vec<u8>,
}

/// Credentials of registries, chosen as kubelet does.
#[derive(Clone, Debug, Default)]
pub struct Keyring {}

impl Keyring {
    /// Reads documents; the first that names a registry counts first. What is wrong in them is told and left out.
    pub fn read(documents: &[Document]) -> (Keyring, Vec<String>) {
        let _ = documents;
        todo!()
    }

    /// Reads Docker's configuration file.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn from_docker_config(path: &Path) -> Result<(Keyring, Vec<String>), String> {
        let _ = path;
        todo!()
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

    /// Takes others from now on.
    pub fn replace(&self, keyring: Keyring) {
        self.0.store(Arc::new(keyring));
    }
}
