//! The webhook, from the router without sockets to real TLS clients. Everything is on loopback, at free
//! ports, in parallel.

mod certificates;
mod drain;
mod http;
mod limits;
mod metrics;
mod router;
mod support;
mod tls;
