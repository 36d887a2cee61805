//! The running webhook: both listeners, from the first connection to the end of the last.

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

use super::admin;
use super::connection::{serve_plain, serve_tls};
use super::error::ServeError;
use super::in_cluster;
use super::keeping;
use super::listener::{accept, bind};
use super::options::{Admin, DEFAULT_ADMIN_LISTEN, Drain, Options};
use super::registries::{self, Following};
use super::router::router;
use super::state::State;
use super::tls::{self, Certificates, InForce, Renewal, Source};
use crate::cluster::{self, Cluster};
use crate::engine::Engine;

const LISTEN_FLAG: &str = "--listen";
const ADMIN_FLAG: &str = "--admin-listen";

/// Closed until connections are answered.
const LISTENER_GATE: &str = "listener";

/// Connections to the admin address: a kubelet, a scraper or two, a person.
const MAX_ADMIN_CONNECTIONS: usize = 64;

/// The webhook with its sockets bound: connections wait until it runs.
#[derive(Debug)]
pub struct Server {
    state: Arc<State>,
    listener: TcpListener,
    address: SocketAddr,
    admin_listener: TcpListener,
    admin_address: SocketAddr,
    in_force: Arc<InForce>,
    renewal: Renewal,
    certificates: Option<Certificates>,
    self_signed_ca: Option<Arc<str>>,
    acceptor: Acceptor,
    drain: Drain,
    cluster: Option<Cluster>,
    credentials: Option<Following>,
}

/// [`TlsAcceptor`] says nothing of itself.
struct Acceptor(TlsAcceptor);

impl std::fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Acceptor")
    }
}

/// How the webhook is to end.
#[derive(Debug, Clone, Copy)]
pub struct Shutdown {
    /// How long to serve on, while `/readyz` says no already.
    pub delay: Duration,
}

impl Server {
    /// Takes the addresses and the certificate.
    ///
    /// # Errors
    /// When one of them cannot be had.
    pub async fn bind(options: Options, engine: Arc<Engine>) -> Result<Server, ServeError> {
        let Options {
            listen,
            admin,
            tls,
            limits,
            drain,
            cluster,
            ledger_owners,
            replica,
            registries,
            recording,
        } = options;
        let client = if cluster.is_some() || !registries.secrets.is_empty() {
            Some(cluster::client::connect().await?)
        } else {
            None
        };
        let (resolver, credentials) = registries::start(registries, client.as_ref())?;
        let Source { certificate, renewal, certificates, self_signed_ca } =
            tls::open(tls, client.as_ref())?;
        let expiry = certificate.as_ref().map(|certificate| certificate.not_after);
        let in_force = Arc::new(InForce::new(certificate));
        let config = tls::server_config(Arc::clone(&in_force))?;
        let listener = bind(LISTEN_FLAG, listen).await?;
        let admin_listener = bind_admin(admin).await?;
        let state = State::new(engine, limits).with_resolver(resolver);
        let state = keeping::keep(state, (ledger_owners, replica), recording)?;
        let state = Arc::new(state);
        state.gate(LISTENER_GATE);
        state.gate(tls::GATE);
        if let Some(expiry) = expiry {
            state.metrics().set_certificate_expiry(expiry);
        }
        let cluster = client.zip(cluster).map(|(client, settings)| {
            in_cluster::start(&state, client, settings, certificates.as_ref())
        });
        Ok(Server {
            state,
            cluster,
            address: listener.local_addr().map_err(ServeError::Runtime)?,
            listener,
            admin_address: admin_listener.local_addr().map_err(ServeError::Runtime)?,
            admin_listener,
            in_force,
            renewal,
            certificates,
            self_signed_ca,
            acceptor: Acceptor(TlsAcceptor::from(Arc::new(config))),
            drain,
            credentials,
        })
    }

    /// Where the webhook listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where health and metrics are.
    pub fn admin_address(&self) -> SocketAddr {
        self.admin_address
    }

    /// What clients have to trust where the certificate is self-signed, as PEM.
    pub fn self_signed_ca(&self) -> Option<&str> {
        self.self_signed_ca.as_deref()
    }

    /// What every request shares.
    pub fn state(&self) -> &Arc<State> {
        &self.state
    }

    /// What runs beside the webhook, where it lives in a cluster.
    pub fn cluster(&self) -> Option<&Cluster> {
        self.cluster.as_ref()
    }

    /// What keeps the managed certificate, where there is one.
    pub fn certificates(&self) -> Option<&Certificates> {
        self.certificates.as_ref()
    }

