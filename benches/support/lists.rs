//! What an API server answers to lists, from a file: `limit` and `continue` are honoured, whole namespaces too.
//!
//! It does none of what costs an API server time (etcd, caches, encoding), so that whoever asks is the one that is
//! measured.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::crowd::Crowd;

/// A server that answers until the process ends.
pub(crate) struct Lists {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    crowd: Crowd,
    file: File,
    requests: AtomicU64,
    bytes: AtomicU64,
    /// The largest `limit` that anybody asked for.
    limit: AtomicU64,
}

/// What was asked since the last time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) requests: u64,
    pub(crate) bytes: u64,
    pub(crate) limit: u64,
}

impl Lists {
    pub(crate) fn start(crowd: Crowd, file: File) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (requests, bytes, limit) = Default::default();
        let shared = Arc::new(Shared { crowd, file, requests, bytes, limit });
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&serving);
                // A client that goes away ends its thread.
                std::thread::spawn(move || shared.serve(&stream).is_ok());
            }
        });
        Self { address, shared }
    }

    pub(crate) fn asked(&self) -> Asked {
        let take = |counter: &AtomicU64| counter.swap(0, Ordering::Relaxed);
        let Shared { requests, bytes, limit, .. } = &*self.shared;
        Asked { requests: take(requests), bytes: take(bytes), limit: take(limit) }
    }
}

/// A request as far as it matters.
struct Request {
    path: String,
    query: HashMap<String, String>,
    metadata_only: bool,
}

fn read(reader: &mut BufReader<&TcpStream>) -> std::io::Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let target = line.split(' ').nth(1).unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let query = pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    let mut request = Request { path: path.to_owned(), query, metadata_only: false };
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if line.trim().is_empty() {
            return Ok(Some(request));
        }
        request.metadata_only |= line.contains("PartialObjectMetadataList");
    }
}

impl Shared {
    fn serve(&self, stream: &TcpStream) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        let mut reader = BufReader::new(stream);
        let mut buffer = Vec::new();
        while let Some(request) = read(&mut reader)? {
            buffer.clear();
            let status = self.answer(&request, &mut buffer)?;
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                buffer.len()
            );
            self.requests.fetch_add(1, Ordering::Relaxed);
            self.bytes.fetch_add(buffer.len() as u64, Ordering::Relaxed);
            let mut stream = stream;
            stream.write_all(head.as_bytes())?;
            stream.write_all(&buffer)?;
        }
        Ok(())
    }

    fn answer(&self, request: &Request, body: &mut Vec<u8>) -> std::io::Result<&'static str> {
        let crowd = &self.crowd;
        let parts: Vec<&str> = request.path.trim_matches('/').split('/').collect();
        let (namespace, resource) = match &parts[..] {
            ["api", "v1", "namespaces", namespace, resource]
            | ["apis", _, _, "namespaces", namespace, resource] => (Some(*namespace), *resource),
            ["api", "v1", resource] | ["apis", _, _, resource] => (None, *resource),
            ["version"] => {
                body.extend_from_slice(br#"{"major":"1","minor":"36","gitVersion":"v1.36.0"}"#);
                return Ok("200 OK");
            }
            _ => return not_found(body),
        };
        let in_memory = |body: &mut Vec<u8>, kind: &str, items: &[String]| {
            let page = page(request, 0..items.len());
            open(body, kind, request.metadata_only, &page);
            body.extend_from_slice(items[page.items].join(",").as_bytes());
        };
        match resource {
            "pods" => {
                let Some(pods) = &crowd.pods else { return not_found(body) };
                let all = match namespace {
                    None => 0..pods.count(),
                    Some(name) => pods
                        .namespaces
                        .iter()
                        .find(|(known, _)| known == name)
                        .map_or(0..0, |(_, range)| range.clone()),
                };
                let limit = request.query.get("limit").and_then(|limit| limit.parse().ok());
                self.limit.fetch_max(limit.unwrap_or(0), Ordering::Relaxed);
                let page = page(request, all);
                open(body, "PodList", false, &page);
                let bytes = pods.bytes(page.items);
                let begin = body.len();
                body.resize(begin + usize::try_from(bytes.end - bytes.start).unwrap(), 0);
                self.file.read_exact_at(&mut body[begin..], bytes.start)?;
            }
            "namespaces" => in_memory(body, "NamespaceList", &crowd.namespaces),
            "replicasets" => in_memory(body, "ReplicaSetList", &crowd.replica_sets),
            "jobs" => in_memory(body, "JobList", &crowd.jobs),
            "limitranges" | "nodes" | "resourcequotas" | "deployments" | "cronjobs" => {
                in_memory(body, "List", &[]);
            }
            _ => return not_found(body),
        }
        body.extend_from_slice(b"]}");
        Ok("200 OK")
    }
}

fn not_found(body: &mut Vec<u8>) -> std::io::Result<&'static str> {
    body.extend_from_slice(
        br#"{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404,"message":"not here"}"#,
    );
    Ok("404 Not Found")
}

/// A page, and what is behind it.
struct Page {
    items: Range<usize>,
    left: usize,
}

fn page(request: &Request, all: Range<usize>) -> Page {
    let number = |key: &str| request.query.get(key).and_then(|text| text.parse::<usize>().ok());
    let start = number("continue").unwrap_or(all.start).clamp(all.start, all.end);
    let limit = number("limit").filter(|limit| *limit > 0).unwrap_or(usize::MAX);
    let end = start.saturating_add(limit).min(all.end);
    Page { items: start..end, left: all.end - end }
}

fn open(body: &mut Vec<u8>, kind: &str, metadata_only: bool, page: &Page) {
    let (kind, version) = match metadata_only {
        true => ("PartialObjectMetadataList", "meta.k8s.io/v1"),
        false => (kind, "v1"),
    };
    let more = match page.left {
        0 => String::new(),
        left => format!(r#","continue":"{}","remainingItemCount":{left}"#, page.items.end),
    };
    let head = format!(
        r#"{{"kind":"{kind}","apiVersion":"{version}","metadata":{{"resourceVersion":"4711"{more}}},"items":["#
    );
    body.extend_from_slice(head.as_bytes());
}

/// Reads every page of pods and looks at none: what the server can do at most. Answers how many bytes there were.
pub(crate) fn read_all(address: SocketAddr, pods: usize, limit: usize) -> u64 {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut total, mut body) = (0, vec![0; 1 << 20]);
    for start in (0..pods).step_by(limit) {
        let request = format!(
            "GET /api/v1/pods?limit={limit}&continue={start} HTTP/1.1\r\nhost: localhost\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut reader = BufReader::with_capacity(1 << 16, &stream);
        let mut left = 0_usize;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            if line.trim().is_empty() {
                break;
            }
            if let Some(length) = line.strip_prefix("content-length: ") {
                left = length.trim().parse().unwrap();
            }
        }
        total += left as u64;
        while left > 0 {
            let most = left.min(body.len());
            left -= reader.read(&mut body[..most]).unwrap();
        }
    }
    total
}
