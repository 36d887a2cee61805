//! `plimsoll audit` as a process, beside an API server that misbehaves.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "support/certs.rs"]
mod certs;

#[path = "audit/choosing.rs"]
mod choosing;
#[path = "audit/endless.rs"]
mod endless;
#[path = "audit/server.rs"]
mod server;
#[path = "audit/trouble.rs"]
mod trouble;
#[path = "audit/trust.rs"]
mod trust;
#[path = "audit/world.rs"]
mod world;
