//! The first certificate, and where the next ones come from.

use std::sync::Arc;

use kube::Client;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{Certificate, FilePair, InForce, SelfSigned, managed, reload};
use crate::cluster::certificates::{CaBundle, Managed, ObservedBundles, Shown, manage};
use crate::serve::error::ServeError;
use crate::serve::options::TlsSource;
use crate::serve::state::State;

/// What a server begins with.
pub(in crate::serve) struct Source {
    pub(in crate::serve) certificate: Option<Certificate>,
    pub(in crate::serve) renewal: Renewal,
    pub(in crate::serve) certificates: Option<Certificates>,
    /// As PEM, where the certificate is self-signed.
    pub(in crate::serve) self_signed_ca: Option<Arc<str>>,
}

/// Where the next certificates come from.
#[derive(Debug, Clone)]
pub(in crate::serve) enum Renewal {
    /// From files, whose content at present has this digest.
    Files(FilePair, u64),
    Managed(watch::Receiver<Option<Arc<Shown>>>),
    Never,
}

/// What keeps the managed certificate: for as long as this is there.
#[derive(Debug)]
pub struct Certificates {
    bundle: watch::Receiver<Option<CaBundle>>,
    observed: watch::Sender<Option<ObservedBundles>>,
    _keeping: JoinSet<()>,
}

impl Certificates {
    /// What every `caBundle` has to carry. `None` means that it is not known: leave them alone.
    pub fn bundle(&self) -> watch::Receiver<Option<CaBundle>> {
        self.bundle.clone()
    }

    /// Where to say what the webhook configurations carry: until somebody does, no CA is ever replaced.
    pub fn observed(&self) -> watch::Sender<Option<ObservedBundles>> {
        self.observed.clone()
    }
}

pub(in crate::serve) fn open(
    source: TlsSource,
    client: Option<&Client>,
) -> Result<Source, ServeError> {
    let none = Source {
        certificate: None,
        renewal: Renewal::Never,
        certificates: None,
        self_signed_ca: None,
    };
    Ok(match source {
        TlsSource::Files { cert, key } => {
            let files = FilePair::new(cert, key);
            let (certificate, digest) = files.load()?;
            let renewal = Renewal::Files(files, digest);
            Source { certificate: Some(certificate), renewal, ..none }
        }
        TlsSource::Managed(settings) => {
            let client = client.ok_or(ServeError::NoCluster)?.clone();
            let (observed, observing) = watch::channel(None);
            let (Managed { shown, bundle }, keeping) = manage(client, settings, observing);
            let mut tasks = JoinSet::new();
            tasks.spawn(keeping);
            let certificates = Certificates { bundle, observed, _keeping: tasks };
            Source { renewal: Renewal::Managed(shown), certificates: Some(certificates), ..none }
        }
        TlsSource::Handed(shown) => Source { renewal: Renewal::Managed(shown), ..none },
        TlsSource::SelfSigned => {
            let SelfSigned { certificate, ca_pem } = SelfSigned::generate()?;
            Source { certificate: Some(certificate), self_signed_ca: Some(ca_pem.into()), ..none }
        }
    })
}

impl Renewal {
    /// Puts every certificate in force that comes, for as long as any may come.
    pub(in crate::serve) async fn follow(self, in_force: Arc<InForce>, state: Arc<State>) {
        match self {
            Renewal::Files(files, digest) => reload::watch(files, digest, in_force, state).await,
            Renewal::Managed(shown) => managed::follow(shown, in_force, state).await,
            Renewal::Never => {}
        }
    }
}
