//! A certificate for trying things out: made in memory, never stored.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
};
use rustls_pki_types::PrivateKeyDer;
use time::{Duration, OffsetDateTime};

use super::{Certificate, CertificateError};

/// Clocks differ: clients whose clock is this much behind still accept it.
const CLOCK_SKEW: Duration = Duration::hours(1);
const LIFETIME: Duration = Duration::days(365);

/// The names and addresses it is for.
const SUBJECTS: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// A certificate for localhost, signed by a CA whose key is forgotten at once.
#[derive(Debug)]
pub struct SelfSigned {
    pub(in crate::serve) certificate: Certificate,
    /// The CA's certificate as PEM: what clients have to trust.
    pub ca_pem: String,
}

impl SelfSigned {
    /// Makes one that is valid from now on.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn generate() -> Result<SelfSigned, CertificateError> {
        let ca = CertifiedIssuer::self_signed(ca_params(), KeyPair::generate().map_err(failed)?)
            .map_err(failed)?;
        let key = KeyPair::generate().map_err(failed)?;
        let leaf = leaf_params().map_err(failed)?.signed_by(&key, &ca).map_err(failed)?;
        let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(failed)?;
        let certificate = Certificate::new(vec![leaf.der().clone()], key).map_err(failed)?;
        Ok(SelfSigned { certificate, ca_pem: ca.pem() })
    }
}

fn ca_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    settle(&mut params);
    // Another subject than the leaf's, or OpenSSL takes the leaf for its own issuer.
    params.distinguished_name.push(DnType::CommonName, "Plimsoll self-signed CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn leaf_params() -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(SUBJECTS.map(str::to_owned))?;
    settle(&mut params);
    params.distinguished_name.push(DnType::CommonName, "localhost");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

/// rcgen's own choice is the same subject for everything, from 1975 to 4096.
fn settle(params: &mut CertificateParams) {
    let now = OffsetDateTime::now_utc();
    params.not_before = now - CLOCK_SKEW;
    params.not_after = now + LIFETIME;
    params.distinguished_name = DistinguishedName::new();
}

fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> CertificateError {
    CertificateError::Generate(error.into())
}
