//! Every answer of the router, without sockets.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::{Request, StatusCode, header};
use axum::response::Response;
use http_body_util::BodyExt;
use hyper::body::Frame;
use plimsoll::engine::{Engine, Namespaces};
use plimsoll::policy::{ExemptionSet, PolicySet};
use plimsoll::serve::{Limits, State, admin_router, router};
use rstest::rstest;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::support::{UID, bad_review, engine, engine_of, good_review, within};

const MAX_BODY: usize = 7 << 20;

fn state() -> Arc<State> {
    Arc::new(State::new(engine(), Limits::default()))
}

async fn send(router: Router, request: Request<Body>) -> Response {
    within(router.oneshot(request)).await.unwrap()
}

fn request(path: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(path).header("content-type", "application/json").body(body.into()).unwrap()
}

async fn json(response: Response) -> Value {
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    serde_json::from_slice(&bytes).unwrap()
}

/// A failure in the shape that Kubernetes' own servers give it.
async fn assert_status(response: Response, code: StatusCode, reason: &str) -> String {
    assert_eq!(response.status(), code);
    let status = json(response).await;
    assert_eq!(status["kind"], "Status");
    assert_eq!(status["apiVersion"], "v1");
    assert_eq!(status["status"], "Failure");
    assert_eq!(status["code"], code.as_u16());
    assert_eq!(status["reason"], reason);
    let message = status["message"].as_str().unwrap();
    assert!(!message.is_empty());
    message.to_owned()
}

#[rstest]
#[case::allowed("/validate", good_review(), true)]
#[case::denied("/validate", bad_review(), false)]
#[case::mutated("/mutate", good_review(), true)]
#[case::with_timeout("/validate?timeout=10s", bad_review(), false)]
#[tokio::test]
async fn a_decision_is_200_with_the_uid(
    #[case] path: &str,
    #[case] body: Vec<u8>,
    #[case] allowed: bool,
) {
    let response = send(router(state()), request(path, body)).await;
    assert_eq!(response.status(), StatusCode::OK);
    let review = json(response).await;
    assert_eq!(review["kind"], "AdmissionReview");
    assert_eq!(review["response"]["uid"], UID);
    assert_eq!(review["response"]["allowed"], allowed);
}

#[tokio::test]
async fn a_policy_is_refused_as_the_api_server_refuses_what_is_invalid() {
    let review = |deny: &str| {
        let policy = json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": "p"},
                            "spec": {"rules": [{"name": "a", "imageTag": {"deny": [deny]}}]}});
        let review = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
            "uid": UID, "operation": "CREATE", "object": policy, "userInfo": {"username": "jane"},
            "kind": {"group": "plimsoll.dev", "version": "v1alpha1", "kind": "PodPolicy"}}});
        review.to_string()
    };
    let taken =
        json(send(router(state()), request("/validate-policies", review("latest"))).await).await;
    assert_eq!(taken["response"]["allowed"], true);
    let state = state();
    let refused =
        send(router(Arc::clone(&state)), request("/validate-policies", review("["))).await;
    assert_eq!(refused.status(), StatusCode::OK);
    let refused = json(refused).await;
    assert_eq!(refused["response"]["uid"], UID);
    assert_eq!(refused["response"]["status"]["code"], 422);
    let field = &refused["response"]["status"]["details"]["causes"][0]["field"];
    assert_eq!(field, "spec.rules[0].imageTag.deny[0]");
    let metrics = state.metrics().render().unwrap();
    let counted =
        r#"plimsoll_reviews_total{endpoint="policies",operation="CREATE",verdict="denied"} 1"#;
    assert!(metrics.contains(counted), "{metrics}");
}

