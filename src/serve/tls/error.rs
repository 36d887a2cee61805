//! Why a certificate cannot be used.

use std::io;
use std::path::PathBuf;

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("cannot read {} ({flag}): {cause}; {}", path.display(), advice(cause.kind()))]
    Read {
        /// The flag that names it.
        flag: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// A file is damaged.
    #[error("{} ({flag}) is not valid PEM: {reason}", path.display())]
    Pem {
        /// The flag that names it.
        flag: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file without a certificate.
    #[error(
        "{} (--tls-cert) holds no certificate: it needs a PEM block BEGIN CERTIFICATE, the \
         webhook's own first, then those of its issuers",
        path.display()
    )]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// A file without a key.
    #[error(
        "{} (--tls-key) holds no private key that can be used: it needs a PEM block BEGIN PRIVATE \
         KEY (or RSA or EC PRIVATE KEY), without a passphrase",
        path.display()
    )]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// The key is another certificate's.
    #[error(
        "the key {} (--tls-key) does not belong to the first certificate in {} (--tls-cert): give \
         the two that were made together",
        key.display(), cert.display()
    )]
    Mismatch {
        /// The certificate's file.
        cert: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// The TLS library does not accept the pair.
    #[error(
        "cannot use {} (--tls-cert) with {} (--tls-key)",
        cert.display(), key.display()
    )]
    Unusable {
        /// The certificate's file.
        cert: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What the library said.
        source: rustls::Error,
    },
    /// No certificate could be made in memory.
    #[error("cannot make a self-signed certificate; give one with --tls-cert and --tls-key")]
    Generate(#[source] Box<dyn std::error::Error + Send + Sync>),
}

fn advice(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::NotFound => {
            "correct the path, or leave --tls-cert and --tls-key out to try Plimsoll with a \
             self-signed certificate"
        }
        io::ErrorKind::PermissionDenied => "let the user that runs Plimsoll read it",
        io::ErrorKind::IsADirectory => "name a file in that folder",
        _ => "make it readable",
    }
}
