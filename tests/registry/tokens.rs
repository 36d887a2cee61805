//! Registries that want a token, and the servers that give them out.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use plimsoll::digests::Resolution;
use plimsoll::registry::{Credentials, Resolver};
use rcgen::{KeyPair, PKCS_ED25519, PublicKeyData, SigningKey};
use serde_json::json;

use crate::bad::{Act, DIGEST, Request, Server};
use crate::real::{Auth, Registry, USER};
use crate::world::{ask, config, failure, login, plain, resolver};

/// The values of a parameter of the query.
fn query(request: &Request, name: &str) -> Vec<String> {
    let (_, query) = request.target.split_once('?').unwrap_or_default();
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let values = pairs.filter(|(key, _)| *key == name);
    values
        .map(|(_, value)| value.replace("%3A", ":").replace("%2F", "/").replace("%2C", ","))
        .collect()
}

/// A token of the distribution registry (docs/content/spec/auth/jwt.md): a signed list of what is granted.
fn token(key: &KeyPair, scopes: &[String]) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let access: Vec<_> = scopes
        .iter()
        .map(|scope| {
            let parts: Vec<&str> = scope.split(':').collect();
            let actions: Vec<&str> = parts[2].split(',').collect();
            json!({"type": parts[0], "name": parts[1], "actions": actions})
        })
        .collect();
    let header = json!({"alg": "EdDSA", "typ": "JWT", "kid": "test"});
    let claims = json!({
        "iss": "i", "aud": "s", "sub": "sam", "nbf": now - 60, "exp": now + 600, "iat": now,
        "jti": "1", "access": access,
    });
    let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&header), part(&claims));
    let signature = URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes()).unwrap());
    format!("{signed}.{signature}")
}

fn answer(body: serde_json::Value) -> Act {
    Act::Answer(200, "Content-Type: application/json\r\n".into(), body.to_string().into_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_registry_with_signed_tokens() {
    let key = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    let public = URL_SAFE_NO_PAD.encode(key.der_bytes());
    let keys = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "test", "x": public}]});
    let login_of_sam = format!("Basic {}", STANDARD.encode(format!("{}:{}", USER.0, USER.1)));
    let server = Server::start(move |request| {
        // Everybody may pull what is public, and Sam everything.
        let scopes = query(request, "scope");
        let is_public = scopes.iter().all(|scope| scope == "repository:public/app:pull");
        match request.header("authorization") {
            None if is_public => answer(json!({"access_token": token(&key, &scopes)})),
            None => answer(json!({"token": token(&key, &[])})),
            Some(login) if login == login_of_sam => {
                answer(json!({"token": token(&key, &scopes), "expires_in": 300}))
            }
            Some(_) => Act::status(401),
        }
    })
    .await;
    let realm = format!("http://{}/token", server.host);
    let keys = keys.to_string();
    // crane takes no tokens from loopback: it pushes to another registry with the same store.
    let open = Registry::start(None, &Auth::Anybody);
    let public = Resolution::Digest(open.push("public/app:1", 1));
    let private = Resolution::Digest(open.push("private/app:1", 2));
    let auth = Auth::Token { realm: &realm, keys: &keys, store: &open };
    let registry = Registry::start(None, &auth);
    let images = ["public/app:1", "private/app:1"].map(|name| registry.image(name));
    let config = config(vec![plain(&registry.host), plain(&server.host)]);

    let anonymous = resolver(&config);
    assert_eq!(ask(&anonymous, &images[0]).await, public);
    let why = failure(&anonymous, &images[1]).await;
    assert!(why.contains("it wants credentials, and none are known"), "{why}");

    let host = registry.host.as_str();
    let sam = Resolver::new(&config, login(host, USER.0, USER.1)).unwrap();
    assert_eq!(ask(&sam, &images[0]).await, public);
    assert_eq!(ask(&sam, &images[1]).await, private);
    let before = server.requests().len();
    failure(&sam, &registry.image("private/app:2")).await;
    assert_eq!(server.requests().len(), before, "the token is used again");

    let wrong = Resolver::new(&config, login(host, USER.0, "secret")).unwrap();
    let why = failure(&wrong, &images[1]).await;
    let refused = "the credentials from Secret plimsoll-system/pull are refused (401 Unauthorized)";
    assert_eq!(why, format!("{host}: its token server {}: {refused}", server.host));
}

/// A registry that wants a token from a server and takes the one it likes.
async fn wants(realm: String, liked: &'static str) -> Server {
    Server::start(move |request| match request.header("authorization") {
        Some(given) if given == format!("Bearer {liked}") => Act::found(),
        _ => {
            let challenge = format!("Bearer realm=\"{realm}\",service=\"s\"");
            Act::with(401, &[("WWW-Authenticate", &challenge)])
        }
    })
    .await
}