#[rstest]
#[case::empty(Vec::new())]
#[case::object(b"{}".to_vec())]
#[case::list(b"[]".to_vec())]
#[case::null(b"null".to_vec())]
#[case::truncated(good_review()[..1000].to_vec())]
#[case::not_utf8(vec![0xff; 64])]
#[case::no_uid(
    br#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":""}}"#.to_vec()
)]
#[case::lists_in_lists(vec![b'['; 100_000])]
#[case::objects_in_objects(br#"{"request":"#.repeat(100_000))]
#[case::seven_mebibytes(vec![b' '; MAX_BODY])]
#[tokio::test]
async fn what_is_no_review_is_400(#[case] body: Vec<u8>) {
    for path in ["/mutate", "/validate", "/validate-policies"] {
        let response = send(router(state()), request(path, body.clone())).await;
        assert_status(response, StatusCode::BAD_REQUEST, "BadRequest").await;
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_413() {
    let response = send(router(state()), request("/validate", vec![b' '; MAX_BODY + 1])).await;
    let message =
        assert_status(response, StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge").await;
    assert!(message.contains("7340032"), "{message}");
}

/// A body that does not say how long it is; each call gives what comes next.
struct Pieces<F>(F);

impl<F: FnMut() -> Poll<Option<Bytes>> + Unpin> HttpBody for Pieces<F> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        (self.0)().map(|piece| piece.map(|bytes| Ok(Frame::data(bytes))))
    }
}

fn body_of(pieces: impl FnMut() -> Poll<Option<Bytes>> + Unpin + Send + 'static) -> Body {
    Body::new(Pieces(pieces))
}

#[tokio::test]
async fn an_endless_body_is_given_up() {
    const PIECE: usize = 64 << 10;
    let taken = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&taken);
    let body = body_of(move || {
        counting.fetch_add(PIECE, Ordering::Relaxed);
        Poll::Ready(Some(Bytes::from_static(&[b' '; PIECE])))
    });
    let response = send(router(state()), request("/validate", body)).await;
    assert_status(response, StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge").await;
    assert!(taken.load(Ordering::Relaxed) < 6 * MAX_BODY);
}

#[tokio::test]
async fn a_body_in_pieces_is_put_together() {
    let review = bad_review();
    let pieces: Vec<Bytes> = review.chunks(100).map(Bytes::copy_from_slice).collect();
    let mut pieces = pieces.into_iter();
    let body = body_of(move || Poll::Ready(pieces.next()));
    let response = send(router(state()), request("/validate", body)).await;
    assert_eq!(json(response).await["response"]["allowed"], false);
}

#[rstest]
#[case::absent(None)]
#[case::yaml(Some("application/yaml"))]
#[case::form(Some("application/x-www-form-urlencoded"))]
#[case::longer(Some("application/json-patch+json"))]
#[case::protobuf(Some("application/vnd.kubernetes.protobuf"))]
#[tokio::test]
async fn another_content_type_is_415(#[case] content_type: Option<&str>) {
    let mut request = Request::post("/validate");
    if let Some(content_type) = content_type {
        request = request.header("content-type", content_type);
    }
    let response = send(router(state()), request.body(good_review().into()).unwrap()).await;
    assert_status(response, StatusCode::UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType").await;
}

#[rstest]
#[case("application/json; charset=utf-8")]
#[case("Application/JSON")]
#[case("application/json ;x=y")]
#[tokio::test]
async fn json_is_json_however_it_is_written(#[case] content_type: &str) {
    let request = Request::post("/validate").header("content-type", content_type);
    let response = send(router(state()), request.body(good_review().into()).unwrap()).await;
    assert_eq!(response.status(), StatusCode::OK);
}

#[rstest]
#[tokio::test]
async fn another_method_is_405(
    #[values("GET", "PUT", "DELETE", "PATCH", "OPTIONS")] method: &str,
    #[values("/mutate", "/validate")] path: &str,
) {
    let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    let response = send(router(state()), request).await;
    assert_eq!(response.headers()[header::ALLOW], "POST");
    assert_status(response, StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed").await;
}

#[rstest]
#[tokio::test]
async fn another_path_is_404(#[values("/", "/mutate/", "/Validate", "/metrics", "/x")] path: &str) {
    let response = send(router(state()), request(path, good_review())).await;
    assert_status(response, StatusCode::NOT_FOUND, "NotFound").await;
}

#[rstest]
#[case::the_servers_own("/validate", Duration::from_millis(50))]
#[case::the_servers_own_is_the_most("/validate?timeout=1h", Duration::from_millis(50))]
#[case::the_clients("/validate?timeout=50ms", Duration::from_secs(3600))]
#[tokio::test]
async fn a_body_that_does_not_come_in_time_is_408(
    #[case] path: &str,
    #[case] body_timeout: Duration,
) {
    let limits = Limits { body_timeout, ..Limits::default() };
    let state = Arc::new(State::new(engine(), limits));
    let response = send(router(state), request(path, body_of(|| Poll::Pending))).await;
    assert_eq!(response.headers()[header::CONNECTION], "close");
    assert_status(response, StatusCode::REQUEST_TIMEOUT, "Timeout").await;
}

#[tokio::test]
async fn large_bodies_beyond_the_budget_wait_and_are_then_refused() {
    let limits = Limits { max_buffered: 1, ..Limits::default() };
    let router = router(Arc::new(State::new(engine(), limits)));
    let mut begun = Some(Bytes::from(vec![b' '; 1 << 20]));
    let large =
        body_of(move || begun.take().map_or(Poll::Pending, |piece| Poll::Ready(Some(piece))));
    let first = tokio::spawn(send(router.clone(), request("/validate", large)));
    tokio::time::sleep(Duration::from_millis(50)).await;
    let refused = request("/validate?timeout=50ms", vec![b' '; MAX_BODY]);
    let response = send(router.clone(), refused).await;
    assert_eq!(response.headers()[header::RETRY_AFTER], "1", "API servers then ask again");
    assert_status(response, StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable").await;
    let small = send(router.clone(), request("/validate", good_review())).await;
    assert_eq!(small.status(), StatusCode::OK);
    first.abort();
    let _ = first.await;
    let response = send(router, request("/validate", vec![b' '; MAX_BODY])).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn another_engine_takes_over_at_once_and_old_series_go() {
    let state = state();
    let denial = async |state: &Arc<State>| {
        let response = send(router(Arc::clone(state)), request("/validate", bad_review())).await;
        json(response).await["response"]["status"]["message"].as_str().unwrap().to_owned()
    };
    assert!(denial(&state).await.contains("no-latest"));
    state.replace(engine_of("pinned", "fixed-tags"));
    assert!(denial(&state).await.contains("fixed-tags"));
    let metrics = state.metrics().render().unwrap();
    assert!(!metrics.contains("no-latest"), "{metrics}");
    let deny = r#"plimsoll_findings_total{policy="pinned",rule="fixed-tags",action="Deny"} 1"#;
    assert!(metrics.contains(deny), "{metrics}");
    state.replace(engine_of("pinned", "fixed-tags"));
    assert!(state.metrics().render().unwrap().contains(deny), "a reload must not reset counters");
}

/// The review of a policy whose compilation takes longer than this.
fn heavy_policy_review(least: Duration) -> Vec<u8> {
    let review = |globs: usize| {
        let globs: Vec<String> = (0..globs).map(|at| format!("*{at}?-[a-f]{{x,y}}*z")).collect();
        let policy = json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy",
            "metadata": {"name": "heavy"},
            "spec": {"rules": [{"name": "tags", "action": "Deny", "imageTag": {"deny": globs}}]}});
        let begun = std::time::Instant::now();
        PolicySet::compile(&[&policy]).unwrap();
        let review = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
            "uid": UID, "operation": "CREATE", "name": "heavy", "userInfo": {"username": "u"},
            "kind": {"group": "plimsoll.dev", "version": "v1alpha1", "kind": "PodPolicy"},
            "resource": {"group": "plimsoll.dev", "version": "v1alpha1", "resource": "podpolicies"},
            "object": policy}});
        (begun.elapsed() > least).then(|| review.to_string().into_bytes())
    };
    std::iter::successors(Some(500), |globs| Some(globs * 2)).find_map(review).unwrap()
}

