//! Resolving images.

use std::time::Duration;

use tokio::time::Instant;

use super::{Credentials, Registries, SetupError, Statistics};
use crate::digests::Digests;

/// Finds digests; clones share everything.
#[derive(Clone)]
pub struct Resolver {
    timeout: Duration,
}

impl Resolver {
    /// A resolver of its own cache.
    ///
    /// # Errors
    /// Where the configuration contradicts itself or names files that cannot be read.
    pub fn new(config: &Registries, credentials: Credentials) -> Result<Resolver, SetupError> {
        let _ = credentials;
        Ok(Resolver { timeout: config.timeout() })
    }

    /// What the configuration gives a request.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The digests of images, named by their normalised references ([`crate::image::Reference::normalised`]). Every
    /// image has an answer, and all of it is there at the deadline. Needs a Tokio runtime with time and IO.
    pub async fn resolve(&self, images: &[String], deadline: Instant) -> Digests {
        let _ = (images, deadline);
        todo!()
    }

    /// What was counted so far.
    pub fn statistics(&self) -> Statistics {
        todo!()
    }
}

/// A resolver for programs without a runtime: the command line.
pub struct Blocking {
    resolver: Resolver,
}

impl Blocking {
    /// Makes a resolver with a small runtime of its own.
    ///
    /// # Errors
    /// As [`Resolver::new`], and where the system gives no runtime.
    pub fn new(config: &Registries, credentials: Credentials) -> Result<Blocking, SetupError> {
        Ok(Blocking { resolver: Resolver::new(config, credentials)? })
    }

    /// As [`Resolver::resolve`], with the timeout of the configuration.
    pub fn resolve(&self, images: &[String]) -> Digests {
        let _ = (images, &self.resolver);
        todo!()
    }
}
