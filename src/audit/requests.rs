//! Requests to the API server: paced, timed, tried again, and counted.

use std::io;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::http::header::{ACCEPT, CONTENT_TYPE, DATE, RETRY_AFTER};
use axum::http::response::Parts;
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode};
use http_body_util::BodyExt;
use jiff::fmt::rfc2822;
use kube::client::Body;
use kube::{Client, Error};
use serde::Deserialize;
use tokio::time::{sleep, timeout};

use super::failure::Failure;
use super::pace::Pace;
use crate::cluster::client::{chain, short};
use crate::cluster::pauses::Pauses;
use crate::report::survey::Cost;

/// A request is sent so often before it is given up.
const ATTEMPTS: u32 = 5;
/// The same where waiting takes long: no answer at all, or none yet from this API server.
const FEW_ATTEMPTS: u32 = 2;
/// The longest `Retry-After` that is obeyed; the API server's own are of 1 s to 30 s.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// No answer is longer: 500 pods of the largest size that etcd takes (1.5 MiB) would be.
const MOST_BYTES: usize = 1 << 30;
/// What API servers answer, as text, where no kind of a group or version is installed: no Status, which kinds of known
/// groups get.
const NO_SUCH_GROUP: &[u8] = b"404 page not found";
/// The answer that lists are asked for: JSON, which the pods are judged from as it is.
pub(super) const JSON: &str = "application/json";
/// The same with metadata alone.
pub(super) const METADATA: &str =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1, application/json";

/// How requests are sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Manners {
    /// Requests in a second; zero stands for no limit.
    pub qps: f64,
    /// How long one request may take until its answer is complete.
    pub timeout: Duration,
}

/// Sends requests, one at a time, and counts them.
pub struct Requests {
    client: Client,
    manners: Manners,
    pace: Pace,
    begun: Option<Instant>,
    cost: Cost,
    /// How far the API server's clock is ahead of ours, in seconds.
    ahead: Option<i64>,
}

impl std::fmt::Debug for Requests {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Requests").field("cost", &self.cost).finish_non_exhaustive()
    }
}

/// An attempt that failed.
struct Failed {
    failure: Failure,
    again: bool,
    after: Option<Duration>,
}

impl Failed {
    const fn for_good(failure: Failure) -> Self {
        Self { failure, again: false, after: None }
    }

    const fn for_now(failure: Failure) -> Self {
        Self { failure, again: true, after: None }
    }
}

/// What an API server says of a failure.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Status {
    kind: String,
    message: String,
    metadata: StatusMetadata,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct StatusMetadata {
    r#continue: Option<String>,
}

impl Requests {
    /// Nothing is sent yet.
    pub fn new(client: Client, manners: Manners) -> Self {
        let pace = Pace::new(manners.qps, Instant::now());
        Self { client, manners, pace, begun: None, cost: Cost::default(), ahead: None }
    }

    /// What was sent so far.
    pub fn cost(&self) -> Cost {
        let elapsed = self.begun.map(|begun| begun.elapsed()).unwrap_or_default();
        Cost { milliseconds: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX), ..self.cost }
    }

    /// How far the API server's clock is ahead of ours, in seconds.
    pub const fn ahead(&self) -> Option<i64> {
        self.ahead
    }

    /// Asks for `uri`, and reads the answer with `read`, which says what is wrong with it.
    ///
    /// # Errors
    /// When every attempt failed, or the first one in a way that the next would too.
    pub async fn get<T>(
        &mut self,
        uri: &str,
        accept: &'static str,
        read: impl Fn(Vec<u8>) -> Result<T, String>,
    ) -> Result<T, Failure> {
        let mut pauses = Pauses::default();
        let mut attempt = 1;
        loop {
            sleep(self.pace.take(Instant::now())).await;
            let result = self.once(uri, accept).await;
            // What cannot be read may have been cut by a proxy.
            let result = result.and_then(|bytes| {
                read(bytes).map_err(|error| Failed::for_now(Failure::Broken(error)))
            });
            let failed = match result {
                Ok(read) => return Ok(read),
                Err(failed) => failed,
            };
            let most = match failed.failure {
                Failure::Stalled(_) => FEW_ATTEMPTS,
                Failure::Unreachable(_) if self.ahead.is_none() => FEW_ATTEMPTS,
                _ => ATTEMPTS,
            };
            if !failed.again || attempt >= most {
                return Err(failed.failure);
            }
            attempt += 1;
            self.cost.retries += 1;
            let pause = pauses.next().unwrap_or_default();
            sleep(failed.after.map_or(pause, |after| after.min(LONGEST_WAIT) + pause / 4)).await;
        }
    }

    async fn once(&mut self, uri: &str, accept: &'static str) -> Result<Vec<u8>, Failed> {
        self.begun.get_or_insert_with(Instant::now);
        self.cost.requests += 1;
        let request = Request::get(uri).header(ACCEPT, accept).body(Body::empty());
        let request = request.map_err(|error| {
            Failed::for_good(Failure::Refused { code: 0, message: error.to_string() })
        })?;
        let limit = self.manners.timeout;
        let answer = match timeout(limit, exchange(&self.client, request, &mut self.cost)).await {
            Ok(answer) => answer?,
            Err(_) => return Err(Failed::for_now(Failure::Stalled(limit))),
        };
        let (parts, bytes) = answer;
        if let Some(date) = seconds(&parts.headers) {
            self.ahead = Some(date - now());
        }
        self.ahead.get_or_insert(0);
        judge(&parts, bytes)
    }
}

