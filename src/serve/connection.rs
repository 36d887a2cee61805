//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, header};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::graceful::Watcher;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tower::Service;

use super::metrics::HandshakeFailure;
use super::state::State;
use super::watchdog::{self, Activity, Patience, Watched};

/// Bytes of a connection's read and write buffers at most, and so of a request's header.
const MAX_BUFFER: usize = 64 << 10;
const MAX_HEADER_LIST: u32 = 16 << 10;
/// API servers speak HTTP/1.1; this is for people and proxies.
const MAX_STREAMS: u32 = 64;
const STREAM_WINDOW: u32 = 256 << 10;
const CONNECTION_WINDOW: u32 = 1 << 20;

const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// Which HTTP a client has chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Http1,
    Http2,
}

/// Serves one connection to the webhook.
pub(super) async fn serve_tls(
    stream: TcpStream,
    acceptor: TlsAcceptor,
    router: Router,
    state: Arc<State>,
    shutdown: Watcher,
) {
    let handshake = tokio::time::timeout(state.limits.handshake_timeout, acceptor.accept(stream));
    let stream = match handshake.await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            state.metrics().count_handshake_failure(failure(&error));
            tracing::debug!(%error, "TLS handshake failed");
            return;
        }
        Err(_) => {
            state.metrics().count_handshake_failure(HandshakeFailure::Timeout);
            tracing::debug!("TLS handshake took too long");
            return;
        }
    };
    let protocol = protocol(&stream);
    serve(stream, protocol, router, state, shutdown).await;
}

/// Serves one connection to the admin address.
pub(super) async fn serve_plain(
    stream: TcpStream,
    router: Router,
    state: Arc<State>,
    shutdown: Watcher,
) {
    serve(stream, Protocol::Http1, router, state, shutdown).await;
}

async fn serve<S>(
    stream: S,
    protocol: Protocol,
    router: Router,
    state: Arc<State>,
    shutdown: Watcher,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let activity = Arc::new(Activity::default());
    let stream = TokioIo::new(Watched::new(stream, Arc::clone(&activity)));
    let noting = Arc::clone(&activity);
    let patience = Patience {
        header: (protocol == Protocol::Http1).then_some(state.limits.header_timeout),
        idle: state.limits.idle_timeout,
    };
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let in_flight = noting.begin_request();
        let answering = router.clone().call(request.map(Body::new));
        let state = Arc::clone(&state);
        async move {
            let mut response = answering.await?;
            // A connection that is closed between two requests may have the next one on its way already, and
            // API servers do not repeat a POST: with `failurePolicy: Fail`, a pod would be lost. One that is
            // closed with an answer is not used again. HTTP/2 has GOAWAY for this.
            if protocol == Protocol::Http1 && state.is_draining() {
                response.headers_mut().insert(header::CONNECTION, CLOSE);
            }
            drop(in_flight);
            Ok::<_, Infallible>(response)
        }
    });
    let useless = watchdog::watch(activity, patience);
    let served = async move {
        match protocol {
            Protocol::Http1 => {
                let mut builder = http1::Builder::new();
                builder.max_buf_size(MAX_BUFFER);
                shutdown.watch(builder.serve_connection(stream, service)).await
            }
            Protocol::Http2 => {
                let mut builder = http2::Builder::new(TokioExecutor::new());
                builder
                    .max_concurrent_streams(MAX_STREAMS)
                    .max_header_list_size(MAX_HEADER_LIST)
                    .initial_stream_window_size(STREAM_WINDOW)
                    .initial_connection_window_size(CONNECTION_WINDOW);
                shutdown.watch(builder.serve_connection(stream, service)).await
            }
        }
    };
    tokio::select! {
        biased;
        result = served => {
            if let Err(error) = result {
                tracing::debug!(%error, "connection broke off");
            }
        }
        () = useless => tracing::debug!("connection without a request dropped"),
    }
}

fn protocol(stream: &TlsStream<TcpStream>) -> Protocol {
    match stream.get_ref().1.alpn_protocol() {
        Some(b"h2") => Protocol::Http2,
        _ => Protocol::Http1,
    }
}

fn failure(error: &io::Error) -> HandshakeFailure {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::AlertReceived(_)) => HandshakeFailure::Alert,
        Some(_) => HandshakeFailure::Protocol,
        None => HandshakeFailure::Closed,
    }
}
