//! Proxies: those of the configuration, and those of the environment. What they are asked to reach is never dialled.

use std::process::Command;

use plimsoll::digests::Resolution;
use plimsoll::registry::{Proxies, Registries};

use crate::bad::{Act, DIGEST, Server};
use crate::world::{ask, config, failure, plain, resolver};

const HUB: &str = "docker.io/library/nginx:1.27";

/// Plain HTTP is answered, and no tunnel is built.
async fn proxy() -> Server {
    Server::start(|request| match request.method.as_str() {
        "CONNECT" => Act::status(403),
        _ => Act::found(),
    })
    .await
}

fn targets(proxy: &Server) -> Vec<String> {
    proxy.requests().iter().map(|asked| format!("{} {}", asked.method, asked.target)).collect()
}

#[tokio::test]
async fn those_of_the_configuration() {
    let (proxy, direct) = (proxy().await, Server::start(|_| Act::found()).await);
    let url = Some(format!("http://{}", proxy.host));
    let registries = vec![plain("registry.invalid:5000"), plain(&direct.host)];
    let mut config = Registries { allow: vec!["docker.io".into()], ..config(registries) };
    config.proxies =
        Some(Proxies { https: url.clone(), http: url, no_proxy: Some("127.0.0.0/8".into()) });
    let resolver = resolver(&config);
    let found = Resolution::Digest(DIGEST.to_owned());
    assert_eq!(ask(&resolver, "registry.invalid:5000/app:1").await, found);
    let why = failure(&resolver, HUB).await;
    assert!(why.starts_with("docker.io: cannot connect: "), "{why}");
    assert_eq!(
        targets(&proxy),
        [
            "HEAD http://registry.invalid:5000/v2/app/manifests/1",
            "CONNECT registry-1.docker.io:443"
        ]
    );
    assert_eq!(ask(&resolver, &direct.image("app:1")).await, found);
    assert_eq!((proxy.requests().len(), direct.requests().len()), (2, 1));
}

/// A test of its own process: the environment belongs to all threads.
#[tokio::test(flavor = "multi_thread")]
async fn those_of_the_environment() {
    let proxy = proxy().await;
    let url = format!("http://{}", proxy.host);
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "proxies::asks_by_the_environment", "--ignored", "--nocapture"])
        .env_remove("ALL_PROXY")
        .env_remove("all_proxy")
        .env_remove("https_proxy")
        .env_remove("http_proxy")
        .env_remove("no_proxy")
        .env("HTTPS_PROXY", &url)
        .env("HTTP_PROXY", &url)
        .env("NO_PROXY", "127.0.0.1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(
        targets(&proxy),
        ["CONNECT registry-1.docker.io:443", "HEAD http://other.invalid:5000/v2/app/manifests/1"]
    );
}

#[tokio::test]
#[ignore = "the test above runs it, with an environment"]
async fn asks_by_the_environment() {
    let direct = Server::start(|_| Act::found()).await;
    let registries = vec![plain(&direct.host), plain("other.invalid:5000")];
    let mut config = Registries { allow: vec!["docker.io".into()], ..config(registries) };
    config.proxies = None;
    let resolver = resolver(&config);
    failure(&resolver, HUB).await;
    let found = Resolution::Digest(DIGEST.to_owned());
    assert_eq!(ask(&resolver, "other.invalid:5000/app:1").await, found);
    assert_eq!(ask(&resolver, &direct.image("app:1")).await, found);
    assert_eq!(direct.requests().len(), 1, "past the proxy");
}
