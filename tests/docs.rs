//! The documentation is of the real thing: policies load, commands print what is shown, links lead somewhere.
//!
//! `PLIMSOLL_UPDATE=1 cargo test --test docs` writes the output of the shown commands anew; look at what it changed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "support/cluster.rs"]
mod cluster;
#[path = "e2e/policy_webhook.rs"]
mod policy_webhook;
#[allow(dead_code, reason = "the end-to-end tests use all of it")]
#[path = "e2e/webhook.rs"]
mod webhook;

#[path = "docs/certificates.rs"]
mod certificates;
#[path = "docs/commands.rs"]
mod commands;
#[path = "docs/expressions.rs"]
mod expressions;
#[path = "docs/markdown.rs"]
mod markdown;
#[path = "docs/names.rs"]
mod names;
#[path = "docs/policies.rs"]
mod policies;
#[path = "docs/registration.rs"]
mod registration;
#[path = "docs/shell.rs"]
mod shell;
