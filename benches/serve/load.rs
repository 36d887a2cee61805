//! Keep-alive HTTP/1.1 connections over TLS, each sending the next review when it has its answer.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::process::Server;

pub(crate) const CONNECTIONS: usize = 16;

/// What one round showed.
pub(crate) struct Sample {
    /// Seconds of the server's processor time per request.
    pub(crate) cpu: f64,
    pub(crate) rate: f64,
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    /// Bytes of an answer's body.
    pub(crate) answer: usize,
}

/// The load's side.
pub(crate) struct Load {
    runtime: tokio::runtime::Runtime,
    connector: TlsConnector,
}

impl Load {
    pub(crate) fn new(ca_pem: &str) -> Result<Load, Box<dyn Error>> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(ca_pem.as_bytes())?)?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().event_interval(4).build()?;
        Ok(Load { runtime, connector: TlsConnector::from(Arc::new(config)) })
    }

    pub(crate) fn drive(
        &self,
        server: &Server,
        path: &str,
        body: &[u8],
        duration: Duration,
    ) -> Result<Sample, Box<dyn Error>> {
        self.runtime.block_on(async {
            let mut connections = Vec::new();
            for _ in 0..CONNECTIONS {
                let stream = TcpStream::connect(server.address).await?;
                stream.set_nodelay(true)?;
                let name = ServerName::try_from("localhost")?;
                connections.push(self.connector.connect(name, stream).await?);
            }
            let request: Arc<[u8]> = request(path, body).into();
            let (cpu_before, began) = (server.cpu()?, Instant::now());
            let until = began + duration;
            // A load that sleeps has to be woken by the server, on a virtual machine at a cost of microseconds
            // for each answer, and only while the server is the slower side. So this side never sleeps.
            let awake = tokio::spawn(async {
                loop {
                    tokio::task::yield_now().await;
                }
            });
            let mut tasks = tokio::task::JoinSet::new();
            for connection in connections {
                tasks.spawn(ask(connection, Arc::clone(&request), until));
            }
            let (mut latencies, mut answer) = (Vec::new(), 0);
            let mut finished = Vec::new();
            while let Some(task) = tasks.join_next().await {
                let asked = task?.map_err(|error| format!("{path}: {error}"))?;
                latencies.extend(asked.latencies);
                answer = asked.answer;
                finished.push(asked.connection);
            }
            let took = began.elapsed().as_secs_f64();
            let cpu = server.cpu()? - cpu_before;
            drop(finished);
            awake.abort();
            latencies.sort_unstable();
            let at = |share: f64| {
                latencies[((latencies.len() - 1) as f64 * share) as usize].as_secs_f64()
            };
            Ok(Sample {
                cpu: cpu / latencies.len() as f64,
                rate: latencies.len() as f64 / took,
                p50: at(0.5),
                p99: at(0.99),
                answer,
            })
        })
    }
}

struct Asked {
    latencies: Vec<Duration>,
    answer: usize,
    /// Open until the processor time has been read: closing is not part of a review.
    connection: TlsStream<TcpStream>,
}

async fn ask(
    mut connection: TlsStream<TcpStream>,
    request: Arc<[u8]>,
    until: Instant,
) -> Result<Asked, String> {
    let mut latencies = Vec::with_capacity(1 << 16);
    let (mut buffer, mut answer) = (Vec::with_capacity(16 << 10), 0);
    let mut now = Instant::now();
    while now < until {
        connection.write_all(&request).await.map_err(|error| error.to_string())?;
        connection.flush().await.map_err(|error| error.to_string())?;
        answer = read_answer(&mut connection, &mut buffer).await?;
        let later = Instant::now();
        latencies.push(later - now);
        now = later;
    }
    Ok(Asked { latencies, answer, connection })
}

/// Reads one answer; the length of its body.
async fn read_answer(
    connection: &mut TlsStream<TcpStream>,
    buffer: &mut Vec<u8>,
) -> Result<usize, String> {
    buffer.clear();
    loop {
        let read = connection.read_buf(buffer).await.map_err(|error| error.to_string())?;
        if read == 0 {
            return Err("the server hung up".to_owned());
        }
        let Some(head) = memchr::memmem::find(buffer, b"\r\n\r\n") else { continue };
        let text = std::str::from_utf8(&buffer[..head]).map_err(|error| error.to_string())?;
        if !text.starts_with("HTTP/1.1 200 ") {
            return Err(format!("the server answered {text}"));
        }
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize =
            length.and_then(|length| length.parse().ok()).ok_or("an answer without a length")?;
        if buffer.len() >= head + 4 + length {
            return Ok(length);
        }
    }
}

fn request(path: &str, body: &[u8]) -> Vec<u8> {
    let mut request = format!(
        "POST {path}?timeout=10s HTTP/1.1\r\nhost: localhost\r\nuser-agent: bench\r\n\
         content-type: application/json\r\naccept: application/json\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(body);
    request
}
