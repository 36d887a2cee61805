//! Sockets that wait for connections.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};

use super::error::ServeError;

/// Pause after the system could not hand a connection over: without open files to spare, trying at once
/// would only burn the processor.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

pub(super) async fn bind(
    flag: &'static str,
    address: SocketAddr,
) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address).await.map_err(|cause| ServeError::Bind { flag, address, cause })
}

/// The next connection; `failed` is called for each that the system could not hand over.
pub(super) async fn accept(listener: &TcpListener, failed: impl Fn(&io::Error)) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Small answers would wait for the client's delayed acknowledgement.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "connection lost before it began");
                    continue;
                }
                return stream;
            }
            Err(error) if concerns_one_connection(&error) => failed(&error),
            Err(error) => {
                failed(&error);
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn concerns_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}
