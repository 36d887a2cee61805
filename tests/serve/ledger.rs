//! `/ledger`: what it says, and that it stays small whoever sends what.

use plimsoll::ledger::Page;
use plimsoll::serve::Options;
use serde_json::{Value, json};

use crate::support::{Running, bad_review, exchange, get, options, post};

/// A review of a pod of this Job that is refused.
fn review(job: &str, dry_run: bool) -> Vec<u8> {
    let mut review: Value = serde_json::from_slice(&bad_review()).unwrap();
    let request = &mut review["request"];
    request["dryRun"] = json!(dry_run);
    request["object"]["metadata"]["labels"] = json!({});
    request["object"]["metadata"]["ownerReferences"] = json!([{"apiVersion": "batch/v1", "kind": "Job", "name": job, "uid": "u", "controller": true}]);
    serde_json::to_vec(&review).unwrap()
}

async fn page(server: &Running) -> Page {
    let (status, text) = get(server.admin, "/ledger").await;
    assert_eq!(status, 200, "{text}");
    Page::read(text.as_bytes()).unwrap()
}

#[tokio::test]
async fn pods_are_told_by_owner_rule_and_action() {
    let server = Running::start(Options { replica: "me".to_owned(), ..options() }).await;
    let mut stream = server.connect().await;
    for dry_run in [false, false, true] {
        exchange(&mut stream, &post("/mutate", &review("load", dry_run))).await;
        exchange(&mut stream, &post("/validate", &review("load", dry_run))).await;
    }
    let (_, text) = get(server.admin, "/ledger").await;
    let told: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&told["version"], &told["replica"], &told["dropped"]),
        (&json!(1), &json!("me"), &json!(0))
    );
    assert!(told["note"].as_str().unwrap().contains("survives nothing"), "{told}");
    assert!(told["since"].as_str().unwrap().ends_with('Z'), "{told}");
    let owner = &told["owners"][0];
    assert_eq!(
        (&owner["kind"], &owner["name"], &owner["namespace"]),
        (&json!("Job"), &json!("load"), &json!("airflow"))
    );
    let found = &owner["findings"][0];
    assert_eq!((&found["policy"], &found["rule"]), (&json!("images"), &json!("no-latest")));
    assert_eq!(
        (&found["action"], &found["endpoint"], &found["count"]),
        (&json!("Deny"), &json!("validate"), &json!(2))
    );
    assert!(found["example"]["message"].as_str().unwrap().contains("nginx:latest"), "{found}");
    assert!(found["firstSeen"].as_str().unwrap() <= found["lastSeen"].as_str().unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_stays_within_its_bound_under_parallel_load() {
    let server = Running::start(Options { ledger_owners: 100, ..options() }).await;
    let send = async |connection: usize| {
        let mut stream = server.connect().await;
        for number in 0..300 {
            let often =
                if number % 3 == 0 { "often" } else { &format!("job-{connection}-{number}") };
            let response = exchange(&mut stream, &post("/validate", &review(often, false))).await;
            assert_eq!(response.status, 200);
            if number % 50 == 0 {
                assert!(page(&server).await.owners.len() <= 100);
            }
        }
    };
    tokio::join!(send(0), send(1), send(2), send(3));
    let page = page(&server).await;
    let first = &page.owners[0];
    assert_eq!((&*first.name, first.findings[0].count), ("often", 400));
    assert!((80..=100).contains(&page.owners.len()), "{}", page.owners.len());
    assert_eq!(
        page.dropped + page.owners.len() as u64,
        801,
        "each pod of its own Job is kept or counted"
    );
    let counted: u64 =
        page.owners.iter().flat_map(|owner| &owner.findings).map(|found| found.count).sum();
    assert_eq!(counted + page.dropped_findings, 1_200);
    server.await_metric(&format!("plimsoll_ledger_dropped_owners_total {}", page.dropped)).await;
}

#[tokio::test]
async fn it_can_be_switched_off() {
    let server = Running::start(Options { ledger_owners: 0, ..options() }).await;
    let mut stream = server.connect().await;
    exchange(&mut stream, &post("/validate", &review("load", false))).await;
    let (status, text) = get(server.admin, "/ledger").await;
    assert_eq!(status, 404);
    assert!(text.contains("--ledger-owners"), "{text}");
}
