//! Asking registries from programs without a runtime.

use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;

use super::{Credentials, Registries, Resolver, SetupError, Statistics};
use crate::digests::Digests;

/// How many images share one timeout. A person's folder of manifests has hundreds.
const AT_ONCE: usize = 64;

/// A resolver for the command line, with a small runtime of its own.
pub struct Blocking {
    resolver: Resolver,
    /// Taken when it ends.
    runtime: Option<Runtime>,
}

impl Blocking {
    /// Makes the resolver and the runtime.
    ///
    /// # Errors
    /// As [`Resolver::new`], and where the system gives no runtime.
    pub fn new(config: &Registries, credentials: Credentials) -> Result<Blocking, SetupError> {
        let resolver = Resolver::new(config, credentials)?;
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| SetupError { message: format!("no runtime: {error}") })?;
        Ok(Blocking { resolver, runtime: Some(runtime) })
    }

    /// As [`Resolver::resolve`]; each 64 images have the timeout of the configuration. Not to be called from within a
    /// runtime.
    pub fn resolve(&self, images: &[String]) -> Digests {
        let mut digests = Digests::default();
        let Some(runtime) = &self.runtime else { return digests };
        for part in images.chunks(AT_ONCE) {
            let found = runtime.block_on(async {
                let deadline = Instant::now() + self.resolver.timeout();
                self.resolver.resolve(part, deadline).await
            });
            for image in part {
                if let Some(resolution) = found.get(image) {
                    digests.insert(image, resolution.clone());
                }
            }
        }
        digests
    }

    /// What was counted so far.
    pub fn statistics(&self) -> Statistics {
        self.resolver.statistics()
    }
}

/// A look-up of a name that hangs does not keep the program from ending.
impl Drop for Blocking {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
