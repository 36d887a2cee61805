//! Asking registries for the digests of images.

mod config;
mod credentials;
mod resolver;
mod statistics;

pub use config::{Breaker, Cache, Listed, Proxies, Registries};
pub use credentials::{Credentials, Document, Format, Keyring};
pub use resolver::{Blocking, Resolver};
pub use statistics::{BreakerState, RegistryStatistics, Statistics};

/// Why a [`Resolver`] cannot be made: what is wrong with the configuration, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SetupError {
    /// Field and fault.
    pub message: String,
}
