//! Certificates for tests: an authority of their own and what it signs.
//!
//! rcgen's defaults would give the authority and the leaf the same subject (which OpenSSL takes for a
//! self-signed leaf and rejects) and a validity from 1975 to 4096: both are set here.

#![allow(dead_code, reason = "each test binary uses its own part of the support code")]

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};

/// How far back a certificate is valid, for clocks that differ a little.
const BACKDATED: Duration = Duration::from_secs(60 * 60);
/// How long a certificate is valid from now on, unless a test asks for something else.
const LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A certificate authority made for one test.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A serving certificate and its private key, in PEM.
pub(crate) struct ServingCert {
    /// The certificate alone; whoever connects knows the authority.
    pub(crate) cert_pem: String,
    /// The private key, PKCS#8.
    pub(crate) key_pem: String,
}

/// Where [`ServingCert::write_to`] put the two files.
pub(crate) struct CertFiles {
    /// The certificate, for `--tls-cert`.
    pub(crate) cert: PathBuf,
    /// The private key, for `--tls-key`.
    pub(crate) key: PathBuf,
}

impl Authority {
    /// Makes an authority whose subject is `common_name`.
    pub(crate) fn new(common_name: &str) -> Result<Self, String> {
        let mut params = params(common_name, LIFETIME)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let issuer = CertifiedIssuer::self_signed(params, new_key()?)
            .map_err(|e| format!("cannot sign the authority {common_name}: {e}"))?;
        Ok(Self { issuer })
    }

    /// The authority's certificate: what a client trusts, what `caBundle` holds.
    pub(crate) fn ca_pem(&self) -> String {
        self.issuer.pem()
    }

    /// A serving certificate for `names` (DNS names and IP addresses; the first is the subject too).
    pub(crate) fn serving_cert(&self, names: &[&str]) -> Result<ServingCert, String> {
        self.serving_cert_valid_for(names, LIFETIME)
    }

    /// Like [`Authority::serving_cert`], for tests that watch a certificate run out.
    pub(crate) fn serving_cert_valid_for(
        &self,
        names: &[&str],
        lifetime: Duration,
    ) -> Result<ServingCert, String> {
        let subject = names.first().ok_or("a serving certificate needs a name")?;
        let mut params = params(subject, lifetime)?;
        let sans =
            CertificateParams::new(names.iter().map(ToString::to_string).collect::<Vec<_>>())
                .map_err(|e| format!("not the names of a certificate: {names:?}: {e}"))?;
        params.subject_alt_names = sans.subject_alt_names;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let key = new_key()?;
        let cert = params
            .signed_by(&key, &self.issuer)
            .map_err(|e| format!("cannot sign a certificate for {names:?}: {e}"))?;
        Ok(ServingCert { cert_pem: cert.pem(), key_pem: key.serialize_pem() })
    }
}

impl ServingCert {
    /// Writes `tls.crt` and `tls.key` into `folder`, the names that a Secret mount has.
    pub(crate) fn write_to(&self, folder: &Path) -> Result<CertFiles, String> {
        let files = CertFiles { cert: folder.join("tls.crt"), key: folder.join("tls.key") };
        for (path, text) in [(&files.cert, &self.cert_pem), (&files.key, &self.key_pem)] {
            std::fs::write(path, text)
                .map_err(|e| format!("cannot write {}: {e}", path.display()))?;
        }
        Ok(files)
    }
}

/// A private key and its public half in PEM, as the API server signs service account tokens with.
pub(crate) fn key_pair() -> Result<(String, String), String> {
    let key = new_key()?;
    Ok((key.serialize_pem(), key.public_key_pem()))
}

fn new_key() -> Result<KeyPair, String> {
    KeyPair::generate().map_err(|e| format!("cannot make a key: {e}"))
}

/// Parameters with a subject and a validity that a careful client accepts.
fn params(common_name: &str, lifetime: Duration) -> Result<CertificateParams, String> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, common_name);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_err(|e| format!("the clock stands before 1970: {e}"))?;
    // rcgen hands out the time crate's type without the crate: seconds are added to a known date.
    let epoch = date_time_ymd(1970, 1, 1);
    params.not_before = epoch + now.saturating_sub(BACKDATED);
    params.not_after = epoch + now + lifetime;
    Ok(params)
}
