//! The CA in a file (`--tls-ca`), where somebody else makes the certificates.
//!
//! Content is compared and not time: the kubelet swaps a symlink above the file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::watch;

use crate::cluster::certificates::{BundleError, CaBundle};

/// How often the file is read.
const INTERVAL: Duration = Duration::from_secs(1);

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CaFileError {
    /// It cannot be read.
    #[error("cannot read {} (--tls-ca): {cause}; name the PEM file with the CA that signed --tls-cert", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// It holds something else.
    #[error("{} (--tls-ca) is no CA: {cause}", path.display())]
    Bundle {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: BundleError,
    },
}

/// Reads the file.
///
/// # Errors
/// When it cannot be read, or holds no certificate.
pub fn read(path: &Path) -> Result<CaBundle, CaFileError> {
    let pem =
        std::fs::read(path).map_err(|cause| CaFileError::Read { path: path.to_owned(), cause })?;
    CaBundle::from_pem(&pem).map_err(|cause| CaFileError::Bundle { path: path.to_owned(), cause })
}

/// Reads the file again and again; what is damaged in the meantime is told of once, and the CA before stays.
pub async fn follow(path: PathBuf, bundle: watch::Sender<Option<CaBundle>>) {
    let mut complaint = None;
    loop {
        let reading = path.clone();
        // Files may lie on a network: reading them must not hold reviews up.
        match tokio::task::spawn_blocking(move || read(&reading)).await {
            Ok(Ok(found)) => {
                complaint = None;
                bundle.send_if_modified(|before| {
                    let changed = before.as_ref() != Some(&found);
                    *before = Some(found);
                    changed
                });
            }
            Ok(Err(error)) => {
                let error = error.to_string();
                if complaint.as_ref() != Some(&error) {
                    tracing::error!(error, "the CA is not replaced: the one before stays in force");
                    complaint = Some(error);
                }
            }
            Err(error) => tracing::error!(%error, "the file of the CA could not be looked at"),
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ca() -> String {
        let key = rcgen::KeyPair::generate().unwrap();
        rcgen::CertificateParams::default().self_signed(&key).unwrap().pem()
    }

    #[test]
    fn what_is_wrong_is_said_with_the_flag() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("ca.crt");
        assert!(read(&path).unwrap_err().to_string().contains("--tls-ca"));
        std::fs::write(&path, "no PEM").unwrap();
        let error = read(&path).unwrap_err().to_string();
        assert!(error.contains("ca.crt (--tls-ca) is no CA: it holds no certificate"), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_new_ca_is_taken_and_a_damaged_one_is_not() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("ca.crt");
        let (sender, mut bundle) = watch::channel(None);
        let (first, second) = (ca(), ca());
        std::fs::write(&path, &first).unwrap();
        let following = tokio::spawn(follow(path.clone(), sender));
        bundle.changed().await.unwrap();
        let before = bundle.borrow_and_update().clone();
        assert_eq!(before, CaBundle::from_pem(first.as_bytes()).ok());
        std::fs::write(&path, "-----BEGIN CERTIFICATE-----\nx").unwrap();
        tokio::time::sleep(INTERVAL * 3).await;
        assert!(!bundle.has_changed().unwrap());
        std::fs::write(&path, &second).unwrap();
        bundle.changed().await.unwrap();
        assert_eq!(*bundle.borrow(), CaBundle::from_pem(second.as_bytes()).ok());
        following.abort();
    }
}
