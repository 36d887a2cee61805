//! Tags that are pinned at admission, against a real registry that has what is asked for, has it not, is slow, and dies.

use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::cluster::process::{Progress, poll};
use crate::cluster::{Cluster, skipped};
use crate::images::{Images, USER};
use crate::webhook::{Guarded, pod};

/// What a creation may take that waits for a registry in both webhooks, on a busy machine.
const BEARABLE: Duration = Duration::from_secs(6);

/// A policy whose rules differ in what follows where a digest cannot be had.
fn policy() -> String {
    let rule = |on_failure: &str| {
        json!({"name": on_failure.to_lowercase(), "action": "Patch", "imageDigest": {
            "onFailure": on_failure, "images": {"include": [format!("*/{}/*", on_failure.to_lowercase())]}}})
    };
    json!({
        "apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": "pins"},
        "spec": {"rules": [rule("KeepTag"), rule("Allow"), rule("Deny")]},
    })
    .to_string()
}

fn guarded(name: &str, registries: &str) -> Guarded {
    let cluster = Cluster::shared().unwrap();
    let file = cluster.folder().join(format!("{name}-registries.yaml"));
    std::fs::write(&file, registries).unwrap();
    let more = [format!("--registries={}", file.display())];
    Guarded::with(cluster, name, &[&policy()], &more)
}

fn image(stored: &Value) -> &str {
    stored["spec"]["containers"][0]["image"].as_str().unwrap()
}

#[test]
fn tags_are_pinned_and_a_registry_that_dies_has_the_say_of_the_policy() {
    if skipped("tags_are_pinned_and_a_registry_that_dies_has_the_say_of_the_policy") {
        return;
    }
    let mut images = Images::start();
    let guarded = guarded("digests", &images.config("timeoutMilliseconds: 2000\n"));
    let named = |name: &str| format!("{}/{name}", images.host);
    for (pod_name, name) in [("keep", "keeptag/app:1"), ("deny", "deny/app:1")] {
        let digest = images.push(name);
        let stored = guarded.stored(&pod(pod_name, &named(name)));
        assert_eq!(image(&stored), format!("{}@{digest}", named(name)));
    }
    // A dry run is told the same.
    let manifest = guarded.placed(&pod("dry", &named("keeptag/app:1"))).to_string();
    let args = ["create", "-f", "-", "--dry-run=server", "-o", "json"];
    let dry = guarded.cluster.kubectl_with(&args, &manifest).unwrap();
    let dry: Value = serde_json::from_str(&dry.stdout).unwrap();
    assert!(image(&dry).contains("@sha256:"), "{dry}");
    assert_eq!(images.requests("keeptag/app", "1"), 1);

    let named: Vec<String> =
        ["keeptag/app:2", "allow/app:2", "deny/app:2"].into_iter().map(named).collect();
    images.kill();
    let kept = guarded.create(&pod("kept", &named[0]));
    assert!(kept.success() && kept.stderr.contains("keeps its tag"), "{}", kept.stderr);
    let allowed = guarded.create(&pod("allowed", &named[1]));
    assert!(allowed.success() && !allowed.stderr.contains("keeps its tag"), "{}", allowed.stderr);
    for taken in [kept, allowed] {
        assert!(!image(&serde_json::from_str(&taken.stdout).unwrap()).contains('@'));
    }
    let refused = guarded.create(&pod("refused", &named[2]));
    assert!(
        !refused.success() && refused.stderr.contains("digest is not known"),
        "{}",
        refused.stderr
    );
    // What was known is known still.
    let stored = guarded.stored(&pod("again", named[0].replace(":2", ":1").as_str()));
    assert!(image(&stored).contains("@sha256:"));
}

