//! Answers that are none.

use std::time::Duration;

use plimsoll::digests::Resolution;
use plimsoll::registry::{Listed, Registries};

use crate::bad::{Act, DIGEST, Server};
use crate::world::{ask, config, failure, outcomes, plain, resolver};

const MANIFEST: &str =
    r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json"}"#;
/// `sha256sum` of it.
const OF_MANIFEST: &str = "sha256:b22c7289dd3b4785a3795c90e15d16bd66bd29b444b8974fe29ed0443ce50405";

/// What is said of an image of a server that answers like this.
async fn of(act: impl Fn(&crate::bad::Request) -> Act + Send + Sync + 'static) -> Resolution {
    let server = Server::start(act).await;
    let answer = ask(&resolver(&config(vec![plain(&server.host)])), &server.image("app:1")).await;
    match answer {
        Resolution::Failed(why) => {
            let why = why.strip_prefix(&format!("{}: ", server.host)).unwrap();
            Resolution::Failed(why.replace(&server.host, "HOST"))
        }
        found => found,
    }
}

fn failed(why: &str) -> Resolution {
    Resolution::Failed(why.to_owned())
}

#[tokio::test]
async fn statuses_are_told() {
    for (status, expected) in [
        (404, "there is no such image or tag (404 Not Found)"),
        (403, "access is denied (403 Forbidden)"),
        (401, "it wants credentials in a way other than Basic and Bearer (401 Unauthorized)"),
        (500, "it is broken (500 Internal Server Error)"),
        (502, "it is broken (502 Bad Gateway)"),
        (429, "it asks for fewer requests (429 Too Many Requests)"),
        (204, "the answer is none that a registry gives (204 No Content)"),
        (418, "the answer is none that a registry gives (418 I'm a teapot)"),
    ] {
        assert_eq!(of(move |_| Act::status(status)).await, failed(expected));
    }
}

/// HEAD tells no more of an image than GET: what is no manifest of version 2 has no digest to pin.
#[tokio::test]
async fn a_digest_of_something_else_is_not_taken() {
    let answer = |kind: &'static str, body: &'static str| {
        move |request: &crate::bad::Request| {
            let digest = if request.method == "HEAD" || body.is_empty() { DIGEST } else { "" };
            let named = format!("Docker-Content-Digest: {digest}\r\n");
            let named = if digest.is_empty() { String::new() } else { named };
            Act::Answer(200, format!("Content-Type: {kind}\r\n{named}"), body.into())
        }
    };
    let signed = r#"{"schemaVersion":1,"name":"app","tag":"1","signatures":[]}"#;
    for kind in [
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
        "application/vnd.docker.distribution.manifest.v1+json; charset=utf-8",
        "Application/Vnd.Docker.Distribution.Manifest.V1+PrettyJWS",
    ] {
        let found = of(answer(kind, signed)).await;
        assert_eq!(found, failed("what it gives for the image is no manifest"), "{kind}");
    }
    let page = of(answer("text/html", "<html>")).await;
    assert_eq!(page, failed("what it gives for the image is no manifest"));
    // A type that is too wide is looked into.
    let wide = of(answer("application/json", MANIFEST)).await;
    assert_eq!(wide, Resolution::Digest(OF_MANIFEST.to_owned()));
    let index = of(answer("application/vnd.OCI.image.index.v1+json;charset=utf-8", "")).await;
    assert_eq!(index, Resolution::Digest(DIGEST.to_owned()));
}

#[tokio::test]
async fn what_is_named_as_the_digest_must_be_one() {
    let upper = DIGEST.to_uppercase();
    let long = format!("{DIGEST}0");
    for digest in ["", "latest", "sha256:", "md5:0123", "sha256:0123", &upper, &long, "sha256:x\tx"]
    {
        let digest = digest.to_owned();
        let act = move |_: &_| Act::with(200, &[("Docker-Content-Digest", &digest)]);
        assert_eq!(of(act).await, failed("what it names as the digest is none"));
    }
    let sha512 = format!("sha512:{}", "0".repeat(128));
    let named = sha512.clone();
    let act = move |_: &_| Act::with(200, &[("Docker-Content-Digest", &named)]);
    assert_eq!(of(act).await, Resolution::Digest(sha512));
}

