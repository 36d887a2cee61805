//! What the webhook can be told.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::registries::Registries;
use super::signals::Signal;
use crate::cluster::{self, certificates};
use crate::ledger;
use crate::recording;

/// Where the webhook listens unless told otherwise.
pub const DEFAULT_LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8443);

/// Where health and metrics are unless told otherwise.
pub const DEFAULT_ADMIN_LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// What the webhook can be told.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen (`--listen`).
    pub listen: SocketAddr,
    /// Where health and metrics are (`--admin-listen`).
    pub admin: Admin,
    /// Where the certificate comes from.
    pub tls: TlsSource,
    /// What a client may ask for.
    pub limits: Limits,
    /// How the webhook ends.
    pub drain: Drain,
    /// Policies, exemptions and namespaces come from the cluster (`--kubernetes`).
    pub cluster: Option<cluster::Settings>,
    /// Owners that the ledger keeps (`--ledger-owners`); without any there is no ledger.
    pub ledger_owners: usize,
    /// What this replica is called in its ledger.
    pub replica: String,
    /// Which registries are asked for the digests of images.
    pub registries: Registries,
    /// What is kept of reviews (`--record`); nothing unless asked for.
    pub recording: Option<recording::Settings>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            listen: DEFAULT_LISTEN,
            admin: Admin::Default,
            tls: TlsSource::SelfSigned,
            limits: Limits::default(),
            drain: Drain::default(),
            cluster: None,
            ledger_owners: ledger::DEFAULT_OWNERS,
            replica: String::new(),
            registries: Registries::default(),
            recording: None,
        }
    }
}

/// Where health and metrics are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admin {
    /// [`DEFAULT_ADMIN_LISTEN`], or another port of the loopback interface where that one is taken:
    /// nobody asked for 8080, so it is no reason not to start.
    Default,
    /// Exactly there.
    At(SocketAddr),
}

/// Where the certificate comes from.
#[derive(Debug, Clone)]
pub enum TlsSource {
    /// PEM files, read again when they change.
    Files {
        /// The chain, leaf first (`--tls-cert`).
        cert: PathBuf,
        /// The leaf's private key (`--tls-key`).
        key: PathBuf,
    },
    /// Plimsoll's own, kept in a Secret of the cluster (`--tls-managed`): none is shown until it is stored.
    Managed(certificates::Settings),
    /// From whoever runs [`certificates::manage`] beside the server.
    Handed(watch::Receiver<Option<Arc<certificates::Shown>>>),
    /// Made in memory for localhost, and never stored.
    SelfSigned,
}

/// What a client may ask for.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of a request body. An API server sends at most two objects of 3 MiB and some wrapping.
    pub max_body: usize,
    /// Bytes of all larger request bodies that are in memory at once.
    pub max_buffered: usize,
    /// Open connections to the webhook. Below the usual limit of 1,024 open files.
    pub max_connections: usize,
    /// From the first byte to the end of the TLS handshake.
    pub handshake_timeout: Duration,
    /// From the first byte of a request to the end of its header.
    pub header_timeout: Duration,
    /// Longest time for a request body, whatever the `timeout` query grants.
    pub body_timeout: Duration,
    /// From a response to the next request. API servers close after 90 s, and should be the first to.
    pub idle_timeout: Duration,
    /// How often certificate files are looked at.
    pub reload_interval: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            max_body: 7 << 20,
            max_buffered: 64 << 20,
            max_connections: 960,
            handshake_timeout: Duration::from_secs(10),
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(150),
            reload_interval: Duration::from_secs(1),
        }
    }
}

/// How the webhook ends.
#[derive(Debug, Clone, Copy)]
pub struct Drain {
    /// How long to serve on after readiness is gone (`--drain-delay`): until then API servers may
    /// still open connections. Absent: 5 s after SIGTERM, none after SIGINT, where a person waits.
    pub delay: Option<Duration>,
    /// How long requests in flight may take to finish.
    pub timeout: Duration,
}

impl Default for Drain {
    fn default() -> Drain {
        Drain { delay: None, timeout: Duration::from_secs(15) }
    }
}

impl Drain {
    pub(super) fn delay(&self, signal: Signal) -> Duration {
        self.delay.unwrap_or(match signal {
            Signal::Terminate => Duration::from_secs(5),
            Signal::Interrupt => Duration::ZERO,
        })
    }
}
