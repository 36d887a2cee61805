//! TLS: which certificate is shown, where it comes from, and how a new one takes its place.

mod error;
mod files;
mod managed;
mod reload;
mod self_signed;
mod source;
mod validity;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwapOption;
use jiff::Timestamp;
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use x509_parser::parse_x509_certificate;

pub use error::CertificateError;
pub(super) use files::FilePair;
pub use self_signed::SelfSigned;
pub use source::Certificates;
pub(super) use source::{Renewal, Source, open};
pub(super) use validity::{GATE, mind};

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

    /// Why clients refuse it now, where they do. It is shown all the same: API servers that cannot
    /// connect say why, and a webhook that is not there says nothing.
    fn refused_because(&self, now: SystemTime) -> Option<String> {
        let since_epoch = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX);
        let (problem, at) = if self.not_after <= now {
            ("expired", self.not_after)
        } else if self.not_before > now {
            ("is not valid before", self.not_before)
        } else {
            return None;
        };
        let at = Timestamp::from_second(at).map_or_else(|_| at.to_string(), |at| at.to_string());
        Some(format!("the certificate {problem} {at}: clients refuse it"))
    }
}

/// Shows the certificate in force.
#[derive(Debug)]
pub(super) struct InForce(ArcSwapOption<Certificate>);

impl InForce {
    /// Without a certificate, every handshake ends with an alert.
    pub(super) fn new(certificate: Option<Certificate>) -> InForce {
        InForce(ArcSwapOption::from_pointee(certificate))
    }

    /// Sessions that stand keep the one they began with.
    pub(super) fn replace(&self, certificate: Certificate) {
        self.0.store(Some(Arc::new(certificate)));
    }
}

impl ResolvesServerCert for InForce {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.load().as_ref()?.key))
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
