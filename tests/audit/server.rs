//! An API server that misbehaves on demand, which a real one cannot be made to.
//!
//! It answers lists in pages from memory, in the order of etcd's keys, over plain HTTP.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

/// How a request is answered that is not answered well.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// A Status of this code, with this message, header lines and token.
    Status(u16, &'static str, &'static str, Option<&'static str>),
    /// A page of a proxy.
    Html(u16),
    /// A list that is none.
    Text(&'static str),
    /// A page without items that promises another, by a token that was not there before.
    Empty,
    /// What API servers answer where a group is not installed.
    NoSuchGroup,
    /// The body ends in its middle.
    Cut,
    /// Nothing, until the server ends.
    Stall,
}

/// A fault that hits requests whose path and query hold some text.
struct Trouble {
    on: &'static str,
    fault: Fault,
    /// How often it hits.
    times: u32,
    /// How many are let through before.
    spares: u32,
}

#[derive(Default)]
struct State {
    /// By path of their collection over all namespaces; the key is that of etcd.
    objects: Mutex<BTreeMap<&'static str, BTreeMap<String, Value>>>,
    troubles: Mutex<Vec<Trouble>>,
    log: Mutex<Vec<String>>,
    ahead: Mutex<i64>,
    over: AtomicBool,
}

/// The API server; it ends with this value.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    state: Arc<State>,
}

impl Server {
    pub(crate) fn start() -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State::default());
        let accepting = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if accepting.over.load(Ordering::Relaxed) {
                    return;
                }
                let state = Arc::clone(&accepting);
                thread::spawn(move || while state.answer(&stream).is_some() {});
            }
        });
        Server { address, state }
    }

    /// Adds an object to a collection such as `/api/v1/pods`.
    pub(crate) fn add(&self, path: &'static str, object: Value) {
        let metadata = &object["metadata"];
        let text = |key: &str| metadata[key].as_str().unwrap_or_default().to_owned();
        let key = format!("{}/{}", text("namespace"), text("name"));
        self.state.objects.lock().unwrap().entry(path).or_default().insert(key, object);
    }

    pub(crate) fn remove(&self, path: &'static str, key: &str) {
        self.state.objects.lock().unwrap().get_mut(path).unwrap().remove(key).unwrap();
    }

    /// Answers the next requests that hold `on` in this way.
    pub(crate) fn trouble(&self, on: &'static str, fault: Fault, times: u32) {
        self.trouble_after(0, on, fault, times);
    }

    /// The same once some were answered well.
    pub(crate) fn trouble_after(&self, spares: u32, on: &'static str, fault: Fault, times: u32) {
        self.state.troubles.lock().unwrap().push(Trouble { on, fault, times, spares });
    }

    pub(crate) fn set_clock_ahead(&self, seconds: i64) {
        *self.state.ahead.lock().unwrap() = seconds;
    }

    /// Paths and queries of the requests so far.
    pub(crate) fn log(&self) -> Vec<String> {
        self.state.log.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.state.over.store(true, Ordering::Relaxed);
        // Wakes the thread that accepts.
        drop(TcpStream::connect(self.address));
    }
}

