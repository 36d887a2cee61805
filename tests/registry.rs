//! Asking registries for digests: real ones that are built with Go, and servers that misbehave as no real one does on
//! demand. Everything is on loopback, at free ports.

// clippy's exception for tests covers the test functions alone, not what helps them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/certs.rs"]
mod certs;
#[path = "support/go.rs"]
mod go;

#[path = "registry/bad.rs"]
mod bad;
#[path = "registry/crowds.rs"]
mod crowds;
#[path = "registry/deadlines.rs"]
mod deadlines;
#[cfg(feature = "serve")]
#[path = "registry/door.rs"]
mod door;
#[path = "registry/faults.rs"]
mod faults;
#[path = "registry/limits.rs"]
mod limits;
#[path = "registry/mirrors.rs"]
mod mirrors;
#[path = "registry/proxies.rs"]
mod proxies;
#[path = "registry/real.rs"]
mod real;
#[path = "registry/tokens.rs"]
mod tokens;
#[path = "registry/truth.rs"]
mod truth;
#[path = "registry/world.rs"]
mod world;
