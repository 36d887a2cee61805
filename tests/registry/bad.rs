//! A server that does as each test wants, over plain HTTP/1.1.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A digest that nothing has.
pub(crate) const DIGEST: &str =
    "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// What was asked.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query, or what a proxy is given.
    pub(crate) target: String,
    headers: String,
}

impl Request {
    /// The value of a header, in lower-case names.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// What the server does then.
#[derive(Clone)]
pub(crate) enum Act {
    /// Status line's number, header lines, body.
    Answer(u16, String, Vec<u8>),
    /// The same after a while.
    Later(Duration, Box<Act>),
    /// The head of an answer, and then its body byte by byte, for ever.
    Drip,
    /// The beginning of an answer, and no more of the connection.
    Die,
    /// Nothing.
    Stall,
}

impl Act {
    /// An answer without a body.
    pub(crate) fn status(status: u16) -> Act {
        Act::Answer(status, String::new(), Vec::new())
    }

    pub(crate) fn with(status: u16, headers: &[(&str, &str)]) -> Act {
        let lines = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
        Act::Answer(status, lines.collect(), Vec::new())
    }

    /// What a registry says of an image that is there.
    pub(crate) fn found() -> Act {
        Act::with(200, &[("Docker-Content-Digest", DIGEST)])
    }
}

/// The server. It ends with this value.
pub(crate) struct Server {
    /// Address and port.
    pub(crate) host: String,
    requests: Arc<Mutex<Vec<Request>>>,
    task: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(act: impl Fn(&Request) -> Act + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (act, log) = (Arc::new(act), Arc::clone(&requests));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (act, log) = (Arc::clone(&act), Arc::clone(&log));
                tokio::spawn(async move {
                    let mut stream = BufReader::new(stream);
                    while let Some(request) = read(&mut stream).await {
                        log.lock().unwrap().push(request.clone());
                        let act = act(&request);
                        let head = request.method == "HEAD";
                        if perform(act, head, stream.get_mut()).await.is_none() {
                            return;
                        }
                    }
                });
            }
        });
        Server { host, requests, task }
    }

    pub(crate) fn image(&self, name: &str) -> String {
        format!("{}/{name}", self.host)
    }

    /// What was asked so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
    let mut words = line.split(' ').map(str::to_owned);
    let (method, target) = (words.next()?, words.next()?);
    let mut headers = String::new();
    while stream.read_line(&mut headers).await.ok()? > 2 {}
    Some(Request { method, target, headers })
}

/// Nothing where the connection ends.
async fn perform(act: Act, head: bool, stream: &mut TcpStream) -> Option<()> {
    let mut act = act;
    while let Act::Later(delay, next) = act {
        tokio::time::sleep(delay).await;
        act = *next;
    }
    match act {
        Act::Answer(status, headers, body) => {
            let length = match headers.to_ascii_lowercase().contains("content-length") {
                true => String::new(),
                false => format!("Content-Length: {}\r\n", body.len()),
            };
            let text = format!("HTTP/1.1 {status} Because\r\n{headers}{length}\r\n");
            stream.write_all(text.as_bytes()).await.ok()?;
            if !head {
                stream.write_all(&body).await.ok()?;
            }
            Some(())
        }
        Act::Drip => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n").await.ok()?;
            loop {
                stream.write_all(b" ").await.ok()?;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        Act::Die => {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nDocker-Content-Digest: sha256:0123")
                .await
                .ok()?;
            None
        }
        Act::Later(..) | Act::Stall => std::future::pending().await,
    }
}
