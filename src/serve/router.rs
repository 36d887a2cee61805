//! HTTP: what comes in is checked here, and only reviews get past.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Version, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, post};
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::asking::Asking;
use super::body::{BodyError, Reading, Received};
use super::deadline;
use super::metrics::BadRequest;
use super::record;
use super::state::State;
use super::status::Refusal;
use crate::admission::{Endpoint, Review, ReviewError};
use crate::cluster::Found;

/// The webhook's paths: `POST /mutate`, `POST /validate` and `POST /validate-policies`.
pub fn router(state: Arc<State>) -> Router {
    let unknown = Arc::clone(&state);
    Router::new()
        .route("/mutate", endpoint(Endpoint::Mutate, &state))
        .route("/validate", endpoint(Endpoint::Validate, &state))
        .route("/validate-policies", endpoint(Endpoint::Policies, &state))
        .fallback(move || async move {
            unknown.metrics().count_bad_request(BadRequest::Path);
            Refusal::new(
                StatusCode::NOT_FOUND,
                "nothing is here; reviews go to /mutate, /validate and /validate-policies",
            )
        })
}

fn endpoint(endpoint: Endpoint, state: &Arc<State>) -> MethodRouter {
    let (reviewing, refusing) = (Arc::clone(state), Arc::clone(state));
    post(move |request: Request| {
        let state = Arc::clone(&reviewing);
        async move { answer(&state, endpoint, request).await }
    })
    .fallback(move || async move {
        refusing.metrics().count_bad_request(BadRequest::Method);
        let message = "reviews are sent with POST";
        Refusal::new(StatusCode::METHOD_NOT_ALLOWED, message).allow("POST")
    })
}

async fn answer(state: &Arc<State>, endpoint: Endpoint, request: Request) -> Response {
    let reading = reading(state, &request);
    if !is_json(request.headers()) {
        state.metrics().count_bad_request(BadRequest::ContentType);
        reading.discard(request.into_body()).await;
        let message = "the content type must be application/json";
        return Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message).into_response();
    }
    let http1 = request.version() <= Version::HTTP_11;
    let query = request.uri().query().and_then(deadline::from_query);
    let mut asking = Asking::new(query);
    match reading.read(request.into_body()).await {
        Ok(body) if endpoint == Endpoint::Policies => aside(state, body).await,
        Ok(body) => loop {
            let Some((asked, answer)) = judged(state, endpoint, &body, asking).await else {
                break failed(state);
            };
            asking = asked;
            match answer {
                Ok(response) => break response,
                Err(Lacking::Digests(images)) => asking.resolve(state, &images).await,
                // Nothing is asked a second time.
                Err(Lacking::Labels(namespace)) if asking.labels.is_some() => {
                    break unanswered(&namespace);
                }
                Err(Lacking::Labels(namespace)) => {
                    let found = match state.in_cluster() {
                        Some(cluster) => cluster.lookup.labels(&namespace).await,
                        None => Found::Unknown,
                    };
                    asking.labels = Some(found);
                }
            }
        },
        Err(error) => {
            let refusal = refusal(state, error);
            // HTTP/2 has no such header: there the stream alone ends.
            if http1 { refusal.close().into_response() } else { refusal.into_response() }
        }
    }
}

fn reading<'a>(state: &'a State, request: &Request) -> Reading<'a> {
    let granted = request.uri().query().and_then(deadline::from_query);
    let most = state.limits.body_timeout;
    Reading {
        limit: state.limits.max_body,
        deadline: Instant::now() + granted.map_or(most, |granted| granted.min(most)),
        budget: &state.budget,
        expects_continue: request.headers().contains_key(header::EXPECT)
            && !request.body().is_end_stream(),
    }
}

/// What has to be asked for before a pod can be judged.
enum Lacking {
    /// The labels of its namespace.
    Labels(String),
    /// The digests of images.
    Digests(Vec<String>),
}

/// Answers a review of a policy. To compile one can take seconds, in which pods would wait on the threads that answer
/// them; and one at a time is compiled, so that many leave a processor for them.
async fn aside(state: &Arc<State>, body: Received<'_>) -> Response {
    let turn = Arc::clone(&state.compiling).acquire_owned().await;
    let (reviewing, bytes) = (Arc::clone(state), body.bytes.clone());
    let reviewed = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        // Policies are in no namespace, so there are no labels to ask for, and hold no images.
        let mut known = Asking::new(None);
        known.labels = Some(Found::Absent);
        review(&reviewing, Endpoint::Policies, &bytes, &known)
    });
    match reviewed.await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) | Err(_) => failed(state),
    }
}

