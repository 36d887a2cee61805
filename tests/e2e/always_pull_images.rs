//! On a cluster that runs AlwaysPullImages, no pod may fail for Plimsoll's sake.

use serde_json::{Value, json};

use crate::cluster::{Cluster, Options, skipped};
use crate::webhook::{Guarded, pod};

fn policy(name: &str, settings: &str) -> String {
    format!(
        "apiVersion: plimsoll.dev/v1alpha1\nkind: PodPolicy\nmetadata: {{name: {name}}}\nspec:\n  \
         rules:\n  - {{name: pull-once, action: Patch, imagePullPolicy: {settings}}}\n"
    )
}

fn pods() -> [Value; 3] {
    let mut several = pod("several", "app:1");
    several["spec"]["containers"].as_array_mut().unwrap().extend([
        json!({"name": "written", "image": "proxy:1", "imagePullPolicy": "IfNotPresent"}),
        json!({"name": "moving", "image": "proxy:latest"}),
    ]);
    several["spec"]["initContainers"] = json!([{"name": "fetch", "image": "fetch:1"}]);
    let mut volume = pod("volume", "app:1");
    volume["spec"]["volumes"] = json!([{"name": "models", "image": {"reference": "models:1"}}]);
    [pod("one", "app:1"), several, volume]
}

#[test]
fn always_pull_images_is_detected() {
    if skipped("always_pull_images_is_detected") {
        return;
    }
    let options = Options::default().api_server_arg("--enable-admission-plugins=AlwaysPullImages");
    // Never dropped, as the shared one: it ends with the process.
    let cluster: &'static Cluster = Box::leak(Box::new(Cluster::start(&options).unwrap()));

    // Two policies, of which the second finds nothing to patch at first and so does not sign.
    let policies = [policy("once", "{}"), policy("once-more", "{}")];
    let [first, second] = &policies;
    let guarded = Guarded::on(cluster, "detect", &[first, second]);
    for pod in pods() {
        let output = guarded.create(&pod);
        assert!(output.success(), "{}", output.stderr);
        assert!(output.stderr.contains("AlwaysPullImages"), "nothing is said: {}", output.stderr);
        let stored: Value = serde_json::from_str(&output.stdout).unwrap();
        assert_eq!(stored["spec"]["containers"][0]["imagePullPolicy"], "Always");
        assert_eq!(stored["metadata"]["annotations"]["plimsoll.dev/patched-by"], "once");
    }

    let guarded = Guarded::on(cluster, "present", &[&policy("p", "{alwaysPullImages: Present}")]);
    for pod in pods() {
        let output = guarded.create(&pod);
        assert!(output.success() && output.stderr.is_empty(), "{}", output.stderr);
    }

    // What the other two are there for. The images spare the pods that wait for the webhooks.
    let absent = "{alwaysPullImages: Absent, images: {include: [\"*/app:*\"]}}";
    let guarded = Guarded::on(cluster, "absent", &[&policy("p", absent)]);
    let output = guarded.create(&pod("one", "app:1"));
    assert!(output.stderr.contains("Unsupported value: \"IfNotPresent\""), "{}", output.stderr);
}