/// On the one thread that there is.
#[tokio::test]
async fn a_pod_does_not_wait_for_a_policy_under_review() {
    const LEAST: Duration = Duration::from_millis(400);
    let router = router(state());
    let heavy = request("/validate-policies", heavy_policy_review(LEAST));
    let began = std::time::Instant::now();
    let policies = tokio::spawn(send(router.clone(), heavy));
    let (mut pods, mut longest) = (0, Duration::ZERO);
    while !policies.is_finished() {
        let began = std::time::Instant::now();
        tokio::task::yield_now().await;
        let pod = json(send(router.clone(), request("/validate", bad_review())).await).await;
        assert_eq!(pod["response"]["allowed"], false);
        longest = longest.max(began.elapsed());
        pods += 1;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let policy = json(policies.await.unwrap()).await;
    assert_eq!(policy["response"]["allowed"], true, "{policy}");
    let took = began.elapsed();
    assert!(took > LEAST / 2 && pods > 5, "{pods} pods in {took:?}");
    // Half of it and not a few milliseconds: other tests want the processor as well.
    assert!(longest < took / 2, "a pod waited for {longest:?} of {took:?}");
}

/// `images` with an exemption for `nginx` that expires at some time.
fn exempted(expires: &str) -> Arc<Engine> {
    let exemption = json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicyExemption",
        "metadata": {"name": "vendor"}, "spec": {"policies": ["images"], "reason": "r", "owner": "o",
        "expires": expires}});
    let exemptions = ExemptionSet::compile(&[&exemption]).unwrap();
    Arc::new((*engine()).clone().with_exemptions(Arc::new(exemptions)))
}

#[tokio::test]
async fn a_dry_run_is_no_use_of_an_exemption() {
    let state = Arc::new(State::new(exempted("9998-12-31"), Limits::default()));
    let mut review: Value = serde_json::from_slice(&bad_review()).unwrap();
    review["request"]["dryRun"] = json!(true);
    send(router(Arc::clone(&state)), request("/validate", review.to_string())).await;
    let count = r#"plimsoll_exempted_findings_total{exemption="vendor",policy="images",rule="no-latest"} 1"#;
    assert!(state.metrics().render().unwrap().contains(count));
    assert!(state.used_exemptions().is_empty());
}

