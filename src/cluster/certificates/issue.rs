//! New keys, and what they sign.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose,
};
use time::OffsetDateTime;

use super::material::{Authority, Key, Leaf, Validity, authority, read_leaf};
use super::settings::{BACKDATED, Settings};

/// Why nothing could be signed.
#[derive(Debug, thiserror::Error)]
pub(super) enum IssueError {
    /// The library, or the system's randomness, said no.
    #[error("cannot sign: {0}")]
    Library(#[from] rcgen::Error),
    /// The clock says a time that no certificate can hold.
    #[error("the clock says {0} s since 1970, which no certificate can hold: set it right")]
    Clock(i64),
    /// What was made cannot be read back.
    #[error("cannot read what was just signed: this is a bug in Plimsoll")]
    Unreadable,
    /// A CA that was to sign has no key.
    #[error("the CA has no key: this is a bug in Plimsoll")]
    Keyless,
}

/// A new CA.
pub(super) fn ca(settings: &Settings, now: i64) -> Result<Authority, IssueError> {
    let key = KeyPair::generate()?;
    let lifetime = i64::try_from(settings.ca_lifetime.as_secs()).unwrap_or(i64::MAX);
    let validity = Validity {
        not_before: now.saturating_sub(BACKDATED),
        not_after: now.saturating_add(lifetime),
    };
    let mut params = params(validity)?;
    // A name for each, or some clients try the wrong one of two CAs and give up.
    let id: String =
        params.key_identifier(&key).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    params.distinguished_name.push(DnType::CommonName, format!("Plimsoll CA {id}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let certificate = params.self_signed(&key)?;
    let ca = authority(certificate.der().clone()).ok_or(IssueError::Unreadable)?;
    Ok(Authority { key: Some(Key(Arc::from(key.serialize_pem()))), ..ca })
}

/// A new leaf, never for longer than its CA lasts.
pub(super) fn leaf(ca: &Authority, settings: &Settings, now: i64) -> Result<Leaf, IssueError> {
    let ca_key = KeyPair::from_pem(&ca.key.as_ref().ok_or(IssueError::Keyless)?.0)?;
    let issuer = Issuer::from_ca_cert_der(&ca.der, ca_key)?;
    let key = KeyPair::generate()?;
    let validity = Validity {
        not_before: now.saturating_sub(BACKDATED),
        not_after: leaf_expiry(ca, settings, now),
    };
    let mut params = params(validity)?;
    params.subject_alt_names = CertificateParams::new(settings.names())?.subject_alt_names;
    // The whole name may be longer than the 64 characters that a subject holds.
    params.distinguished_name.push(DnType::CommonName, settings.name.as_str());
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    let der = params.signed_by(&key, &issuer)?.der().clone();
    let (validity, names) = read_leaf(&der).ok_or(IssueError::Unreadable)?;
    Ok(Leaf { chain: vec![der], key: Key(Arc::from(key.serialize_pem())), validity, names })
}

/// When a leaf would expire that this CA signs now.
pub(super) fn leaf_expiry(ca: &Authority, settings: &Settings, now: i64) -> i64 {
    let lifetime = i64::try_from(settings.certificate_lifetime.as_secs()).unwrap_or(i64::MAX);
    now.saturating_add(lifetime).min(ca.validity.not_after)
}

/// rcgen's own choice is the same subject for everything, from 1975 to 4096.
fn params(validity: Validity) -> Result<CertificateParams, IssueError> {
    let time = |at| OffsetDateTime::from_unix_timestamp(at).map_err(|_| IssueError::Clock(at));
    let mut params = CertificateParams::default();
    params.not_before = time(validity.not_before)?;
    params.not_after = time(validity.not_after)?;
    params.distinguished_name = DistinguishedName::new();
    Ok(params)
}
