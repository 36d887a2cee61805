//! The managed certificate, as it changes.

use std::sync::Arc;

use rustls::Error;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;
use tokio::sync::watch;

use super::{Certificate, InForce};
use crate::cluster::certificates::Shown;
use crate::serve::metrics::Reload;
use crate::serve::state::State;

/// Puts every certificate in force that comes from the Secret, for as long as any may come.
pub(in crate::serve) async fn follow(
    mut managed: watch::Receiver<Option<Arc<Shown>>>,
    in_force: Arc<InForce>,
    state: Arc<State>,
) {
    loop {
        let shown = managed.borrow_and_update().clone();
        if let Some(shown) = shown {
            match certificate(&shown) {
                Ok(certificate) => {
                    let not_after = certificate.not_after;
                    in_force.replace(certificate);
                    state.metrics().set_certificate_expiry(not_after);
                    state.metrics().set_ca_expiry(shown.ca_expiry);
                    state.metrics().count_reload(Reload::Taken);
                    tracing::info!(
                        not_after,
                        ca_not_after = shown.ca_expiry,
                        "certificate in force"
                    );
                }
                Err(error) => {
                    state.metrics().count_reload(Reload::Failed);
                    tracing::error!(%error, "certificate not taken: the one before stays in force");
                }
            }
        }
        if managed.changed().await.is_err() {
            return;
        }
    }
}

fn certificate(shown: &Shown) -> Result<Certificate, Error> {
    let key = PrivateKeyDer::from_pem_slice(shown.leaf.key_pem().as_bytes())
        .map_err(|_| Error::General("the private key is not valid PEM".to_owned()))?;
    Certificate::new(shown.leaf.chain().to_vec(), key)
}
