//! The ledgers of Plimsoll's replicas: pods that were gone before the audit.

use std::net::IpAddr;
use std::time::Duration;

use axum::http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::problems::problem;
use super::requests::{JSON, Requests};
use crate::cluster::client::chain;
use crate::ledger::{Gathered, Page};
use crate::survey::{Problem, Problems};
use crate::tally::{Owner, Tally};

/// Where the replicas answer.
#[derive(Clone, Debug)]
pub enum Ledgers {
    /// At these addresses.
    At(Vec<LedgerUrl>),
    /// In the pods of an installation.
    InNamespace(String),
}

/// The address of a ledger: `http://HOST:PORT`, with or without a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerUrl {
    host: String,
    port: u16,
    path: String,
}

/// An address that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("give the admin address of a replica, such as http://127.0.0.1:8080")]
pub struct LedgerUrlError;

/// The pods of an installation, as the chart labels them.
const SELECTOR: &str = "app.kubernetes.io%2Fname%3Dplimsoll";
/// What the chart calls the port of the admin address.
const PORT: &str = "admin";
/// Where the ledger is.
const PATH: &str = "/ledger";
/// How long a replica may take to take a connection. Where a network policy stands between, none is refused.
const CONNECT: Duration = Duration::from_secs(2);
/// How long a replica may take to answer.
const ANSWER: Duration = Duration::from_secs(10);
/// No ledger is longer: 10,000 owners with 32 findings, of the longest texts.
const MOST_BYTES: usize = 256 << 20;

