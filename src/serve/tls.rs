//! TLS: which certificate is shown, where it comes from, and how a new one takes its place.

mod error;
mod files;
mod reload;
mod self_signed;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use x509_parser::parse_x509_certificate;

pub use error::CertificateError;
pub(super) use files::FilePair;
pub(super) use reload::watch;
pub use self_signed::SelfSigned;

/// A certificate with its key, ready to be shown.
#[derive(Debug)]
pub(super) struct Certificate {
    key: Arc<CertifiedKey>,
    /// Seconds since 1970.
    not_before: i64,
    /// Seconds since 1970.
    pub(super) not_after: i64,
}

impl Certificate {
    /// Puts chain and key together, and makes sure that they belong together.
    fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<Certificate, rustls::Error> {
        let leaf = chain.first().ok_or(rustls::Error::NoCertificatesPresented)?;
        let (not_before, not_after) = {
            let (_, leaf) = parse_x509_certificate(leaf)
                .map_err(|_| rustls::Error::from(rustls::CertificateError::BadEncoding))?;
            let validity = leaf.validity();
            (validity.not_before.timestamp(), validity.not_after.timestamp())
        };
        let key = Arc::new(CertifiedKey::from_der(chain, key, &provider())?);
        Ok(Certificate { key, not_before, not_after })
    }

    /// Says so where clients will refuse it. It is shown all the same: API servers that cannot connect
    /// say why, and a webhook that is not there says nothing.
    pub(super) fn warn_unless_valid(&self) {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX);
        let (not_before, not_after) = (self.not_before, self.not_after);
        if not_after < now {
            tracing::warn!(not_after, "the certificate has expired: clients will refuse it");
        } else if not_before > now {
            tracing::warn!(not_before, "the certificate is not valid yet: clients will refuse it");
        }
    }
}

/// Shows the certificate in force.
#[derive(Debug)]
pub(super) struct InForce(ArcSwap<CertifiedKey>);

impl InForce {
    pub(super) fn new(certificate: &Certificate) -> InForce {
        InForce(ArcSwap::new(Arc::clone(&certificate.key)))
    }

    /// Sessions that stand keep the one they began with.
    pub(super) fn replace(&self, certificate: &Certificate) {
        self.0.store(Arc::clone(&certificate.key));
    }
}

impl ResolvesServerCert for InForce {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

pub(super) fn server_config(in_force: Arc<InForce>) -> Result<ServerConfig, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .with_no_client_auth()
        .with_cert_resolver(in_force);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn provider() -> CryptoProvider {
    aws_lc_rs::default_provider()
}
