//! Asking registries for the digests of images: what `serve`, `check` and `fix` pin tags with.
//!
//! A question is a HEAD of the manifest as `oci-client` would send it; what the registry names as its digest is taken,
//! of a list of manifests that of the list, so that every platform keeps its own image. A registry that names none is
//! asked for the manifest itself, of 4 MiB at most. One question is asked per image, however many requests wait
//! for it ([`Resolver::resolve`]); it outlives them for a bounded time, and its answer is kept for the next ones.
//!
//! # What keeps it safe
//! - **Nobody is dialled whom the configuration does not name.** Whoever creates a pod chooses the host of its image.
//!   Redirects and token servers obey the same list, and TLS is left out only for registries that are listed so.
//!   A name that a wide glob allows can still lead to an address inside the cluster or to `169.254.169.254`: the
//!   answer has to carry a trusted certificate for that name, which metadata services do not have; a NetworkPolicy is
//!   what forbids the connection itself.
//! - **Credentials are the webhook's, not the pod's.** Who may create pods learns which digest a tag of a private
//!   image has, if the webhook may see it, and no more.
//! - A registry that fails in a row, or asks for a pause (429), is left alone for a while: `health`.
//! - Cache, tokens, registries and questions under way are bounded in number and time.
//!
//! # Why `oci-client` lends its vocabulary and does not send the requests
//! Seen in `src/client.rs` of version 0.18: `fetch_manifest_digest` reads bodies of any size where HEAD names no
//! digest; errors hold the status and no headers, so that `Retry-After` is lost; redirects and token servers are
//! followed to any host; failures of the token server are swallowed; tokens are kept per repository without a bound, and
//! the first credentials for good; a token with a line break panics. None of that can be set from outside, as the
//! client makes its own `reqwest::Client`. The requests here are few: `exchange` and `challenge`. Tests compare the
//! answers with those of `oci-client`.

mod blocking;
mod cache;
mod challenge;
mod client;
mod config;
mod credentials;
mod exchange;
mod failure;
mod fleet;
mod flight;
mod health;
mod hosts;
mod resolver;
mod statistics;

pub use blocking::Blocking;
pub use config::{Breaker, Cache, Listed, Proxies, Registries};
pub use credentials::{Credentials, Document, Format, Keyring};
pub use resolver::Resolver;
pub use statistics::{BreakerState, Outcome, RegistryStatistics, Statistics};

/// Why a [`Resolver`] cannot be made: what is wrong with the configuration, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SetupError {
    /// Field and fault.
    pub message: String,
}