#[derive(Deserialize)]
struct Pods {
    items: Vec<Pod>,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Pod {
    metadata: Named,
    spec: Spec,
    status: Status,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Named {
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Spec {
    containers: Vec<Container>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Container {
    ports: Vec<Port>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Port {
    name: String,
    container_port: u16,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    phase: String,
    #[serde(rename = "podIP")]
    pod_ip: String,
}

/// Why a replica was not heard.
#[derive(Debug, thiserror::Error)]
enum Unheard {
    /// There is no way to it.
    #[error("cannot be reached: {0}")]
    Unreachable(String),
    /// It answered something else.
    #[error("{0}")]
    Answer(String),
}

impl Ledgers {
    /// Asks every replica, and adds up what they say. One that cannot be asked is a problem.
    pub async fn gather(&self, requests: &mut Requests, problems: &mut Problems) -> Gathered {
        let mut pages = Vec::new();
        match self {
            Self::At(urls) => {
                for url in urls {
                    match ask(&url.host, url.port, &url.path).await {
                        Ok(page) => pages.push(page),
                        Err(why) => problems.add(unheard(
                            format!("ledger at {}:{}", url.host, url.port),
                            why.to_string(),
                        )),
                    }
                }
            }
            Self::InNamespace(namespace) => {
                in_pods(requests, namespace, &mut pages, problems).await;
            }
        }
        Gathered::new(pages)
    }
}

/// Asks the pods of a namespace.
async fn in_pods(
    requests: &mut Requests,
    namespace: &str,
    pages: &mut Vec<Page>,
    problems: &mut Problems,
) {
    let uri = format!("/api/v1/namespaces/{namespace}/pods?labelSelector={SELECTOR}&limit=500");
    let read =
        |bytes: Vec<u8>| serde_json::from_slice::<Pods>(&bytes).map_err(|error| error.to_string());
    let pods = match requests.get(&uri, JSON, read).await {
        Ok(pods) => pods.items,
        Err(failure) => {
            return problems.add(problem(format!("ledgers in namespace {namespace}"), &failure));
        }
    };
    let mut found = false;
    for pod in pods.iter().filter(|pod| pod.status.phase == "Running") {
        let mut ports = pod.spec.containers.iter().flat_map(|container| &container.ports);
        let Some(port) = ports.find(|port| port.name == PORT) else { continue };
        found = true;
        let name = &pod.metadata.name;
        match in_pod(requests, namespace, name, &pod.status.pod_ip, port.container_port).await {
            Ok(page) => pages.push(page),
            Err(why) => problems.add(unheard(format!("ledger of pod {namespace}/{name}"), why)),
        }
    }
    if !found {
        problems.add(Problem {
            source: format!("ledgers in namespace {namespace}").into(),
            line: None,
            message: "no replica of Plimsoll runs there".to_owned(),
            help: Some("name its namespace with --own-namespace, or give --ledger URL".to_owned()),
        });
    }
}

/// Asks a pod: at its address, else through the API server.
async fn in_pod(
    requests: &mut Requests,
    namespace: &str,
    name: &str,
    address: &str,
    port: u16,
) -> Result<Page, String> {
    let direct = match address.parse::<IpAddr>() {
        Ok(_) => ask(address, port, PATH).await,
        Err(_) => Err(Unheard::Unreachable("it has no address".to_owned())),
    };
    let unreachable = match direct {
        Ok(page) => return Ok(page),
        Err(Unheard::Answer(why)) => return Err(why),
        Err(Unheard::Unreachable(why)) => why,
    };
    let uri = format!("/api/v1/namespaces/{namespace}/pods/{name}:{port}/proxy{PATH}");
    let read = |bytes: Vec<u8>| Page::read(&bytes).map_err(|error| error.to_string());
    requests.get(&uri, JSON, read).await.map_err(|failure| {
        format!("cannot be reached at {address}:{port} ({unreachable}), nor through the API server: {failure}")
    })
}

fn unheard(source: String, message: String) -> Problem {
    Problem {
        source: source.into(),
        line: None,
        message,
        help: Some(
            "run the audit in the cluster, grant get on pods/proxy, or forward the admin port and give --ledger URL"
                .to_owned(),
        ),
    }
}

/// Asks one replica for its ledger.
async fn ask(host: &str, port: u16, path: &str) -> Result<Page, Unheard> {
    let unreachable = |error: &dyn std::fmt::Display| Unheard::Unreachable(error.to_string());
    let stream = match timeout(CONNECT, TcpStream::connect((host, port))).await {
        Ok(stream) => stream.map_err(|error| unreachable(&error))?,
        Err(_) => return Err(unreachable(&format_args!("no answer in {} s", CONNECT.as_secs()))),
    };
    let asking = async {
        let broken = |error: hyper::Error| Unheard::Answer(format!("broke off: {}", chain(&error)));
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
        // It ends with the sender.
        tokio::spawn(connection);
        let request = Request::get(path)
            .header(header::HOST, format!("{host}:{port}"))
            .body(Empty::<Bytes>::new())
            .map_err(|error| Unheard::Answer(error.to_string()))?;
        let (parts, body) = sender.send_request(request).await.map_err(broken)?.into_parts();
        match parts.status {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => {
                let why = "keeps no ledger: it is switched off (--ledger-owners 0), or older than ledgers";
                return Err(Unheard::Answer(why.to_owned()));
            }
            status => return Err(Unheard::Answer(format!("answered {status}"))),
        }
        let body = Limited::new(body, MOST_BYTES).collect().await;
        let body = body.map_err(|error| Unheard::Answer(format!("broke off: {error}")))?;
        Page::read(&body.to_bytes()).map_err(|error| Unheard::Answer(error.to_string()))
    };
    let late = || Unheard::Answer(format!("did not answer within {} s", ANSWER.as_secs()));
    timeout(ANSWER, asking).await.unwrap_or_else(|_| Err(late()))
}

/// Leaves out what an audit has seen itself: the same rule in pods of the same owner.
pub fn leave_out_seen(ledger: &mut Gathered, tally: &Tally) {
    ledger.forget(|owner, finding| {
        let owner = Owner {
            namespace: owner.namespace.clone(),
            kind: owner.kind.clone(),
            name: owner.name.clone(),
            api_version: owner.api_version.clone(),
        };
        tally.owners.get(&owner).is_some_and(|owned| {
            let mut seen = owned.findings.iter().chain(owned.others.iter());
            seen.any(|(key, _)| (&key.policy, &key.rule) == (&finding.policy, &finding.rule))
        })
    });
}

impl std::str::FromStr for LedgerUrl {
    type Err = LedgerUrlError;

    fn from_str(text: &str) -> Result<Self, LedgerUrlError> {
        let uri: Uri = text.parse().map_err(|_| LedgerUrlError)?;
        let host = uri.host().filter(|_| uri.scheme_str() == Some("http")).ok_or(LedgerUrlError)?;
        // Brackets are of the URL, and not of the address in them.
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let path = Some(uri.path()).filter(|path| !matches!(*path, "" | "/")).unwrap_or(PATH);
        Ok(Self { host, port: uri.port_u16().unwrap_or(80), path: path.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_ledgers_are_read() {
        let read = |text: &str| text.parse().map(|url: LedgerUrl| (url.host, url.port, url.path));
        let is = |host: &str, port, path: &str| Ok((host.to_owned(), port, path.to_owned()));
        assert_eq!(read("http://127.0.0.1:8080"), is("127.0.0.1", 8080, "/ledger"));
        assert_eq!(read("http://[::1]:1/"), is("::1", 1, "/ledger"));
        assert_eq!(read("http://pod/x/ledger"), is("pod", 80, "/x/ledger"));
        for wrong in ["", "127.0.0.1:8080", "https://127.0.0.1", "/ledger", "ledger"] {
            assert_eq!(read(wrong), Err(LedgerUrlError), "{wrong}");
        }
    }
}