#[tokio::test]
async fn tokens_come_only_from_servers_that_may_be_asked() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let server = Server::start(move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
        answer(json!({"token": "t"}))
    })
    .await;
    let registry = wants(format!("http://{}/token?x=y", server.host), "t").await;
    let image = registry.image("app:1");
    let alone = config(vec![plain(&registry.host)]);
    let with_login = Resolver::new(&alone, login(&registry.host, "sam", "secret")).unwrap();
    let why = failure(&with_login, &image).await;
    assert!(
        why.contains(&format!("given out by {} without TLS, which may not be", server.host)),
        "{why}"
    );
    assert_eq!(asked.load(Ordering::Relaxed), 0);

    let both = resolver(&config(vec![plain(&registry.host), plain(&server.host)]));
    assert_eq!(ask(&both, &image).await, Resolution::Digest(DIGEST.to_owned()));
    let target = "/token?x=y&service=s&scope=repository%3Aapp%3Apull";
    assert_eq!(server.requests()[0].target, target);

    for realm in
        ["http://169.254.169.254/latest/meta-data", "https://[fd00::1]/", "file:///etc/passwd"]
    {
        let registry = wants(realm.to_owned(), "t").await;
        let resolver = resolver(&config(vec![plain(&registry.host)]));
        let why = failure(&resolver, &registry.image("app:1")).await;
        assert!(why.contains("which may not be asked"), "{why}");
    }
}

#[tokio::test]
async fn token_servers_that_misbehave() {
    let acts = [
        ("the answer holds no token", answer(json!({}))),
        ("the answer holds no token", answer(json!({"token": ""}))),
        ("the answer holds no token", Act::Answer(200, String::new(), b"<html>".to_vec())),
        ("the token that it gives out is none", answer(json!({"token": "a\r\nX-Evil: b"}))),
        ("the answer is larger than 64 KiB", answer(json!({"token": "x".repeat(100_000)}))),
        ("there is no such image or tag (404 Not Found)", Act::status(404)),
        ("it is broken (500 Internal Server Error)", Act::status(500)),
        ("it asks for fewer requests (429 Too Many Requests)", Act::status(429)),
    ];
    for (expected, act) in acts {
        let server = Server::start(move |_| act.clone()).await;
        let registry = wants(format!("http://{}/", server.host), "t").await;
        let resolver = resolver(&config(vec![plain(&registry.host), plain(&server.host)]));
        let why = failure(&resolver, &registry.image("app:1")).await;
        assert!(why.contains(&format!("token server {}: {expected}", server.host)), "{why}");
    }
    // A token that the registry does not take is not fetched again and again.
    let server = Server::start(|_| answer(json!({"token": "other"}))).await;
    let registry = wants(format!("http://{}/", server.host), "t").await;
    let resolver = resolver(&config(vec![plain(&registry.host), plain(&server.host)]));
    failure(&resolver, &registry.image("app:1")).await;
    assert_eq!((registry.requests().len(), server.requests().len()), (2, 1));
}

#[tokio::test]
async fn a_token_that_has_ended_is_replaced() {
    let current = Arc::new(Mutex::new(0_u32));
    let giving = Arc::clone(&current);
    let server = Server::start(move |_| {
        answer(json!({"token": giving.lock().unwrap().to_string(), "expires_in": 3600}))
    })
    .await;
    let (realm, taking) =
        (format!("Bearer realm=\"http://{}/\"", server.host), Arc::clone(&current));
    let registry = Server::start(move |request| {
        let good = format!("Bearer {}", taking.lock().unwrap());
        match request.header("authorization") == Some(&good) {
            true => Act::found(),
            false => Act::with(401, &[("WWW-Authenticate", &realm)]),
        }
    })
    .await;
    let config = config(vec![plain(&registry.host), plain(&server.host)]);
    let resolver = Resolver::new(&config, Credentials::default()).unwrap();
    let found = Resolution::Digest(DIGEST.to_owned());
    assert_eq!(ask(&resolver, &registry.image("app:1")).await, found);
    assert_eq!(ask(&resolver, &registry.image("app:2")).await, found);
    assert_eq!((registry.requests().len(), server.requests().len()), (3, 1));
    *current.lock().unwrap() += 1;
    assert_eq!(ask(&resolver, &registry.image("app:3")).await, found);
    assert_eq!((registry.requests().len(), server.requests().len()), (5, 2));
}
