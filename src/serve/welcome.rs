//! What is said when the webhook stands.

use std::fmt;
use std::io::{IsTerminal, Write};

use super::server::Server;
use crate::cluster::Settings;

/// Says where the webhook listens. People also get a command to paste: on a terminal, and where the
/// certificate is self-signed, which nobody's log collector reads.
pub(super) fn announce(server: &Server) {
    let mut stderr = std::io::stderr();
    if stderr.is_terminal() || server.self_signed_ca().is_some() {
        // A stderr that is closed is no reason not to serve.
        let _ = write!(stderr, "{}", Welcome(server));
    }
    if !stderr.is_terminal() {
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            listen = %server.address(),
            admin_listen = %server.admin_address(),
            self_signed = server.self_signed_ca().is_some(),
            kubernetes = server.cluster().is_some(),
            identity = server.cluster().map(|cluster| &*cluster.settings().identity),
            "serving",
        );
    }
}

struct Welcome<'a>(&'a Server);

impl fmt::Display for Welcome<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Welcome(server) = self;
        let (webhook, admin) = (reachable(server.address()), reachable(server.admin_address()));
        let version = env!("CARGO_PKG_VERSION");
        writeln!(f, "Plimsoll {version} listens on https://{webhook}")?;
        if server.self_signed_ca().is_some() {
            writeln!(
                f,
                "  certificate: self-signed, for localhost; trust http://{admin}/ca.pem, or use \
                 --tls-cert and --tls-key"
            )?;
        }
        if let Some(cluster) = server.cluster() {
            let Settings { name, own_namespace, identity, .. } = cluster.settings();
            writeln!(
                f,
                "  policies: those of the cluster, as {identity} of {own_namespace}/{name}; not ready until they \
                 are read"
            )?;
        }
        writeln!(f, "  health and metrics: http://{admin}/readyz, http://{admin}/metrics")?;
        writeln!(f)?;
        writeln!(f, "Send it the pod of an Airflow task, and see the patch it answers with:")?;
        writeln!(f)?;
        writeln!(f, "  curl -s http://{admin}/sample-review |")?;
        writeln!(
            f,
            "    curl -sk https://{webhook}/mutate -H 'Content-Type: application/json' -d @- |"
        )?;
        writeln!(f, r#"    sed -n 's/.*"patch":"\([^"]*\)".*/\1/p' | base64 -d; echo"#)?;
        writeln!(f)
    }
}

/// An address a client on this machine can use where the webhook listens on all of them.
fn reachable(mut address: std::net::SocketAddr) -> std::net::SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            std::net::SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            std::net::SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}
