//! The webhook, from the router without sockets to real TLS clients. Everything is on loopback, at free
//! ports, in parallel.

// clippy's exception for tests covers the test functions alone, not what helps them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod certificates;
mod drain;
mod expressions;
mod http;
mod ledger;
mod limits;
mod metrics;
mod process;
mod recording;
mod router;
mod support;
mod tls;