/// HEAD brings nothing, GET this.
fn on_get(headers: &str, body: &[u8]) -> impl Fn(&crate::bad::Request) -> Act + use<> {
    let (headers, body) = (headers.to_owned(), body.to_vec());
    move |request| match request.method.as_str() {
        "HEAD" => Act::status(200),
        _ => Act::Answer(200, headers.clone(), body.clone()),
    }
}

#[tokio::test]
async fn without_a_named_digest_the_manifest_is_read() {
    let found = Resolution::Digest(OF_MANIFEST.to_owned());
    assert_eq!(of(on_get("", MANIFEST.as_bytes())).await, found);
    let named = format!("Docker-Content-Digest: {OF_MANIFEST}\r\n");
    assert_eq!(of(on_get(&named, MANIFEST.as_bytes())).await, found);
    let get_only = |request: &crate::bad::Request| match request.method.as_str() {
        "HEAD" => Act::status(405),
        _ => Act::Answer(200, String::new(), MANIFEST.as_bytes().to_vec()),
    };
    assert_eq!(of(get_only).await, found);

    let lie = format!("Docker-Content-Digest: {DIGEST}\r\n");
    let lying = "the digest that it names is not that of the manifest that it gives";
    assert_eq!(of(on_get(&lie, MANIFEST.as_bytes())).await, failed(lying));
    let none = failed("what it gives for the image is no manifest");
    for body in ["", "{}", "<html>please log in</html>", r#"{"schemaVersion":1}"#] {
        assert_eq!(of(on_get("", body.as_bytes())).await, none, "{body}");
    }
}

#[tokio::test]
async fn a_manifest_of_10_mb_is_refused() {
    let large = failed("the answer is larger than 4096 KiB, which no runtime takes");
    let text = format!("{}{}", MANIFEST, " ".repeat(10_000_000));
    assert_eq!(of(on_get("", text.as_bytes())).await, large, "announced");
    // One byte at a time could announce nothing; here chunks do not.
    let chunk = format!("{:x}\r\n{text}\r\n0\r\n\r\n", text.len());
    let chunked = "Transfer-Encoding: chunked\r\nX-No: Content-Length\r\n";
    assert_eq!(of(on_get(chunked, chunk.as_bytes())).await, large, "not announced");
    let headers = [("Docker-Content-Digest", DIGEST), ("Content-Length", "10000000")];
    assert_eq!(of(move |_| Act::with(200, &headers)).await, large, "of the image that is named");
    let fits = format!("{MANIFEST}{}", " ".repeat((4 << 20) - MANIFEST.len()));
    assert!(matches!(of(on_get("", fits.as_bytes())).await, Resolution::Digest(_)));
}

