//! `/metrics`: OpenMetrics that parses, with labels nobody from outside can multiply.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::support::{Running, bad_review, exchange, get, good_review, options, post};

/// Each series with its value.
fn series(text: &str) -> BTreeMap<String, f64> {
    assert!(text.ends_with("# EOF\n"), "{text}");
    let mut described = BTreeSet::new();
    let mut series = BTreeMap::new();
    for line in text.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            if let Some((name, help)) =
                comment.strip_prefix("HELP ").and_then(|c| c.split_once(' '))
            {
                assert!(name.starts_with("plimsoll_") && help.len() > 10, "{line}");
                described.insert(name.to_owned());
            }
            continue;
        }
        let (name, value) = line.rsplit_once(' ').unwrap();
        let bare = name.split('{').next().unwrap();
        assert!(described.iter().any(|known| bare.starts_with(known.as_str())), "{line}");
        assert!(name.split_once('{').is_none_or(|(_, labels)| labels.ends_with('}')), "{line}");
        assert!(series.insert(name.to_owned(), value.parse().unwrap()).is_none(), "{line}");
    }
    series
}

#[tokio::test]
async fn reviews_findings_and_refusals_are_counted() {
    let server = Running::start(options()).await;
    let mut stream = server.connect().await;
    for (path, body) in [
        ("/validate", good_review()),
        ("/validate", bad_review()),
        ("/validate", bad_review()),
        ("/mutate", good_review()),
        ("/validate", b"{}".to_vec()),
        ("/nowhere", Vec::new()),
    ] {
        exchange(&mut stream, &post(path, &body)).await;
    }
    let series = series(&server.metrics().await);
    for (name, value) in [
        (
            r#"plimsoll_reviews_total{endpoint="validate",operation="CREATE",verdict="allowed"}"#,
            1.0,
        ),
        (r#"plimsoll_reviews_total{endpoint="validate",operation="CREATE",verdict="denied"}"#, 2.0),
        (r#"plimsoll_findings_total{policy="images",rule="no-latest",action="Deny"}"#, 2.0),
        (r#"plimsoll_review_duration_seconds_count{endpoint="validate"}"#, 3.0),
        (r#"plimsoll_review_duration_seconds_count{endpoint="mutate"}"#, 1.0),
        (r#"plimsoll_bad_requests_total{reason="not_a_review"}"#, 1.0),
        (r#"plimsoll_bad_requests_total{reason="path"}"#, 1.0),
        ("plimsoll_connections", 1.0),
        (concat!(r#"plimsoll_build_info{version=""#, env!("CARGO_PKG_VERSION"), r#""}"#), 1.0),
    ] {
        assert_eq!(series.get(name), Some(&value), "{name} in {series:#?}");
    }
}

#[tokio::test]
async fn no_request_adds_a_series() {
    let server = Running::start(options()).await;
    let before: Vec<String> = series(&server.metrics().await).into_keys().collect();
    let mut stream = server.connect().await;
    for number in 0..50 {
        let mut review: serde_json::Value = serde_json::from_slice(&bad_review()).unwrap();
        for field in ["uid", "name", "namespace"] {
            review["request"][field] = json!(format!("{field}-{number}"));
        }
        review["request"]["userInfo"]["username"] = json!(format!("user-{number}"));
        let body = serde_json::to_vec(&review).unwrap();
        exchange(&mut stream, &post("/validate", &body)).await;
        exchange(&mut stream, &post(&format!("/path-{number}"), b"")).await;
    }
    let after: Vec<String> = series(&server.metrics().await).into_keys().collect();
    assert_eq!(before, after);
}

#[tokio::test]
async fn the_text_says_what_it_is() {
    let server = Running::start(options()).await;
    let (status, _) = get(server.admin, "/metrics").await;
    assert_eq!(status, 200);
    let mut stream = tokio::net::TcpStream::connect(server.admin).await.unwrap();
    let answer = exchange(&mut stream, b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(answer.head.contains("content-type: application/openmetrics-text"), "{}", answer.head);
}
