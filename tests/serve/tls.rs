//! Real TLS clients that verify the certificate.

use axum::body::Body;
use http_body_util::BodyExt;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rstest::rstest;
use rustls::version::{TLS12, TLS13};
use rustls::{ProtocolVersion, SupportedProtocolVersion};
use rustls_pki_types::pem::PemObject;

use crate::support::{
    Running, bad_review, client_config, connect, connect_with, exchange, good_review, options, post,
};

#[rstest]
#[tokio::test]
async fn http_1_over_every_tls_version(
    #[values(&TLS12, &TLS13)] version: &'static SupportedProtocolVersion,
    #[values(&["http/1.1"], &[])] alpn: &[&str],
) {
    let server = Running::start(options()).await;
    let config = client_config(&server.ca, &[version], alpn);
    let mut stream = connect_with(server.address, config).await.unwrap();
    assert_eq!(stream.get_ref().1.protocol_version(), Some(version.version));
    for _ in 0..3 {
        assert_eq!(exchange(&mut stream, &post("/mutate", &good_review())).await.status, 200);
    }
}

#[rstest]
#[tokio::test]
async fn http_2_over_every_tls_version(
    #[values(&TLS12, &TLS13)] version: &'static SupportedProtocolVersion,
) {
    let server = Running::start(options()).await;
    let config = client_config(&server.ca, &[version], &["h2", "http/1.1"]);
    let stream = connect_with(server.address, config).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    tokio::spawn(connection);
    let mut requests = tokio::task::JoinSet::new();
    for number in 0..20 {
        let mut sender = sender.clone();
        requests.spawn(async move {
            let body = if number % 2 == 0 { good_review() } else { bad_review() };
            let request = hyper::Request::post("https://localhost/validate?timeout=5s")
                .header("content-type", "application/json")
                .body(Body::from(body))
                .unwrap();
            let response = sender.send_request(request).await.unwrap();
            assert_eq!(response.status(), 200);
            let bytes = response.into_body().collect().await.unwrap().to_bytes();
            let review: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
            assert_eq!(review["response"]["allowed"], number % 2 == 0);
        });
    }
    while let Some(result) = requests.join_next().await {
        result.unwrap();
    }
}

#[tokio::test]
async fn the_self_signed_certificate_is_for_localhost_and_its_ca_for_nothing_else() {
    let server = Running::start(options()).await;
    for name in ["localhost", "127.0.0.1", "::1"] {
        let config = client_config(&server.ca, &[&TLS13], &[]);
        let stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
        let name = rustls_pki_types::ServerName::try_from(name).unwrap();
        let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config));
        let stream = connector.connect(name, stream).await.unwrap();
        let (_, session) = stream.get_ref();
        assert_eq!(session.protocol_version(), Some(ProtocolVersion::TLSv1_3));
        let leaf = &session.peer_certificates().unwrap()[0];
        let (_, leaf) = x509_parser::parse_x509_certificate(leaf).unwrap();
        let ca = rustls_pki_types::CertificateDer::from_pem_slice(server.ca.as_bytes()).unwrap();
        let (_, ca) = x509_parser::parse_x509_certificate(&ca).unwrap();
        assert_ne!(ca.subject(), leaf.subject());
        assert_eq!(ca.subject(), leaf.issuer());
        for validity in [ca.validity(), leaf.validity()] {
            assert!(validity.is_valid());
            let days = (validity.not_after.timestamp() - validity.not_before.timestamp()) / 86_400;
            assert!((300..400).contains(&days), "{days}");
        }
    }
}

#[tokio::test]
async fn a_client_that_trusts_another_ca_does_not_connect_and_is_counted() {
    let server = Running::start(options()).await;
    let other = Running::start(options()).await;
    assert!(connect(server.address, &other.ca).await.is_err());
    server.await_metric(r#"plimsoll_tls_handshake_failures_total{reason="alert"} 1"#).await;
}