#[tokio::test]
async fn exempted_findings_are_counted_once_and_expired_exemptions_are_none() {
    let state = Arc::new(State::new(exempted("9998-12-31"), Limits::default()));
    let allowed = async |path: &str| {
        let response = send(router(Arc::clone(&state)), request(path, bad_review())).await;
        json(response).await["response"]["allowed"] == true
    };
    let has = |line: &str| state.metrics().render().unwrap().lines().any(|other| other == line);
    let count =
        r#"plimsoll_exempted_findings_total{exemption="vendor",policy="images",rule="no-latest"}"#;
    assert!(has(&format!("{count} 0")), "{}", state.metrics().render().unwrap());
    assert!(has(
        r#"plimsoll_exemption_expiry_timestamp_seconds{exemption="vendor"} 253370764800.0"#
    ));
    assert!(allowed("/mutate").await && state.used_exemptions().is_empty());
    assert!(allowed("/validate").await);
    assert!(has(&format!("{count} 1")), "{}", state.metrics().render().unwrap());
    assert!(has(r#"plimsoll_findings_total{policy="images",rule="no-latest",action="Deny"} 0"#));
    assert_eq!(state.used_exemptions().into_iter().collect::<Vec<_>>(), ["vendor".into()]);
    state.replace(exempted("2020-01-01"));
    assert_eq!(state.used_exemptions().len(), 1, "nor what was used");
    assert!(!allowed("/validate").await);
    assert!(has(&format!("{count} 1")), "a reload must not reset counters");
    state.replace(engine());
    let metrics = state.metrics().render().unwrap();
    assert!(!metrics.contains("vendor"), "{metrics}");
}

#[tokio::test]
async fn what_is_known_of_namespaces_counts_at_once_and_outlives_engines() {
    let state = state();
    let allowed = async || {
        let response = send(router(Arc::clone(&state)), request("/validate", bad_review())).await;
        json(response).await["response"]["allowed"] == true
    };
    let namespaces = |mode: &str| {
        let mut namespaces = Namespaces::default();
        namespaces.set_labels("airflow", Some(json!({"plimsoll.dev/mode": mode})));
        Arc::new(namespaces)
    };
    assert!(!allowed().await);
    state.replace_namespaces(namespaces("audit"));
    assert!(allowed().await);
    state.replace(engine_of("pinned", "fixed-tags"));
    assert!(allowed().await, "another engine must not forget namespaces");
    state.replace_namespaces(namespaces("enforce"));
    assert!(!allowed().await);
    let metrics = state.metrics().render().unwrap();
    let deny = r#"plimsoll_findings_total{policy="pinned",rule="fixed-tags",action="Deny"} 1"#;
    assert!(metrics.contains(deny), "namespaces must not reset counters: {metrics}");
    assert_eq!(state.namespaces().len(), 1);
}

/// Two writers at once: neither may undo what the other did.
#[test]
fn no_change_is_lost_to_another() {
    let state = state();
    for round in 0..200_usize {
        let rule = format!("rule-{round}");
        let mut namespaces = Namespaces::default();
        namespaces.set_labels(&format!("namespace-{round}"), Some(json!({})));
        std::thread::scope(|scope| {
            scope.spawn(|| state.replace(engine_of("images", &rule)));
            scope.spawn(|| state.replace_namespaces(Arc::new(namespaces)));
        });
        let metrics = state.metrics().render().unwrap();
        assert!(metrics.contains(&format!("rule=\"{rule}\"")), "round {round}");
        let known = state.namespaces().facts(&format!("namespace-{round}")).labels.is_some();
        assert!(known, "round {round}");
    }
}

#[tokio::test]
async fn the_admin_address_tells_health_and_gives_what_one_needs_to_try() {
    let state = state();
    let get = async |path: &str| {
        let admin = admin_router(Arc::clone(&state), Some("a certificate".into()));
        let response = send(admin, Request::get(path).body(Body::empty()).unwrap()).await;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    };
    let gate = state.gate("policies");
    assert_eq!(get("/livez").await.0, 200);
    assert_eq!(get("/readyz").await, (503, "not ready\npolicies: starting\n".to_owned()));
    gate.open();
    assert_eq!(get("/readyz").await.0, 200);
    assert_eq!(get("/ca.pem").await.1, "a certificate");
    assert_eq!(get("/validate").await.0, 404);
    let sample = get("/sample-review").await.1;
    let response = send(router(Arc::clone(&state)), request("/mutate", sample)).await;
    assert_eq!(json(response).await["response"]["uid"], UID);
}