#[tokio::test]
async fn redirects_are_followed_a_little_and_to_nobody_else() {
    let endless = |request: &crate::bad::Request| {
        let next = format!("{}x", request.target);
        Act::with(307, &[("Location", &next)])
    };
    assert_eq!(of(endless).await, failed("it redirects more than 5 times"));
    let twice = |request: &crate::bad::Request| match request.target.as_str() {
        "/v2/app/manifests/1" => Act::with(307, &[("Location", "/v2/a/manifests/1")]),
        "/v2/a/manifests/1" => Act::with(301, &[("Location", "/v2/b/manifests/1")]),
        _ => Act::found(),
    };
    assert_eq!(of(twice).await, Resolution::Digest(DIGEST.to_owned()));

    let other = Server::start(|_| Act::found()).await;
    for (target, told) in [
        (format!("http://{}/x", other.host), format!("{} without TLS", other.host)),
        (format!("https://{}/x", other.host), other.host.clone()),
        ("http://169.254.169.254/latest".into(), "169.254.169.254 without TLS".into()),
        ("https://u:secret@metadata.internal/x?token=secret".into(), "metadata.internal".into()),
    ] {
        let why = format!(
            "it redirects to {told}, which may not be asked: list it under `allow`, if that is right"
        );
        assert_eq!(of(move |_| Act::with(307, &[("Location", &target)])).await, failed(&why));
    }
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn a_server_that_dies_in_its_answer() {
    let Resolution::Failed(why) = of(|_| Act::Die).await else { panic!() };
    assert!(why.starts_with("the connection broke: "), "{why}");
    let short = |request: &crate::bad::Request| match request.method.as_str() {
        "HEAD" => Act::status(200),
        // The server says more than it has, and the connection waits for the rest: `deadlines` has that. Here the
        // length is no number at all.
        _ => Act::with(200, &[("Content-Length", "many")]),
    };
    assert!(matches!(of(short).await, Resolution::Failed(_)));
}

#[tokio::test]
async fn hosts_that_are_not_listed_are_not_dialled() {
    let server = Server::start(|_| Act::found()).await;
    let image = server.image("app:1");
    let other = resolver(&config(vec![plain("registry.example.com")]));
    let why = format!("{}: the configuration does not let it be asked", server.host);
    assert_eq!(failure(&other, &image).await, why);
    let defaults = resolver(&Registries::default());
    for image in [image.as_str(), "docker.io/library/nginx:1", "169.254.169.254/x:1"] {
        assert!(failure(&defaults, image).await.ends_with("does not let it be asked"));
    }
    assert!(server.requests().is_empty());
    assert_eq!(defaults.statistics().not_allowed, 3);
    let why = failure(&defaults, "no image at all").await;
    assert!(why.starts_with("not an image reference: "), "{why}");
}

#[tokio::test]
async fn what_was_wrong_is_kept_in_mind_for_a_while() {
    let server = Server::start(|_| Act::status(404)).await;
    let mut config = config(vec![plain(&server.host)]);
    config.cache.not_found_seconds = 1;
    let (resolver, image) = (resolver(&config), server.image("app:1"));
    failure(&resolver, &image).await;
    failure(&resolver, &image).await;
    assert_eq!((server.requests().len(), outcomes(&resolver, 0, "not_found")), (1, 1));
    tokio::time::sleep(Duration::from_millis(1100)).await;
    failure(&resolver, &image).await;
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn what_cannot_be_set_up_is_told() {
    let refused = |config: Registries| {
        let made = plimsoll::registry::Resolver::new(&config, Default::default());
        made.err().unwrap().message
    };
    let folder = tempfile::tempdir().unwrap();
    let with = |text: &str| {
        let ca = folder.path().join("ca.pem");
        std::fs::write(&ca, text).unwrap();
        config(vec![Listed { host: "a.example.com".into(), ca: Some(ca), plain_http: false }])
    };
    assert!(refused(with("")).ends_with("there is no certificate in it; it must be PEM"));
    let broken = "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n";
    assert!(refused(with(broken)).starts_with("registries[0].ca: "));
    let mut missing = with("");
    missing.registries[0].ca = Some("/nowhere/ca.pem".into());
    let why = "registries[0].ca: /nowhere/ca.pem: cannot be read: No such file or directory";
    assert!(refused(missing).starts_with(why));
    let mut forever = config(Vec::new());
    forever.cache.ttl_seconds = u64::MAX;
    assert_eq!(refused(forever), format!("cache.ttlSeconds: {} is not from 0 to 86400", u64::MAX));
    let mut never = config(Vec::new());
    never.timeout_milliseconds = 0;
    assert_eq!(refused(never), "timeoutMilliseconds: 0 is not from 1 to 30000");
    let mut proxied = config(Vec::new());
    proxied.proxies.as_mut().unwrap().https = Some("http://user:secret@[".into());
    assert_eq!(refused(proxied), "proxies.https: not the URL of a proxy");
}
