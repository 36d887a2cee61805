//! Real registries: what they say is what crane and oci-client read.

use std::time::Duration;

use oci_client::client::{Certificate, CertificateEncoding, ClientConfig, ClientProtocol};
use oci_client::secrets::RegistryAuth;
use plimsoll::digests::Resolution;
use plimsoll::registry::{Blocking, Credentials, Listed, Registries, Resolver};
use tokio::time::Instant;

use crate::certs::Authority;
use crate::real::{Auth, Registry, USER};
use crate::world::{ask, config, document, failure, keyring, login, plain, resolver};

/// What oci-client finds.
async fn oci_client(config: ClientConfig, image: &str, auth: &RegistryAuth) -> String {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let client = oci_client::Client::try_from(config).unwrap();
    client.fetch_manifest_digest(&image.parse().unwrap(), auth).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_and_lists_without_tls() {
    let registry = Registry::start(None, &Auth::Anybody);
    let (one, two) = (registry.push("team/app:1", 1), registry.push("team/app:2", 2));
    let list = registry.push_list("team/app:list", &["team/app:1", "team/app:2"]);
    assert!(one != two && list != one && list != two);
    let resolver = resolver(&config(vec![plain(&registry.host)]));
    let names = ["team/app:1", "team/app:2", "team/app:list", "team/app:none", "none/app:1"];
    let images = names.map(|name| registry.image(name));
    let digests = resolver.resolve(&images, Instant::now() + resolver.timeout()).await;
    for (image, expected) in images.iter().zip([one, two, list]) {
        let http = ClientConfig { protocol: ClientProtocol::Http, ..ClientConfig::default() };
        assert_eq!(oci_client(http, image, &RegistryAuth::Anonymous).await, expected);
        assert_eq!(digests.get(image), Some(&Resolution::Digest(expected)), "{image}");
    }
    let host = &registry.host;
    let none = format!("{host}: there is no such image or tag (404 Not Found)");
    for image in &images[3..] {
        assert_eq!(digests.get(image), Some(&Resolution::Failed(none.clone())), "{image}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_that_moves_is_noticed_when_the_cache_lets_go() {
    let registry = Registry::start(None, &Auth::Anybody);
    let first = registry.push("app:1", 1);
    let mut config = config(vec![plain(&registry.host)]);
    config.cache.ttl_seconds = 2;
    let (resolver, image) = (resolver(&config), registry.image("app:1"));
    assert_eq!(ask(&resolver, &image).await, Resolution::Digest(first.clone()));
    let second = registry.push("app:1", 2);
    let pinned = format!("{image}@{first}");
    assert_eq!(ask(&resolver, &pinned).await, Resolution::Digest(first));
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(ask(&resolver, &image).await, Resolution::Digest(second));
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_with_an_authority_of_its_own_and_with_another() {
    let authority = Authority::new("registry").unwrap();
    let registry = Registry::start(Some(&authority), &Auth::Anybody);
    let digest = registry.push("app:1", 1);
    let image = registry.image("app:1");
    let listed = |ca| Listed { host: registry.host.clone(), ca, plain_http: false };
    let right = resolver(&config(vec![listed(Some(registry.ca()))]));
    assert_eq!(ask(&right, &image).await, Resolution::Digest(digest.clone()));
    let https = ClientConfig {
        extra_root_certificates: vec![Certificate {
            encoding: CertificateEncoding::Pem,
            data: authority.ca_pem().into_bytes(),
        }],
        ..ClientConfig::default()
    };
    assert_eq!(oci_client(https, &image, &RegistryAuth::Anonymous).await, digest);

    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other.crt");
    std::fs::write(&other, Authority::new("other").unwrap().ca_pem()).unwrap();
    for ca in [Some(other), None] {
        let why = failure(&resolver(&config(vec![listed(ca)])), &image).await;
        assert!(
            why.contains("its certificate is not trusted (") && why.ends_with("as `ca`"),
            "{why}"
        );
    }
    // Who speaks without TLS to it is not understood.
    let why = failure(&resolver(&config(vec![plain(&registry.host)])), &image).await;
    assert!(why.ends_with("the answer is none that a registry gives (400 Bad Request)"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_tls_only_where_that_is_listed() {
    let registry = Registry::start(None, &Auth::Anybody);
    registry.push("app:1", 1);
    let globs = Registries { allow: vec!["127.0.0.1:*".into()], ..config(Vec::new()) };
    let why = failure(&resolver(&globs), &registry.image("app:1")).await;
    assert!(why.starts_with(&format!("{}: cannot connect: ", registry.host)), "{why}");
    assert!(why.contains("InvalidContentType"), "TLS was tried: {why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn user_and_password() {
    let authority = Authority::new("registry").unwrap();
    let registry = Registry::start(Some(&authority), &Auth::Htpasswd);
    let found = Resolution::Digest(registry.push("team/app:1", 1));
    let (host, image) = (registry.host.as_str(), registry.image("team/app:1"));
    let listed = Listed { host: host.to_owned(), ca: Some(registry.ca()), plain_http: false };
    let config = config(vec![listed]);
    let with = |credentials| Resolver::new(&config, credentials).unwrap();

    assert_eq!(ask(&with(login(host, USER.0, USER.1)), &image).await, found);
    assert_eq!(ask(&with(login("127.0.*.1:*", USER.0, "wrong port")), &image).await, denied(host));
    assert_eq!(ask(&with(Credentials::default()), &image).await, denied(host));
    let why = failure(&with(login(host, USER.0, "secret-one")), &image).await;
    let refused = "the credentials from Secret plimsoll-system/pull are refused (401 Unauthorized)";
    assert_eq!(why, format!("{host}: {refused}"));

    // The path that fits longer is tried first, and then the next.
    let (wrong, right) = (["sam", "wrong"], [USER.0, USER.1]);
    let entry = |[username, password]: [&str; 2]| serde_json::json!({"username": username, "password": password});
    let both = document(serde_json::json!({"auths": {
        format!("{host}/team"): entry(wrong), host: entry(right),
    }}));
    assert_eq!(ask(&with(Credentials::new(both)), &image).await, found);

    let helper = document(serde_json::json!({"auths": {host: {}}, "credHelpers": {host: "pass"}}));
    let why = failure(&with(Credentials::new(helper)), &image).await;
    assert!(
        why.ends_with(
            "those are in the credential helper docker-credential-pass, which Plimsoll does not run"
        ),
        "{why}"
    );

    // A Secret that is mended ends the memory of the refusal at once.
    let credentials = login(host, USER.0, "wrong");
    let resolver = with(credentials.clone());
    failure(&resolver, &image).await;
    credentials.replace(keyring(host, USER.0, USER.1));
    assert_eq!(ask(&resolver, &image).await, found);
    assert_eq!(resolver.statistics().cache_hits, 0);
}

fn denied(host: &str) -> Resolution {
    let why = "it wants credentials, and none are known for the image; \
               it may also be that there is no such image";
    Resolution::Failed(format!("{host}: {why}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_ends_is_refused_connections() {
    let registry = Registry::start(None, &Auth::Anybody);
    let digest = registry.push("app:1", 1);
    let resolver = resolver(&config(vec![plain(&registry.host)]));
    let (known, unknown) = (registry.image("app:1"), registry.image("app:2"));
    ask(&resolver, &known).await;
    let host = registry.host.clone();
    drop(registry);
    assert_eq!(ask(&resolver, &known).await, Resolution::Digest(digest), "from the cache");
    let refused = format!("{host}: cannot connect: Connection refused (os error 111)");
    assert_eq!(failure(&resolver, &unknown).await, refused);
}

#[test]
fn programs_without_a_runtime_ask_too() {
    let registry = Registry::start(None, &Auth::Anybody);
    let digest = registry.push("app:1", 1);
    let config = config(vec![plain(&registry.host)]);
    let blocking = Blocking::new(&config, Credentials::default()).unwrap();
    // More than are asked at once, and some of them twice.
    let tags = (0..150).map(|n| registry.image(&format!("app:{}", n % 100 + 1)));
    let images: Vec<String> = tags.collect();
    let digests = blocking.resolve(&images);
    assert_eq!(digests.get(&images[0]), Some(&Resolution::Digest(digest)));
    let missing = |image: &&String| matches!(digests.get(image), Some(Resolution::Failed(_)));
    assert_eq!(images.iter().filter(missing).count(), 148);
    assert_eq!(blocking.statistics().cache_misses, 100);
}
