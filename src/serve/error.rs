//! Why the webhook could not start.

use std::io;
use std::net::SocketAddr;

use super::tls::CertificateError;
use crate::cluster::client::ClientError;

/// Why the webhook could not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// An address cannot be listened on.
    #[error("cannot listen on {address} ({flag}): {cause}; {}", advice(cause.kind(), flag))]
    Bind {
        /// The flag that names the address.
        flag: &'static str,
        /// The address.
        address: SocketAddr,
        /// What the system said.
        cause: io::Error,
    },
    /// The certificate or its key cannot be used.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The cluster is not configured.
    #[error(transparent)]
    Cluster(#[from] ClientError),
    /// A managed certificate, and no cluster to keep it in.
    #[error("a managed certificate (--tls-managed) is kept in a cluster: add --kubernetes")]
    NoCluster,
    /// The registries cannot be asked as they are configured.
    #[error("{0}; correct the file of --registries")]
    Registries(#[from] crate::registry::SetupError),
    /// The TLS library refuses its own settings.
    #[error("cannot set up TLS")]
    Tls(#[from] rustls::Error),
    /// The filter for log messages does not parse.
    #[error(
        "the log level {filter:?} is not understood: {reason}; use error, warn, info, debug or trace, \
         or a list such as info,plimsoll::serve=debug"
    )]
    LogFilter {
        /// What was given.
        filter: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The system gives no threads, timers or sockets.
    #[error("cannot start the runtime")]
    Runtime(#[source] io::Error),
    /// The system does not let signals be handled.
    #[error("cannot listen for signals")]
    Signals(#[source] io::Error),
}

fn advice(kind: io::ErrorKind, flag: &str) -> String {
    match kind {
        io::ErrorKind::AddrInUse => {
            format!("another program listens there: stop it, or choose another port with {flag}")
        }
        io::ErrorKind::PermissionDenied => format!(
            "ports below 1024 need a privilege: choose a higher one with {flag}, and let the \
             Service map 443 to it"
        ),
        io::ErrorKind::AddrNotAvailable => {
            format!("no interface of this machine has that address: correct {flag}")
        }
        _ => format!("choose another address with {flag}"),
    }
}
