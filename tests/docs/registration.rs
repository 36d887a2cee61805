//! The objects in docs/serve.md: the API server takes them, and the tests register the same webhooks.

use std::path::Path;

use plimsoll::manifest::parse;
use serde_json::{Value, json};

use crate::cluster::{Cluster, Webhooks, skipped};
use crate::markdown::Page;

/// The objects on the page that go into a cluster.
fn objects() -> Vec<Value> {
    let page = Page::read(Path::new("docs/serve.md"));
    let blocks = page.blocks().into_iter().filter(|block| block.info == "yaml");
    blocks
        .flat_map(|block| parse(None, block.text.into_bytes()).documents)
        .map(|document| document.value)
        .filter(|value| value["kind"].is_string() && value["kind"] != "PodPolicy")
        .collect()
}

fn of_kind(kind: &str) -> Value {
    let mut found = objects().into_iter().filter(|object| object["kind"] == kind);
    found.next().unwrap_or_else(|| panic!("docs/serve.md holds no {kind}"))
}

#[test]
fn the_webhooks_shown_are_those_that_are_tested() {
    let tested = Webhooks::at_service("plimsoll-system", "plimsoll", 443, "").configurations();
    for mut tested in tested {
        let kind = tested["kind"].as_str().unwrap().to_owned();
        let shown = of_kind(&kind);
        let [webhook] = shown["webhooks"].as_array().unwrap().as_slice() else {
            panic!("{kind} holds one webhook")
        };
        let mut webhook = webhook.clone();
        let webhooks = tested["webhooks"].as_array_mut().unwrap();
        let mut expected =
            webhooks.iter().find(|hook| hook["name"] == webhook["name"]).unwrap().clone();
        // These are each cluster's own.
        for hook in [&mut webhook, &mut expected] {
            let fields = hook.as_object_mut().unwrap();
            fields.remove("namespaceSelector");
            fields.remove("failurePolicy");
            fields["clientConfig"].as_object_mut().unwrap().remove("caBundle");
        }
        assert_eq!(webhook, expected, "{kind}");
    }
}

#[test]
fn the_api_server_takes_what_is_shown() {
    if skipped("the_api_server_takes_what_is_shown") {
        return;
    }
    let cluster = Cluster::shared().unwrap();
    let mut objects = objects();
    assert!(objects.len() > 3);
    for object in &mut objects {
        let webhooks = object.get_mut("webhooks").and_then(Value::as_array_mut);
        for webhook in webhooks.into_iter().flatten() {
            webhook["clientConfig"]["caBundle"] = json!("");
        }
        // Namespaces are made, everything else is only tried.
        let mut args = vec!["apply", "--server-side", "-f", "-"];
        if object["kind"] != "Namespace" {
            args.push("--dry-run=server");
        }
        let applied = cluster.kubectl_with(&args, &object.to_string()).unwrap();
        assert!(applied.success(), "{}: {}", object["kind"], applied.stderr);
        assert!(!applied.stderr.contains("Warning"), "{}", applied.stderr);
    }
}
