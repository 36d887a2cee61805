//! A server, its clients, and what they say to each other.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use plimsoll::engine::Engine;
use plimsoll::policy::PolicySet;
use plimsoll::serve::{Admin, Limits, Options, Server, Shutdown, TlsSource};
use rcgen::{CertifiedIssuer, KeyPair};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Nothing here takes longer unless it hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// One policy: `images` with the rule `no-latest`.
pub(crate) fn engine() -> Arc<Engine> {
    engine_of("images", "no-latest")
}

pub(crate) fn engine_of(policy: &str, rule: &str) -> Arc<Engine> {
    let policy = json!({
        "apiVersion": "plimsoll.dev/v1alpha1",
        "kind": "PodPolicy",
        "metadata": {"name": policy},
        "spec": {"rules": [{"name": rule, "action": "Deny", "imageTag": {"deny": ["latest"]}}]},
    });
    Arc::new(Engine::new(Arc::new(PolicySet::compile(&[&policy]).unwrap())))
}

/// A real review with another image in it.
pub(crate) fn review(image: &str) -> Vec<u8> {
    let mut review: Value =
        serde_json::from_str(include_str!("../data/review-airflow.json")).unwrap();
    review["request"]["object"]["spec"]["containers"][0]["image"] = json!(image);
    serde_json::to_vec(&review).unwrap()
}

/// The uid of [`review`].
pub(crate) const UID: &str = "f4c0a00c-28b9-4515-be15-f586478a3893";

pub(crate) fn good_review() -> Vec<u8> {
    review("registry.example.com/app:1.2.3")
}

pub(crate) fn bad_review() -> Vec<u8> {
    review("nginx:latest")
}

pub(crate) fn options() -> Options {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    Options {
        listen: any,
        admin: Admin::At(any),
        limits: Limits { reload_interval: Duration::from_millis(20), ..Limits::default() },
        ..Options::default()
    }
}

/// A server in this process.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) ca: String,
    stop: Option<oneshot::Sender<Shutdown>>,
    task: JoinHandle<()>,
}

impl Running {
    pub(crate) async fn start(options: Options) -> Running {
        let server = Server::bind(options, engine()).await.unwrap();
        let (stop, stopping) = oneshot::channel();
        Running {
            address: server.address(),
            admin: server.admin_address(),
            ca: server.self_signed_ca().unwrap_or_default().to_owned(),
            stop: Some(stop),
            task: tokio::spawn(server.run(async { stopping.await.unwrap() })),
        }
    }

    pub(crate) async fn with_limits(change: impl FnOnce(&mut Limits)) -> Running {
        let mut options = options();
        change(&mut options.limits);
        Running::start(options).await
    }

    /// A connection that speaks HTTP/1.1 over TLS.
    pub(crate) async fn connect(&self) -> TlsStream<TcpStream> {
        connect(self.address, &self.ca).await.unwrap()
    }

    pub(crate) fn stop_after(&mut self, delay: Duration) {
        self.stop.take().unwrap().send(Shutdown { delay }).unwrap();
    }

    pub(crate) async fn stopped(self) {
        within(self.task).await.unwrap();
    }

    pub(crate) async fn metrics(&self) -> String {
        let (status, body) = get(self.admin, "/metrics").await;
        assert_eq!(status, 200);
        body
    }

    /// Waits until a line of the metrics reads like this.
    pub(crate) async fn await_metric(&self, line: &str) {
        let seen = eventually(async || self.metrics().await.lines().any(|other| other == line));
        assert!(seen.await, "{line} never came up in\n{}", self.metrics().await);
    }
}

pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("this hangs")
}

/// Whether it comes true within a while.
pub(crate) async fn eventually(mut holds: impl AsyncFnMut() -> bool) -> bool {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while tokio::time::Instant::now() < deadline {
        if holds().await {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    false
}

/// A TLS client that trusts one CA and says which protocols it speaks.
pub(crate) fn client_config(
    ca_pem: &str,
    versions: &[&'static rustls::SupportedProtocolVersion],
    alpn: &[&str],
) -> rustls::ClientConfig {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca_pem.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    config
}

pub(crate) async fn connect_with(
    address: SocketAddr,
    config: rustls::ClientConfig,
) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    within(TlsConnector::from(Arc::new(config)).connect(name, stream)).await
}

pub(crate) async fn connect(
    address: SocketAddr,
    ca_pem: &str,
) -> std::io::Result<TlsStream<TcpStream>> {
    let versions = [&rustls::version::TLS13, &rustls::version::TLS12];
    connect_with(address, client_config(ca_pem, &versions, &["http/1.1"])).await
}

/// A request as it goes over the wire.
pub(crate) fn post(path: &str, body: &[u8]) -> Vec<u8> {
    let mut request = head(path, &format!("content-length: {}\r\n", body.len())).into_bytes();
    request.extend_from_slice(body);
    request
}

pub(crate) fn head(path: &str, more: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n{more}\r\n"
    )
}

/// A response: status, header as text, body.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Response {
    /// Whether it is the last of its connection.
    pub(crate) fn closes(&self) -> bool {
        self.head.lines().any(|line| line == "connection: close")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// Reads one response, and not a byte more.
pub(crate) async fn read_response(
    stream: &mut (impl AsyncRead + Unpin),
) -> std::io::Result<Response> {
    within(async {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await?);
        }
        let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        Ok(Response { status, head, body })
    })
    .await
}

pub(crate) async fn exchange(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    request: &[u8],
) -> Response {
    stream.write_all(request).await.unwrap();
    stream.flush().await.unwrap();
    read_response(stream).await.unwrap()
}

/// Whether the other side hangs up; what it says before does not matter.
pub(crate) async fn hangs_up(stream: &mut (impl AsyncRead + Unpin)) -> bool {
    let mut rest = Vec::new();
    tokio::time::timeout(PATIENCE, stream.read_to_end(&mut rest)).await.is_ok()
}

/// A plain request to the admin address.
pub(crate) async fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    let response = exchange(&mut stream, request.as_bytes()).await;
    (response.status, String::from_utf8(response.body).unwrap())
}

/// A CA that signs certificates into files.
pub(crate) struct Ca(CertifiedIssuer<'static, KeyPair>);

impl Ca {
    pub(crate) fn new() -> Ca {
        let mut params = rcgen::CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, "CA of a test");
        Ca(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// Chain and key as PEM; the serial number tells certificates apart.
    pub(crate) fn sign(&self, serial: u64) -> (String, String) {
        self.sign_with(serial, |_| {})
    }

    pub(crate) fn sign_with(
        &self,
        serial: u64,
        change: impl FnOnce(&mut rcgen::CertificateParams),
    ) -> (String, String) {
        let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.serial_number = Some(serial.into());
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.0).unwrap().pem(), key.serialize_pem())
    }
}

pub(crate) fn write_pair(folder: &Path, (cert, key): &(String, String)) {
    std::fs::write(folder.join("tls.crt"), cert).unwrap();
    std::fs::write(folder.join("tls.key"), key).unwrap();
}

pub(crate) fn files_in(folder: &Path) -> TlsSource {
    TlsSource::Files { cert: folder.join("tls.crt"), key: folder.join("tls.key") }
}

/// The serial number of the certificate a server shows.
pub(crate) async fn serial_shown(address: SocketAddr, ca: &Ca) -> u64 {
    let stream = connect(address, &ca.pem()).await.unwrap();
    let leaf = stream.get_ref().1.peer_certificates().unwrap()[0].clone();
    let (_, leaf) = x509_parser::parse_x509_certificate(&leaf).unwrap();
    u64::try_from(leaf.serial.clone()).unwrap()
}