impl State {
    fn answer(&self, mut stream: &TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let uri = line.split(' ').nth(1)?.to_owned();
        let mut header = String::new();
        while reader.read_line(&mut header).ok()? > 2 {}
        self.log.lock().unwrap().push(uri.clone());
        let (code, more, body, sent) = match self.fault(&uri) {
            None => self.list(&uri),
            Some(Fault::Status(code, message, headers, token)) => {
                (code, headers.to_owned(), status(code, message, token), 1.0)
            }
            Some(Fault::Html(code)) => {
                let more = "content-type: text/html\r\n".to_owned();
                (code, more, "<html>log in</html>".to_owned(), 1.0)
            }
            Some(Fault::Empty) => {
                let token = self.log.lock().unwrap().len().to_string();
                let body = json!({"metadata": {"continue": token}, "items": []}).to_string();
                (200, String::new(), body, 1.0)
            }
            Some(Fault::NoSuchGroup) => {
                let more = "content-type: text/plain; charset=utf-8\r\n".to_owned();
                (404, more, "404 page not found\n".to_owned(), 1.0)
            }
            Some(Fault::Text(text)) => (200, String::new(), text.to_owned(), 1.0),
            Some(Fault::Cut) => {
                let (code, more, body, _) = self.list(&uri);
                (code, more, body, 0.5)
            }
            Some(Fault::Stall) => {
                while !self.over.load(Ordering::Relaxed) {
                    thread::sleep(Duration::from_millis(20));
                }
                return None;
            }
        };
        let kind =
            if more.contains("content-type") { "" } else { "content-type: application/json\r\n" };
        let date = Timestamp::now().as_second() + *self.ahead.lock().unwrap();
        let date = jiff::fmt::rfc2822::DateTimePrinter::new()
            .timestamp_to_rfc9110_string(&Timestamp::from_second(date).unwrap())
            .unwrap();
        let head = format!(
            "HTTP/1.1 {code} x\r\ndate: {date}\r\n{kind}{more}content-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).ok()?;
        let sent = (body.len() as f64 * sent) as usize;
        stream.write_all(&body.as_bytes()[..sent]).ok()?;
        (sent == body.len()).then_some(())
    }

    fn fault(&self, uri: &str) -> Option<Fault> {
        let mut troubles = self.troubles.lock().unwrap();
        let trouble =
            troubles.iter_mut().find(|trouble| trouble.times > 0 && uri.contains(trouble.on))?;
        if trouble.spares > 0 {
            trouble.spares -= 1;
            return None;
        }
        trouble.times -= 1;
        Some(trouble.fault.clone())
    }

    /// A page of a collection, or one of its objects.
    fn list(&self, uri: &str) -> (u16, String, String, f64) {
        let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
        let value = |key: &str| {
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.find(|(other, _)| *other == key).map(|(_, value)| value.to_owned())
        };
        let (all, namespace) = match path.split_once("/namespaces/") {
            Some((root, rest)) if rest.contains('/') => {
                let (namespace, plural) = rest.split_once('/').unwrap();
                (format!("{root}/{plural}"), Some(namespace.to_owned()))
            }
            _ => (path.to_owned(), None),
        };
        let objects = self.objects.lock().unwrap();
        if let Some(name) =
            path.strip_prefix("/api/v1/namespaces/").filter(|name| !name.contains('/'))
        {
            let found = &objects["/api/v1/namespaces"][&format!("/{name}")];
            return (200, String::new(), found.to_string(), 1.0);
        }
        if path == "/apis/example.com/v1" {
            let resources = json!([
                {"name": "robots/status", "kind": "Robot", "namespaced": true},
                {"name": "robots", "kind": "Robot", "namespaced": true},
            ]);
            return (200, String::new(), json!({"resources": resources}).to_string(), 1.0);
        }
        let after = value("continue").map(|token| token.replace("%2F", "/"));
        let of_namespace = |key: &str| {
            namespace.as_ref().is_none_or(|namespace| key.starts_with(&format!("{namespace}/")))
        };
        let left: Vec<(&String, &Value)> = objects
            .get(&*all)
            .into_iter()
            .flatten()
            .filter(|(key, _)| of_namespace(key) && after.as_ref().is_none_or(|after| *key > after))
            .collect();
        let limit = value("limit").map_or(usize::MAX, |limit| limit.parse().unwrap());
        let page: Vec<&Value> = left.iter().take(limit).map(|(_, object)| *object).collect();
        let mut metadata = json!({"resourceVersion": "7"});
        if left.len() > limit {
            metadata["continue"] = json!(left[limit - 1].0);
            metadata["remainingItemCount"] = json!(left.len() - limit);
        }
        let body = json!({"kind": "List", "apiVersion": "v1", "metadata": metadata, "items": page});
        (200, String::new(), body.to_string(), 1.0)
    }
}

fn status(code: u16, message: &str, token: Option<&str>) -> String {
    json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "message": message,
        "metadata": {"continue": token.unwrap_or_default()}})
    .to_string()
}
