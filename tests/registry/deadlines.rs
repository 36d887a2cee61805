//! No registry makes a request later than its deadline, whatever it is slow at.

use std::time::Duration;

use plimsoll::registry::{Listed, Registries, Resolver};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::Instant;

use crate::bad::{Act, Server};
use crate::world::{ask, config, failure, plain, resolver};

/// What a request waits.
const TIMEOUT: Duration = Duration::from_millis(200);
/// How much later than its deadline an answer may be.
const SLACK: Duration = Duration::from_millis(50);
/// How often that is tried: other programs may hold the processors.
const TRIES: usize = 5;

fn hasty(registries: Vec<Listed>) -> Registries {
    let timeout_milliseconds = TIMEOUT.as_millis() as u64;
    Registries { timeout_milliseconds, background_milliseconds: 2_000, ..config(registries) }
}

/// Asks, and proves that the answer is there in time.
async fn prove(resolver: &Resolver, host: &str) {
    let mut took = Vec::new();
    for number in 0..TRIES {
        let began = Instant::now();
        let why = failure(resolver, &format!("{host}/app:{number}")).await;
        assert_eq!(why, format!("{host}: it did not answer in time"));
        took.push(began.elapsed());
        if took.iter().any(|took| (TIMEOUT..TIMEOUT + SLACK).contains(took)) {
            return;
        }
    }
    panic!("{took:?}");
}

#[tokio::test]
async fn slow_to_connect() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    // Nobody accepts. Once the queue is full, connections stay half open.
    let mut queue = Vec::new();
    while let Ok(Ok(stream)) =
        tokio::time::timeout(Duration::from_millis(300), TcpStream::connect(address)).await
    {
        queue.push(stream);
        assert!(queue.len() < 100, "the queue has no end");
    }
    let host = address.to_string();
    prove(&resolver(&hasty(vec![plain(&host)])), &host).await;
}

#[tokio::test]
async fn slow_to_begin_tls() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let accepting = tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            open.push(stream);
        }
    });
    let listed = Listed { host: host.clone(), ca: None, plain_http: false };
    prove(&resolver(&hasty(vec![listed])), &host).await;
    accepting.abort();
}

#[tokio::test]
async fn slow_to_answer() {
    let server = Server::start(|_| Act::Stall).await;
    prove(&resolver(&hasty(vec![plain(&server.host)])), &server.host).await;
}

#[tokio::test]
async fn slow_with_the_manifest() {
    let server = Server::start(|request| match request.method.as_str() {
        "HEAD" => Act::status(200),
        _ => Act::Drip,
    })
    .await;
    prove(&resolver(&hasty(vec![plain(&server.host)])), &server.host).await;
}

#[tokio::test]
async fn slow_redirects_and_token_servers() {
    let delay = Duration::from_millis(90);
    let redirecting = Server::start(move |request| {
        let next = format!("{}x", request.target);
        Act::Later(delay, Box::new(Act::with(307, &[("Location", &next)])))
    })
    .await;
    prove(&resolver(&hasty(vec![plain(&redirecting.host)])), &redirecting.host).await;

    let tokens = Server::start(|_| Act::Stall).await;
    let realm = format!("Bearer realm=\"http://{}/\"", tokens.host);
    let registry = Server::start(move |_| Act::with(401, &[("WWW-Authenticate", &realm)])).await;
    let both = vec![plain(&registry.host), plain(&tokens.host)];
    prove(&resolver(&hasty(both)), &registry.host).await;
}

#[tokio::test]
async fn many_images_share_one_deadline() {
    let server = Server::start(|_| Act::Stall).await;
    let resolver = resolver(&hasty(vec![plain(&server.host)]));
    let mut took = Duration::MAX;
    for round in 0..TRIES {
        let images: Vec<_> = (0..30).map(|n| server.image(&format!("app:{round}-{n}"))).collect();
        let began = Instant::now();
        let digests = resolver.resolve(&images, began + TIMEOUT).await;
        took = took.min(began.elapsed());
        assert!(images.iter().all(|image| digests.get(image).is_some()));
    }
    assert!(took < TIMEOUT + SLACK, "{took:?}");
}

#[tokio::test]
async fn a_deadline_that_has_passed_still_brings_what_is_known() {
    let server = Server::start(|_| Act::found()).await;
    let resolver = resolver(&config(vec![plain(&server.host)]));
    let image = server.image("app:1");
    let found = ask(&resolver, &image).await;
    let digests = resolver.resolve(std::slice::from_ref(&image), Instant::now()).await;
    assert_eq!(digests.get(&image), Some(&found));
}

#[tokio::test]
async fn a_question_goes_on_when_nobody_waits_and_ends() {
    let server = Server::start(|request| match request.target.as_str() {
        "/v2/app/manifests/never" => Act::Stall,
        _ => Act::Later(Duration::from_millis(400), Box::new(Act::found())),
    })
    .await;
    let mut config = hasty(vec![plain(&server.host)]);
    config.background_milliseconds = 2_000;
    let resolver = resolver(&config);
    let (slow, never) = (server.image("app:1"), server.image("app:never"));
    failure(&resolver, &slow).await;
    failure(&resolver, &never).await;
    assert_eq!(resolver.statistics().late, 2);
    tokio::time::sleep(Duration::from_millis(400)).await;
    let statistics = resolver.statistics();
    assert_eq!((statistics.cache_entries, statistics.under_way), (1, 1));
    assert!(matches!(ask(&resolver, &slow).await, plimsoll::digests::Resolution::Digest(_)));
    tokio::time::sleep(Duration::from_millis(1_700)).await;
    assert_eq!(resolver.statistics().under_way, 0);
    let why = failure(&resolver, &never).await;
    assert_eq!(why, format!("{}: it did not answer within 2000 ms", server.host));
    assert_eq!(server.requests().len(), 2);
}
