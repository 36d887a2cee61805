//! Clients that are slow, idle, too many, or speak no TLS.

use std::net::SocketAddr;
use std::time::Duration;

use plimsoll::serve::{Admin, Options, ServeError, Server};
use rstest::rstest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{
    Running, engine, eventually, exchange, good_review, hangs_up, head, options, post,
    read_response,
};

const SHORT: Duration = Duration::from_millis(200);

#[tokio::test]
async fn a_client_that_does_not_begin_tls_is_dropped() {
    let server = Running::with_limits(|limits| limits.handshake_timeout = SHORT).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    assert!(hangs_up(&mut stream).await);
    server.await_metric(r#"plimsoll_tls_handshake_failures_total{reason="timeout"} 1"#).await;
    server.await_metric("plimsoll_connections 0").await;
}

#[rstest]
#[case::http(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")]
#[case::noise(&[0xa5; 4096])]
#[case::tls_record_without_sense(b"\x16\x03\x01\x00\x04abcd")]
#[case::alert(b"\x15\x03\x01\x00\x02\x02\x28")]
#[tokio::test]
async fn a_client_that_speaks_no_tls_is_dropped(#[case] bytes: &[u8]) {
    let server = Running::start(options()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    assert!(hangs_up(&mut stream).await);
    assert!(
        eventually(async || {
            let metrics = server.metrics().await;
            metrics.lines().any(|line| {
                line.starts_with("plimsoll_tls_handshake_failures_total") && line.ends_with(" 1")
            })
        })
        .await
    );
    assert_eq!(exchange(&mut server.connect().await, &post("/x", b"")).await.status, 404);
}

#[tokio::test]
async fn a_handshake_that_breaks_off_is_counted() {
    let server = Running::start(options()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(b"\x16\x03\x01\x02\x00\x01\x00").await.unwrap();
    drop(stream);
    server.await_metric(r#"plimsoll_tls_handshake_failures_total{reason="closed"} 1"#).await;
}

#[tokio::test]
async fn a_header_that_trickles_is_cut_off() {
    let server = Running::with_limits(|limits| limits.header_timeout = SHORT).await;
    let (mut reader, mut writer) = tokio::io::split(server.connect().await);
    tokio::spawn(async move {
        for byte in head("/validate", "").bytes().cycle() {
            if writer.write_all(&[byte]).await.is_err() {
                return;
            }
            writer.flush().await.unwrap_or_default();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    assert!(hangs_up(&mut reader).await);
    server.await_metric("plimsoll_connections 0").await;
}

#[tokio::test]
async fn a_body_that_trickles_is_answered_408_and_the_connection_ends() {
    let server = Running::start(options()).await;
    let mut stream = server.connect().await;
    let head = head("/validate?timeout=200ms", "content-length: 1000\r\n");
    let answer = exchange(&mut stream, format!("{head}abc").as_bytes()).await;
    assert_eq!(answer.status, 408);
    assert!(answer.head.contains("connection: close"), "{}", answer.head);
    assert!(hangs_up(&mut stream).await);
}

#[tokio::test]
async fn an_idle_connection_ends_but_not_as_soon_as_a_slow_header() {
    let server = Running::with_limits(|limits| {
        limits.header_timeout = Duration::from_millis(40);
        limits.idle_timeout = Duration::from_secs(1);
    })
    .await;
    let mut stream = server.connect().await;
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(exchange(&mut stream, &post("/validate", &good_review())).await.status, 200);
    }
    assert!(hangs_up(&mut stream).await);
}

#[tokio::test]
async fn connections_beyond_the_limit_are_refused_at_once_and_come_in_when_others_leave() {
    let server = Running::with_limits(|limits| limits.max_connections = 2).await;
    let mut first = server.connect().await;
    let second = server.connect().await;
    let mut third = TcpStream::connect(server.address).await.unwrap();
    assert!(hangs_up(&mut third).await);
    let metrics = server.metrics().await;
    assert!(metrics.contains("plimsoll_connections_refused_total 1"), "{metrics}");
    assert!(metrics.contains("plimsoll_connections 2"), "{metrics}");
    assert_eq!(exchange(&mut first, &post("/validate", &good_review())).await.status, 200);
    drop(second);
    server.await_metric("plimsoll_connections 1").await;
    let mut fourth = server.connect().await;
    assert_eq!(exchange(&mut fourth, &post("/validate", &good_review())).await.status, 200);
}

#[tokio::test]
async fn clients_that_vanish_leave_nothing_behind() {
    let server = Running::start(options()).await;
    for cut in [10, 100, 1_000] {
        let mut stream = server.connect().await;
        stream.write_all(&post("/validate", &good_review())[..cut]).await.unwrap();
        stream.flush().await.unwrap();
    }
    server.await_metric("plimsoll_connections 0").await;
}

#[tokio::test]
async fn a_header_that_is_too_large_is_refused() {
    let server = Running::start(options()).await;
    let mut stream = server.connect().await;
    let long = format!("x: {}\r\n", "y".repeat(1 << 20));
    let _ = stream.write_all(head("/validate", &long).as_bytes()).await;
    if let Ok(answer) = read_response(&mut stream).await {
        assert_eq!(answer.status, 431);
    }
    let mut rest = [0];
    assert!(!matches!(stream.read(&mut rest).await, Ok(1)));
}

#[tokio::test]
async fn an_address_that_cannot_be_had_is_named_with_its_flag() {
    let taken = TcpStream::connect(Running::start(options()).await.address).await.unwrap();
    let taken = taken.peer_addr().unwrap();
    let elsewhere = SocketAddr::from(([192, 0, 2, 1], 1));
    for (options, words) in [
        (Options { listen: taken, ..options() }, ["--listen", "another program"]),
        (Options { admin: Admin::At(taken), ..options() }, ["--admin-listen", "another program"]),
        (Options { listen: elsewhere, ..options() }, ["--listen", "no interface"]),
    ] {
        let error = Server::bind(options, engine()).await.unwrap_err();
        assert!(matches!(error, ServeError::Bind { .. }));
        for word in words {
            assert!(error.to_string().contains(word), "{error}");
        }
    }
}

#[tokio::test]
async fn two_servers_can_run_with_the_default_admin_address() {
    let defaulted = || Options { admin: Admin::Default, ..options() };
    let first = Running::start(defaulted()).await;
    let second = Running::start(defaulted()).await;
    assert_ne!(first.admin, second.admin);
    for server in [first, second] {
        assert!(server.admin.ip().is_loopback());
        assert!(server.metrics().await.contains("plimsoll_build_info"));
    }
}
