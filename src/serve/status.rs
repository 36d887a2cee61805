//! Answers that are no decision: a Kubernetes `Status` as JSON.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// A Kubernetes `Status` of a failure.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Status<'a> {
    kind: &'static str,
    api_version: &'static str,
    metadata: Empty,
    status: &'static str,
    message: &'a str,
    reason: &'static str,
    code: u16,
}

#[derive(Debug, Serialize)]
struct Empty {}

/// A request that gets no decision.
#[derive(Debug)]
pub(super) struct Refusal {
    code: StatusCode,
    message: String,
    allow: Option<&'static str>,
    close: bool,
}

impl Refusal {
    pub(super) fn new(code: StatusCode, message: impl Into<String>) -> Refusal {
        Refusal { code, message: message.into(), allow: None, close: false }
    }

    /// Names the methods that would do.
    pub(super) fn allow(mut self, methods: &'static str) -> Refusal {
        self.allow = Some(methods);
        self
    }

    /// Ends the connection, since what is still to come on it is not known.
    pub(super) fn close(mut self) -> Refusal {
        self.close = true;
        self
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = Status {
            kind: "Status",
            api_version: "v1",
            metadata: Empty {},
            status: "Failure",
            message: &self.message,
            reason: reason(self.code),
            code: self.code.as_u16(),
        };
        // A struct of text and numbers always serialises; an empty body would still carry the code.
        let body = serde_json::to_vec(&status).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.code;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(methods) = self.allow {
            headers.insert(header::ALLOW, HeaderValue::from_static(methods));
        }
        if self.code == StatusCode::SERVICE_UNAVAILABLE {
            // API servers send a review again after this many seconds (client-go, rest/with_retry.go), as long as
            // the webhook's timeout allows.
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if self.close {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

/// The word that apimachinery has for a code.
fn reason(code: StatusCode) -> &'static str {
    match code {
        StatusCode::BAD_REQUEST => "BadRequest",
        StatusCode::NOT_FOUND => "NotFound",
        StatusCode::METHOD_NOT_ALLOWED => "MethodNotAllowed",
        StatusCode::REQUEST_TIMEOUT => "Timeout",
        StatusCode::PAYLOAD_TOO_LARGE => "RequestEntityTooLarge",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "UnsupportedMediaType",
        StatusCode::SERVICE_UNAVAILABLE => "ServiceUnavailable",
        _ => "InternalError",
    }
}
