//! One question to a registry: HEAD of the manifest, and what it takes to be let in.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use oci_client::manifest::{
    IMAGE_MANIFEST_LIST_MEDIA_TYPE, IMAGE_MANIFEST_MEDIA_TYPE, OCI_IMAGE_INDEX_MEDIA_TYPE,
    OCI_IMAGE_MEDIA_TYPE,
};
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue,
};
use reqwest::{Client, Method, Response, StatusCode};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::cache::Expiring;
use super::challenge::{Challenge, TokenRequest};
use super::credentials::{Keyring, Login};
use super::failure::{Failure, Kind};
use super::hosts::Hosts;

/// The largest manifest. The distribution registry stores none that is larger (`maxManifestBodySize` in
/// `registry/handlers/manifests.go`), and containerd pulls none (`MaxManifestSize` in `core/remotes/docker/resolver.go`).
pub(super) const MAX_MANIFEST: usize = 4 << 20;
/// What runtimes run: manifests of version 2, and lists of them.
const ACCEPTED: [&str; 4] = [
    OCI_IMAGE_INDEX_MEDIA_TYPE,
    IMAGE_MANIFEST_LIST_MEDIA_TYPE,
    OCI_IMAGE_MEDIA_TYPE,
    IMAGE_MANIFEST_MEDIA_TYPE,
];
const DIGEST_HEADER: &str = "docker-content-digest";
/// How long a user name and password that a registry took are sent without being asked for.
const BASIC_KEPT: Duration = Duration::from_secs(300);

/// What registries let us in with, by registry and repository, and the keyring that it comes from.
pub(super) type Authorizations = Mutex<Expiring<(Arc<Keyring>, HeaderValue)>>;

/// A question.
pub(super) struct Question<'a> {
    pub(super) client: &'a Client,
    pub(super) hosts: &'a Hosts,
    pub(super) authorizations: &'a Authorizations,
    pub(super) keyring: &'a Arc<Keyring>,
    /// The registry, canonical.
    pub(super) host: &'a str,
    /// The repository below it: `library/nginx`.
    pub(super) path: &'a str,
    /// The tag.
    pub(super) tag: &'a str,
}

/// What makes JSON a manifest or a list of them. Version 1 is signed: its digest is not that of the text.
#[derive(Deserialize)]
struct Versioned {
    #[serde(rename = "schemaVersion")]
    schema_version: u8,
}

impl Question<'_> {
    /// The digest of what the tag stands for; of a list of manifests that of the list.
    pub(super) async fn ask(&self) -> Result<String, Failure> {
        let answer = self.authorized(Method::HEAD).await?;
        let status = answer.status();
        // Some do not know HEAD.
        let unknown = [StatusCode::METHOD_NOT_ALLOWED, StatusCode::NOT_IMPLEMENTED];
        if status == StatusCode::OK {
            // Of an answer without body, `content_length` is 0.
            let length =
                answer.headers().get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse().ok());
            check_size(length)?;
            let named = named_digest(answer.headers())?;
            if let Some(digest) = named.filter(|_| may_be_manifest(answer.headers())) {
                return Ok(digest);
            }
        } else if !unknown.contains(&status) {
            return Err(Failure::of_status(status, answer.headers()));
        }
        let answer = self.authorized(Method::GET).await?;
        if answer.status() != StatusCode::OK {
            return Err(Failure::of_status(answer.status(), answer.headers()));
        }
        let named = named_digest(answer.headers())?;
        let body = bounded(answer, MAX_MANIFEST).await?;
        let read: Result<Versioned, _> = serde_json::from_slice(&body);
        if !read.is_ok_and(|manifest| manifest.schema_version == 2) {
            return Err(Failure::new(Kind::Answer, "what it gives for the image is no manifest"));
        }
        let hash = Sha256::digest(&body);
        let found: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        let found = format!("sha256:{found}");
        match named {
            Some(named) if named.starts_with("sha256:") && named != found => {
                let text = "the digest that it names is not that of the manifest that it gives";
                Err(Failure::new(Kind::Answer, text))
            }
            _ => Ok(found),
        }
    }

    /// Sends the request, with the authorization that is known to do or that the answer asks for.
    async fn authorized(&self, method: Method) -> Result<Response, Failure> {
        let key = format!("{}/{}", self.host, self.path);
        let answer = self.send(method.clone(), self.known(&key)).await?;
        if answer.status() != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        let challenge = Challenge::of(answer.headers())?;
        let logins = self.keyring.lookup(&key);
        let mut choices: Vec<Option<&Login>> = logins.into_iter().map(Some).collect();
        if choices.is_empty() {
            choices.push(None);
        }
        let mut refused = None;
        for login in choices {
            let token =
                TokenRequest { client: self.client, hosts: self.hosts, path: self.path, login };
            let (authorization, kept) = match &challenge {
                Challenge::Basic => match login {
                    Some(login) => (login.basic()?, BASIC_KEPT),
                    None => break,
                },
                Challenge::Bearer(bearer) => match token.send(bearer).await {
                    Ok(token) => token,
                    Err(failure) if failure.kind == Kind::Denied && login.is_some() => {
                        refused = Some(failure);
                        continue;
                    }
                    Err(failure) => return Err(failure),
                },
            };
            let answer = self.send(method.clone(), Some(authorization.clone())).await?;
            if matches!(answer.status(), StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
                refused = login.map(|login| login.refused(answer.status()));
                continue;
            }
            self.keep(&key, authorization, kept);
            return Ok(answer);
        }
        Err(refused.unwrap_or_else(|| self.no_credentials()))
    }

    fn no_credentials(&self) -> Failure {
        let text = match self.keyring.elsewhere(self.host) {
            Some(elsewhere) => format!("it wants credentials, and those are in {elsewhere}"),
            None => "it wants credentials, and none are known for the image; \
                     it may also be that there is no such image"
                .to_owned(),
        };
        Failure::new(Kind::Denied, text)
    }

    async fn send(
        &self,
        method: Method,
        authorization: Option<HeaderValue>,
    ) -> Result<Response, Failure> {
        let endpoint = self.hosts.endpoint(self.host);
        let url = format!("{endpoint}/v2/{}/manifests/{}", self.path, self.tag);
        let mut request = self.client.request(method, url).header(ACCEPT, ACCEPTED.join(", "));
        if let Some(authorization) = authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        request.send().await.map_err(|error| Failure::of_transport(&error))
    }

    /// What was taken before, unless other credentials have come since.
    fn known(&self, key: &str) -> Option<HeaderValue> {
        let kept = self.authorizations.lock().unwrap_or_else(PoisonError::into_inner);
        let (from, header) = kept.get(key, Instant::now())?;
        Arc::ptr_eq(from, self.keyring).then(|| header.clone())
    }

    fn keep(&self, key: &str, authorization: HeaderValue, kept: Duration) {
        let now = Instant::now();
        let value = (Arc::clone(self.keyring), authorization);
        let mut authorizations = self.authorizations.lock().unwrap_or_else(PoisonError::into_inner);
        authorizations.insert(key, value, now + kept, now);
    }
}

