//! The probes of a container: asked as often as the pod says, and what follows from the answers.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::{Container, Probe};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One probe of a running container.
pub(super) struct Prober {
    address: SocketAddr,
    path: String,
    period: Duration,
    timeout: Duration,
    successes_needed: u32,
    failures_needed: u32,
    due: Instant,
    successes: u32,
    failures: u32,
}

/// What the answers so far mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Undecided,
    Success,
    Failure,
}

impl Prober {
    /// None where the container has no such probe.
    pub(super) fn new(
        probe: Option<&Probe>,
        container: &Container,
        ip: Ipv4Addr,
    ) -> Result<Option<Self>, String> {
        let Some(probe) = probe else { return Ok(None) };
        let Some(get) = &probe.http_get else {
            return Err("the test kubelet knows httpGet probes only".to_owned());
        };
        if get.scheme.as_deref().is_some_and(|scheme| scheme != "HTTP") {
            return Err("the test kubelet probes over plain HTTP only".to_owned());
        }
        let port = match &get.port {
            IntOrString::Int(port) => Some(*port),
            IntOrString::String(name) => container
                .ports
                .iter()
                .flatten()
                .find(|port| port.name.as_ref() == Some(name))
                .map(|port| port.container_port),
        };
        let port = port
            .and_then(|port| u16::try_from(port).ok())
            .ok_or_else(|| format!("no port {:?} in container {}", get.port, container.name))?;
        let seconds = |field: Option<i32>, default: u64| {
            Duration::from_secs(field.and_then(|n| n.try_into().ok()).unwrap_or(default))
        };
        let count = |field: Option<i32>, default: u32| {
            field.and_then(|n| n.try_into().ok()).unwrap_or(default)
        };
        Ok(Some(Self {
            address: SocketAddr::from((ip, port)),
            path: get.path.clone().unwrap_or_else(|| "/".to_owned()),
            period: seconds(probe.period_seconds, 10),
            timeout: seconds(probe.timeout_seconds, 1),
            successes_needed: count(probe.success_threshold, 1),
            failures_needed: count(probe.failure_threshold, 3),
            due: Instant::now() + seconds(probe.initial_delay_seconds, 0),
            successes: 0,
            failures: 0,
        }))
    }

    /// Asks, if it is time to.
    pub(super) async fn ask(&mut self) -> Verdict {
        if Instant::now() < self.due {
            return Verdict::Undecided;
        }
        self.due = Instant::now() + self.period;
        let answer = tokio::time::timeout(self.timeout, get(self.address, &self.path)).await;
        if matches!(answer, Ok(Ok(200..400))) {
            (self.successes, self.failures) = (self.successes + 1, 0);
        } else {
            (self.successes, self.failures) = (0, self.failures + 1);
        }
        if self.successes >= self.successes_needed {
            Verdict::Success
        } else if self.failures >= self.failures_needed {
            Verdict::Failure
        } else {
            Verdict::Undecided
        }
    }
}

/// The status code of a plain GET.
async fn get(address: SocketAddr, path: &str) -> std::io::Result<u16> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nUser-Agent: kube-probe/1.36\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let head = String::from_utf8_lossy(&answer);
    let code = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    code.ok_or_else(|| std::io::Error::other("not an answer"))
}
