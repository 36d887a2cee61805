//! Why there is no digest: in words without secrets, and what follows from it.

use std::error::Error;
use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{StatusCode, Url};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// The most characters that a failure quotes of what others say.
const QUOTED: usize = 120;

/// Why there is no digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) kind: Kind,
    /// What is wrong and what to do, without the registry's name before it.
    pub(super) text: String,
}

/// What sort of failure it is: how long it is kept in mind, and whether it is the registry's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The registry knows no such image.
    NotFound,
    /// It wants other credentials, or the configuration forbids where it leads.
    Denied,
    /// It wants to be left alone for so long.
    Limited(Option<Duration>),
    /// What it says of this image is not to be used.
    Answer,
    /// It does not work.
    Registry,
    /// There was no room to ask.
    Busy,
}

/// Where a redirect led that is not followed. What `reqwest` says of it would hold the address in full.
#[derive(Debug, thiserror::Error)]
pub(super) enum BadRedirect {
    #[error("it redirects to {0}, which may not be asked: list it under `allow`, if that is right")]
    Forbidden(String),
    #[error("it redirects more than {0} times")]
    TooMany(usize),
}

impl Failure {
    pub(super) fn new(kind: Kind, text: impl Into<String>) -> Failure {
        Failure { kind, text: text.into() }
    }

    /// What an answer says that brings no manifest.
    pub(super) fn of_status(status: StatusCode, headers: &HeaderMap) -> Failure {
        let kind = match status.as_u16() {
            404 => Kind::NotFound,
            401 | 403 => Kind::Denied,
            429 => Kind::Limited(pause(headers)),
            503 if headers.contains_key(RETRY_AFTER) => Kind::Limited(pause(headers)),
            500.. => Kind::Registry,
            _ => Kind::Answer,
        };
        let text = match kind {
            Kind::NotFound => "there is no such image or tag",
            Kind::Denied => "access is denied",
            Kind::Limited(_) => "it asks for fewer requests",
            Kind::Registry => "it is broken",
            _ => "the answer is none that a registry gives",
        };
        Failure::new(kind, format!("{text} ({status})"))
    }

    /// What went wrong on the way. Addresses are left out: they can hold tokens.
    pub(super) fn of_transport(error: &reqwest::Error) -> Failure {
        let mut innermost: &dyn Error = error;
        while let Some(source) = innermost.source() {
            innermost = source;
            if let Some(redirect) = innermost.downcast_ref::<BadRedirect>() {
                let kind = match redirect {
                    BadRedirect::Forbidden(_) => Kind::Denied,
                    BadRedirect::TooMany(_) => Kind::Registry,
                };
                return Failure::new(kind, redirect.to_string());
            }
        }
        let cause = match innermost.is::<reqwest::Error>() {
            true => "the request failed".to_owned(),
            false => quote(&innermost.to_string()),
        };
        let text = if cause.contains("certificate") {
            format!("its certificate is not trusted ({cause}); give its authority as `ca`")
        } else if error.is_connect() {
            format!("cannot connect: {cause}")
        } else {
            format!("the connection broke: {cause}")
        };
        Failure::new(Kind::Registry, text)
    }
}

/// The host of an address, for people.
pub(super) fn host_of(url: &Url) -> String {
    let host = quote(url.host_str().unwrap_or("a URL without host"));
    url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}"))
}

/// The same where it may not be asked: without TLS, others may not be than with it.
pub(super) fn forbidden_host(url: &Url) -> String {
    let how = if url.scheme() == "https" { "" } else { " without TLS" };
    format!("{}{how}", host_of(url))
}

/// What others say, fit for a line of a message.
pub(super) fn quote(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(QUOTED).collect()
}

/// `Retry-After`: seconds, or a date (RFC 9110, 10.2.3).
fn pause(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    // Dates of HTTP are those of mail, but for the name of the zone, which mail only tolerates.
    let date = OffsetDateTime::parse(&value.replace("GMT", "+0000"), &Rfc2822).ok()?;
    Some(Duration::try_from(date - OffsetDateTime::now_utc()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limited(value: &str) -> Kind {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
        Failure::of_status(StatusCode::TOO_MANY_REQUESTS, &headers).kind
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        assert_eq!(limited("17"), Kind::Limited(Some(Duration::from_secs(17))));
        assert_eq!(limited("Fri, 31 Dec 1999 23:59:59 GMT"), Kind::Limited(Some(Duration::ZERO)));
        for nonsense in ["", "soon", "-1", "99999999999999999999999"] {
            assert_eq!(limited(nonsense), Kind::Limited(None), "{nonsense}");
        }
        let date = OffsetDateTime::now_utc() + Duration::from_secs(100);
        let date = date.format(&Rfc2822).unwrap().replace("+0000", "GMT");
        let Kind::Limited(Some(left)) = limited(&date) else { panic!("{date}") };
        assert!((98..=100).contains(&left.as_secs()), "{left:?}");
    }

    #[test]
    fn a_failure_is_the_image_s_or_the_registry_s() {
        let kind = |status: u16| {
            Failure::of_status(StatusCode::from_u16(status).unwrap(), &HeaderMap::new()).kind
        };
        assert_eq!([401, 403].map(kind), [Kind::Denied; 2]);
        assert_eq!(kind(404), Kind::NotFound);
        assert_eq!([500, 502, 503, 599].map(kind), [Kind::Registry; 4]);
        assert_eq!([204, 302, 400, 418].map(kind), [Kind::Answer; 4]);
    }

    #[test]
    fn what_is_quoted_is_one_short_line() {
        assert_eq!(quote("a\r\nb\u{1b}[31m"), "ab[31m");
        assert_eq!(quote(&"x".repeat(1000)).len(), QUOTED);
    }
}