/// Whether an answer without a body is about what was asked for. What says that it is something else (an error page, or
/// a manifest of version 1, whose digest runtimes take no more) has to be looked at.
fn may_be_manifest(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE) else { return true };
    let kind = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    ACCEPTED.iter().any(|accepted| kind.eq_ignore_ascii_case(accepted))
}

/// The digest that an answer names.
fn named_digest(headers: &HeaderMap) -> Result<Option<String>, Failure> {
    let Some(value) = headers.get(DIGEST_HEADER) else { return Ok(None) };
    match value.to_str().ok().filter(|digest| is_digest(digest)) {
        Some(digest) => Ok(Some(digest.to_owned())),
        None => Err(Failure::new(Kind::Answer, "what it names as the digest is none")),
    }
}

/// Whether a text is a digest of an algorithm that registries must know (OCI image specification, `descriptor.md`).
fn is_digest(text: &str) -> bool {
    let hex = |text: &str, length| {
        text.len() == length && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    match text.split_once(':') {
        Some(("sha256", rest)) => hex(rest, 64),
        Some(("sha512", rest)) => hex(rest, 128),
        _ => false,
    }
}

fn check_size(length: Option<u64>) -> Result<(), Failure> {
    match length {
        Some(length) if length > MAX_MANIFEST as u64 => Err(too_large(MAX_MANIFEST)),
        _ => Ok(()),
    }
}

fn too_large(limit: usize) -> Failure {
    let text = format!("the answer is larger than {} KiB, which no runtime takes", limit >> 10);
    Failure::new(Kind::Answer, text)
}

/// The body of an answer, of at most so many bytes.
pub(super) async fn bounded(mut answer: Response, limit: usize) -> Result<Vec<u8>, Failure> {
    if answer.content_length().is_some_and(|length| length > limit as u64) {
        return Err(too_large(limit));
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| Failure::of_transport(&error))? {
        if body.len() + chunk.len() > limit {
            return Err(too_large(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_have_an_algorithm_and_its_length() {
        let of =
            |algorithm: &str, length: usize| format!("{algorithm}:{}", "0a".repeat(length / 2));
        assert!(is_digest(&of("sha256", 64)) && is_digest(&of("sha512", 128)));
        for bad in [
            of("sha256", 62),
            of("sha256", 128),
            of("sha384", 96),
            of("md5", 32),
            of("sha256", 64).to_uppercase(),
            format!("sha256:{}", "g".repeat(64)),
            format!("{}\u{a0}", of("sha256", 62)),
            String::new(),
            "sha256".into(),
        ] {
            assert!(!is_digest(&bad), "{bad}");
        }
    }
}