    pub(super) fn drain(&self) -> Drain {
        self.drain
    }

    /// Serves until `stop` ends, then drains: not ready first, later no new connections, then what is
    /// in flight is answered.
    pub async fn run(mut self, stop: impl Future<Output = Shutdown>) {
        let (cluster, credentials) = (self.cluster.take(), self.credentials.take());
        let Server { state, listener, admin_listener, drain, .. } = &self;
        let listening = state.gate(LISTENER_GATE);
        let admin_router = admin::router(Arc::clone(state), self.self_signed_ca.clone());
        let connections = GracefulShutdown::new();
        let admin_connections = GracefulShutdown::new();
        let reloading = async {
            self.renewal.clone().follow(Arc::clone(&self.in_force), Arc::clone(state)).await;
            std::future::pending().await
        };
        let minding = tls::mind(Arc::clone(&self.in_force), state.gate(tls::GATE));
        let crediting = registries::follow(credentials);
        let stopping = async {
            let Shutdown { delay } = stop.await;
            state.begin_draining();
            let resigning = async {
                match cluster {
                    // What it returns keeps the watches going while reviews still come in.
                    Some(cluster) => Some(cluster.resign().await),
                    None => None,
                }
            };
            tokio::join!(resigning, tokio::time::sleep(delay));
        };
        listening.open();
        {
            let accepting = accept_webhook(listener, &self.acceptor.0, state, &connections);
            let administering =
                accept_admin(admin_listener, &admin_router, state, &admin_connections);
            tokio::select! {
                () = stopping => {}
                () = accepting => {}
                () = administering => {}
                () = reloading => {}
                () = minding => {}
                () = crediting => {}
            }
        }
        let timeout = drain.timeout;
        let recording = Arc::clone(state);
        // Closes the sockets: who connects from here on is refused at once.
        drop(self);
        if tokio::time::timeout(timeout, connections.shutdown()).await.is_err() {
            tracing::warn!("requests were still in flight when the drain timeout came");
        }
        keeping::close(recording).await;
        drop(admin_connections);
    }
}

async fn accept_webhook(
    listener: &TcpListener,
    acceptor: &TlsAcceptor,
    state: &Arc<State>,
    connections: &GracefulShutdown,
) {
    let router = router(Arc::clone(state));
    let slots = Arc::new(Semaphore::new(state.limits.max_connections));
    let mut full = false;
    loop {
        let stream = accept(listener, |error| {
            state.metrics().accept_errors.inc();
            tracing::warn!(%error, "a connection could not be accepted");
        })
        .await;
        let Ok(slot) = Arc::clone(&slots).try_acquire_owned() else {
            state.metrics().refused_connections.inc();
            if !full {
                tracing::warn!("too many connections: further ones are refused");
            }
            full = true;
            continue;
        };
        full = false;
        let watcher = connections.watcher();
        let (acceptor, router, state) = (acceptor.clone(), router.clone(), Arc::clone(state));
        tokio::spawn(async move {
            state.metrics().connections.inc();
            let _open = Open(Arc::clone(&state));
            serve_tls(stream, acceptor, router, state, watcher).await;
            drop(slot);
        });
    }
}

/// An open connection, as the gauge counts it: also where its task panics.
struct Open(Arc<State>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.metrics().connections.dec();
    }
}

async fn accept_admin(
    listener: &TcpListener,
    router: &Router,
    state: &Arc<State>,
    connections: &GracefulShutdown,
) {
    let slots = Arc::new(Semaphore::new(MAX_ADMIN_CONNECTIONS));
    loop {
        let stream = accept(listener, |error| {
            state.metrics().accept_errors.inc();
            tracing::warn!(%error, "an admin connection could not be accepted");
        })
        .await;
        let Ok(slot) = Arc::clone(&slots).try_acquire_owned() else { continue };
        let watcher = connections.watcher();
        let (router, state) = (router.clone(), Arc::clone(state));
        tokio::spawn(async move {
            serve_plain(stream, router, state, watcher).await;
            drop(slot);
        });
    }
}

async fn bind_admin(admin: Admin) -> Result<TcpListener, ServeError> {
    let address = match admin {
        Admin::At(address) => return bind(ADMIN_FLAG, address).await,
        Admin::Default => DEFAULT_ADMIN_LISTEN,
    };
    match bind(ADMIN_FLAG, address).await {
        Ok(listener) => Ok(listener),
        Err(error) => {
            let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
            let listener = bind(ADMIN_FLAG, any).await?;
            tracing::warn!(%error, "another port is taken for health and metrics");
            Ok(listener)
        }
    }
}
