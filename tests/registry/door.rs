//! What a review comes to whose registry answers after it has gone on.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use plimsoll::engine::Engine;
use plimsoll::policy::PolicySet;
use plimsoll::registry::Registries;
use plimsoll::serve::{Limits, State, router};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::bad::{Act, Server};
use crate::world::{config, plain, resolver, settled};

async fn review(state: &Arc<State>, path: &str, image: &str) -> Value {
    let mut review: Value =
        serde_json::from_str(include_str!("../data/review-airflow.json")).unwrap();
    review["request"]["object"]["spec"] = json!({"containers": [{"name": "c", "image": image}]});
    let request = Request::post(path).header("content-type", "application/json");
    let request = request.body(Body::from(review.to_string())).unwrap();
    let response = router(Arc::clone(state)).oneshot(request).await.unwrap();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    serde_json::from_slice::<Value>(&body).unwrap()["response"].take()
}

#[tokio::test]
async fn an_answer_between_the_two_webhooks_pins_nothing_and_changes_nothing() {
    for (on_failure, otherwise) in [("KeepTag", "Deny"), ("Deny", "Audit"), ("Allow", "Deny")] {
        let server =
            Server::start(|_| Act::Later(Duration::from_secs(1), Box::new(Act::found()))).await;
        let policy = json!({
            "apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": "p"},
            "spec": {"rules": [{
                "name": "pin", "action": "Patch", "otherwise": otherwise,
                "imageDigest": {"onFailure": on_failure},
            }]},
        });
        let engine = Arc::new(Engine::new(Arc::new(PolicySet::compile(&[&policy]).unwrap())));
        let hasty = Registries { timeout_milliseconds: 100, ..config(vec![plain(&server.host)]) };
        let resolver = resolver(&hasty);
        let state = Arc::new(State::new(engine, Limits::default()).with_resolver(resolver.clone()));
        let image = server.image("app:1");

        let mutated = review(&state, "/mutate", &image).await;
        assert!(mutated["allowed"] == true && mutated["patch"].is_null(), "{mutated}");
        settled(&resolver).await;
        let asked = server.requests().len();
        let validated = review(&state, "/validate", &image).await;
        assert_eq!(validated["allowed"], on_failure != "Deny", "{on_failure}: {validated}");
        let is_warned = validated["warnings"].as_array().is_some_and(|all| !all.is_empty());
        assert_eq!(is_warned, on_failure == "KeepTag", "{on_failure}: {validated}");
        // The answer was known by then.
        assert_eq!(server.requests().len(), asked);
    }
}