/// Answers a review of a pod with what was asked for it so far. Expressions can cost seconds: where there are some, they
/// are evaluated on a thread of their own, so that others are answered meanwhile. None where that thread failed.
async fn judged(
    state: &Arc<State>,
    endpoint: Endpoint,
    body: &Received<'_>,
    asked: Asking,
) -> Option<(Asking, Result<Response, Lacking>)> {
    if !state.loaded().engine.policies().read_objects() {
        let answer = review(state, endpoint, &body.bytes, &asked);
        return Some((asked, answer));
    }
    let (reviewing, bytes) = (Arc::clone(state), body.bytes.clone());
    let judging = tokio::task::spawn_blocking(move || {
        let answer = review(&reviewing, endpoint, &bytes, &asked);
        (asked, answer)
    });
    judging.await.ok()
}

fn unanswered(namespace: &str) -> Response {
    let message = format!("the labels of namespace {namespace} cannot be had: try again");
    Refusal::new(StatusCode::SERVICE_UNAVAILABLE, message).into_response()
}

fn review(
    state: &State,
    endpoint: Endpoint,
    body: &[u8],
    asked: &Asking,
) -> Result<Response, Lacking> {
    let began = std::time::Instant::now();
    let loaded = state.loaded();
    let at = now();
    // A panic would be a bug, and it must not take other requests of the connection with it.
    let answer = catch_unwind(AssertUnwindSafe(|| {
        let mut review = Review::parse(body)?;
        let mut facts = loaded.namespaces.facts(review.namespace());
        let none = Value::Object(Map::new());
        if facts.labels.is_none() && state.in_cluster().is_some() && !review.namespace().is_empty()
        {
            facts.labels = match &asked.labels {
                Some(Found::Labels(labels)) => Some(&**labels),
                Some(Found::Absent) => Some(&none),
                Some(Found::Unknown) | None => {
                    return Ok(Err(Lacking::Labels(review.namespace().to_owned())));
                }
            };
        }
        if let Some(digests) = asked.digests() {
            review = review.with_digests(digests);
        }
        let answer = review.answer(&loaded.engine, endpoint, facts, at);
        Ok::<_, ReviewError>(match answer.unresolved.is_empty() {
            true => Ok(answer),
            false => Err(Lacking::Digests(answer.unresolved)),
        })
    }));
    Ok(match answer {
        Ok(Ok(Err(lacking))) => {
            if asked.labels.is_some() && matches!(lacking, Lacking::Labels(_)) {
                state.metrics().count_bad_request(BadRequest::Namespace);
            }
            return Err(lacking);
        }
        Ok(Ok(Ok(answer))) => {
            let took: Duration = began.elapsed();
            let review = record::Review { endpoint, body, at, took };
            record::tell(state, &loaded, review, &answer.record);
            let mut response = Response::new(Body::from(answer.body));
            let json = HeaderValue::from_static("application/json");
            response.headers_mut().insert(header::CONTENT_TYPE, json);
            response
        }
        Ok(Err(error)) => {
            state.metrics().count_bad_request(BadRequest::NotAReview);
            Refusal::new(StatusCode::BAD_REQUEST, error.to_string()).into_response()
        }
        Err(_) => failed(state),
    })
}

fn failed(state: &State) -> Response {
    state.metrics().count_bad_request(BadRequest::Panic);
    let message = "the review failed: a bug in Plimsoll, please report it";
    Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, message).into_response()
}

/// The time, in seconds since 1970.
pub(super) fn now() -> Option<i64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_secs()).ok()
}

fn refusal(state: &State, error: BodyError) -> Refusal {
    let (reason, code, message) = match error {
        BodyError::TooLarge => {
            let limit = state.limits.max_body;
            let message = format!("the body is larger than {limit} bytes");
            (BadRequest::TooLarge, StatusCode::PAYLOAD_TOO_LARGE, message)
        }
        BodyError::Late => {
            let message = "the body was not complete in time".to_owned();
            (BadRequest::Late, StatusCode::REQUEST_TIMEOUT, message)
        }
        BodyError::Busy => {
            let message = "too many large requests at once".to_owned();
            (BadRequest::Busy, StatusCode::SERVICE_UNAVAILABLE, message)
        }
        BodyError::Broken => {
            let message = "the body broke off".to_owned();
            (BadRequest::Broken, StatusCode::BAD_REQUEST, message)
        }
    };
    state.metrics().count_bad_request(reason);
    Refusal::new(code, message)
}

/// `application/json`, with or without parameters.
fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}
