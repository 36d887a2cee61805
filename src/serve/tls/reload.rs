//! Certificate files that change under a running server.
//!
//! Their content is compared and not their time: the kubelet swaps a symlink above them, which a watch
//! on the files themselves misses.

use std::sync::Arc;

use super::{Certificate, CertificateError, FilePair, InForce};
use crate::serve::metrics::Reload;
use crate::serve::state::State;

/// What a look at the files came to.
enum Look {
    Unchanged,
    Changed(Certificate, u64),
    Failed(CertificateError),
}

/// Looks at the files for ever, and puts what is new and whole in force.
pub(in crate::serve) async fn watch(
    files: FilePair,
    mut digest: u64,
    in_force: Arc<InForce>,
    state: Arc<State>,
) {
    let mut complaint = None;
    loop {
        tokio::time::sleep(state.limits.reload_interval).await;
        let looking = files.clone();
        // Files may lie on a network: reading them must not hold reviews up.
        let look = tokio::task::spawn_blocking(move || look(&looking, digest)).await;
        match look {
            Ok(Look::Unchanged) => complaint = None,
            Ok(Look::Changed(certificate, new)) => {
                let not_after = certificate.not_after;
                in_force.replace(certificate);
                state.metrics().set_certificate_expiry(not_after);
                state.metrics().count_reload(Reload::Taken);
                tracing::info!(not_after, "certificate replaced");
                digest = new;
                complaint = None;
            }
            Ok(Look::Failed(error)) => {
                state.metrics().count_reload(Reload::Failed);
                let error = error.to_string();
                if complaint.as_ref() != Some(&error) {
                    tracing::error!(
                        error,
                        "certificate not replaced: the one before stays in force"
                    );
                    complaint = Some(error);
                }
            }
            Err(error) => tracing::error!(%error, "certificate files could not be looked at"),
        }
    }
}

fn look(files: &FilePair, in_force: u64) -> Look {
    let content = match files.read() {
        Ok(content) => content,
        Err(error) => return Look::Failed(error),
    };
    let digest = files.digest(&content);
    if digest == in_force {
        return Look::Unchanged;
    }
    match files.parse(&content) {
        Ok(certificate) => Look::Changed(certificate, digest),
        Err(error) => Look::Failed(error),
    }
}