#[test]
fn a_crowd_with_one_new_tag_is_one_request() {
    if skipped("a_crowd_with_one_new_tag_is_one_request") {
        return;
    }
    let images = Images::start();
    let guarded = guarded("crowds", &images.config("timeoutMilliseconds: 5000\n"));
    let name = format!("{}/keeptag/crowd:1", images.host);
    let digest = images.push("keeptag/crowd:1");
    thread::scope(|scope| {
        for part in 0..8 {
            let (guarded, name) = (&guarded, &name);
            scope.spawn(move || {
                let items: Vec<Value> = (0..25)
                    .map(|at| guarded.placed(&pod(&format!("crowd-{part}-{at}"), name)))
                    .collect();
                let list = json!({"apiVersion": "v1", "kind": "List", "items": items});
                let args = ["create", "-f", "-"];
                let made = guarded.cluster.kubectl_with(&args, &list.to_string()).unwrap();
                assert!(made.success(), "{}", made.stderr);
            });
        }
    });
    let pods = guarded.kubectl(&["get", "pods", "-o", "json"]);
    let pods: Value = serde_json::from_str(&pods.stdout).unwrap();
    let pods = pods["items"].as_array().unwrap();
    assert_eq!(pods.len(), 200);
    assert!(pods.iter().all(|pod| image(pod) == format!("{name}@{digest}")));
    assert_eq!(images.requests("keeptag/crowd", "1"), 1);
}

#[test]
fn a_registry_that_never_answers_is_waited_for_until_the_deadline() {
    if skipped("a_registry_that_never_answers_is_waited_for_until_the_deadline") {
        return;
    }
    // Connections are taken by the system, and nobody reads them.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = silent.local_addr().unwrap().to_string();
    let registries = format!("registries: [{{host: '{host}', plainHttp: true}}]\nproxies: {{}}\n");
    let guarded = guarded("silence", &registries);
    let begun = Instant::now();
    let kept = guarded.create(&pod("kept", &format!("{host}/keeptag/app:1")));
    let took = begun.elapsed();
    assert!(kept.success() && kept.stderr.contains("keeps its tag"), "{}", kept.stderr);
    assert!(took < BEARABLE, "{took:?}");
    let refused = guarded.create(&pod("refused", &format!("{host}/deny/app:1")));
    assert!(!refused.success(), "{}", refused.stdout);
}

#[test]
fn credentials_come_from_a_secret_as_soon_as_it_is_there() {
    if skipped("credentials_come_from_a_secret_as_soon_as_it_is_there") {
        return;
    }
    let images = Images::start_private();
    let cluster = Cluster::shared().unwrap();
    let secrets = cluster.create_namespace("secrets", &[]).unwrap();
    let file = cluster.folder().join("private-registries.yaml");
    std::fs::write(&file, images.config("timeoutMilliseconds: 2000\n")).unwrap();
    let more =
        [format!("--registries={}", file.display()), format!("--registry-secret={secrets}/pull")];
    let guarded = Guarded::with(cluster, "private", &[&policy()], &more);
    let digest = images.push("keeptag/app:1");
    let name = format!("{}/keeptag/app:1", images.host);
    let kept = guarded.create(&pod("kept", &name));
    assert!(kept.success() && kept.stderr.contains("keeps its tag"), "{}", kept.stderr);

    let (user, password) = USER;
    let server = format!("--docker-server={}", images.host);
    let args = ["create", "secret", "docker-registry", "pull", "-n", &secrets, &server];
    let user = [format!("--docker-username={user}"), format!("--docker-password={password}")];
    let user = user.each_ref().map(String::as_str);
    cluster.kubectl_ok(&[&args[..], &user].concat()).unwrap();
    let manifest = guarded.placed(&pod("tried", &name)).to_string();
    poll("the Secret to be read", Duration::from_secs(60), || {
        let args = ["create", "-f", "-", "--dry-run=server", "-o", "json"];
        let tried = cluster.kubectl_with(&args, &manifest)?.stdout_of("kubectl create")?;
        let tried: Value = serde_json::from_str(&tried).map_err(|error| error.to_string())?;
        match image(&tried) == format!("{name}@{digest}") {
            true => Ok(Progress::Done(())),
            false => Ok(Progress::NotYet(tried.to_string())),
        }
    })
    .unwrap();
}
