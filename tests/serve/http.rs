//! HTTP/1.1 as clients may write it.

use tokio::io::AsyncWriteExt;

use crate::support::{
    Running, UID, bad_review, exchange, good_review, head, options, post, read_response,
};

#[tokio::test]
async fn a_connection_serves_many_requests() {
    let server = Running::start(options()).await;
    let mut stream = server.connect().await;
    for _ in 0..20 {
        let allowed = exchange(&mut stream, &post("/validate?timeout=10s", &good_review())).await;
        assert_eq!((allowed.status, &allowed.json()["response"]["allowed"]), (200, &true.into()));
        let unknown = exchange(&mut stream, &post("/nowhere", b"")).await;
        assert_eq!(unknown.status, 404);
        let denied = exchange(&mut stream, &post("/validate", &bad_review())).await;
        assert_eq!((denied.status, &denied.json()["response"]["allowed"]), (200, &false.into()));
    }
}

#[tokio::test]
async fn requests_may_be_sent_before_the_answer_to_the_first() {
    let server = Running::start(options()).await;
    let mut stream = server.connect().await;
    let mut requests = Vec::new();
    for _ in 0..8 {
        requests.extend(post("/validate", &good_review()));
        requests.extend(post("/validate", &bad_review()));
    }
    stream.write_all(&requests).await.unwrap();
    for _ in 0..8 {
        for allowed in [true, false] {
            let answer = read_response(&mut stream).await.unwrap().json();
            assert_eq!(answer["response"]["allowed"], allowed);
        }
    }
}

#[tokio::test]
async fn a_body_may_come_in_chunks() {
    let server = Running::start(options()).await;
    let mut stream = server.connect().await;
    let mut request = head("/validate", "transfer-encoding: chunked\r\n").into_bytes();
    for chunk in bad_review().chunks(1000) {
        request.extend(format!("{:x}\r\n", chunk.len()).bytes());
        request.extend(chunk);
        request.extend(b"\r\n");
    }
    request.extend(b"0\r\n\r\n");
    let answer = exchange(&mut stream, &request).await;
    assert_eq!(answer.json()["response"]["uid"], UID);
}

#[tokio::test]
async fn a_client_may_ask_before_it_sends() {
    let server = Running::start(options()).await;
    let mut stream = server.connect().await;
    let body = good_review();
    let more = format!("content-length: {}\r\nexpect: 100-continue\r\n", body.len());
    let interim = exchange(&mut stream, head("/validate", &more).as_bytes()).await;
    assert_eq!(interim.status, 100);
    assert_eq!(exchange(&mut stream, &body).await.status, 200);
}

#[tokio::test]
async fn a_client_that_asks_is_spared_a_body_that_is_too_large() {
    let server = Running::start(options()).await;
    let mut stream = server.connect().await;
    let more = format!("content-length: {}\r\nexpect: 100-continue\r\n", (7 << 20) + 1);
    let answer = exchange(&mut stream, head("/validate", &more).as_bytes()).await;
    assert_eq!(answer.status, 413);
}

#[tokio::test]
async fn a_client_that_does_not_ask_still_gets_to_read_that_its_body_is_too_large() {
    let server = Running::start(options()).await;
    let mut stream = server.connect().await;
    let request = post("/validate", &vec![b' '; (7 << 20) + 1]);
    let answer = exchange(&mut stream, &request).await;
    assert_eq!((answer.status, &answer.json()["reason"]), (413, &"RequestEntityTooLarge".into()));
}

#[tokio::test]
async fn a_large_body_within_the_limit_is_read() {
    let server = Running::start(options()).await;
    let mut stream = server.connect().await;
    let mut body = good_review();
    body.resize(7 << 20, b' ');
    assert_eq!(exchange(&mut stream, &post("/validate", &body)).await.status, 200);
    assert_eq!(exchange(&mut stream, &post("/validate", &good_review())).await.status, 200);
}