async fn exchange(
    client: &Client,
    request: Request<Body>,
    cost: &mut Cost,
) -> Result<(Parts, Vec<u8>), Failed> {
    let response = client.send(request).await.map_err(unsent)?;
    let (parts, mut body) = response.into_parts();
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let cut = |error: Error| {
            Failed::for_now(Failure::Broken(format!("an answer was cut: {}", chain(&error))))
        };
        let frame = frame.map_err(cut)?;
        let Ok(data) = frame.into_data() else { continue };
        cost.bytes += data.len() as u64;
        if bytes.len() + data.len() > MOST_BYTES {
            let message = format!("an answer of more than {MOST_BYTES} bytes");
            return Err(Failed::for_good(Failure::Foreign(message)));
        }
        bytes.extend_from_slice(&data);
    }
    Ok((parts, bytes))
}

/// A request that got no answer.
fn unsent(error: Error) -> Failed {
    match &error {
        _ if is_untrusted(&error) => Failed::for_good(Failure::Untrusted(chain(&error))),
        Error::Auth(_) => Failed::for_good(Failure::Credentials(chain(&error))),
        Error::Service(cause) if is_auth(&**cause) => {
            Failed::for_good(Failure::Credentials(chain(&error)))
        }
        _ => Failed::for_now(Failure::Unreachable(chain(&error))),
    }
}

fn is_untrusted(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(rustls::Error::InvalidCertificate(_)) = error.downcast_ref() {
            return true;
        }
        // An I/O error does not name what it wraps among its causes.
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = wrapped.map_or_else(|| error.source(), |wrapped| Some(wrapped));
    }
    false
}

fn is_auth(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<kube::client::AuthError>() {
            return true;
        }
        next = error.source();
    }
    false
}

/// What an answer says.
fn judge(parts: &Parts, bytes: Vec<u8>) -> Result<Vec<u8>, Failed> {
    let headers = &parts.headers;
    let foreign = || {
        let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        format!("{}, of type {}", parts.status, kind.unwrap_or("unknown"))
    };
    if parts.status.is_success() {
        let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or(JSON);
        if kind.contains("html") {
            return Err(Failed::for_good(Failure::Foreign(foreign())));
        }
        return Ok(bytes);
    }
    let status: Status = serde_json::from_slice(&bytes).unwrap_or_default();
    let is_status = status.kind == "Status";
    let message = if is_status { short(&status.message) } else { foreign() };
    let is_text = |value: &HeaderValue| value.as_bytes().starts_with(b"text/plain");
    let is_text = headers.get(CONTENT_TYPE).is_some_and(is_text);
    Err(match parts.status {
        StatusCode::UNAUTHORIZED => Failed::for_good(Failure::Credentials(message)),
        StatusCode::FORBIDDEN if is_status => Failed::for_good(Failure::Forbidden(message)),
        StatusCode::NOT_FOUND if is_status => Failed::for_good(Failure::NotFound(message)),
        StatusCode::NOT_FOUND if is_text && bytes.starts_with(NO_SUCH_GROUP) => {
            Failed::for_good(Failure::NotFound("the API server serves no such group".to_owned()))
        }
        StatusCode::GONE => Failed::for_good(Failure::Expired(
            status.metadata.r#continue.filter(|token| !token.is_empty()),
        )),
        StatusCode::TOO_MANY_REQUESTS => {
            Failed { failure: Failure::Broken(message), again: true, after: retry_after(headers) }
        }
        code if code.is_server_error() => {
            Failed { failure: Failure::Broken(message), again: true, after: retry_after(headers) }
        }
        _ if !is_status => Failed::for_good(Failure::Foreign(message)),
        code => Failed::for_good(Failure::Refused { code: code.as_u16(), message }),
    })
}

/// In seconds; API servers send no dates there.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// The time of the answer, in seconds since 1970.
fn seconds(headers: &HeaderMap) -> Option<i64> {
    let date = headers.get(DATE)?.to_str().ok()?;
    Some(rfc2822::parse(date).ok()?.timestamp().as_second())
}

/// The time, in seconds since 1970.
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
