//! Whether somebody answers behind the Service, asked as an API server would ask.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::Service;
use kube::{Api, Client};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::configuration::{Configuration, SERVICE_PORT, Target};
use crate::cluster::certificates::CaBundle;
use crate::cluster::client::explain;

/// For connection, handshake and answer together.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Why an API server would get no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum ProbeError {
    #[error("Service {0} cannot be read: {1}")]
    NoService(String, String),
    #[error(
        "Service {0} has no clusterIP: webhooks cannot be called through it; make it type ClusterIP"
    )]
    Headless(String),
    #[error("the CA bundle cannot be used: {0}")]
    Bundle(String),
    #[error("{0} cannot be reached: {1}; are its pods ready?")]
    Unreachable(String, std::io::Error),
    #[error("{0} does not show a certificate for {1} that the CA bundle vouches for: {2}")]
    Handshake(String, String, std::io::Error),
    #[error("{0} does not speak HTTP")]
    NoHttp(String),
    #[error(
        "{0} did not answer within {TIMEOUT:?}; are its pods ready, and does a NetworkPolicy let them be reached?"
    )]
    Silent(String),
}

/// Asks a webhook through the Service; any answer in HTTP will do.
pub(super) async fn probe(
    client: &Client,
    target: &Target,
    ca: &CaBundle,
) -> Result<(), ProbeError> {
    let name = format!("{}/{}", target.namespace, target.name);
    let services: Api<Service> = Api::namespaced(client.clone(), &target.namespace);
    let service = services
        .get(&target.name)
        .await
        .map_err(|error| ProbeError::NoService(name.clone(), explain(&error)))?;
    let address =
        service.spec.and_then(|spec| spec.cluster_ip).filter(|ip| !ip.is_empty() && ip != "None");
    let Some(address) = address else { return Err(ProbeError::Headless(name)) };
    let place = format!("Service {name} ({address} port {SERVICE_PORT})");
    match tokio::time::timeout(TIMEOUT, ask(&address, target, ca, &place)).await {
        Ok(answer) => answer,
        Err(_) => Err(ProbeError::Silent(place)),
    }
}

async fn ask(address: &str, target: &Target, ca: &CaBundle, place: &str) -> Result<(), ProbeError> {
    let server_name = target.server_name();
    let connector = connector(ca).map_err(ProbeError::Bundle)?;
    let dns_name = ServerName::try_from(server_name.clone())
        .map_err(|error| ProbeError::Bundle(error.to_string()))?;
    let unreachable = |error| ProbeError::Unreachable(place.to_owned(), error);
    let stream = TcpStream::connect((address, SERVICE_PORT)).await.map_err(unreachable)?;
    let mut stream = connector
        .connect(dns_name, stream)
        .await
        .map_err(|error| ProbeError::Handshake(place.to_owned(), server_name.clone(), error))?;
    // A webhook answers GET with 405: it is there, and nothing is judged.
    let path = Configuration::Validate.path();
    let request =
        format!("GET {path} HTTP/1.1\r\nhost: {server_name}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.map_err(unreachable)?;
    let mut start = [0; 7];
    stream.read_exact(&mut start).await.map_err(unreachable)?;
    if &start == b"HTTP/1." { Ok(()) } else { Err(ProbeError::NoHttp(place.to_owned())) }
}

fn connector(ca: &CaBundle) -> Result<TlsConnector, String> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(ca.pem().as_bytes()) {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}
