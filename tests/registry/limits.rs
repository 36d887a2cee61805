//! Registries that are left alone for a while.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use plimsoll::digests::Resolution;
use plimsoll::registry::{Breaker, BreakerState, Registries, Resolver};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use crate::bad::{Act, DIGEST, Server};
use crate::world::{ask, config, failure, outcomes, plain, resolver, settled};

fn breaker(resolver: &Resolver, registry: usize) -> BreakerState {
    resolver.statistics().registries[registry].breaker
}

#[tokio::test]
async fn a_pause_that_is_asked_for_is_kept() {
    let seconds = || "2".to_owned();
    let date = || {
        let later = OffsetDateTime::now_utc() + Duration::from_secs(3);
        later.format(&Rfc2822).unwrap().replace("+0000", "GMT")
    };
    let ways: [(u16, fn() -> String); 3] = [(429, seconds), (429, date), (503, seconds)];
    for (status, pause) in ways {
        let pause = pause();
        let limited = Arc::new(AtomicBool::new(true));
        let switch = Arc::clone(&limited);
        let server = Server::start(move |_| match switch.load(Ordering::Relaxed) {
            true => Act::with(status, &[("Retry-After", &pause)]),
            false => Act::found(),
        })
        .await;
        let other = Server::start(|_| Act::found()).await;
        let resolver = resolver(&config(vec![plain(&server.host), plain(&other.host)]));
        let image = server.image("app:1");
        let why = failure(&resolver, &image).await;
        assert!(why.contains(&format!("it asks for fewer requests ({status}")), "{why}");
        limited.store(false, Ordering::Relaxed);
        for image in [&image, &server.image("other:1")] {
            let why = failure(&resolver, image).await;
            assert!(why.contains("it asked for a pause, and is not asked for another"), "{why}");
        }
        let found = Resolution::Digest(DIGEST.to_owned());
        assert_eq!(ask(&resolver, &other.image("app:1")).await, found, "another registry");
        assert_eq!(server.requests().len(), 1);
        assert_eq!((outcomes(&resolver, 0, "limited"), outcomes(&resolver, 0, "skipped")), (1, 2));
        assert_eq!(breaker(&resolver, 0), BreakerState::Closed);
        tokio::time::sleep(Duration::from_millis(3_100)).await;
        assert_eq!(ask(&resolver, &image).await, found);
    }
}

fn nervous(host: &str, other: &str) -> Registries {
    let breaker = Breaker { failures: 3, pause_seconds: 1 };
    Registries { breaker, ..config(vec![plain(host), plain(other)]) }
}

#[tokio::test]
async fn the_breaker_opens_and_one_question_tries_again() {
    let broken = Arc::new(AtomicBool::new(true));
    let switch = Arc::clone(&broken);
    let server = Server::start(move |_| match switch.load(Ordering::Relaxed) {
        true => Act::status(500),
        false => Act::found(),
    })
    .await;
    let other = Server::start(|_| Act::found()).await;
    let resolver = resolver(&nervous(&server.host, &other.host));
    let image = |n: usize| server.image(&format!("app:{n}"));
    for number in 0..3 {
        assert_eq!(breaker(&resolver, 0), BreakerState::Closed);
        failure(&resolver, &image(number)).await;
    }
    assert_eq!(breaker(&resolver, 0), BreakerState::Open);
    let open = "not asked for another 1 s, after 3 failures in a row: \
                it is broken (500 Internal Server Error)";
    for number in 3..20 {
        assert_eq!(failure(&resolver, &image(number)).await, format!("{}: {open}", server.host));
    }
    assert_eq!((server.requests().len(), outcomes(&resolver, 0, "skipped")), (3, 17));
    let found = Resolution::Digest(DIGEST.to_owned());
    assert_eq!(ask(&resolver, &other.image("app:1")).await, found, "another registry");

    tokio::time::sleep(Duration::from_millis(1_050)).await;
    assert_eq!(breaker(&resolver, 0), BreakerState::HalfOpen);
    failure(&resolver, &image(20)).await;
    failure(&resolver, &image(21)).await;
    assert_eq!((server.requests().len(), breaker(&resolver, 0)), (4, BreakerState::Open));

    broken.store(false, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_millis(1_050)).await;
    assert_eq!(ask(&resolver, &image(22)).await, found);
    assert_eq!(ask(&resolver, &image(23)).await, found);
    assert_eq!(breaker(&resolver, 0), BreakerState::Closed);
}

#[tokio::test]
async fn what_is_the_image_s_own_fault_does_not_open_it() {
    for status in [401, 403, 404, 418] {
        let server = Server::start(move |_| Act::status(status)).await;
        let resolver = resolver(&nervous(&server.host, "other.example.com"));
        for number in 0..10 {
            failure(&resolver, &server.image(&format!("app:{number}"))).await;
        }
        assert_eq!((server.requests().len(), breaker(&resolver, 0)), (10, BreakerState::Closed));
    }
}

#[tokio::test]
async fn every_way_to_fail_opens_it() {
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let refusing = closed.local_addr().unwrap().to_string();
    drop(closed);
    let dying = Server::start(|_| Act::Die).await;
    let stalling = Server::start(|_| Act::Stall).await;
    for host in [&refusing, &dying.host, &stalling.host] {
        let mut config = nervous(host, "other.example.com");
        config.timeout_milliseconds = 100;
        config.background_milliseconds = 100;
        config.breaker.pause_seconds = 60;
        let resolver = resolver(&config);
        for number in 0..3 {
            failure(&resolver, &format!("{host}/app:{number}")).await;
            settled(&resolver).await;
        }
        assert_eq!(breaker(&resolver, 0), BreakerState::Open, "{host}");
        let why = failure(&resolver, &format!("{host}/app:9")).await;
        assert!(why.contains("after 3 failures in a row"), "{why}");
    }
}
