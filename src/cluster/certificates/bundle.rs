//! What API servers have to trust, and what webhook configurations tell them to.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use x509_parser::parse_x509_certificate;

/// The CAs that every `caBundle` has to carry, as PEM: the one that signs first.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CaBundle(Arc<str>);

/// Why something is no bundle of CAs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// Nothing to trust.
    #[error("it holds no certificate: it needs a PEM block BEGIN CERTIFICATE")]
    Empty,
    /// Damaged.
    #[error("it is not valid PEM: {0}")]
    Pem(String),
    /// A block that is not a certificate an API server could trust.
    #[error("certificate {0} in it is damaged: make it anew")]
    Damaged(usize),
}

impl CaBundle {
    /// Takes what is in a file, such as `--tls-ca`: text around the PEM blocks is left out.
    ///
    /// # Errors
    /// Where an API server would refuse it as `caBundle`.
    pub fn from_pem(pem: &[u8]) -> Result<CaBundle, BundleError> {
        let certificates = CertificateDer::pem_slice_iter(pem)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| BundleError::Pem(error.to_string()))?;
        if certificates.is_empty() {
            return Err(BundleError::Empty);
        }
        if let Some(at) = certificates.iter().position(|der| parse_x509_certificate(der).is_err()) {
            return Err(BundleError::Damaged(at + 1));
        }
        Ok(CaBundle::of(certificates.iter().map(AsRef::as_ref)))
    }

    pub(super) fn of<'a>(certificates: impl Iterator<Item = &'a [u8]>) -> CaBundle {
        CaBundle(certificates.map(certificate_pem).collect::<String>().into())
    }

    /// The text that goes into `caBundle`, and there in base64 as all bytes do.
    pub fn pem(&self) -> &str {
        &self.0
    }

    /// Whether a `caBundle`, as the API server gives it (PEM), carries every CA of this one. One that
    /// is damaged carries none: API servers trust nothing then.
    pub fn is_carried_by(&self, ca_bundle: &[u8]) -> bool {
        let carried = certificates_in(ca_bundle);
        certificates_in(self.0.as_bytes()).iter().all(|der| carried.contains(der))
    }
}

impl fmt::Debug for CaBundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CaBundle({} CAs)", certificates_in(self.0.as_bytes()).len())
    }
}

/// What the webhook configurations in the cluster carry at the moment.
///
/// It travels as `watch::Receiver<Option<ObservedBundles>>`: `None` until all configurations have been
/// listed once, because "not looked yet" must not pass for "nobody is to be waited for".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObservedBundles {
    /// The `caBundle` (PEM, so decoded once from the base64 of the wire) of every webhook entry that
    /// there is, by a name that tells them apart, such as
    /// `MutatingWebhookConfiguration/plimsoll/mutate.plimsoll.dev`. An entry without a `caBundle` is
    /// here with no bytes; a configuration without entries, or none at all, is not here.
    pub entries: BTreeMap<String, Vec<u8>>,
}

impl ObservedBundles {
    /// Whether every entry carries this CA.
    pub(super) fn carry(&self, ca: &[u8]) -> bool {
        self.entries.values().all(|pem| certificates_in(pem).iter().any(|der| der.as_ref() == ca))
    }
}

/// The certificates of a bundle; none where any part of it is damaged, as API servers see it.
pub(super) fn certificates_in(pem: &[u8]) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().unwrap_or_default()
}

/// One PEM block with lines of 64 characters.
pub(super) fn certificate_pem(der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    pem
}
