//! The admin address: health, metrics, and what one needs to try the webhook. Plain HTTP, no secrets.

use std::sync::Arc;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::metrics;
use super::state::State;

/// A real review: an Airflow task as a kube-apiserver sent it.
const SAMPLE_REVIEW: &str = include_str!("../../tests/data/review-airflow.json");

/// `/livez`, `/readyz`, `/metrics`, `/sample-review`, `/ledger` unless it is switched off, and `/ca.pem` where the
/// certificate is self-signed.
pub fn router(state: Arc<State>, self_signed_ca: Option<Arc<str>>) -> Router {
    let readiness = Arc::clone(&state);
    let keeping = Arc::clone(&state);
    let router = Router::new()
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(async move || ready(&readiness)))
        .route("/metrics", get(async move || render(&state)))
        .route("/ledger", get(async move || ledger(&keeping)))
        .route(
            "/sample-review",
            get(async || ([(header::CONTENT_TYPE, "application/json")], SAMPLE_REVIEW)),
        );
    match self_signed_ca {
        None => router,
        Some(pem) => router.route(
            "/ca.pem",
            get(async move || {
                ([(header::CONTENT_TYPE, "application/pem-certificate-chain")], pem.to_string())
            }),
        ),
    }
}

fn ready(state: &State) -> Response {
    let missing = state.readiness().missing();
    if missing.is_empty() {
        "ok\n".into_response()
    } else {
        let text = format!("not ready\n{}\n", missing.join("\n"));
        (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
    }
}

fn ledger(state: &State) -> Response {
    let Some(ledger) = &state.ledger else {
        return (StatusCode::NOT_FOUND, "no ledger is kept: see --ledger-owners\n").into_response();
    };
    match serde_json::to_vec(&ledger.page()) {
        Ok(json) => ([(header::CONTENT_TYPE, "application/json")], json).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn render(state: &State) -> Response {
    match state.metrics().render() {
        Ok(text) => ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
