//! A certificate and its key in PEM files.

use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};

use rustls::{Error, InconsistentKeys};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::{Certificate, CertificateError};

const CERT_FLAG: &str = "--tls-cert";
const KEY_FLAG: &str = "--tls-key";

/// Where certificate and key are.
#[derive(Debug, Clone)]
pub(in crate::serve) struct FilePair {
    cert: PathBuf,
    key: PathBuf,
    hasher: RandomState,
}

/// What was in both files.
pub(super) struct Content {
    cert: Vec<u8>,
    key: Vec<u8>,
}

impl FilePair {
    pub(in crate::serve) fn new(cert: PathBuf, key: PathBuf) -> FilePair {
        FilePair { cert, key, hasher: RandomState::new() }
    }

    /// Reads both files, and the digest by which a change is noticed.
    pub(in crate::serve) fn load(&self) -> Result<(Certificate, u64), CertificateError> {
        let content = self.read()?;
        Ok((self.parse(&content)?, self.digest(&content)))
    }

    pub(super) fn read(&self) -> Result<Content, CertificateError> {
        Ok(Content { cert: read(CERT_FLAG, &self.cert)?, key: read(KEY_FLAG, &self.key)? })
    }

    pub(super) fn digest(&self, content: &Content) -> u64 {
        self.hasher.hash_one((&content.cert, &content.key))
    }

    pub(super) fn parse(&self, content: &Content) -> Result<Certificate, CertificateError> {
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&content.cert)
            .collect::<Result<_, _>>()
            .map_err(|error| pem(CERT_FLAG, &self.cert, &error))?;
        if chain.is_empty() {
            return Err(CertificateError::NoCertificate { path: self.cert.clone() });
        }
        let key = PrivateKeyDer::from_pem_slice(&content.key).map_err(|error| match error {
            rustls_pki_types::pem::Error::NoItemsFound => {
                CertificateError::NoKey { path: self.key.clone() }
            }
            error => pem(KEY_FLAG, &self.key, &error),
        })?;
        Certificate::new(chain, key).map_err(|source| {
            let (cert, key) = (self.cert.clone(), self.key.clone());
            match source {
                Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                    CertificateError::Mismatch { cert, key }
                }
                source => CertificateError::Unusable { cert, key, source },
            }
        })
    }
}

fn read(flag: &'static str, path: &Path) -> Result<Vec<u8>, CertificateError> {
    std::fs::read(path).map_err(|cause| CertificateError::Read {
        flag,
        path: path.to_owned(),
        cause,
    })
}

fn pem(flag: &'static str, path: &Path, error: &rustls_pki_types::pem::Error) -> CertificateError {
    CertificateError::Pem { flag, path: path.to_owned(), reason: error.to_string() }
}
