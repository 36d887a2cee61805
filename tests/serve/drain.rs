//! The end: not ready first, then nothing new, then what is in flight.

use std::time::Duration;

use plimsoll::serve::{Drain, Options};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::support::{
    Running, eventually, exchange, get, good_review, hangs_up, options, post, read_response,
};

#[tokio::test]
async fn readiness_goes_first_while_requests_are_still_served() {
    let mut server = Running::start(options()).await;
    let mut open = server.connect().await;
    assert_eq!(get(server.admin, "/readyz").await.0, 200);
    server.stop_after(Duration::from_secs(3));
    assert!(eventually(async || get(server.admin, "/readyz").await.0 == 503).await);
    assert_eq!(get(server.admin, "/livez").await.0, 200);
    assert_eq!(exchange(&mut open, &post("/validate", &good_review())).await.status, 200);
    let mut new = server.connect().await;
    assert_eq!(exchange(&mut new, &post("/validate", &good_review())).await.status, 200);
    server.stopped().await;
}

#[tokio::test]
async fn while_it_drains_every_answer_is_the_last_of_its_connection() {
    let mut server = Running::start(options()).await;
    let (mut used, mut idle) = (server.connect().await, server.connect().await);
    let before = exchange(&mut used, &post("/validate", &good_review())).await;
    assert_eq!((before.status, before.closes()), (200, false));
    server.stop_after(Duration::from_secs(3));
    assert!(eventually(async || get(server.admin, "/readyz").await.0 == 503).await);
    let last = exchange(&mut used, &post("/validate", &good_review())).await;
    assert_eq!((last.status, last.closes()), (200, true));
    assert!(hangs_up(&mut used).await);
    // One without a request stays until the end: its next request may be on its way.
    let last = exchange(&mut idle, &post("/validate", &good_review())).await;
    assert_eq!((last.status, last.closes()), (200, true));
    server.stopped().await;
}

#[tokio::test]
async fn a_request_in_flight_is_answered_and_idle_connections_end() {
    let mut server = Running::start(options()).await;
    let address = server.address;
    let mut idle = server.connect().await;
    let mut busy = server.connect().await;
    let request = post("/validate", &good_review());
    let (sent, held_back) = request.split_at(1_000);
    busy.write_all(sent).await.unwrap();
    busy.flush().await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.stop_after(Duration::ZERO);
    assert!(hangs_up(&mut idle).await);
    assert!(eventually(async || TcpStream::connect(address).await.is_err()).await);
    busy.write_all(held_back).await.unwrap();
    busy.flush().await.unwrap();
    let answer = read_response(&mut busy).await.unwrap();
    assert_eq!((answer.status, &answer.json()["response"]["allowed"]), (200, &true.into()));
    server.stopped().await;
}

#[tokio::test]
async fn a_request_that_does_not_end_holds_up_the_end_only_for_a_while() {
    let timeout = Duration::from_millis(200);
    let mut server =
        Running::start(Options { drain: Drain { delay: None, timeout }, ..options() }).await;
    let mut busy = server.connect().await;
    busy.write_all(&post("/validate", &good_review())[..1_000]).await.unwrap();
    busy.flush().await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.stop_after(Duration::ZERO);
    server.stopped().await;
}
