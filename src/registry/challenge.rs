//! How a registry wants to be told who asks: user name and password, or a token from a server that it names.
//!
//! Source: `docs/content/spec/auth/token.md` in distribution/distribution, RFC 7617 (Basic) and RFC 6750 (Bearer).

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use reqwest::{Client, StatusCode, Url};
use serde::Deserialize;

use super::credentials::Login;
use super::exchange::bounded;
use super::failure::{Failure, Kind, forbidden_host, host_of};
use super::hosts::Hosts;

/// The largest answer of a token server. Tokens travel in headers, which servers take up to some 16 KiB.
const MAX_TOKEN_ANSWER: usize = 64 << 10;
/// How long a token lasts that says nothing of it, in seconds (token.md: `expires_in`).
const DEFAULT_LIFETIME: u64 = 60;
/// The longest that a token is kept.
const MAX_LIFETIME: u64 = 3_600;

/// What a registry asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    Basic,
    Bearer(Bearer),
}

/// Where tokens are had.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Bearer {
    realm: String,
    service: Option<String>,
}

impl Challenge {
    /// Reads what an answer asks for; a token where both are offered.
    pub(super) fn of(headers: &HeaderMap) -> Result<Challenge, Failure> {
        let mut basic = false;
        for value in headers.get_all(WWW_AUTHENTICATE) {
            let challenges = value.to_str().ok().and_then(|v| http_auth::parse_challenges(v).ok());
            for challenge in challenges.into_iter().flatten() {
                let parameter = |name: &str| {
                    let mut parameters = challenge.params.iter();
                    let found = parameters.find(|(key, _)| key.eq_ignore_ascii_case(name))?;
                    Some(found.1.to_unescaped())
                };
                basic |= challenge.scheme.eq_ignore_ascii_case("basic");
                if challenge.scheme.eq_ignore_ascii_case("bearer")
                    && let Some(realm) = parameter("realm")
                {
                    let service = parameter("service");
                    return Ok(Challenge::Bearer(Bearer { realm, service }));
                }
            }
        }
        match basic {
            true => Ok(Challenge::Basic),
            false => Err(Failure::new(
                Kind::Denied,
                "it wants credentials in a way other than Basic and Bearer (401 Unauthorized)",
            )),
        }
    }
}

impl Login {
    /// The header that tells it.
    pub(super) fn basic(&self) -> Result<HeaderValue, Failure> {
        sensitive(format!(
            "Basic {}",
            STANDARD.encode(format!("{}:{}", self.username, self.password))
        ))
    }

    pub(super) fn refused(&self, status: StatusCode) -> Failure {
        let text = format!("the credentials from {} are refused ({status})", self.source);
        Failure::new(Kind::Denied, text)
    }
}

/// A header that nothing prints.
fn sensitive(text: String) -> Result<HeaderValue, Failure> {
    let mut header = HeaderValue::try_from(text)
        .map_err(|_| Failure::new(Kind::Answer, "the token that it gives out is none"))?;
    header.set_sensitive(true);
    Ok(header)
}

/// What is needed to get a token to pull from a repository.
pub(super) struct TokenRequest<'a> {
    pub(super) client: &'a Client,
    pub(super) hosts: &'a Hosts,
    pub(super) path: &'a str,
    pub(super) login: Option<&'a Login>,
}

/// The answer of a token server.
#[derive(Deserialize)]
struct TokenAnswer {
    token: Option<String>,
    access_token: Option<String>,
    /// In seconds. Absent and nonsense are the same.
    #[serde(default)]
    expires_in: serde_json::Value,
}

impl TokenRequest<'_> {
    /// The header that lets in, and how long it does.
    pub(super) async fn send(&self, bearer: &Bearer) -> Result<(HeaderValue, Duration), Failure> {
        let mut url = Url::parse(&bearer.realm)
            .map_err(|_| Failure::new(Kind::Answer, "the token server that it names is no URL"))?;
        let server = host_of(&url);
        if !self.hosts.permits(&url) {
            let server = forbidden_host(&url);
            let text = format!(
                "its tokens are given out by {server}, which may not be asked: \
                 list it under `allow`, if that is right"
            );
            return Err(Failure::new(Kind::Denied, text));
        }
        // In `query_pairs_mut`, what the realm's own query says stays.
        if let Some(service) = &bearer.service {
            url.query_pairs_mut().append_pair("service", service);
        }
        let scope = format!("repository:{}:pull", self.path);
        url.query_pairs_mut().append_pair("scope", &scope);
        let mut request = self.client.get(url);
        if let Some(login) = self.login {
            request = request.header(AUTHORIZATION, login.basic()?);
        }
        let of_server = |failure: Failure| Failure {
            text: format!("its token server {server}: {}", failure.text),
            ..failure
        };
        let answer = request.send().await.map_err(|e| of_server(Failure::of_transport(&e)))?;
        let status = answer.status();
        if let (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, Some(login)) =
            (status, self.login)
        {
            return Err(of_server(login.refused(status)));
        }
        if status != StatusCode::OK {
            return Err(
                of_server(Failure::of_status(status, answer.headers())).not_found_is_denied()
            );
        }
        let body = bounded(answer, MAX_TOKEN_ANSWER).await.map_err(of_server)?;
        let none = || of_server(Failure::new(Kind::Answer, "the answer holds no token"));
        let read: TokenAnswer = serde_json::from_slice(&body).map_err(|_| none())?;
        let token = read.token.or(read.access_token).filter(|token| !token.is_empty());
        let header = sensitive(format!("Bearer {}", token.ok_or_else(none)?)).map_err(of_server)?;
        let lifetime = read.expires_in.as_u64().unwrap_or(DEFAULT_LIFETIME).min(MAX_LIFETIME);
        // It still has to arrive before it ends.
        Ok((header, Duration::from_secs(lifetime * 9 / 10)))
    }
}

impl Failure {
    /// That a token server is not found says nothing of the image.
    fn not_found_is_denied(self) -> Failure {
        match self.kind {
            Kind::NotFound => Failure { kind: Kind::Answer, ..self },
            _ => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&str]) -> Result<Challenge, Kind> {
        let headers = values.iter().map(|value| (WWW_AUTHENTICATE, value.parse().unwrap()));
        Challenge::of(&headers.collect()).map_err(|failure| failure.kind)
    }

    #[test]
    fn challenges() {
        let bearer = |realm: &str, service: Option<&str>| {
            Ok(Challenge::Bearer(Bearer {
                realm: realm.to_owned(),
                service: service.map(str::to_owned),
            }))
        };
        let realm = r#"Bearer realm="https://a/token",service="x \"y\"",scope="repository:a:pull""#;
        assert_eq!(read(&[realm]), bearer("https://a/token", Some("x \"y\"")));
        assert_eq!(read(&["BEARER REALM=x"]), bearer("x", None));
        assert_eq!(read(&["Basic realm=\"x\"", realm]), bearer("https://a/token", Some("x \"y\"")));
        assert_eq!(read(&["Basic realm=\"x\""]), Ok(Challenge::Basic));
        for none in [&[][..], &["Negotiate"], &["Bearer service=\"x\""], &["\"\"\"garbage,,,="]] {
            assert_eq!(read(none), Err(Kind::Denied), "{none:?}");
        }
    }

    #[test]
    fn a_token_that_is_no_header_is_refused() {
        assert!(sensitive("Bearer a\nb".into()).is_err());
        let header = sensitive("Bearer secret".into()).unwrap();
        assert!(!format!("{header:?}").contains("secret"));
    }
}
