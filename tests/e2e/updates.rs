//! Pods that were there before the policy, and what may still be done with them.

use serde_json::json;

use crate::cluster::skipped;
use crate::webhook::{Guarded, pod};

#[test]
fn an_old_pod_keeps_its_freedoms_and_gains_no_new_ones() {
    if skipped("an_old_pod_keeps_its_freedoms_and_gains_no_new_ones") {
        return;
    }
    let guarded = Guarded::by_default("old-pods");
    let mut old = pod("old", "nginx");
    old["metadata"]["finalizers"] = json!(["example.com/hold"]);
    guarded.unguarded(|| guarded.stored(&old));

    let labelled = guarded.kubectl(&["label", "pod", "old", "team=data"]);
    assert!(labelled.success(), "{}", labelled.stderr);
    let annotated = guarded.kubectl(&["annotate", "pod", "old", "note=x"]);
    assert!(annotated.success(), "{}", annotated.stderr);
    let worse = guarded.kubectl(&["set", "image", "pod/old", "main=redis:latest"]);
    assert!(!worse.success() && worse.stderr.contains("no-latest"), "{worse:?}");

    let deleted = guarded.kubectl(&["delete", "pod", "old", "--wait=false"]);
    assert!(deleted.success(), "{}", deleted.stderr);
    let freed = guarded.kubectl(&[
        "patch",
        "pod",
        "old",
        "--type=merge",
        "-p",
        r#"{"metadata":{"finalizers":null}}"#,
    ]);
    assert!(freed.success(), "{}", freed.stderr);
}

#[test]
fn a_better_image_is_always_welcome() {
    if skipped("a_better_image_is_always_welcome") {
        return;
    }
    let guarded = Guarded::by_default("better");
    guarded.unguarded(|| guarded.stored(&pod("old", "nginx")));
    let better = guarded.kubectl(&["set", "image", "pod/old", "main=nginx:1.27"]);
    assert!(better.success(), "{}", better.stderr);
}

#[test]
fn debug_containers_are_judged() {
    if skipped("debug_containers_are_judged") {
        return;
    }
    let guarded = Guarded::by_default("debug");
    guarded.stored(&pod("target", "nginx:1.27"));
    let refused = guarded.kubectl(&[
        "debug",
        "target",
        "--image=busybox:latest",
        "-c",
        "look",
        "--attach=false",
    ]);
    assert!(!refused.success(), "{refused:?}");
    assert!(refused.stderr.contains("no-latest"), "{}", refused.stderr);
    assert!(refused.stderr.contains("spec.ephemeralContainers[0].image"), "{}", refused.stderr);
    let taken = guarded.kubectl(&[
        "debug",
        "target",
        "--image=busybox:1.37",
        "-c",
        "look",
        "--attach=false",
    ]);
    assert!(taken.success(), "{}", taken.stderr);
}

#[test]
fn resizes_are_judged() {
    if skipped("resizes_are_judged") {
        return;
    }
    let guarded = Guarded::by(
        "resize",
        &[r#"
apiVersion: plimsoll.dev/v1alpha1
kind: PodPolicy
metadata: {name: bounds}
spec:
  rules:
  - name: memory
    action: Deny
    resources: {requests: {memory: {max: 1Gi}}}
"#],
    );
    let mut small = pod("small", "nginx:1.27");
    small["spec"]["containers"][0]["resources"] =
        json!({"requests": {"memory": "64Mi", "cpu": "10m"}});
    guarded.stored(&small);
    let resize = |memory: &str| {
        let patch = json!({"spec": {"containers": [{"name": "main", "resources": {"requests": {"memory": memory}}}]}});
        guarded.kubectl(&[
            "patch",
            "pod",
            "small",
            "--subresource=resize",
            "-p",
            &patch.to_string(),
        ])
    };
    let refused = resize("4Gi");
    assert!(!refused.success() && refused.stderr.contains("bounds"), "{refused:?}");
    let taken = resize("128Mi");
    assert!(taken.success(), "{}", taken.stderr);
}
